/* How module specifiers become URLs and texts (HTML "resolve a module specifier", without import maps). */
#include "agent/world.h"
#include "web/commonjs.h"
#include "web/resource.h"
#include "web/service_worker.h"
#include "web/url.h"
#include "web/web_agent.h"

#include <stdlib.h>
#include <string.h>

static bool is_relative(const char *specifier)
{
    return *specifier == '/' || !strncmp(specifier, "./", 2) || !strncmp(specifier, "../", 3) ||
           !strcmp(specifier, ".") || !strcmp(specifier, "..");
}

static char *resolve(JSContext *js, const char *referrer, const char *specifier)
{
    if (realm_of(js)->no_import) {
        JS_ThrowTypeError(js, "import() is not there in worklets (R-EXP-12)");
        return NULL;
    }
    const struct web *web = realm_of(js)->agent->world->host;
    if (*referrer == '<') /* a text that eval ran */
        referrer = realm_base(realm_of(js));
    char *url = is_relative(specifier) ? NULL : url_resolve(NULL, specifier);
    if (!url)
        url = web->loader->find_package(web->loader->context, referrer, specifier);
    if (!url && is_relative(specifier))
        url = url_resolve(referrer, specifier);
    if (!url) {
        JS_ThrowTypeError(js, "cannot resolve the module specifier '%s' from %s", specifier, referrer);
        return NULL;
    }
    char *copy = js_strdup(js, url);
    free(url);
    return copy;
}

static int load(JSContext *js, const char *url, struct module_source *out)
{
    struct realm *r = realm_of(js);
    const char *origin = r->kind == GLOBAL_WORKLET ? web_agent_of(r->agent)->owner_origin : r->origin->text; /* its window asks */
    struct request q = {.url = url, .origin = origin, .mode = MODE_CORS, .use = USE_SCRIPT,
                        .destination = "script", .client = realm_client(r)};
    struct resource resource;
    status s = r->kind == GLOBAL_SERVICE_WORKER ? service_worker_load_import(r, &q, SCRIPT_MODULE, &resource)
                                                : script_load(r->agent, &q, SCRIPT_MODULE, &resource);
    if (s != STATUS_OK) {
        JS_ThrowTypeError(js, "cannot load the module %s: %s", url, resource.error ? resource.error : status_text(s));
        resource_release(&resource);
        return -1;
    }
    if (commonjs_is(js, url, &resource)) {
        out->has_exports = true;
        out->exports = commonjs_load(js, url, resource.bytes, resource.length);
        resource_release(&resource);
        return JS_IsException(out->exports) ? -1 : 0;
    }
    out->text = js_malloc(js, resource.length + 1);
    out->length = resource.length;
    if (out->text)
        memcpy(out->text, resource.bytes, resource.length + 1);
    resource_release(&resource);
    return out->text ? 0 : -1;
}

const struct module_host web_modules = {resolve, load};
