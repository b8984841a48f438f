#include "scenario/build.h"

#include <string.h>

#define ERROR_AT(b, node, ...)                                                                     \
    load_error_add((b)->errors, (b)->plan->file, (node)->line, (node)->column, __VA_ARGS__)

static const yaml_node *the_one(builder *b, const yaml_node *node, const char *const *keys, const char *wanted)
{
    const yaml_node *found = NULL;
    for (size_t i = 0; keys[i] != NULL; i++) {
        const yaml_node *value = yaml_tree_find(node, keys[i]);
        if (value != NULL && found != NULL)
            ERROR_AT(b, value, "a moment has one of %s, not two", wanted);
        found = value == NULL ? found : value;
    }
    if (found == NULL)
        ERROR_AT(b, node, "expected one of %s", wanted);
    return found;
}

/* ---- when ---- */

static void build_after(builder *b, const yaml_node *node, plan_moment *m)
{
    if (node->shape == YAML_SCALAR) {
        m->trigger = TRIGGER_LOG;
        m->line = build_line(b, node);
        return;
    }
    static const char *const keys[] = {"log", "started", "ended", NULL};
    const yaml_node *what = the_one(b, node, keys, "log, started and ended");
    if (what == NULL)
        return;
    m->trigger = what == yaml_tree_find(node, "log")       ? TRIGGER_LOG
                 : what == yaml_tree_find(node, "started") ? TRIGGER_AGENT_STARTED
                                                           : TRIGGER_AGENT_ENDED;
    if (m->trigger == TRIGGER_LOG)
        m->line = build_line(b, what);
    else
        m->agent = build_text(b, what);
}

static void check_limit(builder *b, const yaml_node *node, uint64_t ms)
{
    uint64_t limit = b->plan->limits.time_ms;
    if (limit > 0 && ms >= limit)
        ERROR_AT(b, node, "this moment never comes: the run ends at %llu ms (limits, time_ms)",
                 (unsigned long long)limit);
}

static void build_when(builder *b, const yaml_node *node, plan_moment *m)
{
    static const char *const keys[] = {"at", "after", "when", NULL};
    const yaml_node *when = the_one(b, node, keys, "at, after and when"),
                    *wait = yaml_tree_find(node, "wait_ms");
    m->wait_ms = build_number(wait, 0);
    if (when == NULL)
        return;
    if (when != yaml_tree_find(node, "at")) {
        if (when == yaml_tree_find(node, "when")) {
            m->trigger = TRIGGER_LOG;
            m->line = build_line(b, when);
        } else {
            build_after(b, when, m);
        }
        if (wait != NULL)
            check_limit(b, wait, m->wait_ms);
        return;
    }
    if (wait != NULL)
        ERROR_AT(b, wait, "\"at\" is the moment itself; wait_ms goes with after and when");
    m->wait_ms = build_number(when, 0);
    check_limit(b, when, m->wait_ms);
}

/* ---- what ---- */

static bool is_window(const plan *p, const char *name)
{
    for (size_t i = 0; i < p->window_count; i++)
        if (strcmp(p->windows[i].name, name) == 0)
            return true;
    return false;
}

static void build_subject(builder *b, const yaml_node *node, const yaml_node *what, plan_moment *m)
{
    const char *needs = plan_deed_needs(m->deed);
    if (*needs == '\0') {
        for (size_t i = 0; i < node->count; i++)
            if (strcmp(node->pairs[i].key->text, "agent") == 0 || strcmp(node->pairs[i].key->text, "window") == 0)
                ERROR_AT(b, node->pairs[i].value, "%s is about no agent and no window", plan_deed_name(m->deed));
        m->subject = "";
        return;
    }
    const yaml_node *subject = yaml_tree_find(node, needs);
    bool window = strcmp(needs, "window") == 0;
    const yaml_node *other = yaml_tree_find(node, window ? "agent" : "window");
    if (other != NULL)
        ERROR_AT(b, other, "%s is about %s", plan_deed_name(m->deed), window ? "a window" : "an agent");
    if (subject == NULL) {
        ERROR_AT(b, what, "%s needs \"%s\"", plan_deed_name(m->deed), needs);
        return;
    }
    m->subject = build_text(b, subject);
    if (window && !is_window(b->plan, m->subject))
        ERROR_AT(b, subject, "no window is named \"%s\"", m->subject);
}

static void check_only(builder *b, const yaml_node *node, bool wanted, const char *said)
{
    if (node != NULL && !wanted)
        ERROR_AT(b, node, "only %s", said);
}

