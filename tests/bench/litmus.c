/* What the litmus laboratory costs: the checker on shapes of growing size, the whole library with
 * every annotation, and the stress runner beside a hand-written loop of the same layout. Prints a
 * table with the goals; exit code 1 when one is missed. ./dev bench runs it after the programs. */
#include "litmus/generate.h"
#include "litmus/stress.h"
#include "litmus/sweep.h"
#include "litmus/verdict.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/thread.h"
#include "scenario/folder.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int missed;

static void row(const char *what, double figure, const char *unit, double goal, bool at_least)
{
    bool good = goal == 0 || (at_least ? figure >= goal : figure <= goal);
    missed += !good;
    printf("| %-52s | %10.3f %-9s |", what, figure, unit);
    if (goal > 0)
        printf(" %s %-8g | %s |\n", at_least ? "≥" : "≤", goal, good ? "✓" : "✗");
    else
        printf("            |   |\n");
    fflush(stdout);
}

static litmus_program *parse(const char *text)
{
    load_errors errors = {0};
    litmus_program *p = litmus_program_read("bench.yaml", text, strlen(text), &errors);
    if (p == NULL) {
        buffer said = {0};
        load_errors_write(&errors, &said);
        fputs(buffer_text(&said), stderr);
        exit(70);
    }
    return p;
}

/* The median of several checks, in milliseconds of this thread, whatever else the machine does. */
static double check(const litmus_program *p, size_t *outcomes, bool *complete)
{
    enum { ROUNDS = 15 };
    double times[ROUNDS];
    size_t rounds = 0;
    for (double total = 0; rounds < ROUNDS && (rounds < 3 || total < 1000); rounds++) {
        region *memory = region_create();
        load_errors errors = {0};
        litmus_result r;
        int64_t start = clock_thread_cpu();
        litmus_check(p, NULL, memory, &r, &errors);
        times[rounds] = (double)(clock_thread_cpu() - start) / 1e6;
        total += times[rounds];
        *outcomes = r.count;
        *complete = r.complete;
        region_free(memory);
    }
    for (size_t i = 1; i < rounds; i++)
        for (size_t k = i; k > 0 && times[k - 1] > times[k]; k--) {
            double t = times[k];
            times[k] = times[k - 1];
            times[k - 1] = t;
        }
    return times[rounds / 2];
}

static void check_shape(const char *name, bool atomic, double goal)
{
    buffer text = {0};
    char error[200], title[80];
    size_t count = 0, outcomes;
    bool complete;
    const char *const *edges = litmus_shape(name);
    while (count < 8 && edges[count] != NULL)
        count++;
    litmus_generate(edges, count, name, atomic, &text, error, sizeof error);
    litmus_program *p = parse(buffer_text(&text));
    snprintf(title, sizeof title, "check %s, %s", name, atomic ? "atomic" : "plain");
    row(title, check(p, &outcomes, &complete), "ms", goal, false);
    litmus_program_free(p);
    buffer_release(&text);
}

/* Agents with `accesses` accesses to two cells: what each is says one letter per access, in turn:
 * W, R atomic; w, r plain. Capitals go to y when odd. */
static litmus_program *grid(unsigned agents, const char *pattern)
{
    buffer text = {0};
    unsigned reg = 0, value = 0;
    buffer_add(&text,
               "litmus: grid\nshared: |\n  const x = new Int32Array(new SharedArrayBuffer(4));\n"
               "  const y = new Int32Array(new SharedArrayBuffer(4));\nagents:\n");
    for (unsigned a = 0; a < agents; a++) {
        buffer_format(&text, "  a%u: |\n", a);
        for (unsigned i = 0; pattern[i] != '\0'; i++) {
            const char *cell = (a + i) % 2 ? "y" : "x";
            switch (pattern[i]) {
            case 'W':
                buffer_format(&text, "    Atomics.store(%s, 0, %u);\n", cell, ++value);
                break;
            case 'R':
                buffer_format(&text, "    const r%u = Atomics.load(%s, 0);\n", reg++, cell);
                break;
            case 'w':
                buffer_format(&text, "    %s[0] = %u;\n", cell, ++value);
                break;
            default:
                buffer_format(&text, "    const r%u = %s[0];\n", reg++, cell);
                break;
            }
        }
    }
    litmus_program *p = parse(buffer_text(&text));
    buffer_release(&text);
    return p;
}

