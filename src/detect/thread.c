/* See thread.h. */
#include "detect/thread.h"

#include "base/assert.h"
#include "detect/mutant.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

OBSERVE_THREAD struct detect_thread *detect_self;

/* Threads by number: chunks that stay where they are, so that lookups take no lock. */
#define CHUNK 1024u
static struct {
    pthread_mutex_t lock;
    _Atomic(struct detect_thread **)
        chunks[(STAMP_THREAD_MAX + 1) /
               CHUNK];           /* release by the maker, acquire by detect_thread_of */
    uint32_t count;              /* lock; numbers from 1 */
    struct detect_thread *first; /* lock */
} threads = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Gives it a number, and a clock that knows of nobody. */
static void enlist(struct detect_thread *t)
{
    t->fast = true;
    pthread_mutex_lock(&threads.lock);
    hd_assert(threads.count < STAMP_THREAD_MAX);
    t->id = ++threads.count;
    t->epoch = (uint64_t)t->id << STAMP_THREAD_SHIFT | (uint64_t)1 << STAMP_MANNER_BITS;
    struct detect_thread **chunk =
        atomic_load_explicit(&threads.chunks[t->id / CHUNK], memory_order_relaxed);
    if (!chunk) {
        chunk = calloc(CHUNK, sizeof(struct detect_thread *));
        hd_assert(chunk);
        atomic_store_explicit(&threads.chunks[t->id / CHUNK], chunk, memory_order_release);
    }
    /* release: pairs with the acquire in detect_thread_of */
    __atomic_store_n(&chunk[t->id % CHUNK], t, __ATOMIC_RELEASE);
    t->next = threads.first;
    threads.first = t;
    pthread_mutex_unlock(&threads.lock);
}

struct detect_thread *detect_thread_new(void *run, uint32_t agent, const char *name,
                                        const char *kind)
{
    struct detect_thread *t = calloc(1, sizeof *t);
    hd_assert(t);
    t->run = run;
    t->agent = agent;
    t->name = strdup(name);
    t->kind = strdup(kind);
    enlist(t);
    return t;
}

struct detect_thread *detect_thread_of(uint32_t id)
{
    struct detect_thread **chunk =
        atomic_load_explicit(&threads.chunks[id / CHUNK], memory_order_acquire);
    return __atomic_load_n(&chunk[id % CHUNK], __ATOMIC_ACQUIRE);
}

static void release(struct detect_thread *t)
{
    clock_release(&t->clock);
    past_unref(t->past);
    free(t->log);
}

static void destroy(struct detect_thread *t)
{
    release(t);
    free(t->name);
    free(t->kind);
    free(t);
}

/* A thread of nobody ends: what is known of it stays until the detector closes, if that is open. */
static void thread_ends(void *thread)
{
    struct detect_thread *t = thread;
    pthread_mutex_lock(&threads.lock);
    bool enlisted = t->id;
    t->gone = true;
    pthread_mutex_unlock(&threads.lock);
    if (!enlisted)
        destroy(t);
}

static pthread_key_t ending;
static pthread_once_t ending_once = PTHREAD_ONCE_INIT;

static void make_ending(void)
{
    hd_assert(pthread_key_create(&ending, thread_ends) == 0);
}

void detect_enter(struct detect_thread *t)
{
    pthread_once(&ending_once, make_ending);
    detect_self = t ? t : pthread_getspecific(ending); /* the thread's own, if it has ever acted for itself */
}

struct detect_thread *detect_current_slowly(void)
{
    if (!detect_self) {
        detect_self = detect_thread_new(NULL, 0, "a C thread", "C thread");
        pthread_once(&ending_once, make_ending);
        pthread_setspecific(ending, detect_self);
    } else if (!detect_self->id)
        enlist(detect_self); /* it outlived the detector of an earlier run */
    return detect_self;
}

/* A thread of nobody still has a pointer to it. */
static void forget(struct detect_thread *t)
{
    char *name = t->name, *kind = t->kind;
    memset(t, 0, sizeof *t);
    t->name = name;
    t->kind = kind;
}

