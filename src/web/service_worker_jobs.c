/* The promises of register, update and unregister, and the fetching for these jobs. */
#include "web/service_worker_objects.h"

#include "agent/world.h"
#include "base/assert.h"
#include "web/event.h"
#include "web/resource.h"
#include "web/service_worker_agent.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>

/* ---- promises of jobs ---- */

struct job_promise {
    struct task task;
    struct agent *agent;  /* counted; constant */
    struct realm *realm;  /* own thread, while it is linked there */
    JSValue resolving[2]; /* the same */
    enum service_worker_outcome outcome;
    struct service_worker_registration *registration; /* counted, or NULL */
    struct slots slots;                               /* when it was settled */
    struct job_promise *next, **in;                   /* of the realm */
};

static void job_forget(struct job_promise *p)
{
    if (!p->in)
        return;
    *p->in = p->next;
    if (p->next)
        p->next->in = p->in;
    p->in = NULL;
    JS_FreeValue(p->realm->js, p->resolving[0]);
    JS_FreeValue(p->realm->js, p->resolving[1]);
}

void service_worker_jobs_clear(struct realm *r)
{
    while (r->service_worker_jobs)
        job_forget(r->service_worker_jobs);
}

static void job_drop(struct task *t)
{
    struct job_promise *p = caa_container_of(t, struct job_promise, task);
    job_forget(p); /* its agent ends: tasks are dropped before realms are */
    slots_release(&p->slots);
    if (p->registration)
        service_worker_registration_unref(p->registration);
    agent_unref(p->agent);
    free(p);
}

static void job_run(struct task *t, struct agent *a)
{
    struct job_promise *p = caa_container_of(t, struct job_promise, task);
    struct realm *r = p->in ? p->realm : NULL;
    (void)a;
    if (r) {
        JSContext *js = r->js;
        JSValue value = JS_UNDEFINED;
        bool fulfil = p->outcome <= OUTCOME_FALSE;
        if (p->outcome == OUTCOME_REGISTRATION)
            value = registration_object_in(r, p->registration, &p->slots);
        else if (fulfil)
            value = JS_NewBool(js, p->outcome == OUTCOME_TRUE);
        else if (p->outcome == OUTCOME_TYPE_ERROR)
            value = JS_ThrowTypeError(js, "the service worker's script cannot be had, or it threw");
        else
            value = throw_dom_exception(js, "SecurityError",
                                        "the service worker's script or scope is not allowed");
        if (!fulfil)
            value = JS_GetException(js);
        JSValue result =
            JS_Call(js, p->resolving[!fulfil], JS_UNDEFINED, 1, (JSValueConst *)&value);
        if (JS_IsException(result))
            realm_report_exception(r);
        JS_FreeValue(js, result);
        JS_FreeValue(js, value);
        job_forget(p);
    }
    job_drop(t);
}

void job_settled(void *holder, enum service_worker_outcome outcome,
                 struct service_worker_registration *g)
{
    struct job_promise *p = holder;
    p->outcome = outcome;
    p->registration = g ? service_worker_registration_ref(g) : NULL;
    if (g)
        p->slots = slots_now(g);
    agent_post(p->agent, &p->task);
}

struct job_promise *job_promise_new(struct realm *r, JSValue *promise)
{
    struct job_promise *p = calloc(1, sizeof *p);
    hd_assert(p);
    *promise = JS_NewPromiseCapability(r->js, p->resolving);
    if (JS_IsException(*promise)) {
        free(p);
        return NULL;
    }
    p->task = (struct task){.run = job_run, .drop = job_drop, .source = TASK_DOM_MANIPULATION};
    p->agent = agent_ref(r->agent);
    p->realm = r;
    p->in = &r->service_worker_jobs;
    p->next = r->service_worker_jobs;
    if (p->next)
        p->next->in = &p->next;
    r->service_worker_jobs = p;
    return p;
}

/* ---- fetching for a job: in an agent that lives ---- */

struct job_fetch {
    struct task task;
    struct service_worker_job *job;
    struct agent *agent;
    char *bytes, *allowed; /* of the worker's own script, once it is there */
    size_t length;
    struct policy policy;
    char *import; /* that is being fetched again */
};

static void job_fetch_free(struct job_fetch *f)
{
    free(f->bytes);
    free(f->allowed);
    free(f->import);
    free(f);
}

