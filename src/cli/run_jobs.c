#include "cli/run_jobs.h"

#include "scenario/files.h"
#include "scenario/folder.h"
#include "scenario/needs.h"
#include "scenario/observation_file.h"
#include "base/yaml_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- files ---- */

static bool is_script(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".js") || !strcmp(dot, ".mjs") || !strcmp(dot, ".cjs"));
}

/* A folder comes here only when nothing was found in it: says why. */
static bool refuse_folder(const char *path, load_errors *errors)
{
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return false;
    *errors = (load_errors){.memory = region_create()};
    text_list files;
    if (folder_list_scenarios(errors->memory, path, &files) == STATUS_OK)
        load_error_add(errors, path, 0, 0, "the folder holds no scenarios (.yaml)");
    else
        load_error_add(errors, path, 0, 0, "the folder, or one in it, cannot be read: %s",
                       strerror(errno));
    return true;
}

struct run_file run_file_open(const char *path, uint64_t repeat)
{
    struct run_file f = {.path = path};
    if (refuse_folder(path, &f.errors))
        return f;
    status s = is_script(path) ? scenario_from_script(path, &f.plan, &f.errors)
                               : scenario_load(path, &f.plan, &f.errors);
    if (s != STATUS_OK)
        return f;
    f.tally = outcome_tally_create(f.plan);
    f.missing = needs_missing(f.plan, &f.left_out);
    f.times = f.missing ? 0 : repeat * f.plan->repeat;
    return f;
}

bool run_file_refused(const struct run_file *f, reporter *r)
{
    char reason[256];
    if (!f->plan) {
        report_load_errors(r, f->path, &f->errors);
    } else if (f->missing && f->left_out) {
        snprintf(reason, sizeof reason, "needs %s, which this build of the engine leaves out", f->missing);
        report_left_out(r, f->plan, reason);
    } else if (f->missing) {
        snprintf(reason, sizeof reason, "needs the npm package %s, which is not installed", f->missing);
        report_not_run(r, f->plan, reason);
    }
    return !f->plan || f->missing;
}

void run_file_close(struct run_file *f)
{
    outcome_tally_free(f->tally);
    plan_free(f->plan);
    load_errors_release(&f->errors);
}

/* ---- processes ---- */

/* One run in the order of reporting. The file is closed with its last run. */
struct unit {
    struct run_file *file;
    uint64_t iteration; /* from 1; 0: the file is refused */
    pid_t process;
    FILE *result;
};

struct pool {
    const struct run_jobs *jobs;
    struct unit *units; /* a ring */
    size_t first, count;
    size_t next_file;
    struct run_file *file; /* whose runs are being started; NULL: the next one is to be opened */
    uint64_t next_iteration;
    int code;
};

static bool stopped(const struct pool *p)
{
    return p->jobs->options->interrupt && *p->jobs->options->interrupt;
}

static void run_in_child(const struct pool *p, struct unit *u)
{
    struct run_options options = *p->jobs->options;
    options.record = NULL;
    options.tick = NULL;
    options.iteration = u->iteration - 1;
    observation *o = observation_create();
    status s = scenario_run(u->file->plan, &options, o);
    if (s != STATUS_OK)
        fprintf(stderr, "heddle run: %s: the first agent could not be started: %s\n", u->file->path, status_text(s));
    _exit(s == STATUS_OK && observation_store(u->result, o) ? 0 : EXIT_INTERNAL);
}

static void start(struct pool *p, struct unit *u)
{
    int memory = memfd_create("observation", MFD_CLOEXEC);
    u->result = memory < 0 ? NULL : fdopen(memory, "w+");
    fflush(NULL);
    u->process = u->result ? fork() : -1;
    if (u->process == 0)
        run_in_child(p, u);
}

/* Puts the next run into the ring; false when there is none. */
static bool add_unit(struct pool *p)
{
    if (stopped(p) || (!p->file && p->next_file == p->jobs->file_count))
        return false;
    if (!p->file) {
        p->file = malloc(sizeof *p->file);
        *p->file = run_file_open(p->jobs->files[p->next_file++], p->jobs->repeat);
        p->next_iteration = p->file->times > 0;
    }
    struct unit *u = &p->units[(p->first + p->count++) % p->jobs->jobs];
    *u = (struct unit){.file = p->file, .iteration = p->next_iteration, .process = -1};
    if (u->iteration > 0)
        start(p, u);
    if (p->next_iteration++ >= p->file->times)
        p->file = NULL;
    return true;
}

/* How the process ended, or -1. An interruption is passed on: the signal may have come to this process alone. */
static int await(const struct pool *p, const struct unit *u)
{
    int how = -1;
    while (u->process > 0 && waitpid(u->process, &how, 0) < 0 && errno == EINTR)
        if (stopped(p))
            kill(u->process, SIGINT);
    return how;
}

static void report_unit(struct pool *p, struct unit *u)
{
    int how = await(p, u);
    observation *o = NULL;
    if (u->result) {
        rewind(u->result);
        o = how == 0 ? observation_fetch(u->result) : NULL;
        fclose(u->result);
    }
    if (!o) {
        fprintf(stderr, "heddle run: %s: the process of run %llu died (%s %d)\n", u->file->path, (unsigned long long)u->iteration,
                WIFSIGNALED(how) ? "signal" : "exit code", WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
        p->code = EXIT_INTERNAL;
        return;
    }
    verdict *v = expect_check_next(u->file->plan, o, u->file->tally, u->iteration == u->file->times);
    report_begin(p->jobs->reporter, u->file->plan, u->iteration, u->file->times);
    for (size_t i = 0; i < o->count; i++)
        report_record(p->jobs->reporter, &o->records[i]);
    report_end(p->jobs->reporter, u->file->plan, o, v);
    verdict_free(v);
    observation_free(o);
}

static void take_unit(struct pool *p)
{
    struct unit u = p->units[p->first];
    p->first = (p->first + 1) % p->jobs->jobs;
    p->count--;
    if (!run_file_refused(u.file, p->jobs->reporter))
        report_unit(p, &u);
    if (u.iteration == u.file->times) {
        run_file_close(u.file);
        free(u.file);
    }
}

int run_jobs(const struct run_jobs *j)
{
    struct pool p = {.jobs = j, .units = calloc(j->jobs, sizeof *p.units), .code = EXIT_HOLDS};
    do {
        while (p.count < j->jobs && add_unit(&p))
            ;
        if (p.count > 0)
            take_unit(&p);
    } while (p.count > 0 || (!stopped(&p) && (p.file || p.next_file < j->file_count)));
    if (p.file) { /* interrupted between its runs */
        run_file_close(p.file);
        free(p.file);
    }
    free(p.units);
    return p.code;
}
