#include "web/worker_global.h"

#include "agent/world.h"
#include "base/finding.h"
#include "web/event.h"
#include "web/globals.h"
#include "web/muted_scripts.h"
#include "web/idl.h"
#include "web/browsing_context.h"
#include "web/resource.h"
#include "web/service_worker.h"
#include "web/storage_key.h"
#include "web/url.h"

#include <stdlib.h>
#include <string.h>

/* ---- the constructors' arguments ---- */

/* The member as text; *out stays NULL when it is absent. */
static int text_member(JSContext *js, JSValueConst options, const char *name, char **out)
{
    JSValue value = idl_member(js, options, name);
    if (JS_IsUndefined(value))
        return 0;
    const char *text = JS_IsException(value) ? NULL : JS_ToCString(js, value);
    *out = text ? strdup(text) : NULL;
    JS_FreeCString(js, text);
    JS_FreeValue(js, value);
    return text ? 0 : -1;
}

/* The index of an enumeration's member, `missing` when it is absent, or -1. */
static int enumeration_member(JSContext *js, JSValueConst options, const char *name,
                              const char *const *values, int missing)
{
    char *text = NULL;
    if (text_member(js, options, name, &text))
        return -1;
    if (!text)
        return missing;
    int found = 0;
    while (values[found] && strcmp(values[found], text))
        found++;
    if (!values[found]) {
        JS_ThrowTypeError(js, "'%s' is no value of the option %s", text, name);
        found = -1;
    }
    free(text);
    return found;
}

static void free_resource(struct resource *r)
{
    if (r)
        resource_release(r);
    free(r);
}

/* URL Standard "blob URL entry": resolved together with the URL. */
static void keep_blob(struct realm *r, struct worker_options *o)
{
    struct request q = {.url = o->url, .origin = r->origin->text, .mode = MODE_SAME_ORIGIN, .use = USE_SCRIPT};
    struct resource *found = strncmp(o->url, "blob:", 5) ? NULL : calloc(1, sizeof *found);
    if (found && resource_request(r->agent->world, &q, found) == STATUS_OK)
        o->early = found;
    else
        free_resource(found); /* loading it will tell why */
}

static int read_url(JSContext *js, JSValueConst value, struct worker_options *o)
{
    const char *text = JS_ToCString(js, value);
    if (!text)
        return -1;
    o->url = url_resolve(realm_base(realm_of(js)), text);
    if (!o->url)
        throw_dom_exception(js, "SyntaxError", "'%s' is not a URL that a worker can be made from",
                            text);
    else
        keep_blob(realm_of(js), o);
    JS_FreeCString(js, text);
    return o->url ? 0 : -1;
}

/* Web IDL reads a dictionary's members in lexicographical order, an inherited dictionary's first.
 */
static int read_dictionary(JSContext *js, JSValueConst options, bool shared,
                           struct worker_options *o)
{
    static const char *const credentials[] = {"same-origin", "omit", "include", NULL},
                             *const types[] = {"classic", "module", NULL};
    int c = enumeration_member(js, options, "credentials", credentials, CREDENTIALS_SAME_ORIGIN),
        extended = 0;
    if (c < 0 || text_member(js, options, "name", &o->name))
        return -1;
    int type = enumeration_member(js, options, "type", types, 0);
    if (type < 0 ||
        (shared && (extended = idl_boolean_member(js, options, "extendedLifetime", false)) < 0))
        return -1;
    o->credentials = (enum request_credentials)c;
    o->module = type;
    o->extended_lifetime = extended;
    return 0;
}

static int read_name(JSContext *js, JSValueConst value, struct worker_options *o)
{
    const char *text = JS_ToCString(js, value);
    o->name = text ? strdup(text) : NULL;
    JS_FreeCString(js, text);
    return text ? 0 : -1;
}

