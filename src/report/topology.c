#include "report/topology.h"

#include "base/json.h"

#include <string.h>

/* The realms lie in order of their clusters, then of their agents; see observation_add_realm. */
static bool first_of_cluster(const observation *o, size_t i)
{
    return i == 0 || o->realms[i].cluster != o->realms[i - 1].cluster;
}

static bool first_of_agent(const observation *o, size_t i)
{
    return i == 0 || o->realms[i].agent_id != o->realms[i - 1].agent_id;
}

static const char *capability(const observation_realm *r)
{
    return r->isolated ? "may share memory" : "shares no memory";
}

void topology_write_text(const observation *o, buffer *out)
{
    for (size_t i = 0; i < o->realm_count; i++) {
        const observation_realm *r = &o->realms[i];
        if (first_of_cluster(o, i)) {
            buffer_format(out, "cluster %u", r->cluster);
            if (r->key)
                buffer_format(out, " · %s · keyed by %s", r->key,
                              r->origin_keyed ? "origin" : "site");
            buffer_format(out, " · isolation %s\n", r->isolation);
        }
        if (first_of_agent(o, i))
            buffer_format(out,
                          "  agent %u · %s · %s · [[CanBlock]] %s · thread %u\n    because %s\n",
                          r->agent_id, r->agent, r->agent_kind, r->can_block ? "true" : "false",
                          r->agent_id, r->rule);
        buffer_format(out, "    realm %s · %s · %s\n", r->name, r->url, capability(r));
    }
}

static void write_realm_json(const observation_realm *r, json_writer *w)
{
    json_open_object(w);
    json_name(w, "name"), json_text(w, r->name);
    json_name(w, "url"), json_text(w, r->url);
    json_name(w, "origin"), json_text(w, r->origin);
    json_name(w, "crossOriginIsolated"), json_flag(w, r->isolated);
    if (r->group) {
        json_name(w, "browsingContext"), json_unsigned(w, r->context);
        json_name(w, "group"), json_unsigned(w, r->group);
    }
    json_close_object(w);
}

void topology_write_json(const observation *o, buffer *out)
{
    json_writer w = json_start(out, true);
    json_open_object(&w);
    json_name(&w, "clusters");
    json_open_array(&w);
    for (size_t i = 0; i < o->realm_count;) {
        const observation_realm *r = &o->realms[i];
        uint32_t cluster = r->cluster;
        json_open_object(&w);
        json_name(&w, "cluster"), json_unsigned(&w, cluster);
        json_name(&w, "key"), json_text(&w, r->key);
        json_name(&w, "originKeyed"), json_flag(&w, r->origin_keyed);
        json_name(&w, "isolation"), json_text(&w, r->isolation);
        json_name(&w, "agents");
        json_open_array(&w);
        while (i < o->realm_count && o->realms[i].cluster == cluster) {
            const observation_realm *a = &o->realms[i];
            json_open_object(&w);
            json_name(&w, "agent"), json_unsigned(&w, a->agent_id);
            json_name(&w, "name"), json_text(&w, a->agent);
            json_name(&w, "kind"), json_text(&w, a->agent_kind);
            json_name(&w, "canBlock"), json_flag(&w, a->can_block);
            json_name(&w, "thread"), json_unsigned(&w, a->agent_id);
            json_name(&w, "rule"), json_text(&w, a->rule);
            json_name(&w, "realms");
            json_open_array(&w);
            for (; i < o->realm_count && o->realms[i].agent_id == a->agent_id; i++)
                write_realm_json(&o->realms[i], &w);
            json_close_array(&w);
            json_close_object(&w);
        }
        json_close_array(&w);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    buffer_add(out, "\n");
}

static void add_quoted(buffer *out, const char *text)
{
    buffer_add(out, "\"");
    for (; *text; text++)
        buffer_format(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    buffer_add(out, "\"");
}

void topology_write_dot(const observation *o, buffer *out)
{
    buffer_add(out, "graph topology {\n  node [shape=box];\n");
    for (size_t i = 0; i < o->realm_count; i++) {
        const observation_realm *r = &o->realms[i];
        if (first_of_cluster(o, i)) {
            buffer_format(out, "  subgraph cluster_%u {\n    label=", r->cluster);
            buffer label = {0};
            buffer_format(&label, "cluster %u%s%s, isolation %s", r->cluster, r->key ? " " : "",
                          r->key ? r->key : "", r->isolation);
            add_quoted(out, buffer_text(&label));
            buffer_release(&label);
            buffer_add(out, ";\n");
        }
        if (first_of_agent(o, i)) {
            buffer_format(
                out, "    subgraph cluster_agent_%u {\n      style=dashed; label=", r->agent_id);
            buffer label = {0};
            buffer_format(&label, "%s (%s)%s", r->agent, r->agent_kind,
                          r->can_block ? ", may block" : "");
            add_quoted(out, buffer_text(&label));
            buffer_release(&label);
            buffer_add(out, ";\n");
        }
        buffer_format(out, "      realm_%zu [label=", i);
        add_quoted(out, r->name);
        buffer_add(out, "];\n");
        bool last = i + 1 == o->realm_count;
        if (last || first_of_agent(o, i + 1))
            buffer_add(out, "    }\n");
        if (last || first_of_cluster(o, i + 1))
            buffer_add(out, "  }\n");
    }
    buffer_add(out, "}\n");
}

bool topology_can_share(const observation_realm *from, const observation_realm *to, buffer *reason)
{
    if (!from->isolated) {
        buffer_format(reason,
                      "no: %s is not cross-origin isolated, so posting a SharedArrayBuffer throws "
                      "DataCloneError there (R-SAB-01)",
                      from->name);
        return false;
    }
    if (from->cluster != to->cluster) {
        buffer_format(reason,
                      "no: %s is in cluster %u and %s in cluster %u, so the message arrives as "
                      "messageerror (R-SAB-10)\n"
                      "  %s: %s\n  %s: %s",
                      from->name, from->cluster, to->name, to->cluster, from->name, from->rule,
                      to->name, to->rule);
        return false;
    }
    buffer_format(reason,
                  "yes: %s and %s are in cluster %u%s, and %s is cross-origin isolated (R-SAB-11)",
                  from->name, to->name, from->cluster,
                  from->agent_id == to->agent_id ? ", even in one agent" : "", from->name);
    return true;
}
