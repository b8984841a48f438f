/* See detect.h. */
#include "detect/detect.h"

#include "base/assert.h"
#include "detect/access.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- edges of the host ---- */

struct observe_edge {
    struct past *past;
    uint64_t time;
    uint32_t thread;
};

static void rest(void)
{
    struct detect_thread *t = detect_self;
    if (!t || !t->id)
        return;
    if (!t->fast)
        races_confirm(t);
    /* release: pairs with the acquire in races.c: plain accesses before this are done */
    atomic_store_explicit(&t->pending, NULL, memory_order_release);
    t->repeats = 0;
}

struct observe_edge *edges_send(enum observe_edge_kind kind)
{
    struct detect_thread *t = detect_current();
    struct observe_edge *e = malloc(sizeof *e);
    hd_assert(e);
    rest();
    e->thread = t->id;
    e->past = detect_hand_on(t, SYNC_EDGE + kind, site_now(&t->sites).site, NULL, &e->time);
    if (WITHOUT(SEND_TICKS))
        e->time++;
    if (WITHOUT(START) && kind == OBSERVE_START)
        e->time = 0;
    return e;
}

void edges_learn(const struct observe_edge *e)
{
    struct detect_thread *t = detect_current();
    rest();
    if (!WITHOUT(RECEIVE))
        detect_learn(t, e->thread, e->time, e->past, site_now(&t->sites).site);
}

void edges_receive(struct observe_edge *e)
{
    edges_learn(e);
    edges_drop(e);
}

void edges_drop(struct observe_edge *e)
{
    past_unref(e->past);
    free(e);
}

/* ---- agents ---- */

static void *agent_begin(void *run, uint32_t id, const char *name, const char *kind)
{
    return detect_self = detect_thread_new(run, id, name, kind);
}

static void agent_enter(void *agent)
{
    rest();
    detect_enter(agent);
}

static void agent_end(void)
{
    rest();
    detect_self = NULL;
}

/* ---- open and close ---- */

static const struct observe_hooks hooks = {
    .access = detect_access,
    .acknowledge = detect_acknowledge,
    .atomic_begin = detect_atomic_begin,
    .atomic_end = detect_atomic_end,
    .length_begin = lengths_begin,
    .length_end = lengths_end,
    .block_begin = blocks_begin,
    .block_share = blocks_share,
    .block_end = blocks_end,
    .section_enter = sections_enter,
    .section_leave = sections_leave,
    .edge_send = edges_send,
    .edge_receive = edges_receive,
    .edge_learn = edges_learn,
    .edge_drop = edges_drop,
    .agent_begin = agent_begin,
    .agent_enter = agent_enter,
    .agent_end = agent_end,
    .rest = rest,
};

static struct {
    pthread_mutex_t lock;
    unsigned runs;
    bool kept; /* a thread was left behind that may still come here: nothing is ever taken away
                  again */
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool open_all(const struct detect_options *options)
{
    detect_settings = options ? *options : (struct detect_options){0};
    shadow_set_memory_limit(detect_settings.memory_limit);
    if (!shadow_open())
        return false;
    sites_open();
    blocks_open();
    races_open();
    observe_install(&hooks);
    return true;
}

static void close_all(void)
{
    observe_install(NULL);
    shadow_close();
    blocks_close();
    races_close();
    detect_threads_clear();
    sites_close();
}

status detect_open(const struct detect_options *options)
{
    pthread_mutex_lock(&opened.lock);
    bool open = opened.runs || opened.kept || open_all(options);
    opened.runs += open;
    pthread_mutex_unlock(&opened.lock);
    return open ? STATUS_OK : STATUS_NO_MEMORY;
}

static void leave_run(struct detect_thread *t, void *context)
{
    static char none;
    (void)context;
    t->run = &none;
}

void detect_close(void *run, bool keep)
{
    pthread_mutex_lock(&opened.lock);
    races_leave(run);
    if (run) /* threads of nobody stay what they are */
        detect_threads_visit(run, leave_run, NULL);
    opened.kept |= keep;
    if (--opened.runs == 0 && !opened.kept)
        close_all();
    pthread_mutex_unlock(&opened.lock);
}

/* ---- figures ---- */

static void add_thread(struct detect_thread *t, void *context)
{
    struct detect_figures *f = context;
    f->accesses += t->accesses;
    f->loose_reads += t->loose_reads;
}

struct detect_figures detect_figures(void *run)
{
    struct shadow_figures shadow = shadow_figures();
    struct detect_figures f = {
        .blocks = blocks_shared(),
        .shadow_bytes = shadow.bytes,
        .shadow_limit = shadow.limit,
        .dropped = shadow.dropped,
        .races_dropped = races_dropped(),
    };
    detect_threads_visit(run, add_thread, &f);
    return f;
}

const char *detect_last_writer(const void *address)
{
    if (!shadow_cells || !shadow_holds(address, 1) || !shadow_is_shared(address))
        return NULL;
    struct cell *c = shadow_cell(address);
    cell_lock(c);
    uint64_t plain = atomic_load_explicit(&c->lane.epoch[LANE_WRITE], memory_order_relaxed),
             ordered = atomic_load_explicit(&c->lane.epoch[LANE_SC_WRITE], memory_order_relaxed);
    cell_unlock(c);
    uint64_t last = ordered && !(stamp_manner(ordered) & MANNER_STALE) ? ordered : plain;
    const struct detect_thread *t = last ? detect_thread_of(stamp_thread(last)) : NULL;
    return t ? t->name : NULL;
}
