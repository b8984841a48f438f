/* The plan: a scenario file after loading, validated and complete. What the runner carries out and
 * what the expectation checker compares an observation with.
 *
 * Ownership: everything hangs on the plan and dies with `plan_free`; no pointer in it is ever owned
 * by somebody else. Threads: read-only after loading, so any number of threads may read it;
 * `plan_empty_script` is for one thread before a run. Blocking: never. Absent numbers are 0, absent
 * texts NULL, absent lists empty, unless said otherwise. */
#ifndef HEDDLE_SCENARIO_PLAN_H
#define HEDDLE_SCENARIO_PLAN_H

#include "base/region.h"
#include "base/finding.h"
#include "base/load_error.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct text_list {
    const char **items;
    size_t count;
} text_list;

typedef struct number_list {
    uint32_t *items;
    size_t count;
} number_list;

/* One script or module text, and where its lines stand in a file that a person can open. Line l,
 * column c of `text` is line `source_line + l - 1`, column `c + source_indent` of `source_file`;
 * for a script that was read from a file of its own these are 1 and 0. */
typedef struct plan_script {
    const char *url; /* unique within the plan; the name to evaluate it under */
    const char *text;
    size_t length;
    const char *source_file;
    uint32_t source_line;
    uint32_t source_indent;
    source_position declared; /* where the scenario file mentions it */
} plan_script;

/* `files`: what the scenario's scripts can load by URL (workers, modules, data). */
typedef struct plan_file {
    const char *path; /* as declared, e.g. "worker.js" or "lib/lock.mjs" */
    plan_script *script;
} plan_file;

/* `origins`: names for origins, and whether they are secure contexts. */
typedef struct plan_origin {
    const char *name;
    const char *origin; /* serialized: "https://app.example" */
    bool secure;
    source_position declared;
} plan_origin;

typedef struct plan_header {
    const char *name, *value;
} plan_header;

/* What a resource answers to one fetch. */
typedef struct plan_answer {
    plan_script *script; /* the body, when it is a script or a page; else NULL: */
    const char *bytes;
    size_t length;
    const char *type; /* Content-Type unless `headers` has one; NULL: none */
    unsigned status;
    const plan_header *headers;
    size_t header_count;
    uint64_t delay_ms;
    bool fails; /* a network error */
} plan_answer;

/* `resources`: what the network serves under a URL, or below a folder's. */
typedef struct plan_resource {
    const char *url;    /* absolute, without a fragment */
    const char *folder; /* on disk: serves what lies in it below `url`, with the answer's headers; else NULL */
    text_list methods;  /* empty: any */
    plan_answer *versions; /* each fetch takes the next; the last one stays */
    size_t version_count;
    source_position declared;
} plan_resource;

typedef struct plan_window {
    const char *name; /* the agent's name in output and expectations */
    const char *url;  /* the document's URL */
    bool module;
    plan_script *script; /* shared with `files` when the window names one; NULL: the resource at `url` is loaded */
    const char *opener;  /* an earlier window that opens this one; NULL = nobody does */
    const char *target;  /* with an opener: the target name and the features of window.open */
    const char *features;
    bool noopener;
    source_position declared;
} plan_window;

typedef enum plan_clock { PLAN_CLOCK_VIRTUAL, PLAN_CLOCK_REAL } plan_clock;

typedef struct plan_limits {
    uint64_t time_ms;  /* of the scenario's clock, for the whole run */
    uint64_t heap_mb;  /* per agent */
    uint64_t stack_kb; /* per agent */
    uint64_t agents;   /* alive at once */
} plan_limits;

/* How the seed text that a scenario teaches relates to the standards. */
typedef enum plan_mark {
    PLAN_MARK_NONE,
    PLAN_MARK_AGREES,
    PLAN_MARK_CONDITIONAL,
    PLAN_MARK_WRONG
} plan_mark;

/* The six teaching fields, each a list of paragraphs. */
typedef enum plan_lesson {
    PLAN_LESSON_SAYS,
    PLAN_LESSON_MEANS,
    PLAN_LESSON_LIKE,
    PLAN_LESSON_TRY,
    PLAN_LESSON_BEWARE,
    PLAN_LESSON_SEE,
    PLAN_LESSON_COUNT
} plan_lesson;

