#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ROUNDS 32
#define JOBS 64
#define REPEATS 32
#define LONGEST 120.0 /* seconds for one program */

static const char *const runtime_names[RUNTIME_COUNT] = {"heddle", "observed", "node", "bun",
                                                         "deno"};

static struct samples results[JOBS][RUNTIME_COUNT][ROUNDS];
static char root[2048];

struct options {
    int rounds;
    const char *only, *peers;
};

/* ---- running ---- */

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
    snprintf(folder, sizeof folder, "%s/tests/bench/programs", root);
    snprintf(program, sizeof program, "%s", job->program);
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

/* Short programs run several times a round, of which the middle one counts. */
static void run_job(size_t j, enum runtime r, int round)
{
    static struct samples tries[REPEATS];
    int count = jobs[j].repeats ? jobs[j].repeats : 1;
    for (int i = 0; i < count; i++) {
        tries[i].count = 0;
        if (!run_program(&jobs[j], r, &tries[i]))
            fprintf(stderr, "\r\033[Kbench: %s failed under %s\n", jobs[j].name, runtime_names[r]);
    }
    qsort(tries, (size_t)count, sizeof tries[0], compare_wall);
    results[j][r][round] = tries[count / 2];
}

/* Rounds are the outer loop, and the runtimes take turns: what else the machine does hits them
 * alike. */
static void run_all(const struct options *o)
{
    for (int round = 0; round < o->rounds; round++)
        for (size_t j = 0; j < job_count; j++)
            for (int r = 0; r < RUNTIME_COUNT; r++) {
                if (!(jobs[j].runtimes & 1u << r) || !wanted(o, (enum runtime)r) ||
                    (jobs[j].once && round) || (o->only && !strstr(jobs[j].name, o->only)))
                    continue;
                fprintf(stderr, "\r\033[Kround %d of %d: %s under %s", round + 1, o->rounds,
                        jobs[j].name, runtime_names[r]);
                run_job(j, (enum runtime)r, round);
            }
    fprintf(stderr, "\r\033[K");
}

/* ---- figures ---- */

struct figure {
    double median, lowest, highest;
    int count;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool find_sample(size_t j, int r, int round, const char *name, double *out)
{
    const struct samples *s = &results[j][r][round];
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->list[i].name, name)) {
            *out = s->list[i].value;
            return true;
        }
    return false;
}

static size_t job_named(const char *name)
{
    for (size_t j = 0; j < job_count; j++)
        if (!strcmp(jobs[j].name, name))
            return j;
    fprintf(stderr, "bench: no job %s\n", name);
    exit(70);
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

static struct figure figure_of(const struct goal *g, const char *job, const char *name, int r)
{
    double values[ROUNDS], base;
    int count = 0;
    size_t j = job_named(job);
    for (int round = 0; round < ROUNDS; round++) {
        double value;
        if (!find_sample(j, r, round, name, &value))
            continue;
        if (g->subtract_job_divide > 0) {
            if (!find_sample(job_named(g->versus), r, round, name, &base))
                continue;
            value = (value - base) / g->subtract_job_divide;
        }
        if (r == OBSERVED && (g->added_divide > 0 || g->times_plain)) {
            if (!find_sample(j, HEDDLE, round, name, &base))
                continue;
            value = g->times_plain ? value / base : (value - base) / g->added_divide;
        }
        values[count++] = value;
    }
    return summarize(values, count);
}

static struct figure versus(const struct goal *g)
{
    char job[64];
    snprintf(job, sizeof job, "%s", g->versus);
    char *colon = strchr(job, ':');
    if (colon)
        *colon = 0;
    return figure_of(g, job, colon ? g->versus + (colon - job) + 1 : g->figure, HEDDLE);
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

static double ratio_of(const struct goal *g, double own, double other)
{
    return g->rate ? own / other : other / own;
}

static int print_row(const struct goal *g)
{
    struct figure f[RUNTIME_COUNT];
    for (int r = 0; r < RUNTIME_COUNT; r++)
        f[r] = figure_of(g, g->job, g->figure, r);
    struct figure own = f[g->subject];
    double ratio =
        ratio_of(g, own.median, g->kind == GOAL_VERSUS ? versus(g).median : f[NODE].median);
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
    if (!isnan(ratio))
        printf("%.2f", ratio);
    printf(" | ");
    print_goal(g);
    int met = judge(g, own.median, ratio);
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
           "from the lowest to the highest.\n\n",
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
