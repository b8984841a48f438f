#include "web/browsing_context.h"

#include "agent/world.h"
#include "base/assert.h"
#include "web/document.h"
#include "web/navigable.h"
#include "web/page_lifecycle.h"

#include <stdlib.h>
#include <string.h>

static void enter(struct user_agent *u)
{
    pthread_mutex_lock(&u->lock);
}

static void leave(struct user_agent *u)
{
    pthread_mutex_unlock(&u->lock);
}

/* ---- the user agent ---- */

struct user_agent *user_agent_create(struct world *w)
{
    struct user_agent *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->world = w;
    u->isolation_mode = ISOLATION_CONCRETE;
    pthread_mutex_init(&u->lock, NULL);
    return u;
}

void user_agent_free(struct user_agent *u)
{
    if (!u)
        return;
    while (u->top_count) {
        struct browsing_context *c = u->tops[u->top_count - 1];
        context_discard(c);
    }
    pthread_mutex_destroy(&u->lock);
    free(u->tops);
    free(u);
}

/* ---- lists of contexts ---- */

static bool list_insert(struct browsing_context ***list, size_t *count, size_t *capacity,
                        size_t index, struct browsing_context *c)
{
    if (*count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 4;
        struct browsing_context **grown = realloc(*list, more * sizeof *grown);
        if (!grown)
            return false;
        *list = grown;
        *capacity = more;
    }
    if (index > *count)
        index = *count;
    memmove(*list + index + 1, *list + index, (*count - index) * sizeof **list);
    (*list)[index] = context_ref(c);
    ++*count;
    return true;
}

/* True if it was there: the list's reference is the caller's then. */
static bool list_remove(struct browsing_context **list, size_t *count,
                        const struct browsing_context *c)
{
    for (size_t i = 0; i < *count; i++) {
        if (list[i] != c)
            continue;
        memmove(list + i, list + i + 1, (*count - i - 1) * sizeof *list);
        --*count;
        return true;
    }
    return false;
}

/* ---- contexts ---- */

static struct context_group *group_for(struct user_agent *u, const struct context_options *o)
{
    struct browsing_context *of = o->parent ? o->parent : o->opener ? o->opener : o->group_of;
    return of ? group_ref(of->group) : group_create(u, o->isolation);
}

struct browsing_context *context_create(struct user_agent *u, const struct context_options *o)
{
    struct browsing_context *c = calloc(1, sizeof *c);
    struct context_group *group = c ? group_for(u, o) : NULL;
    if (!group) {
        free(c);
        return NULL;
    }
    atomic_store_explicit(&c->references, 1, memory_order_relaxed);
    c->user_agent = u;
    c->group = group;
    c->parent = o->parent ? context_ref(o->parent) : NULL;
    c->opener = o->opener ? context_ref(o->opener) : NULL;
    c->name = strdup(o->name ? o->name : "");
    c->label = o->label ? strdup(o->label) : NULL;
    c->auxiliary = o->auxiliary;
    c->credentialless = o->credentialless || (o->parent && o->parent->credentialless);
    c->popup_sandbox = o->popup_sandbox;
    enter(u);
    c->id = ++u->contexts_made;
    bool entered = true;
    if (c->parent && c->parent->discarded)
        c->discarded = true;
    else if (c->parent)
        entered = list_insert(&c->parent->children, &c->parent->child_count,
                              &c->parent->child_capacity, o->index, c);
    else
        entered = list_insert(&u->tops, &u->top_count, &u->top_capacity, SIZE_MAX, c);
    leave(u);
    if (!entered) {
        context_unref(c);
        return NULL;
    }
    if (!c->parent)
        user_agent_focus(u, c);
    return c;
}