/* Where to, of which source, for how long. */
static void build_particulars(builder *b, const yaml_node *node, const yaml_node *what, plan_moment *m)
{
    const yaml_node *url = yaml_tree_find(node, "url"), *source = yaml_tree_find(node, "source"),
                    *duration = yaml_tree_find(node, "for_ms"), *count = yaml_tree_find(node, "count");
    bool navigates = m->deed == DEED_NAVIGATE, delays = m->deed == DEED_DELAY, lasts = delays || m->deed == DEED_CLOCK_JUMP;
    bool pushes = m->deed == DEED_PUSH;
    const yaml_node *data = yaml_tree_find(node, "data");
    check_only(b, url, navigates || pushes, "act: navigate and act: push have an address");
    check_only(b, data, pushes, "act: push has data");
    check_only(b, source, delays, "fault: delay has a source");
    check_only(b, count, m->deed == DEED_DROP, "fault: drop has a count");
    check_only(b, duration, lasts, "delay and clock-jump last for so long");
    if ((navigates || pushes) && url == NULL)
        ERROR_AT(b, what, "%s needs \"url\"", plan_deed_name(m->deed));
    if (lasts && duration == NULL)
        ERROR_AT(b, what, "%s needs \"for_ms\"", plan_deed_name(m->deed));
    m->url = url == NULL ? NULL : build_address(b, url);
    m->data = build_text(b, data);
    m->source = build_text(b, source);
    m->for_ms = build_number(duration, 0);
    m->count = build_number(count, 1);
}

static void build_deed(builder *b, const yaml_node *node, const yaml_node *what, const char *family, plan_moment *m)
{
    const yaml_node *type = yaml_tree_find(node, "type"), *reason = yaml_tree_find(node, "reason"),
                    *target = yaml_tree_find(node, "target");
    if (!plan_deed_from_name(family, what->text, &m->deed)) {
        ERROR_AT(b, what, "\"%s\" is no %s; write %s: %s", what->text, family,
                 strcmp(family, "act") == 0 ? "fault" : "act", what->text);
        m->deed = DEED_NONE;
        return;
    }
    build_subject(b, node, what, m);
    build_particulars(b, node, what, m);
    m->type = build_text(b, type);
    m->target = build_text(b, target);
    m->reason = build_text(b, reason);
    if (target != NULL && m->deed != DEED_CLICK && m->deed != DEED_EVENT)
        ERROR_AT(b, target, "only clicks and events have a target");
    if (m->deed == DEED_EVENT && type == NULL)
        ERROR_AT(b, what, "event needs \"type\"");
    if (m->deed != DEED_EVENT && m->deed != DEED_PUSH && type != NULL)
        ERROR_AT(b, type, "only act: event and act: push have a type");
    if (m->deed != DEED_KILL && reason != NULL)
        ERROR_AT(b, reason, "only fault: kill has a reason");
}

static void build_states(builder *b, const yaml_node *node, plan_moment *m)
{
    for (plan_agent_state s = 0; s < AGENT_STATE_COUNT; s++)
        m->states[s] = build_texts(b, yaml_tree_find(node, plan_agent_state_name(s)));
    m->received = build_lines(b, yaml_tree_find(node, "received"));
    m->not_received = build_lines(b, yaml_tree_find(node, "not_received"));
    if (node->count == 0)
        ERROR_AT(b, node, "expected what must hold: alive, dead, blocked, idle, paused, received or not_received");
}

static bool is_settled(const yaml_node *node, plan_deed deed)
{
    const yaml_node *settled = yaml_tree_find(node, "settled");
    if (settled != NULL)
        return strcmp(settled->text, "true") == 0;
    return deed != DEED_CLICK && deed != DEED_EVENT && deed != DEED_ABORT;
}

static void build_moment_of(builder *b, const yaml_node *node, plan_moment *m)
{
    static const char *const keys[] = {"act", "fault", "expect", NULL};
    const yaml_node *what = the_one(b, node, keys, "act, fault and expect");
    m->declared = build_position(b, node);
    m->shows = build_shows(b, yaml_tree_find(node, "shows"));
    build_when(b, node, m);
    if (what == NULL)
        return;
    if (what == yaml_tree_find(node, "expect"))
        build_states(b, what, m);
    else
        build_deed(b, node, what, what == yaml_tree_find(node, "act") ? "act" : "fault", m);
    m->settled = is_settled(node, m->deed);
}

void build_timeline(builder *b, const yaml_node *node)
{
    plan *p = b->plan;
    if (node == NULL)
        return;
    p->timeline = region_allocate(b->memory, (node->count + 1) * sizeof *p->timeline);
    for (size_t i = 0; i < node->count; i++)
        build_moment_of(b, node->items[i], &p->timeline[p->moment_count++]);
}

