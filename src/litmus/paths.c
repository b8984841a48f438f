#include "litmus/paths.h"

#include <string.h>

/* Where a run through the code could go several ways, it takes the one that the list of decisions
 * says, and the first where the list ends; the last decision that has another way left gives the
 * next run. */
enum { DECISIONS = 64 };

struct decision {
    uint16_t choice, options;
};

struct walk {
    const litmus_program *program;
    const litmus_agent *agent;
    uint8_t agent_index;
    region *memory;
    litmus_paths *out;
    size_t path_capacity, node_capacity;
    load_errors *errors;
    bool given_up;
    bool may_refuse; /* there are values with which an operator can fail: BigInts, texts */

    struct decision decisions[DECISIONS];
    size_t decision_count, decided;

    /* the path being walked */
    litmus_event events[LITMUS_EVENTS];
    size_t event_count;
    litmus_constraint constraints[LITMUS_CONSTRAINTS];
    size_t constraint_count;
    uint16_t registers[LITMUS_REGISTERS];
    uint8_t turns[LITMUS_STEPS];
    uint16_t messages[LITMUS_CHANNELS]; /* received or posted so far, per channel */
    litmus_path_end end;
    const char *failure;
    const litmus_step *where;
};

static void give_up(struct walk *w, const litmus_step *at, const char *message, int limit)
{
    if (!w->given_up)
        load_error_add(w->errors, w->program->file, at->line, at->column, message, w->agent->name,
                       limit);
    w->given_up = true;
}

static void fail(struct walk *w, const litmus_step *at, const char *message)
{
    w->end = PATH_FAILS;
    w->failure = message;
    w->where = at;
}

static unsigned decide(struct walk *w, const litmus_step *at, unsigned options)
{
    if (options <= 1)
        return 0;
    if (w->decided == w->decision_count) {
        if (w->decision_count == DECISIONS) {
            give_up(w, at, "agent %s branches more than %d times on what it reads", DECISIONS);
            return 0;
        }
        w->decisions[w->decision_count++] = (struct decision){0, (uint16_t)options};
    }
    return w->decisions[w->decided++].choice;
}

/* ---- values ---- */

static uint16_t add_node(struct walk *w, const litmus_step *at, litmus_node node)
{
    if (w->out->node_count == LITMUS_NODES) {
        give_up(w, at, "agent %s has too many paths: more than %d values", LITMUS_NODES);
        return 0;
    }
    w->out->nodes = region_grow(w->memory, w->out->nodes, w->out->node_count, &w->node_capacity,
                                sizeof node); /* earlier pointers stay readable */
    w->out->nodes[w->out->node_count] = node;
    return (uint16_t)w->out->node_count++;
}

static uint16_t constant_node(struct walk *w, const litmus_step *at, litmus_value value)
{
    return add_node(w, at, (litmus_node){.kind = NODE_CONSTANT, .constant = value});
}

static const litmus_node *node_of(const struct walk *w, unsigned reg)
{
    return &w->out->nodes[w->registers[reg]];
}

static void constrain(struct walk *w, const litmus_step *at, uint16_t node, litmus_demand demand)
{
    if (w->constraint_count == LITMUS_CONSTRAINTS) {
        give_up(w, at, "agent %s branches more than %d times on what it reads", LITMUS_CONSTRAINTS);
        return;
    }
    w->constraints[w->constraint_count++] = (litmus_constraint){node, (uint8_t)demand};
}

static uint16_t operate(struct walk *w, const litmus_step *at, unsigned operation, uint16_t left,
                        uint16_t right)
{
    const litmus_node *a = &w->out->nodes[left], *b = &w->out->nodes[right];
    if (a->kind != NODE_CONSTANT || b->kind != NODE_CONSTANT) {
        uint16_t node = add_node(w, at,
                                 (litmus_node){.kind = NODE_OPERATE,
                                               .operation = (uint8_t)operation,
                                               .left = left,
                                               .right = right});
        if (w->may_refuse && operation != LITMUS_EQUAL && operation != LITMUS_UNEQUAL &&
            operation != LITMUS_NOT)
            constrain(w, at, node, DEMAND_VALUE);
        return node;
    }
    litmus_value value = {0};
    if (!litmus_operate(operation, a->constant, b->constant, &value))
        fail(w, at, "JavaScript would throw here, or the value is larger than 64 bits");
    return constant_node(w, at, value);
}

