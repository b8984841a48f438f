#include "web/service_worker_fetch.h"

#include "agent/world.h"
#include "web/service_worker_inside.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>

void handled_fetch_unref(struct handled_fetch *h)
{
    /* acq_rel: pairs with the other holder's decrement */
    if (atomic_fetch_sub_explicit(&h->references, 1, memory_order_acq_rel) > 1)
        return;
    resource_release(&h->answer);
    resource_release(&h->preload);
    header_list_release(&h->headers);
    agent_unref(h->asker);
    free(h->url);
    free(h->method);
    free(h->body);
    free(h->client_id);
    free(h->resulting_client_id);
    free(h);
}

/* ---- whose worker ---- */

/* "Main fetch" refuses it before anybody is asked. */
static bool is_forbidden(const struct request *q)
{
    char *own = q->mode == MODE_SAME_ORIGIN ? url_origin(q->url) : NULL;
    bool forbidden = own && q->origin && strcmp(own, q->origin);
    free(own);
    return forbidden;
}

/* One reference, or NULL. */
static struct service_worker *worker_for(const struct request *q)
{
    if (strncmp(q->url, "http", 4) || is_forbidden(q))
        return NULL;
    struct service_worker *w =
        q->reserved ? q->storage_key
                          ? service_worker_for_reserved(q->reserved, q->storage_key, q->url)
                          : NULL
        : q->client ? service_worker_controller(q->client)
                    : NULL;
    if (!w || (service_worker_handles_fetch(w) &&
               service_worker_state_now(w) != SERVICE_WORKER_REDUNDANT))
        return w;
    service_worker_unref(w);
    return NULL;
}

/* ---- the request ---- */

static char *id_of(const struct service_worker_client *c, const char *otherwise)
{
    char id[SERVICE_WORKER_CLIENT_ID_SIZE];
    if (c)
        service_worker_client_id(c, id);
    return registry_copy(c ? id : otherwise ? otherwise : "");
}

/* "Navigation preload": the network is asked at once, and the worker finds the answer. */
static void preload(struct handled_fetch *h, const struct request *q, struct service_worker *w)
{
    bool enabled;
    char *value = service_worker_preload_state(service_worker_registration_of(w), &enabled);
    if (enabled && q->mode == MODE_NAVIGATE && !strcmp(h->method, "GET")) {
        struct request asked = *q;
        struct header_list headers = {0};
        if (q->headers)
            header_list_copy(&headers, q->headers);
        header_list_append(&headers, "Service-Worker-Navigation-Preload", value);
        asked.headers = &headers;
        h->is_preloaded = true;
        h->preload_status = resource_request(h->asker->world, &asked, &h->preload);
        h->preload_due = agent_now(h->asker) + h->preload.delay_ns;
        header_list_release(&headers);
    }
    free(value);
}

static struct handled_fetch *handled_new(struct agent *a, const struct request *q,
                                         struct service_worker *w)
{
    struct handled_fetch *h = calloc(1, sizeof *h);
    hd_assert(h);
    atomic_init(&h->references, 2);
    h->asker = agent_ref(a);
    h->url = registry_copy(q->url);
    h->method = registry_copy(q->method ? q->method : "GET");
    if (q->headers)
        header_list_copy(&h->headers, q->headers);
    if (q->body) {
        h->body_length = q->body_length;
        h->body = malloc(q->body_length + 1);
        hd_assert(h->body);
        memcpy(h->body, q->body, q->body_length);
    }
    h->client_id = id_of(q->client, q->client_id);
    h->resulting_client_id = id_of(q->reserved, NULL);
    h->destination = q->destination ? q->destination : "";
    h->mode = q->mode;
    h->credentials = q->credentials;
    h->redirect = q->redirect;
    h->is_reload = q->is_reload;
    h->is_history = q->is_history;
    preload(h, q, w);
    return h;
}

/* ---- there and back ---- */

struct handled_fetch *service_worker_offer(struct agent *a, const struct request *q, void *holder,
                                           void (*answered)(void *holder, status s,
                                                            struct resource *answer))
{
    struct service_worker *w = worker_for(q);
    if (!w)
        return NULL;
    struct handled_fetch *h = handled_new(a, q, w);
    h->holder = holder;
    h->answered = answered;
    w->registration->registry->calls->handle_fetch(w, h);
    service_worker_unref(w);
    return h;
}

void handled_fetch_forget(struct handled_fetch *h)
{
    h->holder = NULL;
    handled_fetch_unref(h);
}

static bool may_go_on(void *context)
{
    struct handled_fetch *h = context;
    /* acquire: pairs with the release in handled_fetch_answer; with the one in agent_terminate */
    return atomic_load_explicit(&h->is_settled, memory_order_acquire) ||
           atomic_load_explicit(&h->asker->doomed, memory_order_acquire);
}

bool service_worker_ask(struct agent *a, const struct request *q, status *s, struct resource *out)
{
    struct service_worker *w = a->carrier ? NULL : worker_for(q);
    if (!w)
        return false;
    struct handled_fetch *h = handled_new(a, q, w);
    h->waits = true;
    w->registration->registry->calls->handle_fetch(w, h);
    service_worker_unref(w);
    while (!may_go_on(h))
        parker_park(a->parker, PARK_BLOCKED, CROWD_NEVER, may_go_on, h);
    *out = (struct resource){0};
    *s = STATUS_STATE;
    bool settled = atomic_load_explicit(&h->is_settled, memory_order_acquire), declined = false;
    if (settled) {
        *s = h->status;
        *out = h->answer;
        h->answer = (struct resource){0};
        declined = *s == STATUS_NOT_FOUND && !out->error;
    }
    handled_fetch_unref(h);
    return !declined;
}

struct answer_task { /* back to the asker */
    struct task task;
    struct handled_fetch *handled; /* counted */
};

static void answer_drop(struct task *t)
{
    struct answer_task *x = caa_container_of(t, struct answer_task, task);
    handled_fetch_unref(x->handled);
    free(x);
}

static void answer_run(struct task *t, struct agent *a)
{
    struct answer_task *x = caa_container_of(t, struct answer_task, task);
    struct handled_fetch *h = x->handled;
    void *holder = h->holder;
    (void)a;
    h->holder = NULL;
    if (holder)
        h->answered(holder, h->status, &h->answer);
    answer_drop(t);
}

void handled_fetch_answer(struct handled_fetch *h, status s, struct resource *answer)
{
    h->status = s;
    h->answer = *answer;
    *answer = (struct resource){0};
    if (h->waits) {
        struct parker *sleeper = h->asker->parker;
        /* release: pairs with the acquire in may_go_on */
        atomic_store_explicit(&h->is_settled, true, memory_order_release);
        parker_unpark(sleeper, PARK_BLOCKED);
        handled_fetch_unref(h);
        return;
    }
    struct answer_task *x = calloc(1, sizeof *x);
    hd_assert(x);
    x->task = (struct task){.run = answer_run, .drop = answer_drop, .source = TASK_NETWORKING};
    x->handled = h;
    agent_post(h->asker, &x->task);
}

void handled_fetch_refuse(struct handled_fetch *h, const char *why)
{
    struct resource none = {.error = registry_copy(why)};
    handled_fetch_answer(h, STATUS_STATE, &none);
}