int worker_options_read(JSContext *js, bool shared, int count, JSValueConst *arguments,
                        struct worker_options *o)
{
    JSValueConst options = JS_UNDEFINED, second = count > 1 ? arguments[1] : JS_UNDEFINED;
    *o = (struct worker_options){.credentials = CREDENTIALS_SAME_ORIGIN};
    if (!idl_arguments(js, shared ? "SharedWorker" : "Worker", count, 1))
        return -1;
    bool named = shared && !JS_IsUndefined(second) && !JS_IsNull(second) && !JS_IsObject(second);
    int failed =
        named ? read_name(js, second, o)
              : idl_dictionary(js, second, &options) || read_dictionary(js, options, shared, o);
    if (failed || read_url(js, arguments[0], o))
        return -1;
    if (!o->name)
        o->name = strdup("");
    o->owner_origin = strdup(realm_of(js)->origin->text);
    return 0;
}

void worker_options_release(struct worker_options *o)
{
    free(o->url);
    free(o->name);
    free(o->owner_origin);
    free_resource(o->early);
    o->url = o->name = o->owner_origin = NULL;
    o->early = NULL;
}

struct web_agent *worker_web_agent_new(struct worker_options *o)
{
    struct web_agent *web = calloc(1, sizeof *web);
    if (!web)
        return NULL;
    web->url = o->url;
    web->own_name = o->name;
    web->owner_origin = o->owner_origin;
    web->module = o->module;
    web->early = o->early;
    o->url = o->name = o->owner_origin = NULL;
    o->early = NULL;
    return web;
}

void worker_inherit(struct web_agent *web, const struct realm *creator)
{
    const struct origin *o = creator->origin;
    web->origin = o->opaque ? origin_ref(creator->origin) : origin_of_url(o->text);
    web->policy = creator->policy;
    web->may_isolate = creator->cross_origin_isolated;
    web->secure = creator->secure;
    web->top_site = storage_top_site(creator);
    struct service_worker_client *own = realm_client(creator);
    char id[SERVICE_WORKER_CLIENT_ID_SIZE] = "";
    if (own)
        service_worker_client_id(own, id);
    web->owner_client_id = strdup(id);
    web->client = service_worker_client_reserve(creator->agent->world);
    if (strncmp(web->url, "http", 4)) /* R-SV-10: it has no request of its own */
        service_worker_client_inherit(web->client, own);
}

void worker_web_agent_release(struct web_agent *web)
{
    free_resource(web->early);
    if (web->client)
        service_worker_client_gone(web->client);
    origin_unref(web->origin);
    free(web->own_name);
    free(web->owner_origin);
    free(web->storage_key);
    free(web->top_site);
    free(web->owner_client_id);
}

void worker_web_agent_free(struct web_agent *web)
{
    worker_web_agent_release(web);
    free(web->url);
    free(web);
}

/* ---- starting ---- */

static struct realm *start_failed(struct agent *a, const char *why)
{
    const struct web_agent *web = a->web;
    char text[1024];
    snprintf(text, sizeof text, "the worker's script %s cannot be loaded: %s", web->url, why);
    struct notice n = {.kind = NOTICE_CONSOLE, .level = 3, .text = text};
    world_notice(a->world, a, &n);
    agent_close(a);
    return NULL;
}

/* R-COEP-05: a script from the network brings a policy of its own, which has to satisfy the owner's (R-COEP-03). */
static bool take_policy(struct agent *a, const struct resource *script)
{
    struct web_agent *web = a->web;
    struct policy own;
    if (strncmp(web->url, "http", 4))
        return true;
    policy_from_headers(&script->headers, web->secure, &own);
    bool fits = a->kind != AGENT_DEDICATED_WORKER || !embedder_policy_isolates(web->policy.embedder) || embedder_policy_isolates(own.embedder);
    web->policy = own;
    if (!fits)
        start_failed(a, "its owner has an embedder policy and the script has none (R-COEP-03)");
    return fits;
}

/* R-WK-01: fetched in the mode same-origin; data: and blob: URLs are of it. False when that failed (R-ER-06), or the worker was terminated
 * while it waited: nobody is told then. */
