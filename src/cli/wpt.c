/* heddle wpt: runs web-platform-tests from a checkout. */
#include "cli/cli.h"

#include "cli/process_pool.h"
#include "cli/suite_junit.h"
#include "cli/wpt_expect.h"
#include "cli/wpt_run.h"
#include "scenario/expect.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_EXPECTATIONS "tests/conformance/wpt.expect"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct command {
    struct wpt_suite suite;
    struct wpt_server server;
    struct wpt_expectations *expectations;
    const char *expectation_file, *junit;
    unsigned jobs;
    uint64_t time_limit;
    bool list, verbose;
};

/* Subtests are counted, and tests that have no results, or an error of the harness, as one failure
 * each. */
struct tally {
    size_t passed, failed, left_out, not_run, unexpected_failures, unexpected_passes;
};

static void help(void)
{
    puts("Usage: heddle wpt [OPTION...] DIR [PATH|@LIST...]\n\n"
         "Runs the tests of a checkout of web-platform-tests in DIR: all, or the named files and "
         "folders. A list has one\n"
         "name per line. Scripts run in every global that their META comment asks for, pages by "
         "running their scripts\n"
         "in order; hosts, headers and substitutions are the suite's server's. No network is "
         "touched.\n\n"
         "  --jobs N          so many processes at once (default: one per processor)\n"
         "  --timeout SECONDS of the machine's time for one test (default 30); the harness has 10 "
         "s, or 60 s, of the\n"
         "                    virtual clock\n"
         "  --expect FILE     what is known to fail or is left out, with reasons "
         "(default: " DEFAULT_EXPECTATIONS ",\n"
         "                    when that is there; 'none' for none)\n"
         "  --list            prints the failures as the expectation file has them\n"
         "  --verbose         prints every result, and what tests write on their consoles\n"
         "  --junit FILE      also writes the results as JUnit XML\n"
         "  --unobserved      the plain engine\n"
         "  --help            this text\n\n"
         "Exit codes: 0 everything came out as expected · 1 something did not · 2 wrong usage · 3 "
         "the expectation\n"
         "file or a list is invalid · 130 interrupted");
}

/* ---- results ---- */

static void print_line(const char *word, const char *path, const char *name, const char *message)
{
    printf("%s %s", word, path);
    for (const char *at = name ? " :: " : ""; *at; at++)
        putchar(*at);
    for (const char *at = name ? name : ""; *at; at++)
        putchar((unsigned char)*at < ' ' ? ' ' : *at);
    for (const char *at = *message ? ": " : ""; *at; at++)
        putchar(*at);
    for (; *message; message++)
        putchar((unsigned char)*message < ' ' ? ' ' : *message);
    putchar('\n');
}

static void print_entry(const char *path, const char *name)
{
    buffer entry = {0};
    wpt_expect_write(path, name, &entry);
    puts(buffer_text(&entry));
    buffer_release(&entry);
}

/* One result; name NULL: the test as a whole. */
static void tell(const struct command *c, const char *path, const char *name, bool passed,
                 const char *message, struct tally *t, buffer *cases)
{
    const char *expected = wpt_expect_failure(c->expectations, path, name);
    bool surprising_pass = passed && expected;
    t->passed += passed;
    t->failed += !passed;
    t->unexpected_failures += !passed && !expected;
    t->unexpected_passes += surprising_pass;
    if (c->list && !passed)
        print_entry(path, name);
    else if (!c->list && (!passed && !expected))
        print_line("FAIL", path, name, message);
    else if (!c->list && surprising_pass)
        print_line("PASS", path, name, "but was expected to fail");
    else if (c->verbose)
        print_line(passed ? "pass" : "fail", path, name, message);
    if (c->junit) {
        buffer label = {0};
        wpt_expect_write(path, name, &label);
        suite_junit_add(cases, "wpt", buffer_text(&label),
                        passed     ? SUITE_PASSED
                        : expected ? SUITE_SKIPPED
                                   : SUITE_FAILED,
                        expected ? expected : message);
        buffer_release(&label);
    }
}

