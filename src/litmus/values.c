/* Values through reads: what an event reads are bytes that others wrote, which may depend on what
 * those read. A circle has no beginning: its values come out of thin air. */
#include "litmus/search.h"

void values_forget(search *s)
{
    s->known_reads = s->guessed;
    s->known_writes = s->constant;
    s->busy = 0;
}

value_state values_of_node(search *s, unsigned agent, unsigned index, litmus_value *value)
{
    const litmus_node *n = &s->paths[agent].nodes[index];
    litmus_value left, right;
    value_state state;
    uint64_t raw;
    switch (n->kind) {
    case NODE_CONSTANT:
        *value = n->constant;
        return VALUE_KNOWN;
    case NODE_READ: {
        unsigned event = s->base[agent] + n->event;
        state = values_of_read(s, event, &raw);
        if (state == VALUE_KNOWN) {
            const litmus_event *e = s->events[event];
            *value = litmus_decode((litmus_element)e->element,
                                   e->big_endian ? litmus_swap(raw, e->size) : raw);
        }
        return state;
    }
    case NODE_MESSAGE: {
        unsigned event = (unsigned)s->posts[n->operation][n->event];
        const litmus_event *e = s->events[event];
        return values_of_node(s, e->agent, e->value, value);
    }
    default:
        state = values_of_node(s, agent, n->left, &left);
        if (state != VALUE_KNOWN)
            return state;
        state = n->right == n->left ? VALUE_KNOWN : values_of_node(s, agent, n->right, &right);
        if (state != VALUE_KNOWN)
            return state;
        if (n->right == n->left)
            right = left;
        return litmus_operate(n->operation, left, right, value) ? VALUE_KNOWN : VALUE_REFUSED;
    }
}

value_state values_written(search *s, unsigned event, uint64_t *raw)
{
    if (s->known_writes >> event & 1) {
        *raw = s->written[event];
        return VALUE_KNOWN;
    }
    const litmus_event *e = s->events[event];
    litmus_value value;
    value_state state = values_of_node(s, e->agent, e->value, &value);
    if (state != VALUE_KNOWN)
        return state;
    if (!litmus_encode((litmus_element)e->element, value, raw))
        return VALUE_REFUSED;
    if (e->big_endian)
        *raw = litmus_swap(*raw, e->size);
    s->written[event] = *raw;
    s->known_writes |= graph_bit(event);
    return VALUE_KNOWN;
}

/* From its sources, even when its value is being guessed. */
static value_state compose(search *s, unsigned event, uint64_t *raw)
{
    const litmus_event *e = s->events[event];
    uint64_t written = 0;
    int asked = LITMUS_INIT; /* whose value that is: mostly all bytes have one source */
    *raw = 0;
    for (unsigned b = 0; b < e->size; b++) {
        int source = s->sources[event][b];
        if (source == LITMUS_INIT)
            continue;
        value_state state =
            source == asked ? VALUE_KNOWN : values_written(s, (unsigned)source, &written);
        if (state != VALUE_KNOWN)
            return state;
        asked = source;
        unsigned shift = (unsigned)(e->offset + b - s->events[source]->offset) * 8;
        *raw |= (written >> shift & 0xff) << b * 8;
    }
    return VALUE_KNOWN;
}

value_state values_of_read(search *s, unsigned event, uint64_t *raw)
{
    if (s->known_reads >> event & 1) {
        *raw = s->read[event];
        return VALUE_KNOWN;
    }
    if (!(s->assigned >> event & 1))
        return VALUE_UNKNOWN;
    if (s->busy >> event & 1) {
        s->cycle = event;
        return VALUE_CYCLE;
    }
    s->busy |= graph_bit(event);
    value_state state = compose(s, event, raw);
    s->busy &= ~graph_bit(event);
    if (state != VALUE_KNOWN)
        return state;
    s->read[event] = *raw;
    s->known_reads |= graph_bit(event);
    return VALUE_KNOWN;
}

/* A condition that JavaScript could not even evaluate is left to the leaf, which refuses the
 * program. */
bool values_may_hold(search *s)
{
    values_forget(s);
    for (unsigned a = 0; a < s->program->agent_count; a++)
        for (size_t c = 0; c < s->chosen[a]->constraint_count; c++) {
            const litmus_constraint *constraint = &s->chosen[a]->constraints[c];
            litmus_value value;
            if (values_of_node(s, a, constraint->node, &value) == VALUE_KNOWN &&
                !litmus_constraint_holds(constraint, value))
                return false;
        }
    return true;
}

