#include "scenario/build.h"
#include "scenario/format.h"

#include <stdlib.h>
#include <string.h>

#define ERROR_AT(b, node, ...)                                                                     \
    load_error_add((b)->errors, (b)->plan->file, (node)->line, (node)->column, __VA_ARGS__)

static int64_t build_moment(const yaml_node *node)
{
    return node == NULL ? -1 : (int64_t)build_number(node, 0);
}

/* What the C library would compile into gigabytes or match for hours: long patterns, repetitions of
 * repetitions, and back references. */
static const char *find_excess(const char *pattern)
{
    uint64_t product = 1;
    if (strlen(pattern) > 1000)
        return "longer than 1000 characters";
    for (const char *s = pattern; *s != '\0'; s++) {
        if (*s == '\\' && s[1] >= '1' && s[1] <= '9')
            return "back references are not supported";
        if (*s == '\\' && s[1] != '\0')
            s++;
        if (*s < '0' || *s > '9' || (s > pattern && s[-1] >= '0' && s[-1] <= '9'))
            continue;
        const char *before = s;
        while (before > pattern && (before[-1] == ',' || (before[-1] >= '0' && before[-1] <= '9')))
            before--;
        unsigned long times = strtoul(s, NULL, 10);
        if (before > pattern && before[-1] == '{' && times > 1)
            product *= times < 100000 ? times : 100000;
        if (product > 10000)
            return "its repetitions multiply to more than 10000";
    }
    return NULL;
}

static const regex_t *build_pattern(builder *b, const yaml_node *node)
{
    plan *p = b->plan;
    const char *text = build_text(b, node), *excess = find_excess(text);
    if (excess != NULL) {
        ERROR_AT(b, node, "not a usable regular expression: %s", excess);
        return NULL;
    }
    regex_t *pattern = region_allocate(b->memory, sizeof *pattern);
    int problem = regcomp(pattern, text, REG_EXTENDED | REG_NOSUB);
    if (problem != 0) {
        char reason[128];
        regerror(problem, pattern, reason, sizeof reason);
        ERROR_AT(b, node, "not a regular expression: %s", reason);
        return NULL;
    }
    p->patterns = region_grow(b->memory, p->patterns, p->pattern_count, &b->pattern_capacity,
                              sizeof *p->patterns);
    p->patterns[p->pattern_count++] = pattern;
    return pattern;
}

static bool key_is(const yaml_pair *pair, const char *key)
{
    return strcmp(pair->key->text, key) == 0;
}

/* The short form `agent: text`: the one key that is no key of a line. */
static void build_short_form(builder *b, const yaml_node *node, expect_line *line)
{
    const yaml_pair *own = NULL;
    for (size_t i = 0; i < node->count; i++) {
        const yaml_pair *pair = &node->pairs[i];
        if (format_is_line_key(pair->key->text))
            continue;
        bool full_form = yaml_tree_find(node, "text") != NULL ||
                         yaml_tree_find(node, "match") != NULL ||
                         yaml_tree_find(node, "agent") != NULL;
        if (full_form || own != NULL) {
            ERROR_AT(b, pair->key,
                     "unknown key \"%s\"; a line has text or match, agent, level, after_ms, "
                     "before_ms, times, shows, "
                     "or is written short as agent: text",
                     pair->key->text);
            return;
        }
        own = pair;
        line->agent = build_text(b, own->key);
        line->text = build_text(b, own->value);
    }
}

static expect_line blank_line(const builder *b, const yaml_node *node)
{
    return (expect_line){
        .after_ms = -1, .before_ms = -1, .times = 1, .declared = build_position(b, node)};
}

static void build_line_map(builder *b, const yaml_node *node, expect_line *line)
{
    const yaml_node *match = yaml_tree_find(node, "match"), *text = yaml_tree_find(node, "text");
    build_short_form(b, node, line);
    if (text != NULL && match != NULL)
        ERROR_AT(b, match, "either \"text\" or \"match\", not both");
    if (text == NULL && match == NULL && line->text == NULL)
        ERROR_AT(b, node, "expected \"text\" or \"match\", or the short form agent: text");
    if (text != NULL)
        line->text = build_text(b, text);
    if (match != NULL) {
        line->match = build_text(b, match);
        line->pattern = build_pattern(b, match);
    }
    if (line->agent == NULL)
        line->agent = build_text(b, yaml_tree_find(node, "agent"));
    line->level = build_text(b, yaml_tree_find(node, "level"));
    line->after_ms = build_moment(yaml_tree_find(node, "after_ms"));
    line->before_ms = build_moment(yaml_tree_find(node, "before_ms"));
    line->times = build_number(yaml_tree_find(node, "times"), 1);
    line->shows = build_shows(b, yaml_tree_find(node, "shows"));
    if (line->after_ms >= 0 && line->before_ms >= 0 && line->before_ms <= line->after_ms)
        ERROR_AT(b, yaml_tree_find(node, "before_ms"),
                 "no moment is before %lld ms and after %lld ms", (long long)line->before_ms,
                 (long long)line->after_ms);
}

