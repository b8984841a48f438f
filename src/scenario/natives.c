/* See natives.h. */
#include "scenario/natives.h"

#include "observe/hooks.h"

#include <stdlib.h>

/* ---- blocks ---- */

status natives_make_blocks(const hd_named_block *wanted, size_t count, struct named_blocks *out)
{
    struct named_block *items = calloc(count ? count : 1, sizeof *items);
    status s = items ? STATUS_OK : STATUS_NO_MEMORY;
    *out = (struct named_blocks){.items = items};
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        if (!wanted[i].name || named_block_find(out, wanted[i].name))
            return STATUS_INVALID;
        items[i].name = wanted[i].name;
        s = shared_block_create(wanted[i].byte_length, wanted[i].max_byte_length, &items[i].block);
        if (s != STATUS_OK)
            break;
        OBSERVE(block_share, items[i].block); /* several agents will know it, whether or not one
                                                 hands it to another */
        out->count++;
    }
    return s;
}

void natives_free_blocks(struct named_blocks *blocks)
{
    for (size_t i = 0; i < blocks->count; i++)
        shared_block_unref(blocks->items[i].block);
    free((struct named_block *)blocks->items);
    *blocks = (struct named_blocks){0};
}

/* ---- agents ---- */

struct native {
    struct hd_thread thread;
    hd_native_agent what;
};

static void start(struct agent *a)
{
    struct native *n = a->web;
    n->thread.parker = a->parker;
    n->thread.doomed = &a->doomed;
    n->what.run(&n->thread, n->what.context);
    agent_close(a);
}

static void checkpoint(struct agent *a)
{
    (void)a; /* there are no microtasks */
}

static void finish(struct agent *a)
{
    free(a->web);
}

static struct agent_cluster *first_cluster(struct world *w)
{
    struct agent_cluster *cluster = NULL;
    pthread_mutex_lock(&w->registry);
    for (const struct agent *a = w->agents; a && !cluster; a = a->next)
        if (a->id == 1)
            cluster = a->cluster;
    pthread_mutex_unlock(&w->registry);
    return cluster;
}

status natives_start(struct world *w, const hd_native_agent *wanted,
                     const struct named_blocks *blocks)
{
    static const struct agent_calls calls = {
        .start = start, .checkpoint = checkpoint, .finish = finish};
    if (!wanted->name || !wanted->run)
        return STATUS_INVALID;
    struct native *n = calloc(1, sizeof *n);
    struct agent *agent = NULL;
    if (!n)
        return STATUS_NO_MEMORY;
    *n = (struct native){.thread.blocks = *blocks, .what = *wanted};
    struct agent_options options = {.kind = AGENT_NATIVE,
                                    .can_block = true,
                                    .name = wanted->name,
                                    .cluster = first_cluster(w),
                                    .calls = &calls,
                                    .web = n};
    status s = agent_start(w, &options, &agent);
    if (s != STATUS_OK)
        free(n);
    agent_unref(agent);
    return s;
}
