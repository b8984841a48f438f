#include "web/session_history.h"

#include "base/assert.h"
#include "message/envelope.h"
#include "web/navigable.h"

#include <stdlib.h>
#include <string.h>

struct history_state {
    _Atomic unsigned references; /* relaxed up, acq_rel down */
    struct message *message;
};

struct history_entry {
    int step;
    uint32_t document_state;
    char *url;
    struct history_state *state; /* counted, or NULL */
    struct document *document;   /* counted */
};

struct history_state *history_state_new(struct message *m)
{
    struct history_state *s = malloc(sizeof *s);
    hd_assert(s);
    atomic_init(&s->references, 1);
    s->message = m;
    return s;
}

struct history_state *history_state_ref(struct history_state *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    return s;
}

void history_state_unref(struct history_state *s)
{
    /* acq_rel: the last holder sees what all others did */
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) > 1)
        return;
    message_free(s->message);
    free(s);
}

struct message *history_state_message(struct history_state *s)
{
    return s->message;
}

/* ---- entries; under the lock ---- */

/* What is let go of once the lock has been left. */
struct leftovers {
    struct history_entry *entries;
    size_t count;
};

static void set_aside(struct leftovers *l, const struct history_entry *e)
{
    l->entries = realloc(l->entries, (l->count + 1) * sizeof *l->entries);
    hd_assert(l->entries);
    l->entries[l->count++] = *e;
}

static struct history_entry *entry_at(const struct session_history *h, int step)
{
    struct history_entry *found = NULL;
    for (size_t i = 0; i < h->count && h->entries[i].step <= step; i++)
        found = &h->entries[i];
    return found;
}

static struct history_entry *append(struct session_history *h, int step)
{
    if (h->count == h->capacity) {
        h->capacity = h->capacity ? h->capacity * 2 : 4;
        h->entries = realloc(h->entries, h->capacity * sizeof *h->entries);
        hd_assert(h->entries);
    }
    h->entries[h->count] = (struct history_entry){.step = step};
    return &h->entries[h->count++];
}

static void clear_forward(struct browsing_context *c, int step, struct leftovers *l)
{
    struct session_history *h = &c->history;
    while (h->count && h->entries[h->count - 1].step > step)
        set_aside(l, &h->entries[--h->count]);
    for (size_t i = 0; i < c->child_count; i++)
        clear_forward(c->children[i], step, l);
}

static void fill(struct history_entry *e, struct document *d, const char *url,
                 struct history_state *state, uint32_t document_state)
{
    e->url = strdup(url);
    e->state = history_state_ref(state);
    e->document = document_ref(d);
    e->document_state = document_state;
}

/* A document that is made again stands for all entries of its document state. */
static void revive(struct session_history *h, const struct history_entry *e, struct document *d,
                   struct leftovers *l)
{
    uint32_t state = e->document_state;
    for (size_t i = 0; i < h->count; i++) {
        struct history_entry *x = &h->entries[i];
        if (x->document_state != state || x->document == d)
            continue;
        set_aside(l, &(struct history_entry){.document = x->document});
        x->document = document_ref(d);
    }
}

static void commit(struct browsing_context *c, struct document *d, const char *url,
                   struct history_state *state, enum history_handling handling, bool same,
                   struct leftovers *l)
{
    struct session_history *h = &c->history, *top = &context_top(c)->history;
    struct history_entry *e = entry_at(h, top->step);
    if (handling == HISTORY_TRAVERSE && e) {
        revive(h, e, d, l);
        return;
    }
    uint32_t document_state = same && e ? e->document_state : ++h->states_made;
    if (handling == HISTORY_PUSH && e) {
        clear_forward(context_top(c), top->step, l);
        e = append(h, ++top->step);
    } else if (e) {
        set_aside(l, e);
    } else {
        e = append(h, top->step);
    }
    fill(e, d, url, state, document_state);
}

/* ---- what others do ---- */

static bool is_referred_to(struct browsing_context *c, const struct document *d)
{
    bool found = c->document == d;
    for (size_t i = 0; i < c->history.count; i++)
        found = found || c->history.entries[i].document == d;
    return found;
}