void build_dialogs(builder *b, const yaml_node *node)
{
    plan *p = b->plan;
    if (node == NULL)
        return;
    p->dialogs = region_allocate(b->memory, (node->count + 1) * sizeof *p->dialogs);
    for (size_t i = 0; i < node->count; i++) {
        const yaml_node *item = node->items[i], *window = yaml_tree_find(item, "window"),
                        *answer = yaml_tree_find(item, "answer");
        p->dialogs[p->dialog_count++] = (plan_dialog){
            .window = build_text(b, window),
            .text = build_text(b, yaml_tree_find(item, "text")),
            .accepts = answer == NULL || strcmp(answer->text, "ok") == 0,
            .delay_ms = build_number(yaml_tree_find(item, "delay_ms"), 0),
        };
        if (window != NULL && !is_window(p, window->text))
            ERROR_AT(b, window, "no window is named \"%s\"", window->text);
    }
}

static bool says(const yaml_node *knobs, const char *key, const char *value)
{
    const yaml_node *node = yaml_tree_find(knobs, key);
    return node != NULL && strcmp(node->text, value) == 0;
}

static int queue_policy_of(const yaml_node *knobs)
{
    static const char *const names[] = {"fifo-global", "round-robin", "weighted", "random"}; /* as enum queue_policy */
    for (int i = 1; i < 4; i++)
        if (says(knobs, "queue_policy", names[i]))
            return i;
    return 0;
}

void build_knobs(builder *b, const yaml_node *node)
{
    if (node == NULL)
        return;
    const yaml_node *isolation = yaml_tree_find(node, "isolation_mode"), *key = yaml_tree_find(node, "oac_default");
    const yaml_node *kill = yaml_tree_find(node, "cluster_kill"), *sharing = yaml_tree_find(node, "thread_sharing"),
                    *threads = yaml_tree_find(node, "pool_threads");
    b->plan->knobs = (plan_knobs){
        .isolation_is_logical = isolation != NULL && strcmp(isolation->text, "logical") == 0,
        .origin_keyed_by_default = key != NULL && strcmp(key->text, "origin") == 0,
        .script_watchdog_ms = build_number(yaml_tree_find(node, "script_watchdog_ms"), 0),
        .microtask_limit = build_number(yaml_tree_find(node, "microtask_limit"), 0),
        .long_task_ms = build_number(yaml_tree_find(node, "long_task_ms"), 0),
        .pause_bound_ms = build_number(yaml_tree_find(node, "pause_bound_ms"), 0),
        .pool_threads = sharing != NULL && strcmp(sharing->text, "pool") == 0 ? build_number(threads, 1) : 0,
        .fps = build_number(yaml_tree_find(node, "fps"), 60),
        .cache = says(node, "bfcache", "off") ? CACHE_OFF : says(node, "bfcache", "in-part") ? CACHE_IN_PART : CACHE_ON,
        .queue_policy = queue_policy_of(node),
        .timer_slack_ms = build_number(yaml_tree_find(node, "timer_slack_ms"), 0),
        .timer_clamp_ms = build_number(yaml_tree_find(node, "timer_clamp_ms"), 4),
        .hidden_throttle_ms = build_number(yaml_tree_find(node, "hidden_throttle_ms"), 0),
        .timer_level_inherits = says(node, "timer_level_through_microtasks", "inherit"),
        .shared_port_starts = says(node, "port_start_shared_near", "automatic"),
        .early_messages_lost = says(node, "early_worker_messages", "lose"),
        .starts_hidden = says(node, "visible", "false"),
        .service_workers_isolate = says(node, "sw_isolation_from_coep", "on"),
        .worklets_isolate = says(node, "worklet_isolation", "all-inherit"),
        .worklet_scopes = build_number(yaml_tree_find(node, "worklet_scopes"), 2),
        .sw_idle_ms = build_number(yaml_tree_find(node, "sw_idle_ms"), KNOB_SW_IDLE_MS),
        .sw_event_limit_ms =
            build_number(yaml_tree_find(node, "sw_event_limit_ms"), KNOB_SW_EVENT_LIMIT_MS),
        .storage_is_shared = says(node, "partition_storage", "off"),
        .extended_lifetime_ms =
            build_number(yaml_tree_find(node, "extended_lifetime_ms"), KNOB_EXTENDED_LIFETIME_MS),
        .between_loads_ms =
            build_number(yaml_tree_find(node, "between_loads_ms"), KNOB_BETWEEN_LOADS_MS),
        .orphans_linger = says(node, "orphan_policy", "lazy"),
        .cluster_kill_notifies = kill != NULL && strcmp(kill->text, "notify") == 0,
    };
}