/* Whether the condition holds on this path. */
static bool branch(struct walk *w, const litmus_step *at, unsigned reg)
{
    const litmus_node *n = node_of(w, reg);
    if (n->kind == NODE_CONSTANT)
        return litmus_truth(n->constant);
    /* A condition that this path has met before is not asked twice. */
    for (size_t i = 0; i < w->constraint_count; i++)
        if (w->constraints[i].node == w->registers[reg] && w->constraints[i].demand != DEMAND_VALUE)
            return w->constraints[i].demand == DEMAND_TRUE;
    bool truth = decide(w, at, 2) == 0;
    constrain(w, at, w->registers[reg], truth ? DEMAND_TRUE : DEMAND_FALSE);
    return truth;
}

/* ---- events ---- */

static litmus_event *add_event(struct walk *w, litmus_event_kind kind, const litmus_step *s)
{
    if (w->event_count >= LITMUS_EVENTS - 1) {
        give_up(w, s, "agent %s has more than %d events on one path: is a loop unbounded?",
                LITMUS_EVENTS - 1);
        w->event_count = 0;
    }
    litmus_event *e = &w->events[w->event_count++];
    *e = (litmus_event){.kind = (uint8_t)kind, .agent = w->agent_index, .step = s};
    return e;
}

/* The byte offset that the step touches; forks over the elements when the index depends on reads.
 */
static bool find_place(struct walk *w, const litmus_step *s, uint16_t *offset)
{
    *offset = s->place.offset;
    if (s->place.index == LITMUS_NO_REGISTER)
        return true;
    const litmus_node *n = node_of(w, s->place.index);
    unsigned count = s->place.count, index;
    if (n->kind == NODE_CONSTANT) {
        double number = n->constant.kind == LITMUS_NUMBER ? n->constant.number : -1;
        if (!(number >= 0 && number < count && (double)(unsigned)number == number)) {
            fail(w, s, "this index is out of range");
            return false;
        }
        index = (unsigned)number;
    } else {
        uint16_t reg_node = w->registers[s->place.index];
        index = decide(w, s, count + 1);
        for (unsigned i = 0; i < (index < count ? 1 : count); i++) {
            unsigned candidate = index < count ? index : i;
            uint16_t number = constant_node(w, s, litmus_number(candidate));
            constrain(w, s, operate(w, s, LITMUS_EQUAL, reg_node, number),
                      index < count ? DEMAND_TRUE : DEMAND_FALSE);
        }
        if (index == count) {
            fail(w, s, "this index can be out of range");
            return false;
        }
    }
    *offset = (uint16_t)(*offset + index * s->place.scale);
    return true;
}

static litmus_event *add_access(struct walk *w, litmus_event_kind kind, const litmus_step *s)
{
    uint16_t offset;
    if (!find_place(w, s, &offset))
        return NULL;
    litmus_event *e = add_event(w, kind, s);
    e->element = s->element;
    e->size = litmus_elements[s->element].size;
    e->atomic = s->atomic;
    e->tear_free = s->tear_free;
    e->big_endian = s->big_endian;
    e->block = s->place.block;
    e->offset = offset;
    return e;
}

static uint16_t read_node(struct walk *w, const litmus_step *s)
{
    return add_node(w, s,
                    (litmus_node){.kind = NODE_READ, .event = (uint16_t)(w->event_count - 1)});
}

