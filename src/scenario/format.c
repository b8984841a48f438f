#include "scenario/format.h"

#include "base/finding.h"

#include <string.h>

#define FIELDS(table) .fields = (table), .field_count = sizeof(table) / sizeof(table)[0]

static const schema text = {.shape = SCHEMA_TEXT, .expects = "a text"};
static const schema flag = {.shape = SCHEMA_FLAG, .expects = "true or false"};

static const schema text_items = {
    .shape = SCHEMA_LIST, .expects = "a list of texts", .item = &text};
static const schema texts = {.shape = SCHEMA_EITHER,
                             .name = "texts",
                             .expects = "a text or a list of texts",
                             .scalar = &text,
                             .list = &text_items};

static const schema entry = {
    .shape = SCHEMA_NUMBER, .expects = "a syllabus number", .minimum = 1, .maximum = SYLLABUS_LAST};
static const schema entry_items = {.shape = SCHEMA_LIST,
                                   .expects = "a list of syllabus numbers",
                                   .item = &entry,
                                   .maximum = SYLLABUS_LAST};
static const schema entries = {.shape = SCHEMA_EITHER,
                               .name = "entries",
                               .expects = "a syllabus number or a list of them",
                               .scalar = &entry,
                               .list = &entry_items};

static const char *const rule_names[] = {
#define RULE(id, state, why, title) id,
#include "scenario/rules.def"
#undef RULE
    NULL};
static const schema rule = {.shape = SCHEMA_CHOICE,
                            .expects = "a rule of tests/rules.md, such as R-CL-01",
                            .choices = rule_names};
static const schema rule_items = {
    .shape = SCHEMA_LIST, .expects = "a list of rules", .item = &rule, .maximum = 100};
static const schema rules = {.shape = SCHEMA_EITHER,
                             .expects = "a rule or a list of rules",
                             .scalar = &rule,
                             .list = &rule_items};

static const schema seed = {
    .shape = SCHEMA_NUMBER, .expects = "a whole number", .minimum = 0, .maximum = UINT64_MAX};
static const schema moment = {
    .shape = SCHEMA_NUMBER, .expects = "milliseconds", .minimum = 0, .maximum = 1000000000000};
static const schema times = {
    .shape = SCHEMA_NUMBER, .expects = "a whole number", .minimum = 1, .maximum = 1000000};
static const schema how_many = {
    .shape = SCHEMA_NUMBER, .expects = "a whole number", .minimum = 1, .maximum = 1000000};

static const char *const clock_names[] = {"virtual", "real", NULL};
static const schema clock_choice = {
    .shape = SCHEMA_CHOICE, .expects = "one of the clocks", .choices = clock_names};
static const char *const schedule_names[] = {"native", NULL};
static const schema schedule = {
    .shape = SCHEMA_CHOICE, .expects = "a schedule", .choices = schedule_names};
static const char *const mark_names[] = {"✓", "~", "✗", NULL};
static const schema mark = {
    .shape = SCHEMA_CHOICE, .expects = "one of the marks", .choices = mark_names};
static const char *const seed_names[] = {"000", "001", "002", "003", NULL};
static const schema seed_name = {
    .shape = SCHEMA_CHOICE, .expects = "one of the seed texts", .choices = seed_names};
static const schema seed_list = {
    .shape = SCHEMA_LIST, .expects = "a list of seed texts", .item = &seed_name};
static const schema seeds = {.shape = SCHEMA_EITHER,
                             .expects = "the name of a seed text or a list of them",
                             .scalar = &seed_name,
                             .list = &seed_list};

static const schema limit_time = {
    .shape = SCHEMA_NUMBER, .expects = "milliseconds", .minimum = 1, .maximum = 86400000};
static const schema limit_heap = {
    .shape = SCHEMA_NUMBER, .expects = "mebibytes", .minimum = 1, .maximum = 65536};
static const schema limit_stack = {
    .shape = SCHEMA_NUMBER, .expects = "kibibytes", .minimum = 64, .maximum = 4096};
static const schema limit_agents = {
    .shape = SCHEMA_NUMBER, .expects = "a whole number", .minimum = 1, .maximum = 100000};
