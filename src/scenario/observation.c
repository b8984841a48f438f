#include "scenario/observation.h"

#include "base/assert.h"

#include <string.h>

observation *observation_create(void)
{
    region *memory = region_create();
    observation *o = region_allocate(memory, sizeof *o);
    o->memory = memory;
    return o;
}

void observation_free(observation *o)
{
    if (o != NULL)
        region_free(o->memory);
}

static source_position copy_position(region *memory, source_position from)
{
    from.file = region_text(memory, from.file);
    return from;
}

static observation_party copy_party(region *memory, const observation_party *from)
{
    observation_party party = *from;
    party.agent = region_text(memory, from->agent);
    party.agent_kind = region_text(memory, from->agent_kind);
    party.doing = region_text(memory, from->doing);
    party.where = copy_position(memory, from->where);
    party.cell = region_text(memory, from->cell);
    party.value = region_text(memory, from->value);
    party.array = region_text(memory, from->array);
    party.stack = region_text(memory, from->stack);
    party.before = region_text(memory, from->before);
    party.after = region_text(memory, from->after);
    return party;
}

static observation_race *copy_race(region *memory, const observation_race *from)
{
    observation_race *race = region_allocate(memory, sizeof *race);
    *race = *from;
    race->class = region_text(memory, from->class);
    race->allocated = copy_position(memory, from->allocated);
    race->allocated_by = region_text(memory, from->allocated_by);
    race->consequence = region_text(memory, from->consequence);
    race->happens = region_text(memory, from->happens);
    race->because = region_text(memory, from->because);
    race->missing = region_text(memory, from->missing);
    race->remedy = region_text(memory, from->remedy);
    race->rule = region_text(memory, from->rule);
    race->accepted = region_text(memory, from->accepted);
    return race;
}

const observation_record *observation_add(observation *o, const observation_record *record)
{
    o->records = region_grow(o->memory, o->records, o->count, &o->capacity, sizeof *o->records);
    observation_record *copy = &o->records[o->count++];
    *copy = *record;
    copy->sequence = o->count;
    copy->agent = region_text(o->memory, record->agent);
    copy->agent_kind = region_text(o->memory, record->agent_kind);
    copy->text = region_text(o->memory, record->text == NULL ? "" : record->text);
    copy->stack = region_text(o->memory, record->stack);
    copy->where = copy_position(o->memory, record->where);
    if (record->party_count > 0)
        copy->parties = region_allocate(o->memory, record->party_count * sizeof *copy->parties);
    for (size_t i = 0; i < record->party_count; i++)
        copy->parties[i] = copy_party(o->memory, &record->parties[i]);
    if (record->race != NULL)
        copy->race = copy_race(o->memory, record->race);
    return copy;
}

static observation_cell *find_cell(const observation *o, const char *name)
{
    for (size_t i = 0; i < o->cell_count; i++)
        if (strcmp(o->cells[i].name, name) == 0)
            return &o->cells[i];
    return NULL;
}

void observation_set_cell(observation *o, const observation_cell *cell)
{
    observation_cell *place = find_cell(o, cell->name);
    if (place == NULL) {
        o->cells =
            region_grow(o->memory, o->cells, o->cell_count, &o->cell_capacity, sizeof *o->cells);
        place = &o->cells[o->cell_count++];
    }
    *place = (observation_cell){
        .name = region_text(o->memory, cell->name),
        .value = region_text(o->memory, cell->value),
        .type = region_text(o->memory, cell->type),
        .block = cell->block,
        .byte_offset = cell->byte_offset,
    };
}

const observation_cell *observation_find_cell(const observation *o, const char *name)
{
    return find_cell(o, name);
}

static bool comes_after(const observation_realm *a, const observation_realm *b)
{
    return a->cluster > b->cluster || (a->cluster == b->cluster && a->agent_id > b->agent_id);
}

void observation_add_realm(observation *o, const observation_realm *realm)
{
    observation_realm copy = *realm;
    copy.name = region_text(o->memory, realm->name);
    copy.url = region_text(o->memory, realm->url);
    copy.origin = region_text(o->memory, realm->origin);
    copy.agent = region_text(o->memory, realm->agent);
    copy.agent_kind = region_text(o->memory, realm->agent_kind);
    copy.rule = region_text(o->memory, realm->rule);
    copy.key = region_text(o->memory, realm->key);
    copy.isolation = region_text(o->memory, realm->isolation);
    o->realms = region_grow(o->memory, o->realms, o->realm_count, &o->realm_capacity, sizeof *o->realms);
    size_t i = o->realm_count++;
    for (; i > 0 && comes_after(&o->realms[i - 1], &copy); i--)
        o->realms[i] = o->realms[i - 1];
    o->realms[i] = copy;
}

const observation_realm *observation_find_realm(const observation *o, const char *name)
{
    for (size_t i = o->realm_count; i-- > 0;)
        if (strcmp(o->realms[i].name, name) == 0)
            return &o->realms[i];
    for (size_t i = o->realm_count; i-- > 0;)
        if (strcmp(o->realms[i].agent, name) == 0)
            return &o->realms[i];
    return NULL;
}

const char *observation_kind_name(observation_kind kind)
{
    static const char *const names[] = {"console", "error", "finding", "exit", "moment"};
    hd_assert(kind <= OBSERVATION_MOMENT);
    return names[kind];
}

const char *console_level_name(console_level level)
{
    static const char *const names[] = {"log", "info", "warn", "error", "debug"};
    hd_assert(level < CONSOLE_LEVEL_COUNT);
    return names[level];
}

const char *run_end_name(run_end end)
{
    static const char *const names[] = {"idle", "deadlock", "time-limit", "interrupted"};
    hd_assert(end < RUN_END_COUNT);
    return names[end];
}