void detect_threads_clear(void)
{
    pthread_mutex_lock(&threads.lock);
    while (threads.first) {
        struct detect_thread *t = threads.first;
        threads.first = t->next;
        if (!t->run && !t->gone) {
            release(t);
            forget(t);
        } else {
            destroy(t);
        }
    }
    for (uint32_t i = 0; i <= threads.count / CHUNK; i++) {
        free(atomic_load_explicit(&threads.chunks[i], memory_order_relaxed));
        atomic_store_explicit(&threads.chunks[i], NULL, memory_order_relaxed);
    }
    threads.count = 0;
    pthread_mutex_unlock(&threads.lock);
}

void detect_threads_visit(void *run, void (*visit)(struct detect_thread *, void *), void *context)
{
    pthread_mutex_lock(&threads.lock);
    for (struct detect_thread *t = threads.first; t; t = t->next)
        if (t->run == run)
            visit(t, context);
    pthread_mutex_unlock(&threads.lock);
}

/* ---- the log ---- */

static void log_write(struct detect_thread *t, unsigned kind, uint32_t site, const void *address)
{
    if (!t->log) {
        struct log_entry *log = calloc(DETECT_LOG, sizeof *log);
        hd_assert(log);
        /* release: pairs with the acquire in detect_log_read */
        __atomic_store_n(&t->log, log, __ATOMIC_RELEASE);
    }
    struct log_entry *e = &t->log[detect_time(t) % DETECT_LOG];
    atomic_store_explicit(&e->time, 0,
                          memory_order_release); /* whoever reads meanwhile finds the wrong time */
    atomic_store_explicit(&e->kind, kind, memory_order_relaxed);
    atomic_store_explicit(&e->site, site, memory_order_relaxed);
    atomic_store_explicit(&e->address, (uintptr_t)address, memory_order_relaxed);
    atomic_store_explicit(&e->time, detect_time(t),
                          memory_order_release); /* pairs with the acquire in detect_log_read */
}

bool detect_log_read(const struct detect_thread *t, uint64_t time, struct race_sync *out)
{
    struct log_entry *log = __atomic_load_n(&t->log, __ATOMIC_ACQUIRE);
    if (!log || !time)
        return false;
    struct log_entry *e = &log[time % DETECT_LOG];
    /* acquire: pairs with the release in log_write; twice, because the entry may be written anew
     * meanwhile: then only words of a report suffer */
    bool right = atomic_load_explicit(&e->time, memory_order_acquire) == time;
    struct race_sync read = {
        .kind = atomic_load_explicit(&e->kind, memory_order_acquire),
        .site = atomic_load_explicit(&e->site, memory_order_acquire),
        .address = (const void *)atomic_load_explicit(&e->address, memory_order_acquire),
    };
    if (!right || atomic_load_explicit(&e->time, memory_order_relaxed) != time)
        return false;
    *out = read;
    return true;
}

/* ---- handing on and learning ---- */

struct past *detect_past(struct detect_thread *t)
{
    if (!t->past)
        t->past = clock_past(&t->clock);
    return t->past;
}

void detect_tick(struct detect_thread *t, unsigned kind, uint32_t site, const void *address)
{
    log_write(t, kind, site, address);
    hd_assert(detect_time(t) < STAMP_TIME_MAX);
    t->epoch += (uint64_t)1 << STAMP_MANNER_BITS;
}

struct past *detect_hand_on(struct detect_thread *t, unsigned kind, uint32_t site,
                            const void *address, uint64_t *time)
{
    *time = detect_time(t);
    struct past *p = past_ref(detect_past(t));
    detect_tick(t, kind, site, address);
    return p;
}

void detect_learn(struct detect_thread *t, uint32_t sender, uint64_t time, const struct past *past,
                  uint32_t site)
{
    if (sender == t->id || clock_of(&t->clock, sender) >= time)
        return; /* whoever knows of that handing-on knows all that it handed on */
    clock_raise(&t->clock, sender, time);
    if (!WITHOUT(PAST))
        clock_join(&t->clock, past);
    past_unref(t->past);
    t->past = NULL;
    if (sender < CLOCK_DENSE) {
        t->last_receiver_site[sender] = site;
        t->last_receiver_time[sender] = time;
    }
}