static const schema_field limit_fields[] = {
    {"time_ms", &limit_time, "length of the run on its own clock, in milliseconds", false},
    {"heap_mb", &limit_heap, "heap of each agent, in MiB", false},
    {"stack_kb", &limit_stack, "stack of each agent, in KiB", false},
    {"agents", &limit_agents, "agents alive at once", false},
};
static const schema limits = {
    .shape = SCHEMA_OBJECT, .expects = "a map of limits", FIELDS(limit_fields)};

static const schema_field file_fields[] = {
    {"from", &text, "path of a file on disk, beside the scenario", true},
};
static const schema file_on_disk = {
    .shape = SCHEMA_OBJECT, .expects = "a map with \"from\"", FIELDS(file_fields)};
static const schema file = {
    .shape = SCHEMA_EITHER,
    .name = "file",
    .expects = "the script's text (after a | so that its lines are kept) or a map with \"from\"",
    .scalar = &text,
    .map = &file_on_disk};
static const schema files = {.shape = SCHEMA_OBJECT,
                             .expects = "a map from paths to scripts",
                             .other = &file,
                             .other_about = "what is found under that path"};

static const schema_field origin_fields[] = {
    {"url", &text, "scheme, host and port: https://app.example:8443", true},
    {"secure", &flag, "whether it is a secure context; by scheme and host when absent", false},
};
static const schema origin_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map with \"url\"", FIELDS(origin_fields)};
static const schema origin = {.shape = SCHEMA_EITHER,
                              .expects = "an origin such as https://app.example, or a map with \"url\"",
                              .scalar = &text,
                              .map = &origin_map};
static const schema origins = {.shape = SCHEMA_OBJECT,
                               .expects = "a map from names to origins",
                               .other = &origin,
                               .other_about = "the origin of that name: `name:/path` is an address there"};

static const schema headers = {.shape = SCHEMA_OBJECT,
                               .expects = "a map from header names to values",
                               .other = &texts,
                               .other_about = "the value of that header, or one for each time that it is sent"};
static const schema http_status = {
    .shape = SCHEMA_NUMBER, .expects = "an HTTP status", .minimum = 200, .maximum = 599};
static const char *const failure_names[] = {"network", NULL};
static const schema failure = {
    .shape = SCHEMA_CHOICE, .expects = "a kind of failure", .choices = failure_names};

#define ANSWER_FIELDS                                                                              \
    {"html", &text, "the body: a page (after a |)", false},                                        \
        {"script", &text, "the body: JavaScript (after a |)", false},                              \
        {"body", &text, "the body: any text", false},                                              \
        {"json", &text, "the body: JSON, as text", false},                                         \
        {"base64", &text, "the body: bytes, in base64", false},                                    \
        {"from", &text, "the body: a file on disk, beside the scenario", false},                   \
        {"type", &text, "its Content-Type; by the kind of body or the file's name when absent", false}, \
        {"status", &http_status, "its HTTP status; 200 when absent", false},                       \
        {"headers", &headers, "its headers, and no others but Content-Type", false},               \
        {"redirect", &text, "the address that it sends the browser to; status 302 when absent", false}, \
        {"delay_ms", &moment, "from request to answer, in milliseconds of the run's clock", false}, \
    {                                                                                              \
        "fail", &failure, "network: there is no answer but a network error", false                 \
    }

static const schema_field answer_fields[] = {ANSWER_FIELDS};
static const schema answer = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes an answer", FIELDS(answer_fields)};
static const schema versions = {.shape = SCHEMA_LIST,
                                .expects = "at least one answer",
                                .item = &answer,
                                .not_empty = true,
                                .maximum = 1000};
static const schema_field resource_fields[] = {
    ANSWER_FIELDS,
    {"folder", &text, "a folder on disk, beside the scenario: what lies in it is served below this address", false},
    {"methods", &texts, "the HTTP methods that it knows; any when absent, 405 answers the others", false},
    {"versions", &versions,
     "answers that replace each other: each fetch takes the next, the last one stays. What is said beside them holds for all", false},
};
static const schema resource_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes a resource", FIELDS(resource_fields)};
static const schema resource = {.shape = SCHEMA_EITHER,
                                .name = "resource",
                                .expects = "the resource's text, or a map that describes the resource",
                                .scalar = &text,
                                .map = &resource_map};