/* ---- thin air ---- */

static void add_to_domain(search *s, litmus_value value)
{
    for (size_t i = 0; i < s->domain_count; i++)
        if (litmus_same(s->domain[i], value))
            return;
    if (s->domain_count < SEARCH_DOMAIN)
        s->domain[s->domain_count++] = value;
}

/* The constants of the program, and what its operators make of them once. */
void values_collect_domain(search *s)
{
    s->domain_count = 0;
    add_to_domain(s, litmus_number(0));
    add_to_domain(s, litmus_bigint(false, 0));
    for (size_t a = 0; a < s->program->agent_count; a++)
        for (size_t n = 0; n < s->paths[a].node_count; n++)
            if (s->paths[a].nodes[n].kind == NODE_CONSTANT)
                add_to_domain(s, s->paths[a].nodes[n].constant);
    size_t constants = s->domain_count;
    for (size_t a = 0; a < s->program->agent_count; a++)
        for (size_t n = 0; n < s->paths[a].node_count; n++) {
            const litmus_node *node = &s->paths[a].nodes[n];
            if (node->kind != NODE_OPERATE || node->operation >= LITMUS_EQUAL)
                continue;
            for (size_t i = 0; i < constants * constants; i++) {
                litmus_value value;
                if (litmus_operate(node->operation, s->domain[i / constants],
                                   s->domain[i % constants], &value))
                    add_to_domain(s, value);
            }
        }
}

static value_state evaluate_all(search *s)
{
    values_forget(s);
    for (uint64_t left = s->reads & s->assigned; left != 0; left &= left - 1) {
        uint64_t raw;
        value_state state = values_of_read(s, (unsigned)__builtin_ctzll(left), &raw);
        if (state != VALUE_KNOWN)
            return state;
    }
    for (uint64_t left = s->writes; left != 0; left &= left - 1) {
        uint64_t raw;
        value_state state = values_written(s, (unsigned)__builtin_ctzll(left), &raw);
        if (state != VALUE_KNOWN)
            return state;
    }
    return VALUE_KNOWN;
}

/* Does every guessed read get from its sources what was guessed? */
static bool guesses_hold(search *s)
{
    for (uint64_t left = s->guessed; left != 0; left &= left - 1) {
        unsigned event = (unsigned)__builtin_ctzll(left);
        uint64_t raw;
        if (compose(s, event, &raw) != VALUE_KNOWN || raw != s->read[event])
            return false;
    }
    return true;
}

void values_refuse(search *s)
{
    if (!s->failed)
        load_error_add(s->errors, s->program->file, 0, 0,
                       "an execution computes what JavaScript refuses or what is larger than 64 "
                       "bits: mixed Number and BigInt, division of a BigInt by zero, …");
    s->failed = s->stopped = true;
}

static void guess(search *s, unsigned event, void (*found)(search *, void *), void *context)
{
    uint64_t tried[SEARCH_DOMAIN];
    size_t count = 0;
    const litmus_event *e = s->events[event];
    s->thin_air = true;
    s->guessed |= graph_bit(event);
    for (size_t i = 0; i < s->domain_count && !s->stopped; i++) {
        uint64_t raw;
        if (!litmus_encode((litmus_element)e->element, s->domain[i], &raw))
            continue;
        if (e->big_endian)
            raw = litmus_swap(raw, e->size);
        bool again = false;
        for (size_t t = 0; t < count; t++)
            again |= tried[t] == raw;
        if (again)
            continue;
        tried[count++] = raw;
        s->read[event] = raw;
        values_solve(s, found, context);
    }
    s->guessed &= ~graph_bit(event);
}

void values_solve(search *s, void (*found)(search *, void *), void *context)
{
    uint64_t guessed = s->guessed;
    s->thin_air = guessed != 0;
    value_state state = evaluate_all(s);
    if (state == VALUE_CYCLE)
        guess(s, s->cycle, found, context);
    else if (state == VALUE_KNOWN && guesses_hold(s))
        found(s, context);
    else if (state == VALUE_REFUSED && guessed == 0)
        values_refuse(s);
    s->guessed = guessed;
}
