/* heddle test262: runs the suite of ECMA-262 from a checkout. */
#include "cli/cli.h"

#include "base/buffer.h"
#include "cli/process_pool.h"
#include "cli/suite_junit.h"
#include "cli/test262_suite.h"
#include "scenario/expect.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_EXPECTATIONS "tests/conformance/test262.expect"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct command {
    struct test262_suite suite;
    struct test262_expectations *expectations;
    const char *expectation_file, *junit;
    unsigned jobs;
    uint64_t time_limit, repeat, round;
    bool tap;
};

/* How often what happened, in one round. */
struct tally {
    size_t passed, failed, skipped, not_run;
    size_t unexpected_failures, unexpected_passes;
};

static void help(void)
{
    puts("Usage: heddle test262 [OPTION...] DIR [PATH|@LIST...]\n\n"
         "Runs the tests of a checkout of test262 in DIR: all, or the named files and folders. A list has one name\n"
         "per line. Every $262.agent is an agent on a thread of its own.\n\n"
         "  --jobs N          so many processes at once (default: one per processor)\n"
         "  --timeout SECONDS for one test (default 20)\n"
         "  --repeat N        runs everything N times\n"
         "  --expect FILE     what is known to fail or is left out, with reasons (default: " DEFAULT_EXPECTATIONS ",\n"
         "                    when that is there; 'none' for none)\n"
         "  --tap             prints every result in TAP\n"
         "  --junit FILE      also writes the results as JUnit XML\n"
         "  --unobserved      the plain engine\n"
         "  --help            this text\n\n"
         "Exit codes: 0 everything came out as expected · 1 something did not · 2 wrong usage · 3 the expectation\n"
         "file or a list is invalid · 130 interrupted");
}

/* ---- results ---- */

static const char *expected_failure(const struct command *c, size_t file, const struct test262_outcome *o)
{
    return test262_expect_failure(c->expectations, c->suite.paths[file], (enum test262_mode)o->mode);
}

static void count_outcome(const struct command *c, size_t file, const struct test262_outcome *o, struct tally *t)
{
    bool expected = expected_failure(c, file, o);
    t->passed += o->kind == TEST262_PASSED;
    t->failed += o->kind == TEST262_FAILED;
    t->skipped += o->kind == TEST262_SKIPPED;
    t->unexpected_failures += o->kind == TEST262_FAILED && !expected;
    t->unexpected_passes += o->kind == TEST262_PASSED && expected;
}

/* Line breaks would end a TAP line. */
static void print_reason(const char *reason)
{
    for (; *reason; reason++)
        putchar((unsigned char)*reason < ' ' ? ' ' : *reason);
    putchar('\n');
}

static void print_tap(const struct command *c, size_t file, const struct test262_outcome *o, size_t number)
{
    const char *expected = expected_failure(c, file, o);
    printf("%s %zu - %s (%s)", o->kind == TEST262_FAILED ? "not ok" : "ok", number, c->suite.paths[file],
           test262_mode_name((enum test262_mode)o->mode));
    if (o->kind == TEST262_SKIPPED)
        printf(" # SKIP %s", o->reason);
    else if (expected)
        printf(" # TODO %s", expected);
    putchar('\n');
    if (o->kind == TEST262_FAILED) {
        printf("# ");
        print_reason(o->reason);
    }
}

static void print_surprise(const struct command *c, size_t file, const struct test262_outcome *o)
{
    const char *expected = expected_failure(c, file, o), *path = c->suite.paths[file];
    const char *mode = test262_mode_name((enum test262_mode)o->mode);
    if (o->kind == TEST262_FAILED && !expected) {
        printf("FAIL %s %s: ", path, mode);
        print_reason(o->reason);
    } else if (o->kind == TEST262_PASSED && expected) {
        printf("PASS %s %s: but was expected to fail: %s\n", path, mode, expected);
    }
}

