/* See races.h. Texts of the explanations: race_texts.c. */
#include "scenario/races.h"

#include "detect/detect.h"
#include "scenario/code_frame.h"
#include "scenario/files.h"
#include "scenario/race_texts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- places ---- */

source_position race_place(const struct race_job *j, uint32_t site)
{
    const struct site_place *found = NULL, *p;
    for (unsigned depth = 0; !found && (p = site_frame(site, depth)); depth++)
        if (p->file)
            found = p;
    if (!found)
        return (source_position){0};
    char *file = files_localize(j->all->plan, found->file);
    source_position where = {region_text(j->memory, file), found->line, found->column};
    free(file);
    return where;
}

static const char *stack_text(const struct race_job *j, uint32_t site)
{
    buffer out = {0};
    const struct site_place *p;
    for (unsigned depth = 0; (p = site_frame(site, depth)); depth++) {
        const char *function = *p->function ? p->function : p->file ? "<anonymous>" : "<native>";
        buffer_format(&out, "%s    at %s", out.length ? "\n" : "", function);
        if (p->file)
            buffer_format(&out, " (%s:%u:%u)", p->file, p->line, p->column);
    }
    char *localized = out.length ? files_localize(j->all->plan, buffer_text(&out)) : NULL;
    const char *text = region_text(j->memory, localized);
    free(localized);
    buffer_release(&out);
    return text;
}

/* ---- parties ---- */

static unsigned element_size(enum observe_view view)
{
    static const uint8_t sizes[] = {0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8, 1};
    return sizes[view];
}

static void fill_index(const struct race_party *p, observation_party *out)
{
    unsigned size = element_size(p->view);
    uint64_t base = p->view_offset == UINT64_MAX ? 0 : p->view_offset;
    out->has_index = size && p->view != OBSERVE_VIEW_DATA_VIEW && p->whole && p->size == size &&
                     p->view_offset != UINT64_MAX && (p->offset - base) % size == 0;
    if (out->has_index)
        out->index = (p->offset - base) / size;
}

static observation_party party_of(const struct race_job *j, const struct race *r,
                                  const struct race_party *p)
{
    observation_party party = {
        .agent = p->name,
        .agent_kind = p->kind,
        .doing = race_doing(j, p),
        .where = race_place(j, p->site),
        .has_cell = true,
        .block = r->block - j->all->blocks_before,
        .byte_offset = p->offset,
        .byte_size = p->size,
        .array = race_view_name(p->view),
        .stack = stack_text(j, p->site),
        .cell = j->all->cell_name(j->all->context, r->block, p->offset),
    };
    fill_index(p, &party);
    return party;
}

static void fill_values(const struct race_job *j, const struct race *r, observation_party *older,
                        observation_party *newer)
{
    if (!r->has_values)
        return;
    newer->before = race_value(j, r->newer.view, r->value_size, r->before);
    if (r->left_by_older)
        older->after = newer->before;
    if (r->has_after && r->newer.access != OBSERVE_READ)
        newer->after = race_value(j, r->newer.view, r->value_size, r->after);
    else if (r->newer.access == OBSERVE_READ)
        newer->after = newer->before;
}

/* ---- what is meant ---- */

static const char *accepted_by_comment(const struct race_job *j, source_position where)
{
    char *line = code_line(j->all->plan, where), *reason = code_accepts(line);
    const char *text = NULL;
    source_position shown = plan_locate(j->all->plan, where.file, where.line, where.column);
    if (reason)
        text = region_format(j->memory, "the comment at %s:%u%s%s", shown.file, shown.line,
                             *reason ? ": " : "", reason);
    free(line);
    free(reason);
    return text;
}

static const char *accepted(const struct race_job *j, const struct race *r,
                            const observation_party *parties)
{
    const plan *p = j->all->plan;
    const char *text = r->acknowledged ? "heddle.unordered()" : NULL;
    for (int i = 0; i < 2 && !text && r->class != RACE_EXCLUSIVE; i++)
        text = accepted_by_comment(j, parties[i].where);
    source_position one = plan_locate(p, parties[0].where.file, parties[0].where.line,
                                      parties[0].where.column),
                    two = plan_locate(p, parties[1].where.file, parties[1].where.line,
                                      parties[1].where.column);
    const char *listed =
        suppressions_find(j->all->suppressions, race_class_name(r->class), one, two);
    if (!listed)
        listed = suppressions_find(j->all->suppressions, race_class_name(r->class),
                                   parties[0].where, parties[1].where);
    return text ? text : listed;
}