/* A value that is certainly none for this element ends the path before its event. */
static void check_storable(struct walk *w, const litmus_step *s, uint16_t node)
{
    const litmus_node *n = &w->out->nodes[node];
    uint64_t raw;
    if (n->kind != NODE_CONSTANT || litmus_encode(s->element, n->constant, &raw))
        return;
    w->event_count--;
    fail(w, s,
         litmus_elements[s->element].big
             ? "JavaScript throws a TypeError here: this array takes BigInts (1n)"
             : "JavaScript throws a TypeError here: this array takes Numbers, no BigInts");
}

static void access(struct walk *w, const litmus_step *s)
{
    litmus_event *e = add_access(w,
                                 s->code == CODE_READ    ? EVENT_READ
                                 : s->code == CODE_WRITE ? EVENT_WRITE
                                                         : EVENT_MODIFY,
                                 s);
    if (e == NULL)
        return;
    uint16_t old = 0;
    if (s->code != CODE_WRITE)
        old = read_node(w, s);
    if (s->code == CODE_WRITE || s->code == CODE_EXCHANGE)
        e->value = w->registers[s->left];
    else if (s->code == CODE_MODIFY)
        e->value = operate(w, s, s->operation, old, w->registers[s->left]);
    if (s->code != CODE_READ)
        check_storable(w, s, e->value);
    if (s->target != LITMUS_NO_REGISTER)
        w->registers[s->target] = old;
}

/* node: does what was read equal the value in `reg`, as the element holds it? */
static uint16_t equals_read(struct walk *w, const litmus_step *s, uint16_t read, unsigned reg)
{
    uint16_t expected =
        operate(w, s, LITMUS_FIRST_CONVERSION + s->element, w->registers[reg], w->registers[reg]);
    return operate(w, s, LITMUS_EQUAL, read, expected);
}

/* Success is a read-modify-write, failure a seq-cst read (sec-atomics.compareexchange). */
static void compare_exchange(struct walk *w, const litmus_step *s)
{
    bool success = decide(w, s, 2) == 0;
    litmus_event *e = add_access(w, success ? EVENT_MODIFY : EVENT_READ, s);
    if (e == NULL)
        return;
    uint16_t old = read_node(w, s);
    e->value = w->registers[s->right];
    check_storable(w, s, e->value);
    constrain(w, s, equals_read(w, s, old, s->left), success ? DEMAND_TRUE : DEMAND_FALSE);
    w->registers[s->target] = old;
}

/* The first section holds the read; after it the agent sleeps or goes on. */
static void wait(struct walk *w, const litmus_step *s)
{
    enum { NOT_EQUAL, WOKEN, FOREVER, TIMED_OUT };
    unsigned way = decide(w, s, 3);
    if (way == FOREVER && s->timed)
        way = TIMED_OUT;
    litmus_event *e = add_access(w, EVENT_READ, s);
    if (e == NULL)
        return;
    uint16_t offset = e->offset;
    e->section = way == NOT_EQUAL ? SECTION_LOOK : SECTION_SLEEP;
    uint16_t old = read_node(w, s);
    constrain(w, s, equals_read(w, s, old, s->left), way != NOT_EQUAL ? DEMAND_TRUE : DEMAND_FALSE);
    litmus_value answer = litmus_answer(way == NOT_EQUAL ? LITMUS_NOT_EQUAL
                                        : way == WOKEN   ? LITMUS_OK
                                                         : LITMUS_TIMED_OUT);
    if (way == FOREVER) {
        w->end = PATH_SLEEPS;
        w->where = s;
        answer = (litmus_value){.kind = LITMUS_ASLEEP};
    } else if (way != NOT_EQUAL) {
        e = add_event(w, EVENT_SECTION, s);
        e->block = s->place.block;
        e->offset = offset;
        e->section = way == WOKEN ? SECTION_WOKEN : SECTION_TIMEOUT;
    }
    w->registers[s->target] = constant_node(w, s, answer);
}

