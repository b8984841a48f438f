/* Sites: where in the source an access stands, with the calls that led there; interned, outside
 * every arena, so that they outlive garbage collection and the agent.
 *
 * A place is one position in the source, or a built-in; a site is a stack of places. Both are
 * numbers from 1; 0 = unknown.
 *
 * Ownership: the process has one table, between sites_open and sites_close; texts live as long.
 * Threads: any; a cache belongs to its thread. Lock order: the table's lock is a leaf; taken only
 * when a thread comes to a site for the first time. */
#ifndef HEDDLE_DETECT_SITES_H
#define HEDDLE_DETECT_SITES_H

#include "observe/hooks.h"

#include <stdint.h>

struct site_place {
    const char *function; /* "" = none */
    const char *file;     /* NULL: a built-in */
    uint32_t line, column;
};

#define SITE_CACHE 1024u

struct site_here {
    uint32_t site, line; /* line of the innermost frame in JavaScript */
};

struct site_cache {
    struct {
        uint64_t key;
        struct site_here here;
    } entries[SITE_CACHE];
};

void sites_open(void);
void sites_close(void);

/* Where the calling thread is. */
struct site_here site_now(struct site_cache *cache);

/* A site without JavaScript: `what` is constant. */
uint32_t site_outside(const char *what);

/* The places of a site, innermost first; NULL when there are no more. Any thread. */
const struct site_place *site_frame(uint32_t site, unsigned depth);

/* The number of the innermost place in JavaScript, or of the built-in without one: what reports are
 * deduplicated by. */
uint32_t site_position(uint32_t site);

#endif