static void next_import(struct job_fetch *f);

static void import_answered(void *context, status s, struct resource *r)
{
    struct job_fetch *f = context;
    if (s == STATUS_OK && script_check(SCRIPT_IMPORTED, r) == STATUS_OK)
        service_worker_import_fetched(f->job, f->import, r);
    next_import(f);
}

/* The agent ends first: another one begins anew. */
static void never_answered(void *context)
{
    struct job_fetch *f = context;
    job_fetch_script(f->job);
    job_fetch_free(f);
}

/* R-SV-04: what the worker imports may have changed, too. */
static void next_import(struct job_fetch *f)
{
    free(f->import);
    f->import = service_worker_job_next_import(f->job, f->bytes, f->length);
    if (f->import) {
        char *origin = url_origin(service_worker_job_url(f->job));
        struct request q = {.url = f->import,
                            .origin = origin,
                            .mode = service_worker_job_is_module(f->job) ? MODE_CORS : MODE_NO_CORS,
                            .use = USE_SCRIPT};
        resource_fetch(f->agent, &q, import_answered, never_answered, f);
        free(origin);
        return;
    }
    service_worker_fetched(f->job, f->bytes, f->length, f->allowed, &f->policy);
    job_fetch_free(f);
}

static void script_answered(void *context, status s, struct resource *r)
{
    struct job_fetch *f = context;
    enum service_worker_outcome error = OUTCOME_TYPE_ERROR;
    if (s == STATUS_OK) {
        error = resource_is_ok(r) ? OUTCOME_SECURITY_ERROR
                                  : OUTCOME_TYPE_ERROR; /* "Update": for a wrong type */
        s = script_check(SCRIPT_IMPORTED, r);
    }
    if (s == STATUS_OK) {
        f->allowed = resource_header(r, "Service-Worker-Allowed");
        policy_from_headers(&r->headers, true, &f->policy);
        f->bytes = r->bytes;
        f->length = r->length;
        r->bytes = NULL;
        next_import(f);
    } else {
        resource_warn(agent_current(), "registration", service_worker_job_url(f->job), s, r);
        service_worker_fetch_failed(f->job, error);
        job_fetch_free(f);
    }
}

static void job_fetch_run(struct task *t, struct agent *a)
{
    static struct header headers[] = {{(char *)"Service-Worker", (char *)"script"}};
    static const struct header_list list = {headers, 1, 1};
    struct job_fetch *f = caa_container_of(t, struct job_fetch, task);
    const char *url = service_worker_job_url(f->job);
    char *origin = url_origin(url);
    struct request q = {.url = url,
                        .origin = origin,
                        .mode = MODE_SAME_ORIGIN,
                        .redirect = REDIRECT_ERROR,
                        .use = USE_SCRIPT,
                        .headers = &list};
    f->agent = a;
    resource_fetch(a, &q, script_answered, never_answered, f);
    free(origin);
}

static void job_fetch_drop(struct task *t)
{
    never_answered(caa_container_of(t, struct job_fetch, task));
}

/* The agent that asks; any other one when it is about to end; NULL when all are. One reference. */
static struct agent *agent_that_lives(struct world *w)
{
    struct agent *a = agent_current(), *found = NULL;
    if (a && agent_life(a) == AGENT_ALIVE)
        return agent_ref(a);
    pthread_mutex_lock(&w->registry);
    for (a = w->agents; a && !found; a = a->next)
        if (agent_life(a) == AGENT_ALIVE)
            found = agent_ref(a);
    pthread_mutex_unlock(&w->registry);
    return found;
}

void job_fetch_script(struct service_worker_job *j)
{
    struct world *w = service_worker_job_world(j);
    struct agent *a =
        atomic_load_explicit(&w->over, memory_order_relaxed) ? NULL : agent_that_lives(w);
    if (!a) { /* nobody is left who could want it */
        service_worker_fetch_failed(j, OUTCOME_TYPE_ERROR);
        return;
    }
    struct job_fetch *f = calloc(1, sizeof *f);
    hd_assert(f);
    f->task =
        (struct task){.run = job_fetch_run, .drop = job_fetch_drop, .source = TASK_NETWORKING};
    f->job = j;
    agent_post(a, &f->task);
    agent_unref(a);
}