static void notify(struct walk *w, const litmus_step *s)
{
    unsigned others = (unsigned)w->program->agent_count - 2;
    unsigned most = others;
    if (s->left != LITMUS_NO_REGISTER) {
        const litmus_node *n = node_of(w, s->left);
        if (n->kind != NODE_CONSTANT || n->constant.kind != LITMUS_NUMBER) {
            fail(w, s, "the count of notify must not depend on what is read");
            return;
        }
        if (n->constant.number < most)
            most = n->constant.number > 0 ? (unsigned)n->constant.number : 0;
    }
    uint16_t offset;
    if (!find_place(w, s, &offset))
        return;
    litmus_event *e = add_event(w, EVENT_SECTION, s);
    e->block = s->place.block;
    e->offset = offset;
    e->section = SECTION_NOTIFY;
    e->most = (uint8_t)most;
    e->woken = (uint8_t)decide(w, s, most + 1);
    w->registers[s->target] = constant_node(w, s, litmus_number(e->woken));
}

static void receive(struct walk *w, const litmus_step *s)
{
    unsigned number = w->messages[s->place.block]++;
    if (decide(w, s, 2) == 1) {
        w->end = PATH_LISTENS;
        w->where = s;
        w->registers[s->target] = constant_node(w, s, (litmus_value){.kind = LITMUS_ASLEEP});
        return;
    }
    litmus_event *e = add_event(w, EVENT_RECEIVE, s);
    e->block = s->place.block;
    e->offset = (uint16_t)number;
    w->registers[s->target] =
        add_node(w, s,
                 (litmus_node){
                     .kind = NODE_MESSAGE, .operation = s->place.block, .event = (uint16_t)number});
}

static void post(struct walk *w, const litmus_step *s)
{
    litmus_event *e = add_event(w, EVENT_POST, s);
    e->block = s->place.block;
    e->offset = w->messages[s->place.block]++;
    e->value = s->left == LITMUS_NO_REGISTER
                   ? constant_node(w, s, (litmus_value){.kind = LITMUS_UNDEFINED})
                   : w->registers[s->left];
}

/* ---- the walk ---- */

/* The step after `s`. */
static const litmus_step *take_step(struct walk *w, const litmus_step *s)
{
    switch (s->code) {
    case CODE_CONSTANT:
        w->registers[s->target] = constant_node(w, s, s->constant);
        break;
    case CODE_MOVE:
        w->registers[s->target] = w->registers[s->left];
        break;
    case CODE_OPERATE:
        w->registers[s->target] =
            operate(w, s, s->operation, w->registers[s->left], w->registers[s->right]);
        break;
    case CODE_JUMP:
        return w->agent->steps + s->destination;
    case CODE_JUMP_IF_FALSE:
    case CODE_JUMP_IF_TRUE:
        if (branch(w, s, s->left) == (s->code == CODE_JUMP_IF_TRUE))
            return w->agent->steps + s->destination;
        break;
    case CODE_COUNT_TURN:
        if (++w->turns[s - w->agent->steps] > LITMUS_TURNS)
            give_up(w, s, "this loop of agent %s takes more than %d turns: is it unbounded?",
                    LITMUS_TURNS);
        break;
    case CODE_COMPARE_EXCHANGE:
        compare_exchange(w, s);
        break;
    case CODE_WAIT:
        wait(w, s);
        break;
    case CODE_NOTIFY:
        notify(w, s);
        break;
    case CODE_POST:
        post(w, s);
        break;
    case CODE_RECEIVE:
        receive(w, s);
        break;
    case CODE_START:
        add_event(w, EVENT_START, s)->block = s->place.block;
        break;
    default:
        access(w, s);
        break;
    }
    return s + 1;
}

/* Nobody can take a path whose condition is a constant that says otherwise. */
static bool is_possible(const struct walk *w)
{
    for (size_t i = 0; i < w->constraint_count; i++) {
        const litmus_node *n = &w->out->nodes[w->constraints[i].node];
        if (n->kind == NODE_CONSTANT && !litmus_constraint_holds(&w->constraints[i], n->constant))
            return false;
    }
    return true;
}