static const schema resources = {.shape = SCHEMA_OBJECT,
                                 .expects = "a map from addresses to resources",
                                 .other = &resource,
                                 .other_about = "what is answered at that address: `name:/path` with an origin's name, or a URL"};

static const schema_field window_fields[] = {
    {"name", &text, "the agent's name in output and expectations", false},
    {"url", &text, "the document's address; https://scenario.test/ when absent", false},
    {"script", &text,
     "the script's text (after a |), a path of `files`, or a .js or .mjs file beside the scenario",
     false},
    {"opener", &text, "the window that opens this one with window.open", false},
    {"noopener", &flag, "true: opened without a way back, in a browsing context group of its own", false},
    {"target", &text, "with an opener: the window's target name", false},
    {"features", &text, "with an opener: the features given to window.open", false},
    {"module", &flag, "true: a module, false: a classic script; .mjs files are modules", false},
};
static const schema window = {.shape = SCHEMA_OBJECT,
                              .name = "window",
                              .expects = "a map that describes a window",
                              FIELDS(window_fields)};
static const schema window_list = {.shape = SCHEMA_LIST,
                                   .expects = "at least one window",
                                   .item = &window,
                                   .not_empty = true,
                                   .maximum = 4096};
static const schema window_or_script = {
    .shape = SCHEMA_EITHER,
    .expects = "the window's script, or a map that describes the window",
    .scalar = &text,
    .map = &window};
static const schema window_map = {.shape = SCHEMA_OBJECT,
                                  .expects = "at least one window",
                                  .other = &window_or_script,
                                  .other_about = "the window of that name",
                                  .not_empty = true};
static const schema windows = {.shape = SCHEMA_EITHER,
                               .expects = "a list of windows, or a map from names to windows",
                               .list = &window_list,
                               .map = &window_map};

static const char *const level_names[] = {"log", "info", "warn", "error", "debug", NULL};
static const schema level = {
    .shape = SCHEMA_CHOICE, .expects = "one of the console's levels", .choices = level_names};

#define LINE_FIELDS                                                                                \
    {"text", &text, "the line's text, exactly; \"agent: text\" names the agent too", false},       \
        {"match", &text, "a regular expression (POSIX, extended) found in the line", false},       \
        {"agent", &text, "the agent that says it", false},                                         \
        {"level", &level, "the console method it came by", false},                                 \
        {"after_ms", &moment, "not earlier than this moment of the run's clock", false},           \
        {"before_ms", &moment, "earlier than this moment of the run's clock", false},              \
        {"times", &times, "how many such lines", false},                                           \
    {                                                                                              \
        "shows", &entries, "the syllabus numbers that this demonstrates", false                    \
    }

static const schema_field line_fields[] = {LINE_FIELDS};
static const schema line_map = {.shape = SCHEMA_OBJECT,
                                .expects = "a map that describes a line",
                                FIELDS(line_fields),
                                .other = &text,
                                .other_about =
                                    "short form: the key is the agent, the value its text"};
static const schema line = {.shape = SCHEMA_EITHER,
                            .name = "line",
                            .expects = "a line of output, or a map that describes one",
                            .scalar = &text,
                            .map = &line_map};
static const schema line_list = {.shape = SCHEMA_LIST,
                                 .name = "lines",
                                 .expects = "a list of lines",
                                 .item = &line,
                                 .maximum = 10000};

static const schema_field step_fields[] = {
    LINE_FIELDS,
    {"unordered", &line_list, "lines that come here, in any order", false},
};
static const schema step_map = {.shape = SCHEMA_OBJECT,
                                .expects = "a map that describes a line",
                                FIELDS(step_fields),
                                .other = &text,
                                .other_about =
                                    "short form: the key is the agent, the value its text"};
static const schema step = {.shape = SCHEMA_EITHER,
                            .name = "step",
                            .expects = "a line of output, or a map that describes one",
                            .scalar = &text,
                            .map = &step_map};
static const schema step_list = {
    .shape = SCHEMA_LIST, .expects = "a list of lines", .item = &step, .maximum = 100000};