static void tell_result(const struct command *c, const char *path, const struct wpt_result *r,
                        struct tally *t, buffer *cases)
{
    static const char *const ended[] = {"no results", "an error of the harness",
                                        "the harness timed out", "a precondition failed"};
    static const char *const statuses[] = {"", "failed", "timed out", "not run",
                                           "a precondition failed"};
    struct wpt_subtest subtest;
    for (const char *at = NULL; (at = wpt_result_next(r, at, &subtest));)
        tell(c, path, subtest.name, subtest.status == WPT_PASS,
             *subtest.message || subtest.status > WPT_PRECONDITION_FAILED
                 ? subtest.message
                 : statuses[subtest.status],
             t, cases);
    if (!r->has_ended || r->harness || r->is_full)
        tell(c, path, NULL, false,
             r->is_full    ? "more results than there is room for"
             : *r->message ? r->message
                           : ended[r->harness & 3],
             t, cases);
}

static int by_path(const void *path, const void *test)
{
    return strcmp(path, ((const struct wpt_test *)test)->path);
}

/* What is listed as a failure of a test that ran, and did not come up: it passes, or is not there
 * any more. */
static void tell_unseen(const struct command *c, struct tally *t)
{
    size_t at = 0;
    for (const char *entry; (entry = wpt_expect_unseen(c->expectations, &at));) {
        const char *mark = strstr(entry, " :: ");
        char *path = mark ? strndup(entry, (size_t)(mark - entry)) : strdup(entry);
        if (path &&
            bsearch(path, c->suite.tests, c->suite.count, sizeof *c->suite.tests, by_path)) {
            t->unexpected_passes++;
            if (!c->list)
                printf("PASS %s: but was expected to fail\n", entry);
        }
        free(path);
    }
}

/* The exit code: whether the results could be written. */
static int report(const struct command *c, const struct process_pool *pool, struct tally *t)
{
    int code = EXIT_HOLDS;
    buffer cases = {0};
    for (size_t i = 0; i < c->suite.count; i++) {
        const struct wpt_result *r = process_pool_result(pool, i);
        t->not_run += !r;
        if (r)
            tell_result(c, c->suite.tests[i].path, r, t, &cases);
    }
    if (!t->not_run)
        tell_unseen(c, t);
    if (c->junit)
        code = suite_junit_write(c->junit, "wpt", t->passed + t->failed, t->unexpected_failures,
                                 t->failed - t->unexpected_failures, &cases);
    buffer_release(&cases);
    return code;
}

static void print_tally(const struct tally *t)
{
    size_t expected = t->failed - t->unexpected_failures;
    if (t->left_out || expected || t->unexpected_passes)
        printf("expected failures %zu, unexpected failures %zu, unexpected passes %zu, tests left "
               "out %zu\n",
               expected, t->unexpected_failures, t->unexpected_passes, t->left_out);
    if (t->not_run)
        printf("tests that were not run %zu\n", t->not_run);
    printf("passed %zu failed %zu of %zu\n", t->passed, t->failed, t->passed + t->failed);
    fflush(stdout);
}

/* ---- running ---- */

static void run_test(void *context, size_t index, void *result)
{
    const struct command *c = context;
    wpt_run(&c->server, &c->suite.tests[index], c->time_limit, c->verbose, result);
}

static void blame_test(void *context, size_t index, void *result, const char *why)
{
    struct wpt_result *r = result;
    (void)context;
    (void)index;
    snprintf(r->message, sizeof r->message, "%s", why);
}

static bool tick(void *context, size_t done)
{
    const struct command *c = context;
    static size_t ticks;
    if (isatty(STDERR_FILENO) && ++ticks % 25 == 0)
        fprintf(stderr, "\r%zu of %zu tests\033[K", done, c->suite.count);
    return !interrupted;
}

static void leave_out(struct command *c, struct tally *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->suite.count; i++)
        if (wpt_expect_left_out(c->expectations, c->suite.tests[i].path))
            t->left_out++;
        else
            c->suite.tests[kept++] = c->suite.tests[i];
    c->suite.count = kept;
}

static int run_all(struct command *c)
{
    struct tally t = {0};
    leave_out(c, &t);
    struct process_pool_options options = {
        .count = c->suite.count,
        .jobs = c->jobs,
        .time_limit = c->time_limit,
        .result_size = WPT_RESULT_SIZE,
        .run = run_test,
        .blame = blame_test,
        .tick = tick,
        .context = c,
    };
    struct process_pool *pool = process_pool_create(&options);
    bool complete = process_pool_run(pool);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    int written = report(c, pool, &t);
    print_tally(&t);
    process_pool_free(pool);
    if (!complete)
        return EXIT_INTERRUPTED;
    return exit_code_worse(written, t.unexpected_failures || t.unexpected_passes || t.not_run
                                        ? EXIT_FINDING
                                        : EXIT_HOLDS);
}

