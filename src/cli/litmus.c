/* heddle litmus: what the memory model allows, and what the machine does. */
#include "cli/litmus.h"

#include "cli/cli.h"
#include "cli/litmus_report.h"
#include "platform/clock.h"
#include "scenario/expect.h"
#include "scenario/folder.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void help(void)
{
    puts("Usage: heddle litmus [OPTION...] FILE|FOLDER...\n"
         "       heddle litmus sweep NAME|FILE...\n"
         "       heddle litmus generate EDGE...\n"
         "       heddle litmus all [--agents N] [--accesses N] [--cells N]\n\n"
         "Computes every outcome that the ECMAScript memory model allows a small program of shared "
         "memory,\n"
         "says which of them are sequentially consistent, which an x86 processor can show and "
         "which have a\n"
         "data race, and compares that with what the file expects. A folder gives a table.\n\n"
         "  --stress[=SECONDS]  also runs the program on this machine's threads (default 1 second) "
         "and\n"
         "                      counts what comes; an outcome that is forbidden and seen is a "
         "finding\n"
         "  --count N           runs it at least N times instead of for a time\n"
         "  --engine[=SECONDS]  also runs it as real JavaScript in agents of the engine\n"
         "  --unobserved        with --engine: the plain engine, faster\n"
         "  --seed N            of shuffles and skews (default 1)\n"
         "  --witness OUTCOME   an execution with that outcome, e.g. 'r0=0 r1=0', or why there is "
         "none:\n"
         "                      the axiom that forbids it and the circle in the order\n"
         "  --dot               with --witness: the execution as a graph for Graphviz\n"
         "  --init-tearing spec|none\n"
         "                      whether a read may mix bytes of the initial value with bytes of a "
         "write,\n"
         "                      as the standard's text has it (default spec, or what the file "
         "says)\n"
         "  --all               every outcome, however many\n"
         "  --json              one JSON object per program instead of text\n"
         "  --colour yes|no     default: on a terminal\n"
         "  --help              this text\n\n"
         "sweep makes every access plain or atomic in every combination and says which minimal "
         "choices\n"
         "forbid the outcome asked for. generate makes a program from a circle of edges (PodWR Fre "
         "PodWR\n"
         "Fre is SB). all goes through every program up to a size and counts.\n\n"
         "How to write a litmus file: scenarios/litmus/README.md\n\n"
         "Exit codes: 0 every expectation of the files holds · 1 one does not, or the machine "
         "shows what\n"
         "is forbidden · 2 wrong usage · 3 an invalid file · 4 a bound was reached · 130 "
         "interrupted");
}

enum {
    O_STRESS = 1,
    O_COUNT,
    O_ENGINE,
    O_SEED,
    O_WITNESS,
    O_DOT,
    O_TEARING,
    O_ALL,
    O_JSON,
    O_COLOUR,
    O_UNOBSERVED,
    O_HELP
};

static const struct option long_options[] = {
    {"stress", optional_argument, NULL, O_STRESS},
    {"count", required_argument, NULL, O_COUNT},
    {"engine", optional_argument, NULL, O_ENGINE},
    {"seed", required_argument, NULL, O_SEED},
    {"witness", required_argument, NULL, O_WITNESS},
    {"dot", no_argument, NULL, O_DOT},
    {"init-tearing", required_argument, NULL, O_TEARING},
    {"all", no_argument, NULL, O_ALL},
    {"json", no_argument, NULL, O_JSON},
    {"colour", required_argument, NULL, O_COLOUR},
    {"unobserved", no_argument, NULL, O_UNOBSERVED},
    {"help", no_argument, NULL, O_HELP},
    {NULL, 0, NULL, 0},
};

static bool read_seconds(const char *text, double *seconds)
{
    char *end;
    if (text == NULL)
        return true;
    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds > 0 && *seconds < 1e6;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    return *text != '-' && end != text && *end == '\0';
}