/* Plain data behind atomic flags, two of four agents write. */
static const char mixed[] =
    "litmus: mixed\nshared: |\n"
    "  const data = new Int32Array(new SharedArrayBuffer(4));\n"
    "  const more = new Int32Array(new SharedArrayBuffer(4));\n"
    "  const flag = new Int32Array(new SharedArrayBuffer(4));\n"
    "  const sign = new Int32Array(new SharedArrayBuffer(4));\n"
    "agents:\n"
    "  a: |\n    data[0] = 1;\n    Atomics.store(flag, 0, 1);\n    more[0] = 1;\n    "
    "Atomics.store(sign, 0, 1);\n"
    "  b: |\n    const r0 = Atomics.load(flag, 0);\n    const r1 = data[0];\n"
    "    const r2 = Atomics.load(sign, 0);\n    const r3 = more[0];\n"
    "  c: |\n    data[0] = 2;\n    Atomics.store(flag, 0, 2);\n    more[0] = 2;\n    "
    "Atomics.store(sign, 0, 2);\n"
    "  d: |\n    const r4 = Atomics.load(sign, 0);\n    const r5 = more[0];\n"
    "    const r6 = Atomics.load(flag, 0);\n    const r7 = data[0];\n";

static void check_grids(void)
{
    size_t outcomes;
    bool complete;
    static const struct {
        const char *title, *pattern;
        double goal;
    } grids[] = {{"4 agents x 4 atomic accesses, write read write read", "WRWR", 100},
                 {"4 agents x 4 atomic accesses, write read read read", "WRRR", 100}};
    litmus_program *p = parse(mixed);
    double time = check(p, &outcomes, &complete);
    row("4 agents x 4 mixed accesses", time, "ms", 10, false);
    litmus_program_free(p);
    for (size_t i = 0; i < sizeof grids / sizeof grids[0]; i++) {
        p = grid(4, grids[i].pattern);
        time = check(p, &outcomes, &complete);
        row(grids[i].title, time, "ms", grids[i].goal, false);
        litmus_program_free(p);
    }
}

static void check_growth(void)
{
    printf("\n| agents | write, read (atomic) | write, read (plain) | read, write (atomic) | "
           "write, read, read (atomic) |\n"
           "|---|---|---|---|---|\n");
    for (unsigned agents = 2; agents <= 6; agents++) {
        printf("| %u |", agents);
        static const char *const patterns[] = {"WR", "wr", "RW", "WRR"};
        for (size_t i = 0; i < 4; i++) {
            size_t outcomes;
            bool complete;
            litmus_program *p = grid(agents, patterns[i]);
            double time = check(p, &outcomes, &complete);
            printf(" %.2f ms, %zu outcomes%s |", time, outcomes,
                   complete ? "" : " (bound reached)");
            fflush(stdout);
            litmus_program_free(p);
        }
        printf("\n");
    }
    printf("\n");
}

static void sweep_library(const char *root)
{
    region *memory = region_create();
    char folder[1000];
    text_list files;
    size_t programs = 0;
    snprintf(folder, sizeof folder, "%s/scenarios/litmus", root);
    folder_list_litmus(memory, folder, &files);
    int64_t start = clock_thread_cpu();
    for (size_t i = 0; i < files.count; i++) {
        load_errors errors = {0};
        region *each = region_create();
        litmus_program *p = litmus_program_load(files.items[i], &errors);
        litmus_sweep sweep = {0};
        if (p != NULL && p->question_count > 0)
            litmus_sweep_run(p, &p->questions[0], each, &sweep, &errors);
        programs += sweep.way_count;
        load_errors_release(&errors);
        litmus_program_free(p);
        region_free(each);
    }
    row("the library with all annotations", (double)(clock_thread_cpu() - start) / 1e9, "s", 2,
        false);
    printf("(%zu programs)\n", programs);
    region_free(memory);
}

/* ---- the stress runner beside a loop by hand ---- */

enum { BATCH = 256 };

/* SB, packed, in batches: what a person would write in C. */
struct loop {
    int32_t x[BATCH], y[BATCH], r0[BATCH], r1[BATCH];
    _Atomic uint32_t arrived, round; /* a barrier, as in the runner */
    _Atomic bool stop;
    uint64_t iterations, weak, seen[4];
};

static void meet(struct loop *l)
{
    uint32_t round = atomic_load_explicit(&l->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&l->arrived, 1, memory_order_acq_rel) == 1) {
        atomic_store_explicit(&l->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&l->round, round + 1, memory_order_release);
        return;
    }
    for (unsigned spins = 0; atomic_load_explicit(&l->round, memory_order_acquire) == round;
         spins++)
        if (spins > 20000)
            sched_yield();
        else
            cpu_pause();
}