/* One expected line of output, or one expected error. Conditions that are absent hold for every
 * record. */
typedef struct expect_line {
    const char *text; /* equal to the record's text, or to "agent: text" when `agent` is NULL */
    const regex_t *pattern; /* or: a POSIX extended regular expression found in the record's text */
    const char *match;      /* the source of `pattern` */
    const char *agent;
    const char *level; /* log, info, warn, error, debug */
    int64_t after_ms;  /* at or after this moment of the run's clock; -1 absent */
    int64_t before_ms; /* before this moment; -1 absent */
    uint64_t times;    /* how many such records, at least 1 */
    number_list shows; /* syllabus numbers that this expectation demonstrates */
    source_position declared;
} expect_line;

/* Lines in an order: each entry is one line, or a group whose lines may come in any order. */
typedef struct expect_step {
    expect_line *lines;
    size_t count; /* 1, or more for an unordered group */
    bool group;
} expect_step;

typedef struct expect_sequence {
    const char *agent; /* `console`: whose output; else NULL */
    expect_step *steps;
    size_t count;
    source_position declared;
} expect_sequence;

typedef struct expect_lines {
    expect_line *items;
    size_t count;
} expect_lines;

/* The value of a shared cell when the run has ended. */
typedef struct expect_cell {
    const char *name;
    text_list one_of;    /* allowed values, as written; empty when only bounds are given */
    const char *minimum; /* NULL when absent */
    const char *maximum;
    number_list shows;
    source_position declared;
} expect_cell;

typedef struct expect_finding {
    finding_kind kind;
    const char *where; /* "url:line", "file:line" or "file:line:column" of anything the finding
                          names; NULL: anywhere */
    const char *text;  /* contained in the finding's text; NULL: any */
    text_list agents;  /* all of them are part of it */
    uint64_t minimum;  /* how many such findings; at least 1 */
    uint64_t maximum;
    number_list shows;
    source_position declared;
} expect_finding;

typedef struct expect_agent_exit {
    const char *agent;
    const char
        *how; /* finished, closed, terminated, heap-exhausted, ... : the exit record's text */
    source_position declared;
} expect_agent_exit;

typedef struct expect_exit {
    bool present;
    const char *run; /* how the run ended: idle, deadlock, time-limit; NULL: not asked */
    int code;        /* the exit code that the run has before anything is declared; -1: not asked */
    expect_agent_exit *agents;
    size_t agent_count;
    number_list shows;
    source_position declared;
} expect_exit;

/* One thing that a run may come to, and how often, of all runs together. */
typedef struct expect_outcome {
    const char *text;
    uint64_t minimum; /* 0 when absent */
    uint64_t maximum; /* UINT64_MAX when absent */
    number_list shows;
    source_position declared;
} expect_outcome;

typedef struct expect_outcomes {
    text_list cells; /* whose values together are the outcome; empty: the lines of output are */
    expect_outcome *items; /* none other may come */
    size_t count;
    number_list shows;
    source_position declared;
} expect_outcomes;

/* Names that turn out to stand in one relation, each to each. */
typedef enum topology_relation {
    TOPOLOGY_SAME_AGENT,
    TOPOLOGY_DIFFERENT_AGENT,
    TOPOLOGY_SAME_CLUSTER,
    TOPOLOGY_DIFFERENT_CLUSTER,
    TOPOLOGY_ISOLATED, /* each alone: cross-origin isolated */
    TOPOLOGY_NOT_ISOLATED,
    TOPOLOGY_RELATION_COUNT
} topology_relation;

typedef struct expect_topology {
    topology_relation relation;
    text_list names;
    source_position declared;
} expect_topology;
/* What a timeline can do; timeline.def. */
typedef enum plan_deed {
    DEED_NONE,
#define DEED(name, text, family, needs, about) DEED_##name,
#include "scenario/timeline.def"
#undef DEED
    DEED_COUNT
} plan_deed;

/* When the waiting for a moment begins. */
typedef enum plan_trigger {
    TRIGGER_START,
    TRIGGER_LOG,
    TRIGGER_AGENT_STARTED,
    TRIGGER_AGENT_ENDED
} plan_trigger;

