#include "scenario/deadlock_report.h"

#include "agent/world.h"
#include "base/buffer.h"
#include "detect/detect.h"
#include "engine/atomics.h"
#include "memory/shared_block.h"
#include "memory/waiter_list.h"
#include "scenario/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
    observation_party party;
    struct shared_block *block; /* NULL: it has no cell */
    const struct parker *parker;
    const char *writer; /* of the cell, last; NULL = not known, or itself */
};

struct report {
    const struct deadlock_job *job;
    bool placed; /* nobody runs: stacks of those who sleep may be looked at */
    struct waiting *items;
    size_t count, capacity;
};

static struct waiting *next_item(struct report *r)
{
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 8;
        r->items = realloc(r->items, r->capacity * sizeof *r->items);
    }
    return &r->items[r->count++];
}

static char *value_of(const struct waiter_view *sight)
{
    char value[32];
    const uint8_t *cell = shared_block_bytes(sight->block) + sight->offset;
    if (sight->size == 8)
        snprintf(value, sizeof value, "%" PRId64, *(const int64_t *)cell);
    else
        snprintf(value, sizeof value, "%" PRId32, *(const int32_t *)cell);
    return strdup(value);
}

static source_position place_of(const struct report *r, const struct waiter_view *sight)
{
    char file[512];
    uint32_t line = 0, column = 0;
    if (!r->placed || !atomics_wait_place(sight->site, file, sizeof file, &line, &column))
        return (source_position){0};
    return (source_position){files_localize(r->job->plan, file), line, column};
}

static void add_waiter(const struct waiter_view *sight, void *context)
{
    struct report *r = context;
    const struct agent *a = sight->parker ? sight->parker->owner : NULL;
    if (!a || a->world != r->job->world || sight->doomed)
        return;
    const char *writer = r->job->races_watched
                             ? detect_last_writer(shared_block_bytes(sight->block) + sight->offset)
                             : NULL;
    *next_item(r) = (struct waiting){
        .party =
            {
                .agent = a->name,
                .agent_kind = agent_kind_name(a->kind),
                .doing = "Atomics.wait",
                .where = place_of(r, sight),
                .has_cell = true,
                .block = shared_block_id(sight->block) - r->job->blocks_before,
                .byte_offset = sight->offset,
                .cell = r->job->cell_name(r->job->context, shared_block_id(sight->block),
                                          sight->offset),
                .value = value_of(sight),
                .since_ns = (uint64_t)sight->since,
            },
        .block = sight->block,
        .parker = sight->parker,
        .writer = writer && strcmp(writer, a->name) ? writer : NULL,
    };
}

/* Agents blocked in something that has no cell. */
static void add_cell_less(struct parker *p, enum park_kind kind, void *context)
{
    struct report *r = context;
    const struct agent *a = p->owner;
    if (kind != PARK_BLOCKED)
        return;
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].parker == p)
            return;
    *next_item(r) = (struct waiting){.party = {.agent = a->name,
                                               .agent_kind = agent_kind_name(a->kind),
                                               .doing = "heddle.barrier",
                                               .since_ns = (uint64_t)p->since},
                                     .parker = p};
}

static void add_record(const struct report *r, finding_kind kind, const char *text,
                       observation_party *parties, size_t count)
{
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = kind,
        .time_ns = (uint64_t)crowd_now(&r->job->world->crowd),
        .text = text,
        .where = count ? parties[0].where : (source_position){0},
        .parties = parties,
        .party_count = count,
    };
    r->job->add(r->job->context, &record);
}

/* How an agent was ended from outside itself; NULL when it was not. */
static const char *cut_off(const observation *o, const char *agent)
{
    for (size_t i = 0; i < o->count; i++) {
        const observation_record *record = &o->records[i];
        if (record->kind == OBSERVATION_EXIT && record->agent && !strcmp(record->agent, agent))
            return strcmp(record->text, "finished") && strcmp(record->text, "closed") ? record->text
                                                                                      : NULL;
    }
    return NULL;
}

/* R-WK-05: whoever wrote the cell last will not do so again. */
static void report_lost_lock(const struct report *r, struct waiting *w)
{
    const char *how = w->writer ? cut_off(r->job->observation, w->writer) : NULL;
    buffer text = {0};
    if (!how)
        return;
    buffer_format(&text,
                  "the cell that it waits on was last written by %s, which was ended (%s): a lock "
                  "that it held is held for ever (R-WK-05)",
                  w->writer, how);
    add_record(r, FINDING_LOST_LOCK, buffer_text(&text), &w->party, 1);
    buffer_release(&text);
}

static void report(const struct report *r, const char *why)
{
    observation_party *parties = calloc(r->count + 1, sizeof *parties);
    char text[160];
    for (size_t i = 0; i < r->count; i++)
        parties[i] = r->items[i].party;
    snprintf(text, sizeof text, "%zu %s blocked for ever: %s", r->count,
             r->count == 1 ? "agent is" : "agents are", why);
    add_record(r, FINDING_DEADLOCK, text, parties, r->count);
    for (size_t i = 0; i < r->count; i++)
        report_lost_lock(r, &r->items[i]);
    free(parties);
}

static void let_go(struct waiting *w)
{
    free((char *)w->party.value);
    free((char *)w->party.where.file);
}

static void release(struct report *r)
{
    for (size_t i = 0; i < r->count; i++)
        let_go(&r->items[i]);
    free(r->items);
}

void deadlock_report_all(const struct deadlock_job *job)
{
    struct report r = {.job = job, .placed = true};
    waiter_visit(add_waiter, &r);
    crowd_visit(&job->world->crowd, add_cell_less, &r);
    report(&r, r.count == 1 ? "nobody is left to wake it" : "nobody is left to wake them");
    release(&r);
}

/* ---- while others go on ---- */

static void forget_timed(struct parker *p, enum park_kind kind, void *context)
{
    struct report *r = context;
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].parker == p && (kind != PARK_BLOCKED || p->heap_index != SIZE_MAX))
            r->items[i].parker = NULL; /* it has a time-out, or has been woken */
}

/* Each agent that has objects over a block holds one reference, whoever is blocked on it among
 * them: if those are all, nobody else knows it. */
static bool is_known_to_the_blocked_alone(const struct report *r, const struct shared_block *block)
{
    uint32_t waiting = 0;
    for (size_t i = 0; i < r->count; i++)
        waiting += r->items[i].block == block && r->items[i].parker;
    return shared_block_references(block) - r->job->references(r->job->context, block) == waiting;
}

static void keep_the_hopeless(struct report *r)
{
    bool *hopeless = calloc(r->count + 1, sizeof *hopeless);
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++)
        hopeless[i] = r->items[i].parker && is_known_to_the_blocked_alone(r, r->items[i].block);
    for (size_t i = 0; i < r->count; i++)
        if (hopeless[i])
            r->items[kept++] = r->items[i];
        else
            let_go(&r->items[i]);
    r->count = kept;
    free(hopeless);
}

void deadlock_report_part(const struct deadlock_job *job)
{
    struct crowd *crowd = &job->world->crowd;
    /* acquire: pairs with the release of whoever fell asleep last; the warden holds the crowd
     * itself */
    struct report r = {.job = job,
                       .placed = atomic_load_explicit(&crowd->awake, memory_order_acquire) == 1};
    waiter_visit(add_waiter, &r);
    crowd_visit(crowd, forget_timed, &r);
    keep_the_hopeless(&r);
    if (r.count)
        report(&r, "others go on, but none of them knows the memory");
    release(&r);
}