expect_line build_line(builder *b, const yaml_node *node)
{
    expect_line line = blank_line(b, node);
    if (node->shape == YAML_SCALAR)
        line.text = build_text(b, node);
    else
        build_line_map(b, node, &line);
    return line;
}

expect_lines build_lines(builder *b, const yaml_node *node)
{
    expect_lines lines = {0};
    if (node == NULL)
        return lines;
    lines.items = region_allocate(b->memory, (node->count + 1) * sizeof *lines.items);
    for (size_t i = 0; i < node->count; i++)
        lines.items[lines.count++] = build_line(b, node->items[i]);
    return lines;
}

/* `unordered: [...]` as an entry of a sequence. */
static void build_group(builder *b, const yaml_node *node, expect_step *step)
{
    const yaml_node *items = yaml_tree_find(node, "unordered");
    expect_lines lines = build_lines(b, items);
    number_list shows = build_shows(b, yaml_tree_find(node, "shows"));
    for (size_t i = 0; i < node->count; i++)
        if (!key_is(&node->pairs[i], "unordered") && !key_is(&node->pairs[i], "shows"))
            ERROR_AT(b, node->pairs[i].key,
                     "unknown key \"%s\" beside \"unordered\"; only \"shows\" can stand there",
                     node->pairs[i].key->text);
    if (lines.count == 0)
        ERROR_AT(b, items, "expected at least one line");
    for (size_t i = 0; i < lines.count; i++)
        if (lines.items[i].shows.count == 0)
            lines.items[i].shows = shows;
    *step = (expect_step){lines.items, lines.count, true};
}

static void build_step(builder *b, const yaml_node *node, expect_step *step)
{
    if (node->shape == YAML_MAP && yaml_tree_find(node, "unordered") != NULL) {
        build_group(b, node, step);
        return;
    }
    step->lines = region_allocate(b->memory, sizeof *step->lines);
    step->lines[0] = build_line(b, node);
    step->count = 1;
}

/* A block text, one expected line per line. */
static void build_steps_of_text(builder *b, const yaml_node *node, expect_sequence *sequence)
{
    const char *text = build_text(b, node);
    size_t count = 1;
    for (const char *s = text; *s != '\0'; s++)
        count += *s == '\n';
    sequence->steps = region_allocate(b->memory, count * sizeof *sequence->steps);
    uint32_t number = 0;
    for (const char *start = text;; number++) {
        size_t length = strcspn(start, "\n");
        expect_line *line = region_allocate(b->memory, sizeof *line);
        *line = blank_line(b, node);
        line->text = region_copy(b->memory, start, length);
        if (node->literal)
            line->declared =
                (source_position){b->plan->file, node->text_line + number, node->text_column};
        sequence->steps[sequence->count++] = (expect_step){line, 1, false};
        if (start[length] == '\0')
            return;
        start += length + 1;
    }
}

static expect_sequence build_sequence(builder *b, const yaml_node *node)
{
    expect_sequence sequence = {.declared = build_position(b, node)};
    if (node->shape == YAML_SCALAR) {
        build_steps_of_text(b, node, &sequence);
        return sequence;
    }
    sequence.steps = region_allocate(b->memory, (node->count + 1) * sizeof *sequence.steps);
    for (size_t i = 0; i < node->count; i++)
        build_step(b, node->items[i], &sequence.steps[sequence.count++]);
    return sequence;
}

/* `order` is one chain of lines or a list of chains. */
static void build_order(builder *b, const yaml_node *node, plan_expect *e)
{
    bool chains = node->items[0]->shape == YAML_LIST;
    e->order = region_allocate(b->memory, node->count * sizeof *e->order);
    for (size_t i = 0; i < node->count; i++)
        if ((node->items[i]->shape == YAML_LIST) != chains) {
            ERROR_AT(b, node->items[i],
                     "\"order\" is either a list of lines or a list of lists, not a mixture");
            return;
        }
    for (size_t i = 0; i < (chains ? node->count : 1); i++) {
        const yaml_node *chain = chains ? node->items[i] : node;
        e->order[e->order_count] = build_sequence(b, chain);
        if (e->order[e->order_count++].count < 2)
            ERROR_AT(b, chain, "an order needs two lines at least");
    }
}

