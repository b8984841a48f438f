#include "web/origin.h"

#include "base/buffer.h"
#include "web/url.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- registrable domains ---- */

/* libpsl, loaded when the first site is asked for: with it come two large libraries that most
 * programs never need. Without it every last label is a public suffix, which is the list's own rule
 * for names that it does not know. */
static const void *(*psl_list)(void);
static int (*psl_is_suffix)(const void *, const char *);

static void load_psl(void)
{
    void *library = dlopen("libpsl.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    *(void **)&psl_list = dlsym(library, "psl_builtin");
    *(void **)&psl_is_suffix = psl_list ? dlsym(library, "psl_is_public_suffix") : NULL;
}

static const char *const *extra_suffixes;
static size_t extra_suffix_count;

void origin_set_public_suffixes(const char *const *suffixes, size_t count)
{
    extra_suffixes = suffixes;
    extra_suffix_count = count;
}

static bool is_address(const char *host)
{
    size_t length = strlen(host);
    return *host == '[' || (length && host[length - 1] >= '0' && host[length - 1] <= '9');
}

static bool is_extra_suffix(const char *host)
{
    for (size_t i = 0; i < extra_suffix_count; i++)
        if (!strcmp(extra_suffixes[i], host))
            return true;
    return false;
}

static bool is_public_suffix(const char *host)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_psl);
    return is_extra_suffix(host) ||
           (psl_is_suffix ? psl_is_suffix(psl_list(), host) : !strchr(host, '.'));
}

const char *registrable_domain(const char *host)
{
    if (is_address(host) || is_public_suffix(host))
        return host;
    for (const char *at = host;;) {
        const char *dot = strchr(at, '.');
        if (!dot || is_public_suffix(dot + 1))
            return at;
        at = dot + 1;
    }
}

/* ---- making ---- */

static struct origin *origin_new(void)
{
    struct origin *o = calloc(1, sizeof *o);
    if (o) {
        atomic_store_explicit(&o->references, 1, memory_order_relaxed);
        o->port = -1;
    }
    return o;
}

struct origin *origin_opaque(void)
{
    struct origin *o = origin_new();
    if (!o)
        return NULL;
    o->opaque = true;
    o->text = strdup("null");
    return o;
}

static bool has_tuple_origin(const char *scheme)
{
    static const char *const schemes[] = {"http", "https", "ws", "wss", "ftp", NULL};
    for (size_t i = 0; schemes[i]; i++)
        if (!strcmp(schemes[i], scheme))
            return true;
    return false;
}

static struct origin *tuple_origin(const struct url *u)
{
    struct origin *o = origin_new();
    buffer text = {0};
    if (!o)
        return NULL;
    url_serialize_origin(u, &text);
    o->scheme = strdup(buffer_text(&u->scheme));
    o->host = strdup(buffer_text(&u->host));
    o->port = u->port;
    o->text = strdup(buffer_text(&text));
    buffer_release(&text);
    return o;
}

struct origin *origin_of_url(const char *url)
{
    struct url u;
    struct origin *o;
    if (!strncmp(url, "blob:", 5)) /* R-OR-06 */
        return origin_of_url(url + 5);
    if (url_parse(url, strlen(url), NULL, &u) && has_tuple_origin(buffer_text(&u.scheme)))
        o = tuple_origin(&u);
    else
        o = origin_opaque();
    url_release(&u);
    return o;
}

struct origin *origin_ref(struct origin *o)
{
    atomic_fetch_add_explicit(&o->references, 1, memory_order_relaxed);
    return o;
}

void origin_unref(struct origin *o)
{
    /* acq_rel: the last holder sees what all others did */
    if (!o || atomic_fetch_sub_explicit(&o->references, 1, memory_order_acq_rel) > 1)
        return;
    free(o->scheme);
    free(o->host);
    free(o->text);
    free(atomic_load_explicit(&o->site, memory_order_relaxed));
    free(o->domain);
    free(o);
}

static char *make_site(const struct origin *o)
{
    static _Atomic uint32_t made;
    char *site = NULL;
    /* relaxed: only uniqueness counts */
    int length = o->opaque ? asprintf(&site, "opaque-%u",
                                      atomic_fetch_add_explicit(&made, 1, memory_order_relaxed) + 1)
                           : asprintf(&site, "%s://%s", o->scheme, registrable_domain(o->host));
    return length < 0 ? NULL : site;
}

const char *origin_site(struct origin *o)
{
    /* acquire: pairs with the release below; whoever comes second takes the first one's text */
    char *site = atomic_load_explicit(&o->site, memory_order_acquire);
    if (site)
        return site;
    char *own = make_site(o);
    if (atomic_compare_exchange_strong_explicit(&o->site, &site, own, memory_order_acq_rel,
                                                memory_order_acquire))
        return own;
    free(own);
    return site;
}

/* ---- comparing ---- */

bool origin_same(const struct origin *a, const struct origin *b)
{
    if (a->opaque || b->opaque)
        return a == b;
    return a->port == b->port && !strcmp(a->scheme, b->scheme) && !strcmp(a->host, b->host);
}

bool origin_same_domain(const struct origin *a, const struct origin *b)
{
    if (a->opaque || b->opaque)
        return a == b;
    if (a->domain && b->domain)
        return !strcmp(a->scheme, b->scheme) && !strcmp(a->domain, b->domain);
    return !a->domain && !b->domain && origin_same(a, b);
}

bool origin_same_site(struct origin *a, struct origin *b)
{
    return a == b || (!a->opaque && !b->opaque && !strcmp(origin_site(a), origin_site(b)));
}

bool origin_is_trustworthy(const struct origin *o)
{
    if (o->opaque)
        return false;
    if (!strcmp(o->scheme, "https") || !strcmp(o->scheme, "wss"))
        return true;
    size_t length = strlen(o->host);
    return !strcmp(o->host, "localhost") ||
           (length > 10 && !strcmp(o->host + length - 10, ".localhost")) ||
           !strncmp(o->host, "127.", 4) || !strcmp(o->host, "[::1]");
}

/* HTML "is a registrable domain suffix of or is equal to". */
bool origin_may_relax_to(const struct origin *o, const char *host)
{
    if (o->opaque || !*host)
        return false;
    if (!strcmp(o->host, host))
        return true;
    size_t whole = strlen(o->host), part = strlen(host);
    if (is_address(o->host) || part >= whole || o->host[whole - part - 1] != '.' ||
        strcmp(o->host + whole - part, host))
        return false;
    return !is_public_suffix(host);
}