static const schema sequence = {.shape = SCHEMA_EITHER,
                                .name = "sequence",
                                .expects = "a list of lines, or a text with one line each",
                                .scalar = &text,
                                .list = &step_list};
static const schema consoles = {.shape = SCHEMA_OBJECT,
                                .expects = "a map from agents to their lines",
                                .other = &sequence,
                                .other_about = "the whole output of that agent, in this order"};
static const schema chain_entry = {.shape = SCHEMA_EITHER,
                                   .expects = "a line, or a list of lines",
                                   .scalar = &text,
                                   .list = &step_list,
                                   .map = &step_map};
static const schema order = {.shape = SCHEMA_LIST,
                             .expects = "a list of lines, or a list of such lists",
                             .item = &chain_entry,
                             .not_empty = true};

static const schema_field cell_fields[] = {
    {"is", &texts, "the value, or a list of allowed values", false},
    {"min", &text, "the smallest allowed value", false},
    {"max", &text, "the largest allowed value", false},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema cell_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes a value", FIELDS(cell_fields)};
static const schema cell = {.shape = SCHEMA_EITHER,
                            .expects =
                                "a value, a list of allowed values, or a map with is, min or max",
                            .scalar = &text,
                            .list = &text_items,
                            .map = &cell_map};
static const schema cells = {
    .shape = SCHEMA_OBJECT,
    .expects = "a map from cells to values",
    .other = &cell,
    .other_about =
        "the last value of the cell that a script registered with heddle.cell(name, view, index)"};

static const char *const finding_names[] = {
#define X(name, spelled, about) spelled,
    FINDING_LIST(X)
#undef X
        NULL};
static const schema finding_choice = {.shape = SCHEMA_CHOICE,
                                      .expects = "a kind of finding that can be detected",
                                      .choices = finding_names};
static const schema_field count_fields[] = {
    {"min", &how_many, "at least so many", false},
    {"max", &how_many, "at most so many", false},
};
static const schema count_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map with min or max", FIELDS(count_fields)};
static const schema count = {.shape = SCHEMA_EITHER,
                             .expects = "a whole number, or a map with min or max",
                             .scalar = &how_many,
                             .map = &count_map};
static const schema_field finding_fields[] = {
    {"kind", &finding_choice, "what is found", true},
    {"where", &text, "file:line or file:line:column of something it names", false},
    {"text", &text, "a part of its text", false},
    {"agents", &texts, "agents that are part of it", false},
    {"count", &count, "how many such findings; at least one when absent", false},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema finding_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes a finding", FIELDS(finding_fields)};
static const schema finding = {.shape = SCHEMA_EITHER,
                               .name = "finding",
                               .expects = "a kind of finding, or a map that describes one",
                               .scalar = &finding_choice,
                               .map = &finding_map};
static const schema finding_list = {
    .shape = SCHEMA_LIST, .expects = "a list of findings", .item = &finding};

static const char *const end_names[] = {"idle", "deadlock", "time-limit", NULL};
static const schema end_choice = {
    .shape = SCHEMA_CHOICE, .expects = "how the run ends", .choices = end_names};
static const char *const code_names[] = {"0", "1", "4", NULL};
static const schema code_choice = {
    .shape = SCHEMA_CHOICE, .expects = "an exit code", .choices = code_names};
static const char *const end_or_code_names[] = {"idle", "deadlock", "time-limit", "0",
                                                "1",    "4",        NULL};
static const schema end_or_code = {
    .shape = SCHEMA_CHOICE, .expects = "how the run ends", .choices = end_or_code_names};
static const schema agent_ends = {.shape = SCHEMA_OBJECT,
                                  .expects = "a map from agents to how they end",
                                  .other = &text,
                                  .other_about = "finished, closed, terminated, ..."};
static const schema_field exit_fields[] = {
    {"run", &end_choice, "how the run ends", false},
    {"code", &code_choice, "the exit code that the run has when nothing is declared", false},
    {"agents", &agent_ends, "how agents end", false},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema exit_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes the end", FIELDS(exit_fields)};
static const schema exit_either = {.shape = SCHEMA_EITHER,
                                   .expects = "how the run ends, or a map that describes it",
                                   .scalar = &end_or_code,
                                   .map = &exit_map};

static const schema names = {.shape = SCHEMA_LIST, .name = "names", .expects = "a list of names", .item = &text, .not_empty = true};
static const schema group = {.shape = SCHEMA_EITHER, .expects = "a list of names", .list = &names};
static const schema name_groups = {
    .shape = SCHEMA_LIST, .name = "name_groups", .expects = "a list of lists of names", .item = &group, .maximum = 1000};
static const schema_field topology_fields[] = {
    {"same_agent", &name_groups, "windows, frames and workers that share an agent", false},
    {"different_agent", &name_groups, "that are each in an agent of their own", false},
    {"same_cluster", &name_groups, "that share an agent cluster, and so may share memory", false},
    {"different_cluster", &name_groups, "that are each in a cluster of their own", false},
    {"isolated", &names, "whose crossOriginIsolated is true", false},
    {"not_isolated", &names, "whose crossOriginIsolated is false", false},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema topology = {.shape = SCHEMA_OBJECT, .expects = "a map of relations", FIELDS(topology_fields)};
/* ---- the timeline ---- */

#define DEED(name, text, family, needs, about) text,
/* Both lists hold all names; the builder tells acts from faults, with a message of its own. */
static const char *const deed_names[] = {
#include "scenario/timeline.def"
    NULL};
#undef DEED
static const schema deed = {
    .shape = SCHEMA_CHOICE, .expects = "what a timeline can do", .choices = deed_names};

static const schema_field after_fields[] = {
    {"log", &line, "that line came", false},
    {"started", &text, "the agent of that name was started", false},
    {"ended", &text, "the agent of that name has ended", false},
};
static const schema after_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map with log, started or ended", FIELDS(after_fields)};
static const schema after = {.shape = SCHEMA_EITHER,
                             .expects = "a line of output, or a map with log, started or ended",
                             .scalar = &text,
                             .map = &after_map};
static const schema_field state_fields[] = {
    {"alive", &texts, "agents that live at this moment", false},
    {"dead", &texts, "agents that have ended by then", false},
    {"blocked", &texts, "agents that are blocked", false},
    {"idle", &texts, "agents that have nothing to do", false},
    {"paused", &texts, "agents that stand still", false},
    {"received", &line_list, "lines that have come by then", false},
    {"not_received", &line_list, "lines that have not come by then", false},
};
static const schema states = {
    .shape = SCHEMA_OBJECT, .expects = "a map of what must hold then", FIELDS(state_fields)};
static const char *const source_names[] = {"message", "timer", "networking", "user-interaction", "dom-manipulation", NULL};
static const schema source = {
    .shape = SCHEMA_CHOICE, .expects = "a source of tasks", .choices = source_names};
static const schema_field moment_fields[] = {
    {"at", &moment, "milliseconds of the run's clock", false},
    {"after", &after, "when something has happened: a line of output, an agent's start or end", false},
    {"when", &line, "as after, for a line", false},
    {"wait_ms", &moment, "so long after that", false},
    {"settled", &flag,
     "true: when all agents sleep, or have gone on for a second more; false: at once, whatever they do. "
     "False when absent for click, event and abort", false},
    {"act", &deed, "what is done: click, event, navigate, reload, hide, freeze, store, discard, close, gc, ...", false},
    {"fault", &deed, "what goes wrong: terminate, kill, oom, abort, pause, resume, delay, drop, clock-jump, ...", false},
    {"agent", &text, "the agent that it is about", false},
    {"window", &text, "the window that it is about", false},
    {"type", &text, "act: event and act: push: the type of the event", false},
    {"target", &text, "act: click or event: a selector of the element; the window when absent", false},
    {"reason", &text, "fault: kill: why, in your words", false},
    {"url", &text, "act: navigate: where to; act: push: an address in the scope of the service worker", false},
    {"data", &text, "act: push: what is sent along", false},
    {"source", &source, "fault: delay: what is held back; messages when absent", false},
    {"for_ms", &moment, "fault: delay or clock-jump: for how long", false},
    {"count", &how_many, "fault: drop: how many messages; 1 when absent", false},
    {"expect", &states, "what must hold at this moment", false},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema timeline_moment = {.shape = SCHEMA_OBJECT,
                                       .name = "moment",
                                       .expects = "a moment: at, after or when, and act, fault or expect",
                                       FIELDS(moment_fields)};
static const schema timeline = {.shape = SCHEMA_LIST,
                                .expects = "a list of moments",
                                .item = &timeline_moment,
                                .maximum = 10000};

static const char *const answer_names[] = {"ok", "cancel", NULL};
static const schema dialog_answer = {
    .shape = SCHEMA_CHOICE, .expects = "ok or cancel", .choices = answer_names};
static const schema_field dialog_fields[] = {
    {"window", &text, "the window that shows it; any when absent", false},
    {"answer", &dialog_answer, "ok (when absent) or cancel", false},
    {"text", &text, "what is typed into a prompt", false},
    {"delay_ms", &moment, "how long it stands there, of the run's clock", false},
};
static const schema dialog = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes an answer", FIELDS(dialog_fields)};
static const schema dialogs = {
    .shape = SCHEMA_LIST, .expects = "a list of answers", .item = &dialog, .maximum = 10000};

static const schema frames_per_second = {
    .shape = SCHEMA_NUMBER, .expects = "frames a second", .minimum = 0, .maximum = 1000};
static const schema count_or_none = {
    .shape = SCHEMA_NUMBER, .expects = "a whole number", .minimum = 1, .maximum = 1000000000};
static const char *const kill_names[] = {"whole-cluster", "notify", NULL};
static const schema kill_choice = {
    .shape = SCHEMA_CHOICE, .expects = "what a kill does", .choices = kill_names};
static const char *const isolation_names[] = {"concrete", "logical", NULL};
static const schema isolation_choice = {.shape = SCHEMA_CHOICE, .expects = "what isolation brings", .choices = isolation_names};
static const char *const key_names[] = {"site", "origin", NULL};
static const schema key_choice = {.shape = SCHEMA_CHOICE, .expects = "what agents are keyed by", .choices = key_names};
static const char *const sharing_names[] = {"own", "pool", NULL};
static const schema sharing = {
    .shape = SCHEMA_CHOICE, .expects = "who has a thread", .choices = sharing_names};
static const char *const policy_names[] = {"fifo-global", "round-robin", "weighted", "random", NULL};
static const schema policy = {
    .shape = SCHEMA_CHOICE, .expects = "how a loop picks a source", .choices = policy_names};
static const char *const level_choice_names[] = {"reset", "inherit", NULL};
static const schema level_choice = {
    .shape = SCHEMA_CHOICE, .expects = "what a microtask does to the nesting level", .choices = level_choice_names};
static const char *const port_start_names[] = {"required", "automatic", NULL};
static const schema port_start = {
    .shape = SCHEMA_CHOICE, .expects = "whether a port has to be started", .choices = port_start_names};
static const char *const early_names[] = {"queue", "lose", NULL};
static const schema early = {
    .shape = SCHEMA_CHOICE, .expects = "what becomes of early messages", .choices = early_names};
static const char *const cache_names[] = {"on", "off", "in-part", NULL};
static const schema cache_choice = {
    .shape = SCHEMA_CHOICE, .expects = "which pages are kept", .choices = cache_names};
static const char *const worklet_names[] = {"audio-inherits", "all-inherit", NULL};
static const schema worklet_choice = {
    .shape = SCHEMA_CHOICE, .expects = "which worklets are isolated", .choices = worklet_names};
static const schema scope_count = {
    .shape = SCHEMA_NUMBER, .expects = "a number of scopes", .minimum = 1, .maximum = 16};
static const char *const switch_names[] = {"on", "off", NULL};
static const schema switch_choice = {.shape = SCHEMA_CHOICE, .expects = "on or off", .choices = switch_names};
static const char *const orphan_names[] = {"eager", "lazy", NULL};
static const schema orphan_choice = {.shape = SCHEMA_CHOICE, .expects = "when orphans end", .choices = orphan_names};
static const schema_field knob_fields[] = {
    {"queue_policy", &policy,
     "which source of tasks a loop serves next: the oldest task (fifo-global, when absent), one source after the other, the user's three times out of four, or any (R-EL-01)",
     false},
    {"timer_slack_ms", &moment, "every timer is so much later; 0 when absent (R-TM-07)", false},
    {"timer_clamp_ms", &count_or_none, "deeply nested timers take so long at least; 4 when absent (R-TM-03)", false},
    {"hidden_throttle_ms", &moment, "timers of hidden pages take so long at least; 0 when absent (R-TM-07)", false},
    {"timer_level_through_microtasks", &level_choice, "reset (when absent), by the letter, or inherit, as browsers do (R-TM-04)", false},
    {"port_start_shared_near", &port_start, "whether the page's port of a SharedWorker has to be started (R-MP-04); required when absent", false},
    {"early_worker_messages", &early, "what is posted to a worker before its script runs: queue (when absent), or lose (R-MP-03)", false},
    {"bfcache", &cache_choice,
     "on (when absent): pages are kept, unless that stopped a part of a cluster; off: none is; in-part: all are, and R-CR-01 is found broken (R-CR-05)", false},
    {"visible", &flag, "false: tabs are hidden until the timeline shows them; true when absent (R-RN-01)", false},
    {"sw_isolation_from_coep", &switch_choice, "off (when absent): nothing isolates a service worker; on: the embedder policy of its own response does (R-COI-04)", false},
    {"worklet_isolation", &worklet_choice, "audio-inherits (when absent), or all-inherit (R-COI-05)", false},
    {"worklet_scopes", &scope_count, "global scopes of each paint, layout or animation worklet; 2 when absent (R-WT-01)", false},

    {"isolation_mode", &isolation_choice,
     "concrete, or logical: isolated groups are keyed and restricted alike, but may not share memory (R-COOP-06); concrete when absent", false},
    {"oac_default", &key_choice, "what windows are keyed by where no header says it (R-AG-17); site when absent", false},
    {"thread_sharing", &sharing, "own (when absent): every agent has a thread; pool: those that cannot block share threads (R-AG-07)", false},
    {"pool_threads", &count_or_none, "how many threads they share; 1 when absent", false},
    {"script_watchdog_ms", &count_or_none, "scripts that run longer are aborted (R-EL-12); none is when absent", false},
    {"microtask_limit", &count_or_none, "microtasks in one checkpoint; any number when absent (R-EL-07)", false},
    {"long_task_ms", &count_or_none, "tasks that last longer are findings; none is when absent", false},
    {"pause_bound_ms", &moment, "so long a cluster may be paused in part before R-CR-01 counts as broken; 0 when absent", false},
    {"partition_storage", &switch_choice,
     "on (when absent): frames share storage, channels, locks and workers only below pages of one site; off: by origin alone (R-SW-01)", false},
    {"extended_lifetime_ms", &moment,
     "so long a shared worker with extendedLifetime goes on without owners (R-WL-01); 30000 when absent", false},
    {"between_loads_ms", &moment,
     "so long a shared worker waits for a page that is still loading (R-WL-04); 5000 when absent", false},
    {"orphan_policy", &orphan_choice,
     "workers end when nothing protects them any more (eager, when absent), or when they are not permissible any more (lazy, R-WL-06)", false},
    {"sw_idle_ms", &moment, "a service worker without events is stopped after so long (R-SV-12); 30000 when absent, 0: never", false},
    {"sw_event_limit_ms", &moment,
     "a service worker whose event lasts so long is stopped (R-SV-12); 300000 when absent, 0: never", false},
    {"fps", &frames_per_second, "frames a second of the virtual display; 60 when absent, 0: none (R-RN-01)", false},
    {"cluster_kill", &kill_choice,
     "whole-cluster, as on the web; notify, as on no web: one agent ends, and heddle.ondeath tells the others", false},
};
static const schema knobs = {
    .shape = SCHEMA_OBJECT, .expects = "a map of knobs", FIELDS(knob_fields)};

static const schema_field outcome_fields[] = {
    {"is", &text, "the outcome", true},
    {"count", &count, "in how many of the runs; in any number when absent", false},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema outcome_map = {
    .shape = SCHEMA_OBJECT, .expects = "a map that describes an outcome", FIELDS(outcome_fields)};
static const schema outcome = {.shape = SCHEMA_EITHER,
                               .expects = "an outcome, or a map that describes one",
                               .scalar = &text,
                               .map = &outcome_map};
static const schema outcome_list = {
    .shape = SCHEMA_LIST, .expects = "at least one outcome", .item = &outcome, .not_empty = true, .maximum = 1000};
static const schema_field outcomes_fields[] = {
    {"cells", &names, "cells whose values, with spaces between them, are the outcome; when absent it is the lines of output, with commas between them", false},
    {"allowed", &outcome_list, "what a run may come to, and nothing else", true},
    {"shows", &entries, "the syllabus numbers that this demonstrates", false},
};
static const schema outcomes = {
    .shape = SCHEMA_OBJECT, .expects = "a map with the allowed outcomes", FIELDS(outcomes_fields)};

static const schema_field expect_fields[] = {
    {"log", &sequence, "the whole output of all agents, in this order", false},
    {"order", &order, "lines that come in this order; others may come between", false},
    {"unordered", &line_list, "lines that come, in any order; others may come too", false},
    {"never", &line_list, "lines that do not come", false},
    {"console", &consoles, "the whole output of single agents", false},
    {"errors", &line_list, "the uncaught errors and rejections, in any order", false},
    {"cells", &cells, "values of shared cells when the run has ended", false},
    {"findings", &finding_list, "what is found; everything else that is found is a failure", false},
    {"outcomes", &outcomes, "what the runs come to, each with a seed of its own (repeat)", false},
    {"topology", &topology, "who turns out to share an agent or a cluster", false},
    {"exit", &exit_either, "how the run ends", false},
};
static const schema expect = {
    .shape = SCHEMA_OBJECT, .expects = "a map of expectations", FIELDS(expect_fields)};

static const schema_field scenario_fields[] = {
    {"title", &text, "the scenario's name in a few words", true},
    {"about", &texts, "what it is about", false},
    {"teaches", &entries, "the syllabus numbers that it teaches", false},
    {"rules", &rules, "the rules of tests/rules.md that it shows", false},
    {"seeds", &seeds, "the seed texts that it comes from", false},
    {"mark", &mark, "✓ the seed agrees with the standards, ~ with a condition, ✗ the seed is wrong",
     false},
    {"says", &texts, "what the text says, literally", false},
    {"means", &texts, "what that means", false},
    {"like", &texts, "what it can be compared with", false},
    {"try", &texts, "what to change and run again", false},
    {"beware", &texts, "what is easily got wrong", false},
    {"see", &texts, "where to read on: names of sections", false},
    {"seed", &seed, "seeds every random choice; 1 when absent", false},
    {"clock", &clock_choice, "virtual (time jumps when all wait) or real", false},
    {"schedule", &schedule, "who chooses which agent goes on: native is the machine", false},
    {"repeat", &times, "how often it is run", false},
    {"limits", &limits, "bounds of the run", false},
    {"needs", &texts, "npm packages that must be installed, or 'tail calls'; else the scenario is not run", false},
    {"files", &files, "what scripts can load: a path and the text behind it", false},
    {"origins", &origins, "names for origins; without any, everything lives at https://scenario.test", false},
    {"public_suffixes", &texts, "domains below which sites begin, beside those of the Public Suffix List", false},
    {"resources", &resources, "what the network answers, by address; nothing else is there", false},
    {"windows", &windows, "the windows that are opened, in this order", true},
    {"timeline", &timeline, "what is done, goes wrong or must hold at moments of the run", false},
    {"dialogs", &dialogs, "how alert, confirm and prompt are answered, in this order; others are not shown", false},
    {"knobs", &knobs, "choices that the specifications leave open", false},
    {"expect", &expect, "what must come of it", false},
};

const schema scenario_schema = {.shape = SCHEMA_OBJECT,
                                .expects = "a scenario: a map with title, windows, expect",
                                FIELDS(scenario_fields)};

bool format_is_line_key(const char *key)
{
    for (size_t i = 0; i < sizeof step_fields / sizeof step_fields[0]; i++)
        if (strcmp(step_fields[i].key, key) == 0)
            return true;
    return false;
}