struct browsing_context *context_ref(struct browsing_context *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

void context_unref(struct browsing_context *c)
{
    /* acq_rel: the last holder sees what all others did */
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
        return;
    hd_assert(!c->child_count && !c->document);
    context_unref(c->parent);
    context_unref(c->opener);
    group_unref(c->group);
    if (c->discarded_page)
        navigation_free(c->discarded_page);
    free(c->children);
    free(c->name);
    free(c->label);
    free(c);
}

void context_discard(struct browsing_context *c)
{
    struct user_agent *u = c->user_agent;
    context_ref(c);
    for (;;) {
        struct browsing_context *child = context_child(c, 0);
        if (!child)
            break;
        context_discard(child);
        context_unref(child);
    }
    session_history_release(c);
    enter(u);
    struct document *document = c->document;
    struct browsing_context *opener = c->opener;
    c->document = NULL;
    c->opener = NULL;
    c->discarded = true;
    bool listed = c->parent ? list_remove(c->parent->children, &c->parent->child_count, c)
                            : list_remove(u->tops, &u->top_count, c);
    leave(u);
    document_unref(document);
    context_unref(opener);
    if (listed)
        context_unref(c);
    context_unref(c);
}

bool context_begin_closing(struct browsing_context *c)
{
    enter(c->user_agent);
    bool first = !c->closing && !c->discarded;
    c->closing = true;
    leave(c->user_agent);
    return first;
}

struct browsing_context *context_top(struct browsing_context *c)
{
    while (c->parent)
        c = c->parent;
    return c;
}

struct browsing_context *user_agent_top(struct user_agent *u, size_t index)
{
    enter(u);
    struct browsing_context *c = index < u->top_count ? context_ref(u->tops[index]) : NULL;
    leave(u);
    return c;
}

struct browsing_context *context_child(struct browsing_context *c, size_t index)
{
    enter(c->user_agent);
    struct browsing_context *child =
        index < c->child_count ? context_ref(c->children[index]) : NULL;
    leave(c->user_agent);
    return child;
}

struct browsing_context *context_child_named(struct browsing_context *c, const char *name)
{
    struct browsing_context *found = NULL;
    enter(c->user_agent);
    for (size_t i = 0; i < c->child_count && !found && *name; i++)
        if (!strcmp(c->children[i]->name, name))
            found = context_ref(c->children[i]);
    leave(c->user_agent);
    return found;
}

struct browsing_context *context_opener(struct browsing_context *c)
{
    enter(c->user_agent);
    struct browsing_context *opener = c->opener ? context_ref(c->opener) : NULL;
    leave(c->user_agent);
    return opener;
}

static struct browsing_context *find_below(struct browsing_context *c, const char *name)
{
    if (!strcmp(c->name, name))
        return context_ref(c);
    for (size_t i = 0; i < c->child_count; i++) {
        struct browsing_context *found = find_below(c->children[i], name);
        if (found)
            return found;
    }
    return NULL;
}

struct browsing_context *context_find(struct browsing_context *from, const char *name)
{
    struct user_agent *u = from->user_agent;
    enter(u);
    struct browsing_context *found = find_below(from, name);
    if (!found)
        found = find_below(context_top(from), name);
    for (size_t i = 0; i < u->top_count && !found; i++)
        if (u->tops[i]->group == from->group && !u->tops[i]->closing)
            found = find_below(u->tops[i], name);
    leave(u);
    return found;
}

struct document *context_document(struct browsing_context *c)
{
    enter(c->user_agent);
    struct document *d = c->document ? document_ref(c->document) : NULL;
    leave(c->user_agent);
    return d;
}

struct browsing_context *user_agent_find(struct user_agent *u, const char *label)
{
    struct browsing_context *found = NULL;
    enter(u);
    for (size_t i = 0; i < u->top_count && !found; i++)
        if (u->tops[i]->label && !strcmp(u->tops[i]->label, label))
            found = context_ref(u->tops[i]);
    leave(u);
    return found;
}

size_t context_child_count(struct browsing_context *c)
{
    enter(c->user_agent);
    size_t count = c->child_count;
    leave(c->user_agent);
    return count;
}

bool context_is_closed(struct browsing_context *c)
{
    enter(c->user_agent);
    bool closed = c->discarded || (!c->parent && c->closing);
    leave(c->user_agent);
    return closed;
}

void context_disown(struct browsing_context *c)
{
    enter(c->user_agent);
    struct browsing_context *opener = c->opener;
    c->opener = NULL;
    leave(c->user_agent);
    context_unref(opener);
}

void context_rename(struct browsing_context *c, const char *name)
{
    char *copy = strdup(name);
    enter(c->user_agent);
    char *old = c->name;
    c->name = copy;
    leave(c->user_agent);
    free(old);
}

char *context_name(struct browsing_context *c)
{
    enter(c->user_agent);
    char *name = strdup(c->name);
    leave(c->user_agent);
    return name;
}

char *context_label(struct browsing_context *c)
{
    enter(c->user_agent);
    const char *text = c->label ? c->label : *c->name ? c->name : NULL;
    char *label = text ? strdup(text) : NULL;
    leave(c->user_agent);
    return label;
}

void context_set_container(struct browsing_context *c, unsigned sandbox, bool allows_isolation)
{
    enter(c->user_agent);
    c->container_sandbox = sandbox;
    c->container_allows_isolation = allows_isolation;
    leave(c->user_agent);
}

unsigned context_container_sandbox(struct browsing_context *c)
{
    enter(c->user_agent);
    unsigned flags = c->container_sandbox;
    leave(c->user_agent);
    return flags;
}

bool context_allows_isolation(struct browsing_context *c)
{
    enter(c->user_agent);
    bool allows = c->container_allows_isolation;
    leave(c->user_agent);
    return allows;
}

bool context_set_document(struct browsing_context *c, struct document *d)
{
    enter(c->user_agent);
    bool taken = !c->discarded || !d;
    struct document *old = taken ? c->document : NULL;
    if (taken)
        c->document = d ? document_ref(d) : NULL;
    leave(c->user_agent);
    document_unref(old);
    return taken;
}
