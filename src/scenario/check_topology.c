/* `expect.topology`: who turned out to share an agent or a cluster (R-CL-01..19). */
#include "scenario/check.h"

#include <stdio.h>
#include <string.h>

static const char *const relation_names[] = {"same agent",   "different agents",
                                             "same cluster", "different clusters",
                                             "isolated",     "not isolated"};

static bool pair_holds(topology_relation relation, const observation_realm *a,
                       const observation_realm *b)
{
    switch (relation) {
    case TOPOLOGY_SAME_AGENT:
        return a->agent_id == b->agent_id;
    case TOPOLOGY_DIFFERENT_AGENT:
        return a->agent_id != b->agent_id;
    case TOPOLOGY_SAME_CLUSTER:
        return a->cluster == b->cluster;
    case TOPOLOGY_DIFFERENT_CLUSTER:
        return a->cluster != b->cluster;
    case TOPOLOGY_ISOLATED:
        return a->isolated;
    default:
        return !a->isolated;
    }
}

static void explain_missing(const check_run *run, const char *name, buffer *out)
{
    buffer_format(out, "expected  a window, frame or worker named %s\ngot       ", name);
    for (size_t i = 0; i < run->seen->realm_count; i++)
        buffer_format(out, "%s%s", i ? ", " : "", run->seen->realms[i].name);
    if (!run->seen->realm_count)
        buffer_add(out, "none at all");
}

static void explain_place(const observation_realm *r, buffer *out)
{
    buffer_format(out, "\n  %s: cluster %u, agent %u (%s); %s", r->name, r->cluster, r->agent_id,
                  r->agent, r->rule);
}

static void check_group(check_run *run, const expect_topology *x, buffer *out)
{
    bool alone = x->relation >= TOPOLOGY_ISOLATED;
    for (size_t i = 0; i < x->names.count && !out->length; i++) {
        const observation_realm *a = observation_find_realm(run->seen, x->names.items[i]);
        if (!a) {
            explain_missing(run, x->names.items[i], out);
            return;
        }
        if (alone && !pair_holds(x->relation, a, a)) {
            buffer_format(out, "expected  %s %s\ngot       %s", a->name,
                          relation_names[x->relation], a->isolated ? "isolated" : "not isolated");
            explain_place(a, out);
        }
        for (size_t k = i + 1; !alone && k < x->names.count && !out->length; k++) {
            const observation_realm *b = observation_find_realm(run->seen, x->names.items[k]);
            if (!b || pair_holds(x->relation, a, b))
                continue;
            buffer_format(out, "expected  %s and %s in the %s\ngot       otherwise", a->name,
                          b->name, relation_names[x->relation]);
            explain_place(a, out);
            explain_place(b, out);
        }
    }
}

void check_topology(check_run *run)
{
    const plan_expect *e = &run->plan->expect;
    for (size_t i = 0; i < e->topology_count; i++) {
        const expect_topology *x = &e->topology[i];
        buffer what = {0}, explanation = {0};
        buffer_format(&what, "%s:", relation_names[x->relation]);
        for (size_t k = 0; k < x->names.count; k++)
            buffer_format(&what, "%s %s", k ? "," : "", x->names.items[k]);
        check_group(run, x, &explanation);
        check_add(run, VERDICT_TOPOLOGY, buffer_text(&what),
                  explanation.length ? buffer_text(&explanation) : NULL, e->topology_shows,
                  x->declared);
        buffer_release(&what);
        buffer_release(&explanation);
    }
}