/* -1: go on; otherwise the exit code. */
static int read_option(struct litmus_command *c, int option)
{
    switch (option) {
    case O_STRESS:
        c->stress = true;
        if (!read_seconds(optarg, &c->seconds))
            return cli_usage_error("litmus", "--stress takes a number of seconds, not '%s'",
                                   optarg);
        return -1;
    case O_ENGINE:
        c->engine = true;
        if (!read_seconds(optarg, &c->engine_seconds))
            return cli_usage_error("litmus", "--engine takes a number of seconds, not '%s'",
                                   optarg);
        return -1;
    case O_COUNT:
        c->stress = true;
        if (!read_number(optarg, &c->iterations) || c->iterations == 0)
            return cli_usage_error("litmus", "--count takes a whole number from 1, not '%s'",
                                   optarg);
        return -1;
    case O_SEED:
        if (!read_number(optarg, &c->seed))
            return cli_usage_error("litmus", "--seed takes a whole number, not '%s'", optarg);
        return -1;
    case O_WITNESS:
        c->witness = optarg;
        return -1;
    case O_DOT:
        c->dot = true;
        return -1;
    case O_TEARING:
        if (strcmp(optarg, "spec") != 0 && strcmp(optarg, "none") != 0)
            return cli_usage_error("litmus", "--init-tearing takes spec or none, not '%s'", optarg);
        c->tearing = optarg[0] == 's' ? LITMUS_YES : LITMUS_NO;
        return -1;
    case O_ALL:
        c->all = true;
        return -1;
    case O_JSON:
        c->json = true;
        return -1;
    case O_COLOUR:
        if (strcmp(optarg, "yes") != 0 && strcmp(optarg, "no") != 0)
            return cli_usage_error("litmus", "--colour takes yes or no, not '%s'", optarg);
        litmus_report_colours(optarg[0] == 'y');
        return -1;
    case O_UNOBSERVED: /* the launcher has taken the plain engine */
        return -1;
    case O_HELP:
        help();
        return EXIT_HOLDS;
    default:
        return cli_usage_error("litmus", "wrong options");
    }
}

/* ---- programs ---- */

litmus_program *litmus_load(const char *path)
{
    load_errors errors = {0};
    litmus_program *p = litmus_program_load(path, &errors);
    litmus_print_errors(&errors);
    return p;
}

void litmus_print_errors(load_errors *errors)
{
    buffer text = {0};
    load_errors_write(errors, &text);
    fputs(buffer_text(&text), stderr);
    buffer_release(&text);
    load_errors_release(errors);
}

static void print(const buffer *text)
{
    fwrite(buffer_text(text), 1, text->length, stdout);
    fflush(stdout);
}

static int code_of(const litmus_found *f)
{
    bool seen = (f->stress != NULL && f->stress->forbidden > 0) ||
                (f->engine != NULL && f->engine->forbidden > 0);
    if (f->verdict->failed > 0 || (seen && f->result->complete))
        return EXIT_FINDING;
    return f->verdict->undecided > 0 || !f->result->complete ? EXIT_BOUND : EXIT_HOLDS;
}

int litmus_run_file(const struct litmus_command *c, const char *path)
{
    load_errors errors = {0};
    litmus_program *p = litmus_load(path);
    if (p == NULL)
        return EXIT_INVALID;
    if (c->tearing != LITMUS_UNASKED)
        p->spec_tearing = c->tearing;
    region *memory = region_create();
    litmus_result result;
    litmus_verdict judged;
    litmus_stress_result stress, engine;
    litmus_found f = {.program = p, .result = &result, .verdict = &judged, .all = c->all};
    int64_t start = clock_monotonic();
    status s = litmus_judge(p, NULL, memory, &result, &judged, &errors);
    f.check_seconds = (double)(clock_monotonic() - start) / 1e9;
    int code = EXIT_INVALID;
    litmus_print_errors(&errors);
    if (s == STATUS_OK) {
        if (c->stress && litmus_run_stress(c, &result, memory, &stress))
            f.stress = &stress;
        if (c->engine && litmus_run_engine(c, &result, memory, &engine))
            f.engine = &engine;
        buffer out = {0};
        if (c->witness != NULL)
            code = litmus_run_witness(c, &f, &out);
        else if (c->json)
            litmus_report_json(&f, &out);
        else if (c->table && (!c->quiet || code_of(&f) != EXIT_HOLDS))
            litmus_report_row(&f, &out);
        else if (!c->table) {
            f.story = litmus_tell(&f, memory);
            litmus_report_text(&f, &out);
        }
        print(&out);
        buffer_release(&out);
        if (c->witness == NULL)
            code = code_of(&f);
    }
    region_free(memory);
    litmus_program_free(p);
    return code;
}