static void side(struct loop *l, bool left)
{
    int32_t *mine = left ? l->x : l->y, *other = left ? l->y : l->x, *result = left ? l->r0 : l->r1;
    for (;;) {
        meet(l);
        if (l->stop)
            return;
        for (int i = 0; i < BATCH; i++) {
            __atomic_store_n(&mine[i], 1, __ATOMIC_RELAXED);
            result[i] = __atomic_load_n(&other[i], __ATOMIC_RELAXED);
        }
        meet(l);
        if (left) {
            for (int i = 0; i < BATCH; i++) {
                l->seen[l->r0[i] * 2 + l->r1[i]]++;
                l->x[i] = l->y[i] = 0;
            }
            l->iterations += BATCH;
        }
        meet(l);
        if (left)
            return;
    }
}

static void run_right(void *context)
{
    cpu_pin(1);
    side(context, false);
}

static void by_hand(double seconds, double *per_second, double *weak)
{
    struct loop *l = calloc(1, sizeof *l);
    thread right;
    cpu_pin(0);
    if (l == NULL || thread_start(&right, NULL, (size_t)256 << 10, run_right, l) != STATUS_OK)
        exit(70);
    int64_t start = clock_monotonic(), now = start;
    for (unsigned n = 0; (double)(now - start) < seconds * 1e9; n++) {
        side(l, true);
        if (n % 64 == 0)
            now = clock_monotonic();
    }
    l->stop = true;
    meet(l);
    thread_join(&right);
    cpu_unpin();
    *per_second = (double)l->iterations / seconds;
    *weak = (double)l->seen[0] / seconds;
    free(l);
}

static double median(double *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && v[k - 1] > v[k]; k--) {
            double t = v[k];
            v[k] = v[k - 1];
            v[k - 1] = t;
        }
    return v[n / 2];
}

/* Other work on the machine would stop one of the two threads and let the other wait for it. */
static void take_precedence(void)
{
    struct sched_param high = {.sched_priority = 10};
    if (sched_setscheduler(0, SCHED_FIFO, &high) != 0)
        puts("(without precedence over other work of the machine)");
}

static void stress(void)
{
    enum { ROUNDS = 5 };
    double speed[ROUNDS], weak[ROUNDS], ours[ROUNDS], theirs[ROUNDS];
    litmus_program *p = grid(2, "wr");
    region *memory = region_create();
    load_errors errors = {0};
    litmus_result result;
    litmus_verdict verdict;
    litmus_judge(p, NULL, memory, &result, &verdict, &errors);
    take_precedence();
    for (int i = 0; i < ROUNDS; i++) {
        litmus_stress_options options = {
            .seconds = 0.3, .seed = 1, .one_mode = true, .only_mode = 0};
        litmus_stress_result r;
        double hand, hand_weak;
        by_hand(0.3, &hand, &hand_weak);
        litmus_stress(&result, &options, memory, &r);
        ours[i] = (double)r.iterations / r.seconds / 1e6;
        theirs[i] = hand / 1e6;
        speed[i] = ours[i] / theirs[i];
        weak[i] = (double)r.modes[0].weak / r.seconds / (hand_weak > 0 ? hand_weak : 1);
    }
    row("plain SB, by hand", median(theirs, ROUNDS), "M/s", 0, true);
    row("plain SB, stress runner", median(ours, ROUNDS), "M/s", 0, true);
    row("  iterations a second, against the loop by hand", median(speed, ROUNDS), "times", 0.5,
        true);
    row("  weak outcomes a second, against the loop by hand", median(weak, ROUNDS), "times", 0.5,
        true);
    region_free(memory);
    litmus_program_free(p);
}

int main(int count, char **arguments)
{
    static const char *const two[] = {"SB", "MP", "LB", "S", "R", "2+2W", "CoRR"};
    printf("| figure | here | goal | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof two / sizeof two[0]; i++) {
        check_shape(two[i], false, 0.1);
        check_shape(two[i], true, 0.1);
    }
    check_shape("IRIW", false, 1);
    check_shape("IRIW", true, 1);
    check_grids();
    sweep_library(count > 1 ? arguments[1] : ".");
    check_growth();
    stress(); /* last: it takes precedence */
    return missed > 0;
}