static bool load_worker_script(struct agent *a)
{
    struct web_agent *web = a->web;
    char *key = web->secure ? storage_key_for(web_of(a), web->origin, web->top_site) : NULL;
    struct request q = {.url = web->url,
                        .origin = web->owner_origin,
                        .mode = MODE_SAME_ORIGIN,
                        .use = USE_SCRIPT,
                        .reserved = web->client,
                        .storage_key = key,
                        .client_id = web->owner_client_id,
                        .destination = a->kind == AGENT_SHARED_WORKER ? "sharedworker" : "worker"};
    struct resource script;
    enum script_kind kind = web->module ? SCRIPT_MODULE : SCRIPT_OF_WORKER;
    status s;
    if (web->early) {
        script = *web->early;
        free(web->early);
        web->early = NULL;
        s = script_check(kind, &script);
    } else {
        s = script_load(a, &q, kind, &script);
    }
    free(key);
    if (s == STATUS_OK) {
        free(web->url); /* the answer's, after redirects */
        web->url = script.url;
        web->script = script.bytes;
        web->script_length = script.length;
        script.url = script.bytes = NULL;
        if (!take_policy(a, &script)) {
            resource_release(&script);
            return false;
        }
    } else if (agent_life(a) == AGENT_ALIVE) {
        start_failed(a, script.error ? script.error : status_text(s));
    }
    resource_release(&script);
    return s == STATUS_OK;
}

/* For the topology. */
static void announce(struct realm *r)
{
    struct agent *a = r->agent;
    bool joined = a->creator && a->creator->cluster == a->cluster;
    struct notice n = {.kind = NOTICE_REALM,
                       .text = a->name,
                       .file = r->url,
                       .origin = r->origin->text,
                       .rule = joined ? "R-AG-20: a dedicated worker joins the cluster of its creator"
                                      : "R-AG-20: a worker of its own has a cluster of its own",
                       .level = r->cross_origin_isolated};
    world_notice(a->world, a, &n);
}

/* By the policy of its own response; for service workers that is a knob (R-COI-04). */
static bool may_isolate_itself(struct agent *a, enum global_kind kind)
{
    return embedder_policy_isolates(web_agent_of(a)->policy.embedder) &&
           (kind != GLOBAL_SERVICE_WORKER || web_of(a)->knobs.service_workers_isolate);
}

struct realm *worker_realm_create(struct agent *a, enum global_kind kind)
{
    struct web_agent *web = a->web;
    if (!web->script && !load_worker_script(a)) /* a service worker's is stored (R-SV-13) */
        return NULL;
    bool data = !strncmp(web->url, "data:", 5), top_level = kind != GLOBAL_DEDICATED_WORKER;
    if (top_level) /* R-COI-03, R-COI-08: before the cluster's first realm is made */
        a->cluster->isolation = may_isolate_itself(a, kind) ? web_of(a)->user_agent->isolation_mode : ISOLATION_NONE;
    struct origin *origin = data ? origin_opaque() : origin_ref(web->origin); /* R-OR-07 */
    struct realm_options options = {
        .kind = kind,
        .url = web->url,
        .origin = origin,
        .policy = web->policy,
        .may_isolate = top_level || (web->may_isolate && !data), /* R-COI-02 */
        .secure = web->secure,
        .client = web->client,
    };
    struct realm *r = web_engine_create(a) ? NULL : realm_create(a, &options);
    if (r)
        web->client = NULL;
    origin_unref(origin);
    if (!r)
        return start_failed(a, "out of memory");
    announce(r);
    return r;
}

JSValue worker_compile(struct realm *r)
{
    const struct web_agent *web = r->agent->web;
    return realm_compile_script(r, web->script, web->script_length, web->url, web->module);
}

void worker_run(struct realm *r, JSValue code)
{
    const struct web_agent *web = r->agent->web;
    bool ran = JS_IsUndefined(code) ? realm_run_script(r, web->script, web->script_length, web->url, false)
                                    : realm_run_code(r, code);
    if (!ran)
        realm_report_exception(r);
    agent_checkpoint(r->agent);
    service_worker_open_messages(r);
}

/* ---- WorkerGlobalScope ---- */

