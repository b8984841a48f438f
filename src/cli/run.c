/* heddle run: scenarios, folders and scripts. */
#include "cli/cli.h"

#include "base/buffer.h"
#include "cli/litmus.h"
#include "cli/run_jobs.h"
#include "report/report.h"
#include "scenario/folder.h"
#include "scenario/races.h"
#include "scenario/runner.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct run_command {
    struct run_options options;
    struct report_options report;
    uint64_t repeat;
    unsigned jobs;
    int code;     /* what the reporter does not know */
    buffer again; /* "heddle run" with the options that make a run what it is */
    const char *junit, *sarif;
    bool ci;
    reporter *reporter;
    const plan *plan;
    size_t index, total;
};

static void to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    fwrite(text, 1, length, stdout);
}

static void on_record(void *context, const observation_record *record)
{
    struct run_command *c = context;
    report_record(c->reporter, record);
}

static void on_tick(void *context, uint64_t elapsed_ns)
{
    struct run_command *c = context;
    fflush(stdout);
    if (elapsed_ns > 1000000000)
        report_progress(c->reporter, c->plan->title, elapsed_ns, c->index, c->total);
}

static void help(void)
{
    puts("Usage: heddle run [OPTION...] PATH...\n\n"
         "Runs scenario files (.yaml), every scenario in a folder, or single scripts (.js, .mjs).\n\n"
         "  --main window|worker  which agent runs a script's text; only a worker may block (default window)\n"
         "  --seed N              the seed of random numbers (default: the scenario's, else 1)\n"
         "  --clock virtual|real  the virtual clock (default) jumps when every agent waits\n"
         "  --timeout SECONDS     ends a run after that much of the machine's time: exit code 4\n"
         "                        (without it and without limits.time_ms a run ends so too when its clock has jumped\n"
         "                        100000 times, as for an interval that is never cleared, or after a million lines)\n"
         "  --repeat N            runs everything N times\n"
         "  --jobs N              up to N runs at once, each in a process of its own (default 1)\n"
         "  --json                one JSON object per line instead of text\n"
         "  --times               each line starts with its moment on the run's clock\n"
         "  --junit FILE          also writes the results as JUnit XML\n"
         "  --ci                  a scenario that cannot be run here counts as a failure\n"
         "  --pure                no `heddle` object in scripts\n"
         "  --unobserved          the plain engine: faster, detects no races\n"
         "  --races yes|no        race detection (default yes)\n"
         "  --fail-on LIST        which undeclared findings of it give exit code 1: observed, unordered, exclusive, advice,\n"
         "                        all or none, with commas between (default observed,exclusive)\n"
         "  --suppressions FILE   races that are known and meant, each with its reason\n"
         "  --sarif FILE          also writes the findings as SARIF\n"
         "  --colour yes|no       default: on a terminal\n"
         "  --help                this text");
}

/* `*kept` becomes true when a thread was left behind that may still read the plan. */
static int run_once(struct run_command *c, const struct run_file *f, uint64_t iteration, bool *kept)
{
    const plan *p = f->plan;
    observation *o = observation_create();
    c->plan = p;
    report_begin(c->reporter, p, iteration, f->times);
    c->options.iteration = iteration - 1;
    status s = scenario_run(p, &c->options, o);
    *kept |= o->stuck;
    verdict *v = expect_check_next(p, o, f->tally, iteration == f->times);
    report_end(c->reporter, p, o, v);
    verdict_free(v);
    observation_free(o);
    if (s != STATUS_OK)
        fprintf(stderr, "heddle run: %s: the first agent could not be started: %s\n", p->file, status_text(s));
    return s == STATUS_OK ? 0 : -1;
}

static void run_file(struct run_command *c, const char *path)
{
    struct run_file f = run_file_open(path, c->repeat);
    bool kept = false;
    c->index++;
    if (!run_file_refused(&f, c->reporter))
        for (uint64_t i = 1; i <= f.times && !interrupted; i++)
            if (run_once(c, &f, i, &kept))
                break;
    if (!kept)
        run_file_close(&f);
}