static void print_header(void)
{
    buffer header = {0};
    litmus_report_header(&header);
    print(&header);
    buffer_release(&header);
}

int litmus_run_files(const char *const *files, size_t count, bool json)
{
    struct litmus_command c = {
        .json = json, .table = true, .quiet = count > 1, .interrupt = &interrupted};
    int code = EXIT_HOLDS;
    size_t failed = 0;
    if (!json && count == 1)
        print_header();
    for (size_t i = 0; i < count; i++) {
        int one = litmus_run_file(&c, files[i]);
        failed += one != EXIT_HOLDS;
        code = exit_code_worse(code, one);
    }
    if (!json && count > 1)
        printf("%zu litmus programs: %zu are as their files expect, %zu are not\n", count,
               count - failed, failed);
    return code;
}

static int run_paths(struct litmus_command *c, int count, char **paths)
{
    region *memory = region_create();
    int code = EXIT_HOLDS;
    size_t done = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        text_list files = {0};
        if (folder_list_litmus(memory, paths[i], &files) != STATUS_OK) {
            fprintf(stderr, "heddle litmus: %s: there is no such file or folder\n", paths[i]);
            code = exit_code_worse(code, EXIT_INVALID);
            continue;
        }
        c->table = files.count > 1 || count > 1;
        if (c->table && done == 0 && !c->json && c->witness == NULL)
            print_header();
        for (size_t k = 0; k < files.count && !interrupted; k++, done++) {
            int one = litmus_run_file(c, files.items[k]);
            failed += one != EXIT_HOLDS;
            code = exit_code_worse(code, one);
        }
    }
    if (c->table && !c->json && c->witness == NULL)
        printf("\n%zu programs, %zu as their files expect, %zu not\n", done, done - failed, failed);
    if (done == 0 && code == EXIT_HOLDS) {
        fprintf(stderr, "heddle litmus: no litmus file there\n");
        code = EXIT_INVALID;
    }
    region_free(memory);
    return interrupted ? exit_code_worse(code, EXIT_INTERRUPTED) : code;
}

int cli_litmus(int count, char **arguments)
{
    bool terminal = isatty(STDOUT_FILENO);
    struct litmus_command c = {.seconds = 1,
                               .engine_seconds = 2,
                               .seed = 1,
                               .progress = isatty(STDERR_FILENO),
                               .interrupt = &interrupted};
    int option, code;
    litmus_report_colours(terminal && getenv("NO_COLOR") == NULL);
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    if (count > 1 && strcmp(arguments[1], "sweep") == 0)
        return litmus_sweep_command(count - 1, arguments + 1);
    if (count > 1 && strcmp(arguments[1], "generate") == 0)
        return litmus_generate_command(count - 1, arguments + 1);
    if (count > 1 && strcmp(arguments[1], "all") == 0)
        return litmus_all_command(count - 1, arguments + 1);
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(count, arguments, "", long_options, NULL)) != -1) {
        if (option == '?')
            return cli_usage_error("litmus", "'%s' is not an option here, or misses its value",
                                   arguments[optind - 1]);
        if ((code = read_option(&c, option)) >= 0)
            return code;
    }
    if (optind == count)
        return cli_usage_error("litmus", "name a litmus file or a folder");
    return run_paths(&c, count - optind, arguments + optind);
}
