#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ROUNDS 16
#define TURNS 25       /* of a job and its rival in a round */
#define USUAL_TIME 500 /* ms, of programs that take one */
#define RUNS (ROUNDS * TURNS)
#define JOBS 32
#define REPEATS 32
#define LONGEST 120.0 /* seconds for one program */

static const char *const runtime_names[RUNTIME_COUNT] = {"heddle", "observed", "node", "bun",
                                                         "deno"};

static struct samples results[JOBS][RUNTIME_COUNT][RUNS];
static char root[2048];

struct options {
    int rounds;
    const char *only, *peers;
};

static size_t job_named(const char *name)
{
    for (size_t j = 0; j < job_count; j++)
        if (!strcmp(jobs[j].name, name))
            return j;
    fprintf(stderr, "bench: no job %s\n", name);
    exit(70);
}

/* ---- running ---- */

/* The program as it stands, or with its parameters in front: beside its workers, under a name of
 * its own. */
static void prepare_program(const struct job *job, enum runtime r, char *name, size_t size)
{
    char from[4096], to[4096], text[8192];
    snprintf(name, size, "%s", job->program);
    if (!job->count)
        return;
    int time = r == HEDDLE && job->turn_time ? job->turn_time : USUAL_TIME;
    snprintf(name, size, "%d-%d-%s", job->count, time, job->program);
    snprintf(from, sizeof from, "%s/.cache/bench-programs/%s", root, job->program);
    snprintf(to, sizeof to, "%s/.cache/bench-programs/%s", root, name);
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    if (!in || !out) {
        fprintf(stderr, "bench: cannot write %s\n", to);
        exit(70);
    }
    fprintf(out, "const count = %d, time = %d;\n%.*s", job->count, time,
            (int)fread(text, 1, sizeof text, in), text);
    fclose(in);
    fclose(out);
}

static bool peer_path(enum runtime r, char *out, size_t size)
{
    snprintf(out, size, "%s/.peers/node_modules/.bin/%s", root, runtime_names[r]);
    return access(out, X_OK) == 0;
}

static bool run_program(const struct job *job, enum runtime r, struct samples *out)
{
    char folder[4096], shim[4096], command[4096], program[256];
    char *arguments[10];
    int n = 0;
    snprintf(folder, sizeof folder, "%s/.cache/bench-programs", root);
    prepare_program(job, r, program, sizeof program);
    if (r == HEDDLE || r == OBSERVED)
        snprintf(command, sizeof command, "%s/build/heddle", root);
    else if (!peer_path(r, command, sizeof command))
        return false;
    arguments[n++] = command;
    if (r == HEDDLE || r == OBSERVED) {
        arguments[n++] = "run";
        if (r == HEDDLE)
            arguments[n++] = "--unobserved";
        if (strcmp(job->name, "hello")) {
            arguments[n++] = "--main=worker";
            arguments[n++] = "--clock=real";
        }
    } else if (r == NODE) {
        snprintf(shim, sizeof shim, "%s/tests/bench/peers/node.cjs", root);
        if (strcmp(job->name, "hello")) {
            arguments[n++] = "--require";
            arguments[n++] = shim;
        }
    } else if (r == DENO) {
        arguments[n++] = "run";
        arguments[n++] = "-A";
        snprintf(shim, sizeof shim, "%s/tests/bench/peers/deno.mjs", root);
        if (strcmp(job->name, "hello"))
            arguments[n++] = shim;
    }
    arguments[n++] = program;
    arguments[n] = NULL;
    return probe_run(arguments, folder, job, LONGEST, out);
}

static double wall(const struct samples *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->list[i].name, "wall-ms"))
            return s->list[i].value;
    return 0;
}

static int compare_wall(const void *a, const void *b)
{
    double x = wall(a), y = wall(b);
    return (x > y) - (x < y);
}

static bool wanted(const struct options *o, enum runtime r)
{
    return r == HEDDLE || r == OBSERVED || strstr(o->peers, runtime_names[r]);
}

/* Short programs run several times, of which the middle one counts. */
static void run_job(size_t j, enum runtime r, int run)
{
    static struct samples tries[REPEATS];
    int count = jobs[j].repeats ? jobs[j].repeats : 1;
    for (int i = 0; i < count; i++) {
        tries[i].count = 0;
        if (!run_program(&jobs[j], r, &tries[i]))
            fprintf(stderr,
                    "\r\033[K"
                    "bench: %s failed under %s\n",
                    jobs[j].name, runtime_names[r]);
    }
    qsort(tries, (size_t)count, sizeof tries[0], compare_wall);
    results[j][r][run] = tries[count / 2];
}

/* A job and its rival, each first in every other turn, so that what drifts favours neither. */
static void run_rivals(size_t j, enum runtime r, int round)
{
    size_t pair[2] = {j, job_named(jobs[j].rival)};
    for (int turn = 0; turn < TURNS; turn++) {
        int run = round * TURNS + turn;
        run_job(pair[run & 1], r, run);
        run_job(pair[!(run & 1)], r, run);
    }
}