/* A kept document that no entry leads to any more is destroyed. */
static void release(struct user_agent *u, struct leftovers *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct history_entry *e = &l->entries[i];
        struct browsing_context *c = context_ref(e->document->context);
        pthread_mutex_lock(&u->lock);
        bool needed = is_referred_to(c, e->document);
        pthread_mutex_unlock(&u->lock);
        if (!needed)
            navigable_dispose(e->document);
        document_unref(e->document);
        context_unref(c);
        history_state_unref(e->state);
        free(e->url);
    }
    free(l->entries);
}

void session_history_commit(struct browsing_context *c, struct document *d, const char *url,
                            struct history_state *state, enum history_handling handling, bool same)
{
    struct user_agent *u = c->user_agent;
    struct leftovers l = {0};
    pthread_mutex_lock(&u->lock);
    if (!c->discarded)
        commit(c, d, url, state, handling, same, &l);
    pthread_mutex_unlock(&u->lock);
    release(u, &l);
}

/* ---- steps ---- */

struct steps {
    int *items;
    size_t count;
};

static void collect(const struct browsing_context *c, struct steps *s)
{
    for (size_t i = 0; i < c->history.count; i++) {
        int step = c->history.entries[i].step;
        size_t at = 0;
        while (at < s->count && s->items[at] < step)
            at++;
        if (at < s->count && s->items[at] == step)
            continue;
        s->items = realloc(s->items, (s->count + 1) * sizeof *s->items);
        hd_assert(s->items);
        memmove(s->items + at + 1, s->items + at, (s->count - at) * sizeof *s->items);
        s->items[at] = step;
        s->count++;
    }
    for (size_t i = 0; i < c->child_count; i++)
        collect(c->children[i], s);
}

size_t session_history_length(struct browsing_context *c)
{
    struct steps s = {0};
    pthread_mutex_lock(&c->user_agent->lock);
    collect(context_top(c), &s);
    pthread_mutex_unlock(&c->user_agent->lock);
    free(s.items);
    return s.count ? s.count : 1;
}

void history_change_release(struct history_change *x)
{
    context_unref(x->context);
    document_unref(x->document);
    history_state_unref(x->state);
    free(x->url);
}

static void compare(struct browsing_context *c, int from, int to, struct history_change **list,
                    size_t *count)
{
    const struct history_entry *before = entry_at(&c->history, from),
                               *after = entry_at(&c->history, to);
    if (before && after && before != after) {
        *list = realloc(*list, (*count + 1) * sizeof **list);
        hd_assert(*list);
        (*list)[(*count)++] = (struct history_change){
            .context = context_ref(c),
            .document = document_ref(after->document),
            .state = history_state_ref(after->state),
            .url = strdup(after->url),
            .same = before->document_state == after->document_state,
        };
    }
    for (size_t i = 0; i < c->child_count; i++)
        compare(c->children[i], from, to, list, count);
}

size_t session_history_go(struct browsing_context *c, int delta, struct history_change **changes)
{
    struct browsing_context *top = context_top(c);
    struct steps s = {0};
    size_t count = 0, now = 0;
    *changes = NULL;
    pthread_mutex_lock(&c->user_agent->lock);
    collect(top, &s);
    while (now + 1 < s.count && s.items[now + 1] <= top->history.step)
        now++;
    int64_t goal = (int64_t)now + delta;
    if (goal >= 0 && goal < (int64_t)s.count) {
        int to = s.items[goal];
        compare(top, top->history.step, to, changes, &count);
        top->history.step = to;
    }
    pthread_mutex_unlock(&c->user_agent->lock);
    free(s.items);
    return count;
}

void session_history_move(struct browsing_context *from, struct browsing_context *to)
{
    pthread_mutex_lock(&from->user_agent->lock);
    to->history = from->history;
    from->history = (struct session_history){0};
    pthread_mutex_unlock(&from->user_agent->lock);
}

void session_history_release(struct browsing_context *c)
{
    struct user_agent *u = c->user_agent;
    struct leftovers l = {0};
    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < c->history.count; i++)
        set_aside(&l, &c->history.entries[i]);
    c->history.count = 0;
    pthread_mutex_unlock(&u->lock);
    free(c->history.entries);
    c->history.entries = NULL;
    c->history.capacity = 0;
    release(u, &l);
}
