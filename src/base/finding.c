#include "base/finding.h"

#include "base/assert.h"

#include <string.h>

static const struct {
    const char *name;
    const char *about;
} kinds[] = {
#define X(name, text, about) [FINDING_##name] = {text, about},
    FINDING_LIST(X)
#undef X
};

const char *finding_name(finding_kind kind)
{
    hd_assert(kind < FINDING_KIND_COUNT);
    return kinds[kind].name;
}

const char *finding_about(finding_kind kind)
{
    hd_assert(kind < FINDING_KIND_COUNT);
    return kinds[kind].about;
}

bool finding_from_name(const char *name, finding_kind *kind)
{
    for (int k = 0; k < FINDING_KIND_COUNT; k++)
        if (strcmp(kinds[k].name, name) == 0) {
            *kind = (finding_kind)k;
            return true;
        }
    return false;
}

bool finding_is_of_races(finding_kind kind)
{
    return (kind >= FINDING_RACE && kind <= FINDING_PLAIN_WAIT) || kind == FINDING_LOST_LOCK;
}