/* What an agent is found in. */
typedef enum plan_agent_state {
    AGENT_STATE_ALIVE,
    AGENT_STATE_DEAD,
    AGENT_STATE_BLOCKED,
    AGENT_STATE_IDLE,
    AGENT_STATE_PAUSED,
    AGENT_STATE_COUNT
} plan_agent_state;

/* One entry of `timeline`: something that is done, goes wrong or must hold at a moment of the run.
 */
typedef struct plan_moment {
    plan_trigger trigger;
    expect_line line;  /* TRIGGER_LOG: what is waited for */
    const char *agent; /* TRIGGER_AGENT_*: its name */
    uint64_t wait_ms;  /* after the trigger; TRIGGER_START: the moment itself */
    bool settled;      /* not before all agents sleep, or have gone on for a second */

    plan_deed deed;
    const char *subject; /* the agent or window that it is about */
    const char *type;    /* DEED_EVENT: of the event */
    const char *target;  /* of a click or event: a selector; NULL: the window itself */
    const char *reason;  /* of a kill, in the scenario's words; NULL */
    const char *url;     /* DEED_NAVIGATE, DEED_PUSH: absolute */
    const char *data;    /* DEED_PUSH: NULL = none */
    const char *source;  /* DEED_DELAY: of tasks; NULL: messages of any kind */
    uint64_t for_ms;     /* DEED_DELAY, DEED_CLOCK_JUMP */
    uint64_t count;      /* DEED_DROP: of messages */

    text_list states[AGENT_STATE_COUNT]; /* who must be found so */
    expect_lines received, not_received; /* lines up to this moment */
    number_list shows;
    source_position declared;
} plan_moment;

/* One entry of `dialogs`: how the next alert, confirm or prompt is answered. */
typedef struct plan_dialog {
    const char *window; /* NULL: whichever shows it */
    const char *text;   /* NULL: what the prompt offers */
    bool accepts;
    uint64_t delay_ms;
} plan_dialog;

/* The back/forward cache (R-CR-05). */
typedef enum plan_cache {
    CACHE_ON,      /* pages are kept, unless that stopped a part of a cluster */
    CACHE_OFF,     /* none is */
    CACHE_IN_PART, /* all are, and the rule is broken */
} plan_cache;
#define KNOB_SW_IDLE_MS 30000
#define KNOB_SW_EVENT_LIMIT_MS 300000
#define KNOB_EXTENDED_LIFETIME_MS 30000
#define KNOB_BETWEEN_LOADS_MS 5000

/* What the specifications leave open; zero is what the web does. */
typedef struct plan_knobs {
    uint64_t script_watchdog_ms, microtask_limit; /* 0: none */
    uint64_t pause_bound_ms;    /* so long a cluster may be partly paused (R-CR-01) */
    uint64_t long_task_ms;      /* longer tasks are findings; 0: none is */
    bool isolation_is_logical;     /* R-COOP-06, R-COI-06 */
    bool origin_keyed_by_default;  /* R-AG-17 */
    uint64_t pool_threads;      /* threads that agents share which cannot block; 0: each has its own */
    uint64_t fps;               /* frames a second of the virtual display; 60 when absent */
    plan_cache cache;
    int queue_policy;           /* enum queue_policy of agent/world.h */
    uint64_t timer_slack_ms, timer_clamp_ms, hidden_throttle_ms; /* timer_clamp_ms: 4 when absent */
    bool timer_level_inherits;  /* R-TM-04 */
    bool shared_port_starts;    /* R-MP-04 */
    bool early_messages_lost;   /* R-MP-03 */
    bool starts_hidden;         /* R-RN-01 */
    bool service_workers_isolate; /* R-COI-04 */
    bool worklets_isolate;      /* R-COI-05 */
    uint64_t worklet_scopes;    /* of paint, layout and animation worklets; 2 when absent */
    uint64_t sw_idle_ms, sw_event_limit_ms; /* R-SV-12; 30000 and 300000 when absent, 0: never */
    bool storage_is_shared;     /* partition_storage: off */
    uint64_t extended_lifetime_ms, between_loads_ms; /* R-WL-01, R-WL-04; 30000 and 5000 when absent */
    bool orphans_linger;        /* orphan_policy: lazy (R-WL-06) */
    bool cluster_kill_notifies; /* a kill ends one agent, and the others are told (R-CR-02) */
} plan_knobs;