static int read_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text == '-' || end == text || *end || errno == ERANGE ? -1 : 0;
}

enum { O_MAIN = 1, O_SEED, O_CLOCK, O_TIMEOUT, O_REPEAT, O_JOBS, O_JSON, O_TIMES, O_JUNIT, O_CI, O_PURE, O_RACES, O_FAIL_ON, O_SUPPRESSIONS, O_SARIF, O_UNOBSERVED, O_COLOUR, O_HELP };

static const struct option long_options[] = {
    {"main", required_argument, NULL, O_MAIN},       {"seed", required_argument, NULL, O_SEED},
    {"jobs", required_argument, NULL, O_JOBS},       {"races", required_argument, NULL, O_RACES},
    {"fail-on", required_argument, NULL, O_FAIL_ON}, {"suppressions", required_argument, NULL, O_SUPPRESSIONS},
    {"sarif", required_argument, NULL, O_SARIF},
    {"clock", required_argument, NULL, O_CLOCK},     {"timeout", required_argument, NULL, O_TIMEOUT},
    {"repeat", required_argument, NULL, O_REPEAT},   {"json", no_argument, NULL, O_JSON},
    {"times", no_argument, NULL, O_TIMES},           {"junit", required_argument, NULL, O_JUNIT},
    {"ci", no_argument, NULL, O_CI},                 {"pure", no_argument, NULL, O_PURE},
    {"unobserved", no_argument, NULL, O_UNOBSERVED}, {"colour", required_argument, NULL, O_COLOUR},
    {"help", no_argument, NULL, O_HELP},             {NULL, 0, NULL, 0},
};

/* The option belongs into the command that repeats a run. */
static int keep(struct run_command *c, const char *option, const char *value)
{
    buffer_format(&c->again, " %s%s%s", option, value ? " " : "", value ? value : "");
    return -1;
}

/* One of two words; 0 first, 1 second, -1 neither. */
static int read_word(const char *text, const char *first, const char *second)
{
    return !strcmp(text, first) ? 0 : !strcmp(text, second) ? 1 : -1;
}

static int read_fail_on(const char *text, uint32_t *out)
{
    static const struct {
        const char *word;
        uint32_t bits;
    } words[] = {{"observed", FAIL_ON_OBSERVED}, {"unordered", FAIL_ON_UNORDERED}, {"exclusive", FAIL_ON_EXCLUSIVE},
                 {"advice", FAIL_ON_ADVICE},     {"all", FAIL_ON_ALL},             {"none", FAIL_ON_NONE}};
    *out = FAIL_ON_NONE;
    for (;;) {
        size_t length = strcspn(text, ","), i = 0, count = sizeof words / sizeof words[0];
        while (i < count && (strlen(words[i].word) != length || strncmp(words[i].word, text, length) != 0))
            i++;
        if (i == count)
            return -1;
        *out |= words[i].bits;
        if (!text[length])
            return 0;
        text += length + 1;
    }
}

static int load_suppressions(struct run_command *c, const char *path)
{
    buffer errors = {0};
    status s = suppressions_load(path, &c->options.suppressions, &errors);
    fputs(buffer_text(&errors), stderr);
    buffer_release(&errors);
    return s == STATUS_OK ? -1 : EXIT_INVALID;
}