static void add_junit(buffer *cases, const struct command *c, size_t file, const struct test262_outcome *o)
{
    buffer name = {0};
    const char *expected = expected_failure(c, file, o);
    enum suite_case result = o->kind == TEST262_PASSED                ? SUITE_PASSED
                             : o->kind == TEST262_SKIPPED || expected ? SUITE_SKIPPED
                                                                      : SUITE_FAILED;
    buffer_format(&name, "%s (%s)", c->suite.paths[file], test262_mode_name((enum test262_mode)o->mode));
    suite_junit_add(cases, "test262", buffer_text(&name), result, expected ? expected : o->reason);
    buffer_release(&name);
}

/* The exit code: whether the results could be written. */
static int report(const struct command *c, const struct process_pool *pool, struct tally *t)
{
    int code = EXIT_HOLDS;
    buffer cases = {0};
    size_t number = 0;
    for (size_t i = 0; i < c->suite.count; i++) {
        const struct test262_file *f = process_pool_result(pool, i);
        t->not_run += !f;
        for (int m = 0; f && m < f->count; m++) {
            const struct test262_outcome *o = &f->outcomes[m];
            count_outcome(c, i, o, t);
            if (c->tap)
                print_tap(c, i, o, ++number);
            else
                print_surprise(c, i, o);
            if (c->junit)
                add_junit(&cases, c, i, o);
        }
    }
    if (c->tap)
        printf("1..%zu\n", number);
    if (c->junit)
        code = suite_junit_write(c->junit, "test262", t->passed + t->failed + t->skipped, t->unexpected_failures,
                                 t->skipped + t->failed - t->unexpected_failures, &cases);
    buffer_release(&cases);
    return code;
}

static void print_tally(const struct command *c, const struct tally *t)
{
    const char *lead = c->tap ? "# " : "";
    size_t expected = t->failed - t->unexpected_failures;
    if (c->repeat > 1)
        printf("%sround %llu of %llu\n", lead, (unsigned long long)c->round, (unsigned long long)c->repeat);
    if (t->skipped || expected || t->unexpected_passes)
        printf("%sexpected failures %zu, unexpected failures %zu, unexpected passes %zu, left out %zu\n", lead, expected,
               t->unexpected_failures, t->unexpected_passes, t->skipped);
    if (t->not_run)
        printf("%sfiles that were not run %zu\n", lead, t->not_run);
    printf("%spassed %zu failed %zu of %zu\n", lead, t->passed, t->failed, t->passed + t->failed + t->skipped);
    fflush(stdout);
}

/* ---- running ---- */

static void run_file(void *context, size_t index, void *result)
{
    const struct command *c = context;
    struct test262_file *f = result;
    f->count = test262_suite_run(&c->suite, c->suite.paths[index], c->expectations, c->time_limit, f->outcomes);
}

/* The first mode without an outcome failed; a later one is not run. */
static void blame_file(void *context, size_t index, void *result, const char *why)
{
    struct test262_file *f = result;
    (void)context;
    (void)index;
    f->count = 0;
    while (f->count < TEST262_MODES - 1 && f->outcomes[f->count].kind != TEST262_NOT_RUN)
        f->count++;
    struct test262_outcome *o = &f->outcomes[f->count++];
    o->kind = TEST262_FAILED;
    snprintf(o->reason, sizeof o->reason, "%s", why);
}

static bool tick(void *context, size_t done)
{
    const struct command *c = context;
    static size_t ticks;
    if (isatty(STDERR_FILENO) && ++ticks % 25 == 0)
        fprintf(stderr, "\r%zu of %zu files\033[K", done, c->suite.count);
    return !interrupted;
}

static int run_round(struct command *c)
{
    struct process_pool_options options = {
        .count = c->suite.count,
        .jobs = c->jobs,
        .time_limit = c->time_limit * TEST262_MODES,
        .result_size = sizeof(struct test262_file),
        .run = run_file,
        .blame = blame_file,
        .tick = tick,
        .context = c,
    };
    struct process_pool *pool = process_pool_create(&options);
    struct tally t = {0};
    bool complete = process_pool_run(pool);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    int written = report(c, pool, &t);
    print_tally(c, &t);
    process_pool_free(pool);
    if (!complete)
        return EXIT_INTERRUPTED;
    return exit_code_worse(written, t.unexpected_failures || t.unexpected_passes || t.not_run
                                        ? EXIT_FINDING
                                        : EXIT_HOLDS);
}

/* ---- the command line ---- */