static void build_consoles(builder *b, const yaml_node *node, plan_expect *e)
{
    e->console = region_allocate(b->memory, (node->count + 1) * sizeof *e->console);
    for (size_t i = 0; i < node->count; i++) {
        e->console[e->console_count] = build_sequence(b, node->pairs[i].value);
        e->console[e->console_count++].agent = build_text(b, node->pairs[i].key);
    }
}

static void build_cells(builder *b, const yaml_node *node, plan_expect *e)
{
    e->cells = region_allocate(b->memory, (node->count + 1) * sizeof *e->cells);
    for (size_t i = 0; i < node->count; i++) {
        const yaml_node *value = node->pairs[i].value;
        expect_cell *cell = &e->cells[e->cell_count++];
        cell->name = build_text(b, node->pairs[i].key);
        cell->declared = build_position(b, node->pairs[i].key);
        if (value->shape != YAML_MAP) {
            cell->one_of = build_texts(b, value);
        } else {
            cell->one_of = build_texts(b, yaml_tree_find(value, "is"));
            cell->minimum = build_text(b, yaml_tree_find(value, "min"));
            cell->maximum = build_text(b, yaml_tree_find(value, "max"));
            cell->shows = build_shows(b, yaml_tree_find(value, "shows"));
        }
        if (cell->one_of.count == 0 && cell->minimum == NULL && cell->maximum == NULL)
            ERROR_AT(b, value, "expected the cell's value: is, min or max");
    }
}

static void build_count(builder *b, const yaml_node *node, expect_finding *finding)
{
    finding->minimum = 1;
    finding->maximum = UINT64_MAX;
    if (node == NULL)
        return;
    if (node->shape == YAML_SCALAR) {
        finding->minimum = finding->maximum = build_number(node, 1);
        return;
    }
    finding->minimum = build_number(yaml_tree_find(node, "min"), 1);
    finding->maximum = build_number(yaml_tree_find(node, "max"), UINT64_MAX);
    if (finding->minimum > finding->maximum)
        ERROR_AT(b, node, "\"min\" is larger than \"max\"");
}

static void build_findings(builder *b, const yaml_node *node, plan_expect *e)
{
    e->findings = region_allocate(b->memory, (node->count + 1) * sizeof *e->findings);
    for (size_t i = 0; i < node->count; i++) {
        const yaml_node *item = node->items[i], *kind = item;
        expect_finding *finding = &e->findings[e->finding_count++];
        finding->declared = build_position(b, item);
        if (item->shape == YAML_MAP) {
            kind = yaml_tree_find(item, "kind");
            finding->where = build_text(b, yaml_tree_find(item, "where"));
            finding->text = build_text(b, yaml_tree_find(item, "text"));
            finding->agents = build_texts(b, yaml_tree_find(item, "agents"));
            finding->shows = build_shows(b, yaml_tree_find(item, "shows"));
        }
        build_count(b, item->shape == YAML_MAP ? yaml_tree_find(item, "count") : NULL, finding);
        finding_from_name(kind->text, &finding->kind);
    }
}

static void build_exit(builder *b, const yaml_node *node, plan_expect *e)
{
    expect_exit *x = &e->exit;
    x->present = true;
    x->declared = build_position(b, node);
    uint64_t code;
    if (node->shape == YAML_SCALAR) {
        if (schema_number(node->text, &code))
            x->code = (int)code;
        else
            x->run = build_text(b, node);
        return;
    }
    x->run = build_text(b, yaml_tree_find(node, "run"));
    x->code = (int)build_number(yaml_tree_find(node, "code"), (uint64_t)-1);
    x->shows = build_shows(b, yaml_tree_find(node, "shows"));
    const yaml_node *agents = yaml_tree_find(node, "agents");
    if (agents == NULL)
        return;
    x->agents = region_allocate(b->memory, (agents->count + 1) * sizeof *x->agents);
    for (size_t i = 0; i < agents->count; i++) {
        const yaml_pair *pair = &agents->pairs[i];
        x->agents[x->agent_count++] = (expect_agent_exit){
            build_text(b, pair->key), build_text(b, pair->value), build_position(b, pair->key)};
    }
}