/* -1: go on; otherwise the exit code. */
static int read_option(struct run_command *c, int option)
{
    uint64_t number;
    int word;
    switch (option) {
    case O_MAIN:
        if ((word = read_word(optarg, "window", "worker")) < 0)
            return cli_usage_error("run", "--main takes window or worker, not '%s'", optarg);
        c->options.main_is_worker = word;
        return keep(c, "--main", optarg);
    case O_CLOCK:
        if ((word = read_word(optarg, "virtual", "real")) < 0)
            return cli_usage_error("run", "--clock takes virtual or real, not '%s'", optarg);
        c->options.real_clock = word;
        return keep(c, "--clock", optarg);
    case O_COLOUR:
        if ((word = read_word(optarg, "no", "yes")) < 0)
            return cli_usage_error("run", "--colour takes yes or no, not '%s'", optarg);
        c->report.colours = word;
        return -1;
    case O_SEED:
        if (read_number(optarg, &c->options.seed))
            return cli_usage_error("run", "--seed takes a whole number, not '%s'", optarg);
        return -1;
    case O_REPEAT:
        if (read_number(optarg, &c->repeat) || !c->repeat)
            return cli_usage_error("run", "--repeat takes a whole number from 1, not '%s'", optarg);
        return -1;
    case O_JOBS:
        if (read_number(optarg, &number) || !number || number > 1000)
            return cli_usage_error("run", "--jobs takes a whole number from 1 to 1000, not '%s'", optarg);
        c->jobs = (unsigned)number;
        return -1;
    case O_TIMEOUT: {
        char *end;
        double seconds = strtod(optarg, &end);
        if (end == optarg || *end || !(seconds > 0 && seconds < 1e9))
            return cli_usage_error("run", "--timeout takes a number of seconds, not '%s'", optarg);
        c->options.wall_limit_ms = (uint64_t)ceil(seconds * 1000); /* 0 would be none */
        return keep(c, "--timeout", optarg);
    }
    case O_JSON:
        c->report.format = REPORT_JSON;
        return -1;
    case O_TIMES:
        c->report.times = true;
        return -1;
    case O_JUNIT:
        c->junit = optarg;
        return -1;
    case O_CI:
        c->ci = true;
        return -1;
    case O_PURE:
        c->options.pure = true;
        return keep(c, "--pure", NULL);
    case O_RACES:
        if ((word = read_word(optarg, "yes", "no")) < 0)
            return cli_usage_error("run", "--races takes yes or no, not '%s'", optarg);
        c->options.no_races = word;
        return keep(c, "--races", optarg);
    case O_FAIL_ON:
        if (read_fail_on(optarg, &c->options.fail_on))
            return cli_usage_error("run", "--fail-on takes observed, unordered, exclusive, advice, all or none, not '%s'", optarg);
        return keep(c, "--fail-on", optarg);
    case O_SUPPRESSIONS:
        if ((word = load_suppressions(c, optarg)) >= 0)
            return word;
        return keep(c, "--suppressions", optarg);
    case O_SARIF:
        c->sarif = optarg;
        c->report.sarif = true;
        return -1;
    case O_UNOBSERVED: /* the launcher saw it */
        return keep(c, "--unobserved", NULL);
    case O_HELP:
        help();
        return EXIT_HOLDS;
    default:
        number = (uint64_t)optind;
        return cli_usage_error("run", "the options end at argument %llu", (unsigned long long)number);
    }
}

static void add_files(region *memory, text_list *files, const text_list *more)
{
    const char **items = region_allocate(memory, (files->count + more->count + 1) * sizeof *items);
    if (files->count)
        memcpy(items, files->items, files->count * sizeof *items);
    if (more->count)
        memcpy(items + files->count, more->items, more->count * sizeof *items);
    *files = (text_list){items, files->count + more->count};
}

