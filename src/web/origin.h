/* Origins and sites (HTML 7.1.1 "Origins", 7.1.1.1 "Sites"; R-OR-*).
 *
 * Ownership: counted. Threads: any, but `domain`, which document.domain sets, is read and written
 * only in the agent whose documents have this very object. An opaque origin is identified by its
 * object. */
#ifndef HEDDLE_WEB_ORIGIN_H
#define HEDDLE_WEB_ORIGIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct origin {
    _Atomic uint32_t references; /* relaxed up, acq_rel down */
    bool opaque;
    char *scheme, *host; /* tuple origins */
    int port;            /* -1 = the scheme's default */
    char *text;          /* serialized: "https://scenario.test", "null" */
    char *_Atomic site;  /* NULL until asked for: origin_site */
    char *domain;        /* NULL until document.domain is set */
};

/* The origin of a URL (https://url.spec.whatwg.org/#origin); a blob: URL has that of its maker,
 * data: and about: an opaque one. One reference; NULL when out of memory. */
struct origin *origin_of_url(const char *url);
struct origin *origin_opaque(void);
struct origin *origin_ref(struct origin *o);
void origin_unref(struct origin *o); /* NULL is allowed */

/* The serialized site: scheme and registrable domain; of an opaque origin a text of its own.
 * Borrowed. */
const char *origin_site(struct origin *o);

bool origin_same(const struct origin *a, const struct origin *b);        /* R-OR-10 */
bool origin_same_domain(const struct origin *a, const struct origin *b); /* R-OR-11 */
bool origin_same_site(struct origin *a, struct origin *b);

/* Secure Contexts "potentially trustworthy": https, wss, file, data are; http only for localhost.
 */
bool origin_is_trustworthy(const struct origin *o);

/* R-OR-12: whether `host` may be set as document.domain by a document of that origin: equal to its
 * host or a registrable suffix of it. */
bool origin_may_relax_to(const struct origin *o, const char *host);

/* Suffixes that a program declares public beside the list's ("example"). The texts outlive every
 * use; before any origin is made. */
void origin_set_public_suffixes(const char *const *suffixes, size_t count);

/* The registrable domain of a host, borrowed from it: the host itself when it has none (addresses,
 * public suffixes). */
const char *registrable_domain(const char *host);

#endif