static JSValue global_close(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    (void)self;
    (void)count;
    (void)arguments;
    agent_close(realm_of(js)->agent);
    return JS_UNDEFINED;
}

/* HTML "muted errors": what a script of another origin throws stays its own; who runs it hears of a network error. */
static void mute(JSContext *js)
{
    JSValue thrown = JS_GetException(js);
    if (exception_is_interruption(js, thrown)) {
        JS_Throw(js, thrown);
        return;
    }
    JS_FreeValue(js, thrown);
    throw_dom_exception(js, "NetworkError", "importScripts: a script of another origin failed");
}

static int import_script(JSContext *js, const char *text)
{
    struct realm *r = realm_of(js);
    struct resource resource;
    char *url = url_resolve(realm_base(r), text);
    if (!url) {
        throw_dom_exception(js, "SyntaxError", "importScripts: '%s' is not a URL", text);
        return -1;
    }
    struct request q = {.url = url, .origin = r->origin->text, .mode = MODE_NO_CORS, .use = USE_SCRIPT,
                        .require_corp = r->policy.embedder == COEP_REQUIRE_CORP,
                        .credentials = CREDENTIALS_INCLUDE, .destination = "script", .client = realm_client(r)};
    status s = r->kind == GLOBAL_SERVICE_WORKER ? service_worker_load_import(r, &q, SCRIPT_IMPORTED, &resource)
                                                : script_load(r->agent, &q, SCRIPT_IMPORTED, &resource);
    if (s != STATUS_OK) {
        throw_dom_exception(js, "NetworkError", "importScripts: cannot load %s: %s", url,
                            resource.error ? resource.error : status_text(s));
        resource_release(&resource);
        free(url);
        return -1;
    }
    muted_scripts_note(r, resource.url, &resource);
    JSValue result = script_run(js, resource.bytes, resource.length, resource.url);
    if (JS_IsException(result) && resource.type == RESPONSE_OPAQUE)
        mute(js);
    resource_release(&resource);
    free(url);
    int failed = JS_IsException(result);
    JS_FreeValue(js, result);
    return failed ? -1 : 0;
}

/* R-BL-04: each script runs to its end in order; the first failure throws. */
static JSValue global_import_scripts(JSContext *js, JSValueConst self, int count,
                                     JSValueConst *arguments)
{
    (void)self;
    if (realm_of(js)->module_script)
        return JS_ThrowTypeError(js, "importScripts is not there for module workers (R-WK-07)");
    for (int i = 0; i < count; i++) {
        const char *text = JS_ToCString(js, arguments[i]);
        int failed = text ? import_script(js, text) : -1;
        JS_FreeCString(js, text);
        if (failed)
            return JS_EXCEPTION;
    }
    return JS_UNDEFINED;
}

static JSValue global_name(JSContext *js, JSValueConst self)
{
    const struct web_agent *web = web_agent_of(realm_of(js)->agent);
    (void)self;
    return JS_NewString(js, web->own_name ? web->own_name : "");
}

/* Web IDL [Replaceable]. */
static JSValue global_set_name(JSContext *js, JSValueConst self, JSValueConst value)
{
    JSValue global = JS_GetGlobalObject(js);
    (void)self;
    int failed = JS_DefinePropertyValueStr(js, global, "name", JS_DupValue(js, value), JS_PROP_C_W_E) < 0;
    JS_FreeValue(js, global);
    return failed ? JS_EXCEPTION : JS_UNDEFINED;
}

const JSCFunctionListEntry worker_global[] = {
    JS_CFUNC_DEF("importScripts", 0, global_import_scripts),
    JS_CFUNC_DEF("close", 0, global_close),
    JS_CGETSET_DEF("name", global_name, global_set_name),
};
const int worker_global_count = sizeof worker_global / sizeof worker_global[0];
const int any_worker_global_count = 1;

const struct interface worker_global_scope_interface = {
    .host_class = HOST_CLASS_WORKER_GLOBAL_SCOPE,
    .name = "WorkerGlobalScope",
    .parent = &event_target_interface,
};