/* ---- the command line ---- */

static const struct option long_options[] = {
    {"jobs", required_argument, NULL, 'j'},
    {"timeout", required_argument, NULL, 't'},
    {"expect", required_argument, NULL, 'e'},
    {"junit", required_argument, NULL, 'x'},
    {"list", no_argument, NULL, 'l'},
    {"verbose", no_argument, NULL, 'v'},
    {"unobserved", no_argument, NULL, 'u'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool read_number(const char *text, double least, double most, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && *out >= least && *out <= most;
}

/* 0 to go on, -1 for --help, or an exit code. */
static int read_options(struct command *c, int count, char **arguments)
{
    double number = 1;
    bool right = true;
    for (int o; right && (o = getopt_long(count, arguments, "", long_options, NULL)) != -1;) {
        if (o == 'h')
            return -1;
        if (o == 'j' && (right = read_number(optarg, 1, 999, &number)))
            c->jobs = (unsigned)number;
        else if (o == 't' && (right = read_number(optarg, 0.001, 1e9, &number)))
            c->time_limit = (uint64_t)(number * 1e9);
        else if (o == 'e')
            c->expectation_file = optarg;
        else if (o == 'x')
            c->junit = optarg;
        else if (o == 'l')
            c->list = true;
        else if (o == 'v')
            c->verbose = true;
        else if (o == '?')
            return cli_usage_error("wpt", "see above");
    }
    if (!right)
        return cli_usage_error("wpt", "'%s' is not a number that fits here", optarg);
    return optind < count
               ? 0
               : cli_usage_error("wpt", "which folder holds the checkout of web-platform-tests?");
}

static int choose_tests(struct command *c, int count, char **names)
{
    c->suite.folder = c->server.folder = realpath(names[0], NULL);
    if (!c->suite.folder ||
        access(region_format(c->suite.memory, "%s/resources/testharness.js", c->suite.folder),
               R_OK) != 0)
        return cli_usage_error(
            "wpt", "%s is no checkout of web-platform-tests: it has no resources/testharness.js",
            names[0]);
    status s = count == 1 ? wpt_suite_add(&c->suite, "") : STATUS_OK;
    int at = 1;
    for (; at < count && s == STATUS_OK; at++)
        s = wpt_suite_add(&c->suite, names[at]);
    wpt_suite_sort(&c->suite);
    if (s == STATUS_OK)
        return EXIT_HOLDS;
    fprintf(stderr, "heddle wpt: %s: not found\n", at > 1 ? names[at - 1] : names[0]);
    return at > 1 && names[at - 1][0] == '@' ? EXIT_INVALID : EXIT_USAGE;
}

static int load_expectations(struct command *c)
{
    const char *file = c->expectation_file ? c->expectation_file : DEFAULT_EXPECTATIONS;
    if (strcmp(file, "none") == 0)
        return EXIT_HOLDS;
    status s = wpt_expect_load(c->suite.memory, file, &c->expectations);
    if (s == STATUS_OK || (s == STATUS_NOT_FOUND && !c->expectation_file))
        return EXIT_HOLDS;
    if (s == STATUS_NOT_FOUND)
        fprintf(stderr, "heddle wpt: cannot read %s\n", file);
    return EXIT_INVALID;
}

int cli_wpt(int count, char **arguments)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct command c = {
        .suite.memory = region_create(),
        .jobs = processors > 0 ? (unsigned)processors : 1,
        .time_limit = UINT64_C(30000000000),
    };
    int code = read_options(&c, count, arguments);
    if (code == -1) {
        help();
        code = EXIT_HOLDS;
    } else if (code == 0) {
        code = choose_tests(&c, count - optind, arguments + optind);
        if (code == EXIT_HOLDS)
            code = load_expectations(&c);
        signal(SIGINT, on_interrupt);
        if (code == EXIT_HOLDS)
            code = run_all(&c);
    }
    free((void *)c.suite.folder);
    region_free(c.suite.memory);
    return code;
}