static bool is_rival(size_t j)
{
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].rival && !strcmp(jobs[i].rival, jobs[j].name))
            return true;
    return false;
}

static void run_turns(const struct options *o, size_t j, int round)
{
    int turns = jobs[j].turns ? jobs[j].turns : 1;
    for (int turn = 0; turn < turns; turn++)
        for (int r = 0; r < RUNTIME_COUNT; r++) {
            if (!(jobs[j].runtimes & 1u << r) || !wanted(o, (enum runtime)r))
                continue;
            fprintf(stderr, "\r\033[Kround %d of %d: %s under %s", round + 1, o->rounds,
                    jobs[j].name, runtime_names[r]);
            if (jobs[j].rival && r == HEDDLE)
                run_rivals(j, (enum runtime)r, round);
            else
                run_job(j, (enum runtime)r, round * TURNS + turn);
        }
}

/* Rounds are the outer loop, and the runtimes take turns: what else the machine does hits them
 * alike. */
static void run_all(const struct options *o)
{
    for (int round = 0; round < o->rounds; round++)
        for (size_t j = 0; j < job_count; j++)
            if (!(jobs[j].once && round) && !is_rival(j) &&
                !(o->only && !strstr(jobs[j].name, o->only)))
                run_turns(o, j, round);
    fprintf(stderr, "\r\033[K");
}

/* ---- figures ---- */

struct figure {
    double median, lowest, highest; /* the median: of the runs, or what figure_of says */
    int count;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool find_sample(size_t j, int r, int run, const char *name, double *out)
{
    const struct samples *s = &results[j][r][run];
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->list[i].name, name)) {
            *out = s->list[i].value;
            return true;
        }
    return false;
}

static struct figure summarize(double *values, int count)
{
    struct figure f = {.median = NAN, .count = count};
    if (count) {
        qsort(values, (size_t)count, sizeof *values, compare);
        f.median = count & 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
        f.lowest = values[0];
        f.highest = values[count - 1];
    }
    return f;
}

/* What one run gave for a goal. */
static bool value_at(const struct goal *g, const char *job, const char *name, int r, int run,
                     double *out)
{
    double base;
    if (!find_sample(job_named(job), r, run, name, out))
        return false;
    if (g->subtract_job_divide > 0) {
        if (!find_sample(job_named(g->versus), r, run, name, &base))
            return false;
        *out = (*out - base) / g->subtract_job_divide;
    }
    if (r == OBSERVED && (g->added_divide > 0 || g->times_plain)) {
        if (!find_sample(job_named(job), HEDDLE, run, name, &base))
            return false;
        *out = g->times_plain ? *out / base : (*out - base) / g->added_divide;
    }
    return true;
}

static double lowest(const struct goal *g, int r)
{
    double least = NAN, value;
    for (int run = 0; run < RUNS; run++)
        if (find_sample(job_named(g->job), r, run, g->figure, &value) && !(value >= least))
            least = value;
    return least;
}

/* Against the plain variant the fastest runs of both are compared. A difference of some nanoseconds
 * is less than what the machine's speed changes by from one run to the next; what slows a run is
 * not the variant's doing, and nothing makes one faster than it is. */
static struct figure figure_of(const struct goal *g, int r)
{
    double values[RUNS];
    int count = 0;
    for (int run = 0; run < RUNS; run++)
        count += value_at(g, g->job, g->figure, r, run, &values[count]);
    struct figure f = summarize(values, count);
    if (r == OBSERVED && g->times_plain)
        f.median = lowest(g, OBSERVED) / lowest(g, HEDDLE);
    else if (r == OBSERVED && g->added_divide > 0)
        f.median = (lowest(g, OBSERVED) - lowest(g, HEDDLE)) / g->added_divide;
    return f;
}

static double ratio_of(const struct goal *g, double own, double other)
{
    return g->rate ? own / other : other / own;
}

/* To Node, or to the other figure of GOAL_VERSUS. Runs that stand beside each other are compared:
 * what the machine does hits both. */
static double ratio(const struct goal *g)
{
    char job[64];
    const char *name = g->figure;
    double ratios[RUNS], own, other;
    int count = 0, r = g->kind == GOAL_VERSUS ? HEDDLE : NODE;
    snprintf(job, sizeof job, "%s", g->kind == GOAL_VERSUS ? g->versus : g->job);
    char *colon = strchr(job, ':');
    if (colon) {
        name = g->versus + (colon - job) + 1;
        *colon = 0;
    }
    for (int run = 0; run < RUNS; run++)
        if (value_at(g, g->job, g->figure, (int)g->subject, run, &own) &&
            value_at(g, job, name, r, run, &other))
            ratios[count++] = ratio_of(g, own, other);
    return summarize(ratios, count).median;
}

/* ---- the table ---- */

static void print_number(double value)
{
    if (isnan(value))
        printf("–");
    else if (fabs(value) >= 1e6)
        printf("%.2f M", value / 1e6);
    else if (fabs(value) >= 1e4)
        printf("%.1f k", value / 1e3);
    else if (fabs(value) >= 100 || value == floor(value))
        printf("%.0f", value);
    else
        printf("%.2f", value);
}

