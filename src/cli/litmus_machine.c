/* heddle litmus --stress and --engine. */
#include "cli/litmus.h"

#include <stdio.h>

static void show_progress(void *context, uint64_t iterations, double seconds)
{
    const struct litmus_command *c = context;
    if (c->progress && seconds > 0.5)
        fprintf(stderr, "\r\033[K%.1f million iterations in %.0f s", (double)iterations / 1e6, seconds);
}

bool litmus_run_stress(const struct litmus_command *c, const litmus_result *allowed, region *memory,
                       litmus_stress_result *result)
{
    litmus_stress_options options = {.seconds = c->iterations > 0 ? 0 : c->seconds,
                                     .iterations = c->iterations,
                                     .seed = c->seed,
                                     .interrupt = c->interrupt,
                                     .tick = show_progress,
                                     .context = (void *)(uintptr_t)c};
    status s = litmus_stress(allowed, &options, memory, result);
    if (c->progress)
        fputs("\r\033[K", stderr);
    if (s == STATUS_STATE)
        fprintf(stderr,
                "heddle litmus: %s waits, notifies, posts or starts: --engine runs it, --stress does "
                "not\n",
                allowed->program->file);
    else if (s != STATUS_OK)
        fprintf(stderr, "heddle litmus: %s: %s\n", allowed->program->file, status_text(s));
    return s == STATUS_OK;
}

bool litmus_run_engine(const struct litmus_command *c, const litmus_result *allowed, region *memory,
                       litmus_stress_result *result)
{
    (void)memory;
    (void)result;
    (void)c;
    (void)allowed;
    return false;
}