static bool fails(const struct races_job *all, const struct race *r)
{
    static const uint32_t bits[] = {[RACE_OBSERVED] = FAIL_ON_OBSERVED,
                                    [RACE_UNDECIDED] = FAIL_ON_OBSERVED,
                                    [RACE_UNORDERED] = FAIL_ON_UNORDERED,
                                    [RACE_EXCLUSIVE] = FAIL_ON_EXCLUSIVE};
    return all->fail_on & bits[r->class];
}

/* ---- records ---- */

static void record_race(const struct races_job *all, const struct race *r)
{
    struct race_job j = {.all = all, .memory = region_create(), .race = r};
    observation_party parties[2] = {party_of(&j, r, &r->older), party_of(&j, r, &r->newer)};
    fill_values(&j, r, &parties[0], &parties[1]);
    j.parties = parties;
    observation_race race = {
        .class = race_class_name(r->class),
        .count = r->count,
        .block = r->block - all->blocks_before,
        .block_size = r->block_size,
        .byte_offset = r->offset,
        .byte_size = r->size,
        .allocated = race_place(&j, r->block_site),
        .consequence = race_consequence(&j),
        .happens = race_happens(&j),
        .because = race_because(&j),
        .missing = race_missing(&j),
        .remedy = race_remedy(&j),
        .rule = race_rule(r),
        .accepted = accepted(&j, r, parties),
    };
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = FINDING_RACE,
        .time_ns = all->time_ns,
        .text = race_headline(&j, &race),
        .where = parties[1].where.line ? parties[1].where : parties[0].where,
        .parties = parties,
        .party_count = 2,
        .race = &race,
        .tolerated = race.accepted || !fails(all, r),
    };
    all->observation->races++;
    all->observation->races_accepted += race.accepted != NULL;
    all->add(all->context, &record);
    region_free(j.memory);
}

static void record_advice(const struct races_job *all, const struct advice *v)
{
    static const finding_kind kinds[] = {[ADVICE_PLAIN_SPIN] = FINDING_PLAIN_SPIN,
                                         [ADVICE_MIXED_USE] = FINDING_MIXED_USE,
                                         [ADVICE_MIXED_SIZE] = FINDING_MIXED_SIZE,
                                         [ADVICE_PLAIN_WAIT] = FINDING_PLAIN_WAIT};
    struct race_job j = {.all = all, .memory = region_create()};
    observation_record record = {
        .kind = OBSERVATION_FINDING,
        .finding = kinds[v->kind],
        .time_ns = all->time_ns,
        .agent = v->agent,
        .agent_kind = v->agent_kind,
        .text = race_advice(&j, v),
        .where = race_place(&j, v->site),
        .tolerated = !(all->fail_on & FAIL_ON_ADVICE),
    };
    all->add(all->context, &record);
    region_free(j.memory);
}

static void note_limits(const struct races_job *all, const struct detect_figures *f)
{
    buffer out = {0};
    if (f->loose_reads)
        buffer_format(&out,
                      "%" PRIu64 " atomic read%s of cells that a plain write raced with took the "
                                 "order of the last atomic write there, so that a "
                      "later race may have been missed\n",
                      f->loose_reads, f->loose_reads == 1 ? "" : "s");
    if (f->dropped)
        buffer_format(&out,
                      "%" PRIu64
                      " accesses were not recorded: the shadow memory reached its limit of %" PRIu64
                      " MiB\n",
                      f->dropped, f->shadow_limit >> 20);
    if (f->races_dropped)
        buffer_format(&out, "%" PRIu64 " further races are not listed: the report holds %u\n",
                      f->races_dropped, DETECT_RACES);
    if (out.length)
        all->observation->races_note = region_text(all->observation->memory, buffer_text(&out));
    buffer_release(&out);
}

void races_record(const struct races_job *all)
{
    for (const struct race *r = detect_races(all->run); r; r = detect_next_race(r))
        record_race(all, r);
    for (const struct advice *v = detect_advice(all->run); v; v = detect_next_advice(v))
        record_advice(all, v);
    struct detect_figures f = detect_figures(all->run);
    all->observation->shared_accesses = f.accesses;
    all->observation->blocks_watched = f.blocks;
    note_limits(all, &f);
}