static void print_goal(const struct goal *g)
{
    switch (g->kind) {
    case GOAL_NONE:
        break;
    case GOAL_AT_MOST:
        printf("≤ ");
        print_number(g->bound);
        printf(" %s", g->unit);
        break;
    case GOAL_AT_LEAST:
        printf("≥ ");
        print_number(g->bound);
        printf(" %s", g->unit);
        break;
    case GOAL_FASTER:
        printf("≥ %g × Node", g->bound);
        break;
    case GOAL_VERSUS:
        printf("≥ %.2f ×", g->bound);
        break;
    }
}

/* -1 no goal, 0 missed, 1 met */
static int judge(const struct goal *g, double own, double ratio)
{
    switch (g->kind) {
    case GOAL_AT_MOST:
        return own <= g->bound;
    case GOAL_AT_LEAST:
        return own >= g->bound;
    case GOAL_FASTER:
    case GOAL_VERSUS:
        return ratio >= g->bound;
    case GOAL_NONE:
        break;
    }
    return -1;
}

static int print_row(const struct goal *g)
{
    struct figure f[RUNTIME_COUNT];
    for (int r = 0; r < RUNTIME_COUNT; r++)
        f[r] = figure_of(g, r);
    struct figure own = f[g->subject];
    double beside = ratio(g);
    printf("| %s | ", g->title);
    print_number(own.median);
    printf(" %s | ", g->unit);
    if (own.count > 1) {
        print_number(own.lowest);
        printf(" … ");
        print_number(own.highest);
    }
    for (int r = NODE; r < RUNTIME_COUNT; r++) {
        printf(" | ");
        print_number(f[r].median);
    }
    printf(" | ");
    if (!isnan(beside))
        printf("%.2f", beside);
    printf(" | ");
    print_goal(g);
    int met = judge(g, own.median, beside);
    printf(" | %s |\n", met < 0 ? "" : met ? "✓" : "✗");
    return met == 0;
}

static void print_machine(const struct options *o)
{
    struct utsname u;
    double load[3] = {0};
    char line[256], model[256] = "";
    uname(&u);
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "model name", 10) && !*model)
            snprintf(model, sizeof model, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"),
                     strchr(line, ':') + 2);
    if (f)
        fclose(f);
    getloadavg(load, 3);
    printf("%ld cores (%s), %s %s %s; load average at the start %.1f; medians of %d rounds, spread "
           "from the lowest to the highest. What race detection adds is the difference between the "
           "fastest runs of both variants; its spread, that between neighbouring runs.\n\n",
           sysconf(_SC_NPROCESSORS_ONLN), model, u.sysname, u.release, u.machine, load[0],
           o->rounds);
}

static int print_table(const struct options *o)
{
    int missed = 0, total = 0;
    puts("| figure | heddle | spread | node | bun | deno | ratio | goal | "
         "|\n|---|---|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < goal_count; i++) {
        if (o->only && !strstr(goals[i].job, o->only))
            continue;
        missed += print_row(&goals[i]);
        total += goals[i].kind != GOAL_NONE;
    }
    printf("\n%d of %d goals met.\n", total - missed, total);
    return missed ? 1 : 0;
}

static int usage(void)
{
    fputs("Usage: ./dev bench [--quick] [--rounds N] [--only TEXT] [--peers node,bun,deno]\n"
          "  --quick       two rounds, Node only\n"
          "  --only TEXT   the programs whose name contains it\n",
          stderr);
    return 2;
}

int main(int count, char **arguments)
{
    struct options o = {.rounds = 5, .peers = "node,bun,deno"};
    snprintf(root, sizeof root, "%s", count > 1 ? arguments[1] : ".");
    for (int i = 2; i < count; i++) {
        if (!strcmp(arguments[i], "--quick")) {
            o.rounds = 2;
            o.peers = "node";
        } else if (!strcmp(arguments[i], "--rounds") && i + 1 < count)
            o.rounds = atoi(arguments[++i]);
        else if (!strcmp(arguments[i], "--only") && i + 1 < count)
            o.only = arguments[++i];
        else if (!strcmp(arguments[i], "--peers") && i + 1 < count)
            o.peers = arguments[++i];
        else
            return usage();
    }
    if (o.rounds < 1 || o.rounds > ROUNDS)
        return usage();
    char path[4096];
    for (int r = NODE; r < RUNTIME_COUNT; r++)
        if (wanted(&o, (enum runtime)r) && !peer_path((enum runtime)r, path, sizeof path))
            fprintf(stderr,
                    "bench: no %s: ./dev setup --peers brings it; goals that need it fail\n",
                    runtime_names[r]);
    print_machine(&o);
    puts(probe_take_precedence()
             ? "The programs ran ahead of everything else on the machine (SCHED_FIFO).\n"
             : "The programs shared the machine with whatever else ran.\n");
    fflush(stdout);
    run_all(&o);
    return print_table(&o);
}
