/* The public face of race detection for C threads (include/heddle/races.h). */
#include "detect/detect.h"

#include "heddle/races.h"

#include <stdatomic.h>

static _Atomic bool watching; /* exchanges are acq_rel, pairing with each other */

hd_status hd_races_watch(void)
{
    if (atomic_exchange_explicit(&watching, true, memory_order_acq_rel))
        return HD_STATE;
    status s = detect_open(NULL);
    if (s != STATUS_OK)
        atomic_store_explicit(&watching, false, memory_order_release);
    return (hd_status)s;
}

static const char *operation_of(const struct race_party *p)
{
    if (p->access == OBSERVE_READ)
        return p->atomic ? "atomic read" : "read";
    return p->atomic ? "atomic write" : "write";
}

static hd_race_access access_of(const struct race_party *p)
{
    const struct site_place *place = site_frame(p->site, 0);
    return (hd_race_access){
        .operation = operation_of(p),
        .place = place && *place->function ? place->function : "?",
        .thread = p->thread,
        .offset = p->offset,
        .size = p->size,
    };
}

static hd_race public_race(const struct race *r)
{
    static const char *const kinds[] = {[RACE_OBSERVED] = "observed",
                                        [RACE_UNORDERED] = "unordered",
                                        [RACE_UNDECIDED] = "undecided",
                                        [RACE_EXCLUSIVE] = "exclusive"};
    return (hd_race){.kind = kinds[r->class],
                     .count = r->count,
                     .first = access_of(&r->older),
                     .second = access_of(&r->newer)};
}

uint64_t hd_races_end(void (*found)(void *context, const hd_race *race), void *context)
{
    uint64_t count = 0;
    if (!atomic_load_explicit(&watching, memory_order_acquire))
        return 0;
    for (const struct race *r = detect_races(NULL); r; r = detect_next_race(r), count++) {
        hd_race shown = public_race(r);
        if (found)
            found(context, &shown);
    }
    detect_close(NULL, false);
    atomic_store_explicit(&watching, false, memory_order_release);
    return count;
}

hd_order *hd_order_send(void)
{
    return (hd_order *)observe_send(OBSERVE_DECLARED);
}

void hd_order_receive(hd_order *order)
{
    observe_receive((struct observe_edge *)order);
}

void hd_order_drop(hd_order *order)
{
    observe_drop((struct observe_edge *)order);
}