static void add_topology(builder *b, plan_expect *e, topology_relation relation, const yaml_node *names)
{
    e->topology[e->topology_count++] = (expect_topology){relation, build_texts(b, names), build_position(b, names)};
}

static void build_topology(builder *b, const yaml_node *node, plan_expect *e)
{
    static const char *const keys[TOPOLOGY_RELATION_COUNT] = {"same_agent",        "different_agent", "same_cluster",
                                                              "different_cluster", "isolated",        "not_isolated"};
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++)
        count += node->pairs[i].value->count + 1;
    e->topology = region_allocate(b->memory, (count + 1) * sizeof *e->topology);
    for (topology_relation r = 0; r < TOPOLOGY_RELATION_COUNT; r++) {
        const yaml_node *value = yaml_tree_find(node, keys[r]);
        if (value != NULL && r >= TOPOLOGY_ISOLATED)
            add_topology(b, e, r, value);
        for (size_t i = 0; value != NULL && r < TOPOLOGY_ISOLATED && i < value->count; i++)
            add_topology(b, e, r, value->items[i]);
    }
    e->topology_shows = build_shows(b, yaml_tree_find(node, "shows"));
}

/* Unlike findings, an outcome need not come at all. */
static void build_outcome_count(builder *b, const yaml_node *node, expect_outcome *outcome)
{
    outcome->maximum = UINT64_MAX;
    if (node == NULL)
        return;
    if (node->shape == YAML_SCALAR) {
        outcome->minimum = outcome->maximum = build_number(node, 0);
        return;
    }
    outcome->minimum = build_number(yaml_tree_find(node, "min"), 0);
    outcome->maximum = build_number(yaml_tree_find(node, "max"), UINT64_MAX);
    if (outcome->minimum > outcome->maximum)
        ERROR_AT(b, node, "\"min\" is larger than \"max\"");
}

static void build_outcome(builder *b, const yaml_node *item, expect_outcomes *e)
{
    bool map = item->shape == YAML_MAP;
    expect_outcome *outcome = &e->items[e->count];
    *outcome = (expect_outcome){
        .text = build_text(b, map ? yaml_tree_find(item, "is") : item),
        .shows = build_shows(b, map ? yaml_tree_find(item, "shows") : NULL),
        .declared = build_position(b, item),
    };
    build_outcome_count(b, map ? yaml_tree_find(item, "count") : NULL, outcome);
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->items[i].text, outcome->text) == 0)
            ERROR_AT(b, item, "the outcome \"%s\" stands here a second time", outcome->text);
    e->count++;
}

static void build_outcomes(builder *b, const yaml_node *node, plan_expect *e)
{
    const yaml_node *allowed = yaml_tree_find(node, "allowed");
    e->outcomes = (expect_outcomes){
        .cells = build_texts(b, yaml_tree_find(node, "cells")),
        .items = region_allocate(b->memory, (allowed->count + 1) * sizeof *e->outcomes.items),
        .shows = build_shows(b, yaml_tree_find(node, "shows")),
        .declared = build_position(b, node),
    };
    for (size_t i = 0; i < allowed->count; i++)
        build_outcome(b, allowed->items[i], &e->outcomes);
}

void build_expect(builder *b, const yaml_node *node)
{
    plan_expect *e = &b->plan->expect;
    for (size_t i = 0; i < node->count; i++) {
        const yaml_pair *pair = &node->pairs[i];
        const yaml_node *value = pair->value;
        if (key_is(pair, "log")) {
            e->log = build_sequence(b, value);
            e->has_log = true;
        } else if (key_is(pair, "errors")) {
            e->errors = build_lines(b, value);
            e->has_errors = true;
        } else if (key_is(pair, "order")) {
            build_order(b, value, e);
        } else if (key_is(pair, "console")) {
            build_consoles(b, value, e);
        } else if (key_is(pair, "unordered")) {
            e->unordered = build_lines(b, value);
        } else if (key_is(pair, "never")) {
            e->never = build_lines(b, value);
        } else if (key_is(pair, "cells")) {
            build_cells(b, value, e);
        } else if (key_is(pair, "findings")) {
            build_findings(b, value, e);
        } else if (key_is(pair, "outcomes")) {
            build_outcomes(b, value, e);
        } else if (key_is(pair, "topology")) {
            build_topology(b, value, e);
        } else if (key_is(pair, "exit")) {
            build_exit(b, value, e);
        }
    }
}
