/* Feeds the detector with the events of a program, one after the other on one thread that plays all
 * agents. */
#include "program.h"

#include "detect/access.h"
#include "detect/detect.h"
#include "memory/shared_block.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

/* Each event is a place of its own, so that no two races look alike: its number is its line. */
static unsigned current;

static unsigned keys(void *context, uintptr_t out[OBSERVE_FRAMES])
{
    (void)context;
    out[0] = current + 1;
    return 1;
}

static uintptr_t top(void *context)
{
    (void)context;
    return current + 1;
}

static void frames(void *context, void (*visit)(void *, const struct observe_frame *), void *to)
{
    (void)context;
    visit(to, &(struct observe_frame){
                  .function = "", .file = "program", .line = current + 1, .column = 1});
}

static enum observe_view view(void *context, const void *address, const void **base)
{
    (void)context;
    *base = address;
    return OBSERVE_VIEW_NONE;
}

static const struct observe_locator locator = {keys, top, frames, view};

struct play {
    struct shared_block *block, *growable;
    struct detect_thread *agents[MOST_AGENTS];
    struct observe_edge *messages[MOST_EVENTS], *starts[MOST_AGENTS];
    struct detect_thread *before; /* what the test's own thread was to the detector */
};

static void atomic(const uint8_t *at, unsigned size, enum observe_kind kind)
{
    detect_atomic_begin(at, size);
    detect_atomic_end(at, size, kind);
}

static void critical_section(struct play *play, const struct event *e)
{
    const uint8_t *at = shared_block_bytes(play->block) + e->offset;
    sections_enter(play->block, e->offset);
    if (e->kind == WAIT)
        atomic(at, e->size, OBSERVE_READ);
    sections_leave(play->block, e->offset);
}

static void perform(struct play *play, const struct event *e)
{
    const uint8_t *at = shared_block_bytes(play->block) + e->offset;
    switch (e->kind) {
    case READ:
        detect_access(at, e->size, OBSERVE_READ);
        break;
    case WRITE:
        detect_access(at, e->size, OBSERVE_WRITE);
        break;
    case LOAD:
        atomic(at, e->size, OBSERVE_READ);
        break;
    case STORE:
        atomic(at, e->size, OBSERVE_WRITE);
        break;
    case MODIFY:
        atomic(at, e->size, OBSERVE_RMW);
        break;
    case SECTION:
    case WAIT:
        critical_section(play, e);
        break;
    case SEND:
        play->messages[e->number] = edges_send(OBSERVE_MESSAGE);
        break;
    case RECEIVE:
        edges_receive(play->messages[e->number]);
        play->messages[e->number] = NULL;
        break;
    case START:
        play->starts[e->number] = edges_send(OBSERVE_START);
        break;
    case GROW:
    case LENGTH:
        lengths_begin(play->growable);
        lengths_end(play->growable, e->kind == GROW ? OBSERVE_RMW : OBSERVE_READ);
        break;
    }
}

static const struct detect_options exact = {.exact = true};

void driver_open(void)
{
    CU_ASSERT_EQUAL_FATAL(detect_open(&exact), STATUS_OK);
}

void driver_close(void)
{
    detect_close(NULL, false);
}

static void begin(struct play *play, void *run)
{
    CU_ASSERT_EQUAL_FATAL(detect_open(&exact), STATUS_OK);
    observe_set_locator(&locator, NULL);
    for (unsigned i = 0; i < MOST_AGENTS; i++)
        play->agents[i] =
            detect_thread_new(run, i + 1, (const char *[]){"a", "b", "c", "d"}[i], "agent");
    play->before = detect_self;
    detect_self = play->agents[0];
    CU_ASSERT_EQUAL_FATAL(shared_block_create(64, SHARED_BLOCK_FIXED, &play->block), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(shared_block_create(64, 128, &play->growable), STATUS_OK);
    blocks_share(play->block);
    blocks_share(play->growable);
}

static void end(struct play *play, void *run)
{
    for (unsigned i = 0; i < MOST_EVENTS; i++)
        if (play->messages[i])
            edges_drop(play->messages[i]);
    for (unsigned i = 0; i < MOST_AGENTS; i++)
        if (play->starts[i])
            edges_drop(play->starts[i]);
    shared_block_unref(play->block);
    shared_block_unref(play->growable);
    detect_self = play->before;
    observe_set_locator(NULL, NULL);
    detect_close(run, false);
}

static unsigned event_of(uint32_t site)
{
    const struct site_place *place = site_frame(site, 0);
    return place ? place->line - 1 : 0;
}

void driver_run(const struct program *p, struct findings *out)
{
    struct play play = {0};
    memset(out, 0, sizeof *out);
    begin(&play, &play);
    for (current = 0; current < p->count; current++) {
        const struct event *e = &p->events[current];
        detect_self = play.agents[e->agent];
        if (play.starts[e->agent]) {
            edges_receive(play.starts[e->agent]);
            play.starts[e->agent] = NULL;
        }
        perform(&play, e);
    }
    for (const struct race *r = detect_races(&play); r; r = detect_next_race(r))
        out->pair[event_of(r->older.site)][event_of(r->newer.site)] =
            r->class == RACE_OBSERVED ? OBSERVED : UNORDERED;
    end(&play, &play);
}