/* Litmus files are checked against the memory model, after the scenarios. */
static void run_paths(struct run_command *c, int count, char **paths)
{
    region *memory = region_create();
    text_list files = {0}, litmus = {0};
    for (int i = 0; i < count; i++) {
        text_list found = {0}, tests = {0};
        folder_list_litmus(memory, paths[i], &tests);
        if (tests.count == 1 && !strcmp(tests.items[0], paths[i]) && !folder_is_litmus(paths[i]))
            tests.count = 0; /* a path that is no folder lists itself */
        bool alone = tests.count == 1 && !strcmp(tests.items[0], paths[i]);
        if (!alone && (folder_list_scenarios(memory, paths[i], &found) != STATUS_OK || (!found.count && !tests.count)))
            found = (text_list){.items = (const char **)&paths[i], .count = 1};
        add_files(memory, &files, &found);
        add_files(memory, &litmus, &tests);
    }
    c->total = files.count;
    c->report.quiet = files.count > 1;
    c->reporter = report_create(&c->report);
    struct run_jobs all = {&c->options, c->reporter, files.items, files.count, c->repeat, c->jobs};
    if (c->jobs > 1)
        c->code = run_jobs(&all);
    for (size_t i = 0; c->jobs == 1 && i < files.count && !interrupted; i++)
        run_file(c, files.items[i]);
    if (litmus.count && !interrupted)
        c->code = exit_code_worse(c->code, litmus_run_files(litmus.items, litmus.count, c->report.format == REPORT_JSON));
    region_free(memory);
}

static void tell_unused(struct run_command *c)
{
    buffer unused = {0};
    suppressions_write_unused(c->options.suppressions, &unused);
    fputs(buffer_text(&unused), stderr);
    buffer_release(&unused);
    suppressions_free(c->options.suppressions);
}

/* -1: go on; otherwise the exit code. */
static int read_arguments(struct run_command *c, int count, char **arguments)
{
    int option, code;
    optind = 1;
    opterr = 0;
    buffer_add(&c->again, "heddle run");
    while ((option = getopt_long(count, arguments, "", long_options, NULL)) != -1) {
        if (option == '?')
            return cli_usage_error("run", "'%s' is not an option here, or misses its value", arguments[optind - 1]);
        if ((code = read_option(c, option)) >= 0)
            return code;
    }
    c->report.command = buffer_text(&c->again);
    if (optind == count)
        return cli_usage_error("run", "name a scenario, a folder or a script");
    if (c->junit && !cli_can_write(c->junit))
        return cli_usage_error("run", "cannot write %s: %s", c->junit, strerror(errno));
    if (c->sarif && !cli_can_write(c->sarif))
        return cli_usage_error("run", "cannot write %s: %s", c->sarif, strerror(errno));
    return -1;
}

static int run_and_report(struct run_command *c, int count, char **paths)
{
    struct sigaction action = {.sa_handler = on_interrupt}; /* waiting for a process ends with it */
    sigaction(SIGINT, &action, NULL);
    run_paths(c, count, paths);
    int code = exit_code_worse(report_finish(c->reporter, c->ci), c->code);
    if (c->junit && report_write_junit(c->reporter, c->junit) != STATUS_OK) {
        fprintf(stderr, "heddle run: cannot write %s\n", c->junit);
        code = EXIT_INTERNAL;
    }
    if (c->sarif && report_write_sarif(c->reporter, c->sarif) != STATUS_OK) {
        fprintf(stderr, "heddle run: cannot write %s\n", c->sarif);
        code = EXIT_INTERNAL;
    }
    report_free(c->reporter);
    tell_unused(c);
    return interrupted ? exit_code_worse(code, EXIT_INTERRUPTED) : code;
}

int cli_run(int count, char **arguments)
{
    bool terminal = isatty(STDOUT_FILENO);
    struct run_command c = {
        .options = {.interrupt = &interrupted, .record = on_record, .tick = on_tick, .context = &c},
        .report = {.colours = terminal && !getenv("NO_COLOR"),
                   .terminal = terminal,
                   .sink = to_stdout},
        .repeat = 1,
        .jobs = 1,
        .ci = getenv("CI") != NULL,
    };
    struct winsize size;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        c.report.width = size.ws_col;
    int code = read_arguments(&c, count, arguments);
    if (code < 0)
        code = run_and_report(&c, count - optind, arguments + optind);
    buffer_release(&c.again);
    return code;
}
