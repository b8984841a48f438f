#include "bench.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_STACK_KIB 16 /* of one thread, x86-64 and arm64 */
#define SETTLE_US 300000

static double clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void samples_add(struct samples *s, const char *name, double value)
{
    if (s->count == SAMPLES)
        return;
    snprintf(s->list[s->count].name, sizeof s->list[0].name, "%s", name);
    s->list[s->count++].value = value;
}

static const double *samples_find(const struct samples *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->list[i].name, name))
            return &s->list[i].value;
    return NULL;
}

/* ---- the child ---- */

struct child {
    pid_t pid;
    int output;
    char text[65536];
    size_t length, read_to;
};

/* Ahead of everything else on the machine, where that is allowed: then the cores are as good as
 * free. */
bool probe_take_precedence(void)
{
    struct sched_param p = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO, &p) == 0;
}

static void child_exec(char *const *arguments, const char *folder, const struct job *job,
                       int output)
{
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(output, 1);
    if (!getenv("BENCH_VERBOSE"))
        dup2(nothing, 2);
    if (job->one_core) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        sched_setaffinity(0, sizeof one, &one);
    }
    probe_take_precedence();
    if (job->no_spin)
        setenv("HEDDLE_SPIN", "0", 1);
    if (chdir(folder) == 0)
        execv(arguments[0], arguments);
    _exit(127);
}

static bool child_start(struct child *c, char *const *arguments, const char *folder,
                        const struct job *job)
{
    int ends[2];
    c->length = c->read_to = 0;
    if (pipe2(ends, O_CLOEXEC))
        return false;
    c->pid = fork();
    if (c->pid == 0)
        child_exec(arguments, folder, job, ends[1]);
    close(ends[1]);
    c->output = ends[0];
    fcntl(c->output, F_SETFL, O_NONBLOCK);
    return c->pid > 0;
}

static void take_figures(struct child *c, struct samples *out)
{
    char *line = c->text + c->read_to, *end;
    c->text[c->length] = 0;
    while ((end = strchr(line, '\n'))) {
        *end = 0;
        char *at = strstr(line, "figure "), name[48];
        double value;
        if (at && sscanf(at, "figure %47s %lf", name, &value) == 2)
            samples_add(out, name, value);
        line = end + 1;
    }
    c->read_to = (size_t)(line - c->text);
}

/* True at the end of the output. */
static bool child_read(struct child *c, int wait_ms, struct samples *out)
{
    struct pollfd p = {.fd = c->output, .events = POLLIN};
    if (poll(&p, 1, wait_ms) <= 0)
        return false;
    ssize_t n = read(c->output, c->text + c->length, sizeof c->text - 1 - c->length);
    if (n <= 0)
        return n == 0;
    c->length += (size_t)n;
    take_figures(c, out);
    return c->length == sizeof c->text - 1;
}

/* ---- memory from outside ---- */

static double status_field(pid_t pid, const char *field)
{
    char path[64], line[256];
    double value = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    size_t length = strlen(field);
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, length) && line[length] == ':')
            value = atof(line + length + 1);
    if (f)
        fclose(f);
    return value;
}

static void read_memory(struct child *c, struct samples *out)
{
    usleep(SETTLE_US);
    double resident = status_field(c->pid, "VmRSS"), tables = status_field(c->pid, "VmPTE");
    double threads = status_field(c->pid, "Threads");
    samples_add(out, "resident-KiB", resident);
    samples_add(out, "threads", threads);
    samples_add(out, "total-GiB", (resident + tables + threads * KERNEL_STACK_KIB) / 1048576);
}

#define MOMENTS 20000

struct memory_trace {
    double time[MOMENTS], resident[MOMENTS]; /* wall clock ms, MiB */
    size_t count;
};

static double resident_now(int statm)
{
    char text[128];
    ssize_t n = pread(statm, text, sizeof text - 1, 0);
    unsigned long size, resident = 0;
    if (n > 0) {
        text[n] = 0;
        sscanf(text, "%lu %lu", &size, &resident);
    }
    return (double)resident * 4 / 1024;
}

/* From the stated moment until 90 of the 100 MiB are back. */
static void add_memory_back(const struct memory_trace *t, struct samples *out)
{
    const double *at = samples_find(out, "terminated-at-ms");
    double before = 0;
    for (size_t i = 0; at && i < t->count; i++) {
        if (t->time[i] <= *at) {
            before = t->resident[i];
        } else if (t->resident[i] < before - 90) {
            samples_add(out, "memory-back-ms", t->time[i] - *at);
            return;
        }
    }
}

static void trace_memory(struct child *c, double deadline, struct samples *out)
{
    static struct memory_trace t;
    char path[64];
    t.count = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)c->pid);
    int statm = open(path, O_RDONLY);
    while (!samples_find(out, "end") && clock_ms(CLOCK_MONOTONIC) < deadline) {
        if (child_read(c, 0, out))
            break;
        if (samples_find(out, "heap-full") && t.count < MOMENTS) {
            t.resident[t.count] = resident_now(statm);
            t.time[t.count++] = clock_ms(CLOCK_REALTIME);
        }
        usleep(50);
    }
    close(statm);
    add_memory_back(&t, out);
}

/* ---- the whole ---- */

bool probe_run(char *const *arguments, const char *folder, const struct job *job, double seconds,
               struct samples *out)
{
    struct child c;
    struct rusage usage;
    int status;
    bool ended = false, killed = false;
    double begin = clock_ms(CLOCK_MONOTONIC), deadline = begin + seconds * 1e3;
    if (!child_start(&c, arguments, folder, job))
        return false;
    if (job->probe == PROBE_TERMINATE)
        trace_memory(&c, deadline, out);
    while (!ended && clock_ms(CLOCK_MONOTONIC) < deadline) {
        ended = child_read(&c, 100, out);
        if (job->probe == PROBE_IDLE && samples_find(out, "idle")) {
            read_memory(&c, out);
            break;
        }
    }
    if (!ended) {
        kill(c.pid, SIGKILL);
        killed = true;
    }
    wait4(c.pid, &status, 0, &usage);
    double spent = clock_ms(CLOCK_MONOTONIC) - begin;
    close(c.output);
    samples_add(out, "wall-ms", spent);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
    samples_add(out, "cpu-ms", cpu);
    const double *trips = samples_find(out, "trips");
    if (trips)
        samples_add(out, "cpu-us-per-trip", cpu * 1e3 / *trips);
    return job->probe == PROBE_IDLE ? samples_find(out, "idle") != NULL
                                    : !killed && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
