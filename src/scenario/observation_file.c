#include "scenario/observation_file.h"

#include <string.h>

#define NO_TEXT UINT64_MAX

/* ---- texts ---- */

static void put(FILE *to, const void *bytes, size_t size)
{
    fwrite(bytes, 1, size, to); /* ferror tells in the end */
}

static void put_text(FILE *to, const char *text)
{
    uint64_t length = text == NULL ? NO_TEXT : strlen(text);
    put(to, &length, sizeof length);
    if (text != NULL)
        put(to, text, length);
}

static bool get(FILE *from, void *bytes, size_t size)
{
    return fread(bytes, 1, size, from) == size;
}

static bool get_text(FILE *from, region *memory, const char **text)
{
    uint64_t length;
    *text = NULL;
    if (!get(from, &length, sizeof length))
        return false;
    if (length == NO_TEXT)
        return true;
    char *copy = region_allocate(memory, length + 1);
    *text = copy;
    return get(from, copy, length);
}

/* ---- the structures: as they are, then their texts in a fixed order ---- */

static void put_party(FILE *to, const observation_party *p)
{
    put(to, p, sizeof *p);
    put_text(to, p->agent);
    put_text(to, p->agent_kind);
    put_text(to, p->doing);
    put_text(to, p->where.file);
    put_text(to, p->cell);
    put_text(to, p->value);
    put_text(to, p->array);
    put_text(to, p->stack);
    put_text(to, p->before);
    put_text(to, p->after);
}

static bool get_party(FILE *from, region *memory, observation_party *p)
{
    return get(from, p, sizeof *p) && get_text(from, memory, &p->agent) && get_text(from, memory, &p->agent_kind) &&
           get_text(from, memory, &p->doing) && get_text(from, memory, &p->where.file) && get_text(from, memory, &p->cell) &&
           get_text(from, memory, &p->value) && get_text(from, memory, &p->array) && get_text(from, memory, &p->stack) &&
           get_text(from, memory, &p->before) && get_text(from, memory, &p->after);
}

static void put_race(FILE *to, const observation_race *r)
{
    put(to, r, sizeof *r);
    put_text(to, r->class);
    put_text(to, r->allocated.file);
    put_text(to, r->allocated_by);
    put_text(to, r->consequence);
    put_text(to, r->happens);
    put_text(to, r->because);
    put_text(to, r->missing);
    put_text(to, r->remedy);
    put_text(to, r->rule);
    put_text(to, r->accepted);
}

static bool get_race(FILE *from, region *memory, observation_race *r)
{
    return get(from, r, sizeof *r) && get_text(from, memory, &r->class) && get_text(from, memory, &r->allocated.file) &&
           get_text(from, memory, &r->allocated_by) && get_text(from, memory, &r->consequence) &&
           get_text(from, memory, &r->happens) && get_text(from, memory, &r->because) && get_text(from, memory, &r->missing) &&
           get_text(from, memory, &r->remedy) && get_text(from, memory, &r->rule) && get_text(from, memory, &r->accepted);
}

static void put_record(FILE *to, const observation_record *r)
{
    put(to, r, sizeof *r);
    put_text(to, r->agent);
    put_text(to, r->agent_kind);
    put_text(to, r->text);
    put_text(to, r->stack);
    put_text(to, r->where.file);
    for (size_t i = 0; i < r->party_count; i++)
        put_party(to, &r->parties[i]);
    if (r->race != NULL)
        put_race(to, r->race);
}

static bool get_record(FILE *from, region *memory, observation_record *r)
{
    if (!get(from, r, sizeof *r) || !get_text(from, memory, &r->agent) || !get_text(from, memory, &r->agent_kind) ||
        !get_text(from, memory, &r->text) || !get_text(from, memory, &r->stack) || !get_text(from, memory, &r->where.file))
        return false;
    if (r->party_count > 0)
        r->parties = region_allocate(memory, r->party_count * sizeof *r->parties);
    for (size_t i = 0; i < r->party_count; i++)
        if (!get_party(from, memory, &r->parties[i]))
            return false;
    if (r->race != NULL)
        r->race = region_allocate(memory, sizeof *r->race);
    return r->race == NULL || get_race(from, memory, r->race);
}

static void put_cell(FILE *to, const observation_cell *c)
{
    put(to, c, sizeof *c);
    put_text(to, c->name);
    put_text(to, c->value);
    put_text(to, c->type);
}

static bool get_cell(FILE *from, region *memory, observation_cell *c)
{
    return get(from, c, sizeof *c) && get_text(from, memory, &c->name) && get_text(from, memory, &c->value) &&
           get_text(from, memory, &c->type);
}

static void put_realm(FILE *to, const observation_realm *r)
{
    put(to, r, sizeof *r);
    put_text(to, r->name);
    put_text(to, r->url);
    put_text(to, r->origin);
    put_text(to, r->agent);
    put_text(to, r->agent_kind);
    put_text(to, r->rule);
    put_text(to, r->key);
    put_text(to, r->isolation);
}

static bool get_realm(FILE *from, region *memory, observation_realm *r)
{
    return get(from, r, sizeof *r) && get_text(from, memory, &r->name) && get_text(from, memory, &r->url) &&
           get_text(from, memory, &r->origin) && get_text(from, memory, &r->agent) && get_text(from, memory, &r->agent_kind) &&
           get_text(from, memory, &r->rule) && get_text(from, memory, &r->key) && get_text(from, memory, &r->isolation);
}

bool observation_store(FILE *to, const observation *o)
{
    put(to, o, sizeof *o);
    put_text(to, o->races_off);
    put_text(to, o->races_note);
    for (size_t i = 0; i < o->count; i++)
        put_record(to, &o->records[i]);
    for (size_t i = 0; i < o->cell_count; i++)
        put_cell(to, &o->cells[i]);
    for (size_t i = 0; i < o->realm_count; i++)
        put_realm(to, &o->realms[i]);
    return fflush(to) == 0 && !ferror(to);
}

observation *observation_fetch(FILE *from)
{
    observation head, *o = observation_create();
    if (!get(from, &head, sizeof head)) {
        observation_free(o);
        return NULL;
    }
    region *memory = o->memory;
    *o = head;
    o->memory = memory;
    o->capacity = o->count;
    o->cell_capacity = o->cell_count;
    o->realm_capacity = o->realm_count;
    o->records = region_allocate(memory, (o->count + 1) * sizeof *o->records);
    o->cells = region_allocate(memory, (o->cell_count + 1) * sizeof *o->cells);
    o->realms = region_allocate(memory, (o->realm_count + 1) * sizeof *o->realms);
    bool whole = get_text(from, memory, &o->races_off) && get_text(from, memory, &o->races_note);
    for (size_t i = 0; whole && i < o->count; i++)
        whole = get_record(from, memory, &o->records[i]);
    for (size_t i = 0; whole && i < o->cell_count; i++)
        whole = get_cell(from, memory, &o->cells[i]);
    for (size_t i = 0; whole && i < o->realm_count; i++)
        whole = get_realm(from, memory, &o->realms[i]);
    if (whole)
        return o;
    observation_free(o);
    return NULL;
}