static const struct option long_options[] = {
    {"jobs", required_argument, NULL, 'j'},   {"timeout", required_argument, NULL, 't'},
    {"repeat", required_argument, NULL, 'r'}, {"expect", required_argument, NULL, 'e'},
    {"tap", no_argument, NULL, 'p'},          {"junit", required_argument, NULL, 'x'},
    {"unobserved", no_argument, NULL, 'u'},   {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool read_number(const char *text, double least, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && *out >= least && *out < 1e9;
}

/* 0 to go on, -1 for --help, or an exit code. */
static int read_options(struct command *c, int count, char **arguments)
{
    double number = 1;
    bool right = true;
    for (int o; right && (o = getopt_long(count, arguments, "", long_options, NULL)) != -1;) {
        if (o == 'h')
            return -1;
        if (o == 'j' && (right = read_number(optarg, 1, &number) && number < 1000))
            c->jobs = (unsigned)number;
        else if (o == 't' && (right = read_number(optarg, 0.001, &number)))
            c->time_limit = (uint64_t)(number * 1e9);
        else if (o == 'r' && (right = read_number(optarg, 1, &number)))
            c->repeat = (uint64_t)number;
        else if (o == 'e')
            c->expectation_file = optarg;
        else if (o == 'x')
            c->junit = optarg;
        else if (o == 'p')
            c->tap = true;
        else if (o == '?')
            return cli_usage_error("test262", "see above");
    }
    if (!right)
        return cli_usage_error("test262", "'%s' is not a number that fits here", optarg);
    if (c->junit && !cli_can_write(c->junit))
        return cli_usage_error("test262", "cannot write %s: %s", c->junit, strerror(errno));
    return optind < count
               ? 0
               : cli_usage_error("test262", "which folder holds the checkout of test262?");
}

static int choose_tests(struct command *c, int count, char **names)
{
    c->suite.folder = realpath(names[0], NULL);
    if (!c->suite.folder || access(region_format(c->suite.memory, "%s/harness/assert.js", c->suite.folder), R_OK) != 0)
        return cli_usage_error("test262", "%s is no checkout of test262: it has no harness/assert.js", names[0]);
    status s = count == 1 ? test262_suite_add(&c->suite, "test") : STATUS_OK;
    int at = 1;
    for (; at < count && s == STATUS_OK; at++)
        s = test262_suite_add(&c->suite, names[at]);
    test262_suite_sort(&c->suite);
    if (s == STATUS_OK)
        return EXIT_HOLDS;
    fprintf(stderr, "heddle test262: %s: not found\n", at > 1 ? names[at - 1] : names[0]);
    return at > 1 && names[at - 1][0] == '@' ? EXIT_INVALID : EXIT_USAGE;
}

static int load_expectations(struct command *c)
{
    const char *file = c->expectation_file ? c->expectation_file : DEFAULT_EXPECTATIONS;
    if (strcmp(file, "none") == 0)
        return EXIT_HOLDS;
    status s = test262_expect_load(c->suite.memory, file, &c->expectations);
    if (s == STATUS_OK || (s == STATUS_NOT_FOUND && !c->expectation_file))
        return EXIT_HOLDS;
    if (s == STATUS_NOT_FOUND)
        fprintf(stderr, "heddle test262: cannot read %s\n", file);
    return EXIT_INVALID;
}

int cli_test262(int count, char **arguments)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct command c = {
        .suite.memory = region_create(),
        .jobs = processors > 0 ? (unsigned)processors : 1,
        .time_limit = UINT64_C(20000000000),
        .repeat = 1,
    };
    int code = read_options(&c, count, arguments);
    if (code == -1) {
        help();
        code = EXIT_HOLDS;
    } else if (code == 0) {
        code = choose_tests(&c, count - optind, arguments + optind);
        if (code == EXIT_HOLDS)
            code = load_expectations(&c);
        bool ready = code == EXIT_HOLDS;
        signal(SIGINT, on_interrupt);
        for (c.round = 1; ready && c.round <= c.repeat && !interrupted; c.round++)
            code = exit_code_worse(code, run_round(&c));
    }
    free((void *)c.suite.folder);
    region_free(c.suite.memory);
    return code;
}