static void keep_path(struct walk *w)
{
    litmus_paths *out = w->out;
    if (!is_possible(w))
        return;
    if (out->count == LITMUS_PATHS) {
        give_up(w, w->agent->steps, "agent %s has more than %d paths", LITMUS_PATHS);
        return;
    }
    out->paths =
        region_grow(w->memory, out->paths, out->count, &w->path_capacity, sizeof *out->paths);
    litmus_path *p = &out->paths[out->count++];
    size_t registers = w->agent->register_count;
    *p = (litmus_path){.event_count = (uint8_t)w->event_count,
                       .constraint_count = (uint8_t)w->constraint_count,
                       .end = (uint8_t)w->end,
                       .failure = w->failure,
                       .where = w->where};
    p->events = region_allocate(w->memory, (w->event_count + 1) * sizeof *p->events);
    memcpy(p->events, w->events, w->event_count * sizeof *p->events);
    p->constraints = region_allocate(w->memory, (w->constraint_count + 1) * sizeof *p->constraints);
    memcpy(p->constraints, w->constraints, w->constraint_count * sizeof *p->constraints);
    p->registers = region_allocate(w->memory, (registers + 1) * sizeof *p->registers);
    memcpy(p->registers, w->registers, registers * sizeof *p->registers);
}

static void begin_path(struct walk *w)
{
    w->decided = w->event_count = w->constraint_count = 0;
    memset(w->turns, 0, sizeof w->turns);
    memset(w->messages, 0, sizeof w->messages);
    memset(w->registers, 0, sizeof w->registers); /* node 0 is undefined */
    w->end = PATH_RUNS_OUT;
    w->failure = NULL;
    w->where = NULL;
}

static void walk_path(struct walk *w)
{
    begin_path(w);
    const litmus_step *s = w->agent->steps;
    while (s->code != CODE_END && w->end == PATH_RUNS_OUT && !w->given_up)
        s = take_step(w, s);
    if (!w->given_up)
        keep_path(w);
}

/* Changes the last decision that can be; false when all ways were gone. */
static bool next_way(struct walk *w)
{
    w->decision_count = w->decided;
    while (w->decision_count > 0) {
        struct decision *last = &w->decisions[w->decision_count - 1];
        if (++last->choice < last->options)
            return true;
        w->decision_count--;
    }
    return false;
}

/* Numbers alone never fail. */
static bool may_refuse(const litmus_program *p)
{
    for (size_t a = 0; a < p->agent_count; a++)
        for (size_t i = 0; i < p->agents[a].step_count; i++) {
            const litmus_step *s = &p->agents[a].steps[i];
            bool memory = s->code >= CODE_READ && s->code <= CODE_COMPARE_EXCHANGE;
            if ((memory && litmus_elements[s->element].big) || s->code == CODE_WAIT ||
                (s->code == CODE_CONSTANT && s->constant.kind != LITMUS_NUMBER &&
                 s->constant.kind != LITMUS_BOOLEAN) ||
                (s->code == CODE_OPERATE && s->operation == LITMUS_TO_BIGINT))
                return true;
        }
    return false;
}

bool litmus_paths_find(const litmus_program *p, size_t agent, region *memory, litmus_paths *out,
                       load_errors *errors)
{
    struct walk w = {.program = p,
                     .agent = &p->agents[agent],
                     .agent_index = (uint8_t)agent,
                     .memory = memory,
                     .out = out,
                     .errors = errors,
                     .may_refuse = may_refuse(p)};
    *out = (litmus_paths){0};
    constant_node(&w, w.agent->steps, (litmus_value){.kind = LITMUS_UNDEFINED});
    if (w.agent->started) {
        begin_path(&w);
        w.end = PATH_NOT_STARTED;
        keep_path(&w);
    }
    do
        walk_path(&w);
    while (!w.given_up && next_way(&w));
    return !w.given_up;
}
