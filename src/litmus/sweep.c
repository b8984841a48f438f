#include "litmus/sweep.h"

#include <string.h>

static bool can_be_swept(const litmus_program *p, const litmus_step *s)
{
    bool access = s->code == CODE_READ || s->code == CODE_WRITE;
    return access && !p->views[s->place.view].data_view && litmus_elements[s->element].atomic;
}

static status find_accesses(const litmus_program *p, litmus_sweep *sweep)
{
    for (size_t a = 1; a < p->agent_count; a++)
        for (size_t i = 0; i < p->agents[a].step_count; i++) {
            if (!can_be_swept(p, &p->agents[a].steps[i]))
                continue;
            if (sweep->access_count == LITMUS_SWEPT)
                return STATUS_LIMIT;
            sweep->accesses[sweep->access_count++] = (litmus_swept){(uint8_t)a, (uint16_t)i};
        }
    return STATUS_OK;
}

/* A copy whose steps may be changed. */
static litmus_program *copy_program(const litmus_program *p, region *memory)
{
    litmus_program *copy = region_allocate(memory, sizeof *copy);
    *copy = *p;
    for (size_t a = 0; a < p->agent_count; a++) {
        size_t bytes = p->agents[a].step_count * sizeof *p->agents[a].steps;
        copy->agents[a].steps = region_allocate(memory, bytes);
        memcpy(copy->agents[a].steps, p->agents[a].steps, bytes);
    }
    return copy;
}

static void annotate(litmus_program *p, const litmus_sweep *sweep, size_t way)
{
    for (size_t i = 0; i < sweep->access_count; i++) {
        const litmus_swept *access = &sweep->accesses[i];
        litmus_step *s = &p->agents[access->agent].steps[access->step];
        const litmus_element_facts *facts = &litmus_elements[s->element];
        s->atomic = way >> i & 1;
        s->tear_free = facts->tear_free || (facts->big && s->atomic);
    }
}

/* A way that forbids is minimal when every way with one atomic access less allows. Making an access
 * plain never forbids more, so that looking one step down is enough. */
static void find_minimal(litmus_sweep *sweep)
{
    for (size_t w = 0; w < sweep->way_count; w++) {
        if (sweep->ways[w].allowed)
            continue;
        bool minimal = true;
        for (size_t i = 0; i < sweep->access_count; i++)
            minimal = minimal && (!(w >> i & 1) || sweep->ways[w & ~((size_t)1 << i)].allowed);
        sweep->ways[w].minimal = minimal;
        sweep->forbidding++;
        sweep->minimal += minimal;
    }
}

status litmus_sweep_run(const litmus_program *p, const litmus_question *q, region *memory,
                        litmus_sweep *sweep, load_errors *errors)
{
    *sweep = (litmus_sweep){.access_count = 0};
    status s = find_accesses(p, sweep);
    if (s != STATUS_OK)
        return s;
    litmus_program *copy = copy_program(p, memory);
    litmus_options options = {.tearing = p->spec_tearing == LITMUS_NO ? LITMUS_TEARING_NONE
                                                                      : LITMUS_TEARING_SPEC};
    sweep->way_count = (size_t)1 << sweep->access_count;
    sweep->ways = region_allocate(memory, sweep->way_count * sizeof *sweep->ways);
    for (size_t w = 0; w < sweep->way_count; w++) {
        region *each = region_create();
        litmus_result result;
        annotate(copy, sweep, w);
        s = litmus_check(copy, &options, each, &result, errors);
        litmus_way *way = &sweep->ways[w];
        way->racy = result.racy;
        way->complete = result.complete;
        for (size_t i = 0; s == STATUS_OK && i < result.count && !way->allowed; i++)
            way->allowed = litmus_question_holds(q, result.outcomes[i].slots, p->slot_count);
        region_free(each);
        if (s != STATUS_OK)
            return s;
    }
    find_minimal(sweep);
    return STATUS_OK;
}

void litmus_swept_write(const litmus_program *p, const litmus_swept *access, buffer *out)
{
    const litmus_step *s = &p->agents[access->agent].steps[access->step];
    buffer_format(out, "%s %s ", p->agents[access->agent].name,
                  s->code == CODE_WRITE ? "writes" : "reads");
    if (s->place.index == LITMUS_NO_REGISTER)
        litmus_place_write(p, s, s->place.offset, out);
    else
        buffer_format(out, "%s[…]", p->views[s->place.view].name);
}