/* Everything under `expect`. `has_*` tells an empty list ("nothing may be logged") from an absent
 * one. */
typedef struct plan_expect {
    bool has_log, has_errors;
    expect_sequence log;    /* the whole output, in this order */
    expect_sequence *order; /* chains: these lines in this order, others may come between */
    size_t order_count;
    expect_sequence *console; /* per agent: its whole output, in this order */
    size_t console_count;
    expect_lines unordered; /* each of these appears; order and further lines are free */
    expect_lines never;     /* none of these appears */
    expect_lines errors;    /* the uncaught errors and rejections, in any order */
    expect_cell *cells;
    size_t cell_count;
    expect_finding *findings;
    size_t finding_count;
    expect_topology *topology;
    size_t topology_count;
    number_list topology_shows;
    expect_outcomes outcomes;
    expect_exit exit;
} plan_expect;

/* No package has a name with a space in it. */
#define PLAN_NEEDS_TAIL_CALLS "tail calls"

typedef struct plan {
    region *memory;
    const char *file; /* the scenario file as it was named to the loader */
    const char
        *directory; /* its folder, "." when the name has none: further files are looked up here */
    const char *title;
    text_list about;
    number_list teaches;
    text_list rules; /* the rules that it shows: rules.h */
    text_list seeds; /* names of the seed texts: 000, 001, 002, 003 */
    plan_mark mark;
    text_list lessons[PLAN_LESSON_COUNT];
    uint64_t seed; /* 1 when absent */
    plan_clock clock;
    uint64_t repeat; /* 1 when absent */
    plan_limits limits;
    text_list needs; /* npm packages, or PLAN_NEEDS_…, without which the scenario is not run */
    plan_file *files;
    size_t file_count;
    plan_origin *origins;
    size_t origin_count;
    text_list public_suffixes; /* beside the list's */
    plan_resource *resources;
    size_t resource_count;
    plan_window *windows;
    size_t window_count;
    plan_moment *timeline;
    size_t moment_count;
    plan_knobs knobs;
    plan_dialog *dialogs;
    size_t dialog_count;
    plan_script **scripts; /* every script of `files`, `resources` and `windows`, once */
    size_t script_count;
    plan_expect expect;
    bool is_script;           /* a bare script: it has no scenario that could declare anything */
    struct source_maps *maps; /* scenario/source_maps.h */
    regex_t **patterns; /* compiled expressions of `expect`, which regfree wants back */
    size_t pattern_count;
} plan;

/* Frees the plan and everything in it; NULL is allowed. */
void plan_free(plan *p);

/* The file declared under that path or URL ("worker.js", "/worker.js",
 * "https://scenario.test/worker.js?x"), NULL when `files` has none. A query or fragment is looked
 * up as written first, then left out. */
const plan_file *plan_find_file(const plan *p, const char *path_or_url);

/* The resource that answers a URL: declared under it, under it without its query, or a folder that it lies below; NULL for none. */
const plan_resource *plan_find_resource(const plan *p, const char *url);

const plan_script *plan_find_script(const plan *p, const char *url);

/* Where line and column of a script stand for a reader: an inline script is translated into the
 * scenario file. A URL that is not in the plan comes back unchanged. */
source_position plan_locate(const plan *p, const char *url, uint32_t line, uint32_t column);

/* Replaces a script's text by nothing: what a test does to see that the expectations depend on it.
 */
void plan_empty_script(plan *p, size_t script_index);

/* ✓, ~ or ✗; "" for none. */
const char *plan_mark_text(plan_mark mark);

/* terminate, kill, ... */
const char *plan_deed_name(plan_deed deed);
/* What a deed needs beside its name: "agent", "window" or "". */
const char *plan_deed_needs(plan_deed deed);
/* False when nothing has that name under `family` ("act", "fault"). */
bool plan_deed_from_name(const char *family, const char *name, plan_deed *deed);

/* alive, dead, blocked, idle, paused. */
const char *plan_agent_state_name(plan_agent_state state);

/* says, means, like, try, beware, see. */
const char *plan_lesson_name(plan_lesson lesson);

#endif
