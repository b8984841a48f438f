#include "web/worker_lifetime.h"

#include "base/assert.h"

static bool is_extended(const struct worker_facts *f)
{
    if (f->owner_is_extended)
        return true;
    if (!f->wants_extended_lifetime || f->owner_is_active)
        return false;
    return (f->owners ? f->inactive_for : f->alone_for) < f->extended_timeout;
}

static bool is_permissible(const struct worker_facts *f, bool extended)
{
    return f->owners || extended ||
           (f->shared && f->something_loads && f->alone_for <= f->between_loads);
}

struct worker_lifetime worker_lifetime(const struct worker_facts *f)
{
    struct worker_lifetime l = {.extended = is_extended(f)};
    l.needed = l.extended || f->owner_is_active || f->owner_is_needed;
    l.safe = l.needed && (l.extended || f->shared || f->has_outside_ports || f->has_work);
    l.permissible = is_permissible(f, l.extended);
    l.suspendable = l.permissible && !l.needed;
    hd_invariant("R-WL-03", !l.safe || l.needed);
    hd_invariant("R-WL-02", !l.needed || l.permissible);
    hd_invariant("R-WL-01", !l.extended || (l.safe && l.needed && l.permissible));
    return l;
}

enum worker_fate worker_fate(const struct worker_facts *f, bool lingers)
{
    struct worker_lifetime l = worker_lifetime(f);
    if (!l.permissible || (!lingers && !l.safe && (l.needed || !f->owners)))
        return WORKER_CLOSES;
    return l.suspendable ? WORKER_STANDS : WORKER_RUNS;
}

int64_t worker_fate_changes_in(const struct worker_facts *f)
{
    struct worker_lifetime l = worker_lifetime(f);
    int64_t extended = f->extended_timeout - (f->owners ? f->inactive_for : f->alone_for),
            between = f->between_loads - f->alone_for + 1;
    if (l.extended && !f->owner_is_extended)
        return extended;
    return !f->owners && l.permissible ? between : -1;
}
