#include "litmus/verdict.h"

#include "litmus/interleave.h"

const char *litmus_question_name(litmus_question_kind kind)
{
    return kind == LITMUS_EXISTS ? "exists" : kind == LITMUS_FORBIDDEN ? "forbidden" : "always";
}

void litmus_outcome_write(const litmus_program *p, const litmus_value *slots, buffer *out)
{
    for (size_t i = 0; i < p->slot_count; i++) {
        buffer_format(out, "%s%s = ", i > 0 ? ", " : "", p->slots[i].name);
        litmus_value_write(slots[i], out);
    }
}

void litmus_race_write(const litmus_result *r, buffer *out)
{
    const litmus_program *p = r->program;
    static const char *const verbs[] = {
        [EVENT_READ] = "reads", [EVENT_WRITE] = "writes", [EVENT_MODIFY] = "modifies"};
    for (int i = 0; i < 2; i++) {
        const litmus_step *s = r->race.steps[i];
        const char *name =
            r->race.agents[i] < p->agent_count ? p->agents[r->race.agents[i]].name : "the observer";
        buffer_format(out, "%s%s %s ", i > 0 ? " and " : "", name, verbs[r->race.kinds[i]]);
        litmus_place_write(p, s, r->race.offsets[i], out);
        buffer_format(out, " (%s, line %u)", s->atomic ? "atomic" : "plain", s->line);
    }
    buffer_add(out, r->race.different_ranges
                        ? ": both are atomic, but their ranges only overlap, and neither happens "
                          "before the other"
                        : ", and neither happens before the other");
}

/* ---- questions ---- */

static const litmus_outcome *find_outcome(const litmus_result *r, const litmus_question *q,
                                          bool satisfying)
{
    for (size_t i = 0; i < r->count; i++)
        if (litmus_question_holds(q, r->outcomes[i].slots, r->program->slot_count) == satisfying)
            return &r->outcomes[i];
    return NULL;
}

static void judge_question(const litmus_result *r, const litmus_question *q, region *memory,
                           litmus_verdict_line *line)
{
    const litmus_program *p = r->program;
    const litmus_outcome *o = find_outcome(r, q, q->kind != LITMUS_ALWAYS);
    line->question = q;
    line->where = q->where;
    line->what = region_format(memory, "%s: %s", litmus_question_name(q->kind), q->text);
    line->held = (q->kind == LITMUS_EXISTS) == (o != NULL);
    line->undecided = !r->complete && o == NULL;
    line->explanation = "";
    if (line->undecided) {
        line->held = false;
        line->explanation = "not decided: a bound was reached before all outcomes were found";
    } else if (!line->held && o == NULL) {
        line->explanation = "no allowed outcome is so";
    } else if (!line->held) {
        buffer b = {0};
        litmus_outcome_write(p, o->slots, &b);
        line->explanation = region_format(memory, "the memory model allows %s", buffer_text(&b));
        buffer_release(&b);
    }
}

static void add_flag(litmus_verdict *v, region *memory, const char *key, litmus_answer_flag wanted,
                     bool found, bool decided, const char *explanation, source_position where)
{
    if (wanted == LITMUS_UNASKED)
        return;
    litmus_verdict_line *line = &v->lines[v->count++];
    *line = (litmus_verdict_line){.held = decided && found == (wanted == LITMUS_YES),
                                  .undecided = !decided,
                                  .where = where,
                                  .explanation = ""};
    line->what = region_format(memory, "%s: %s", key, wanted == LITMUS_YES ? "yes" : "no");
    if (!decided)
        line->explanation = "not decided: a bound was reached";
    else if (!line->held)
        line->explanation = explanation;
}

static void judge_flags(const litmus_result *r, bool x86, region *memory, litmus_verdict *v)
{
    const litmus_program *p = r->program;
    buffer race = {0};
    if (r->racy)
        litmus_race_write(r, &race);
    add_flag(v, memory, "race-free", p->race_free, !r->racy, r->racy || r->complete,
             r->racy ? region_format(memory, "a data race: %s", buffer_text(&race))
                     : "no execution has a data race",
             p->race_free_where);
    buffer_release(&race);
    bool sequential = true, shown = false;
    for (size_t i = 0; i < r->count; i++) {
        sequential = sequential && r->outcomes[i].sequential;
        if (p->question_count > 0 && r->outcomes[i].on_x86)
            shown = shown ||
                    litmus_question_holds(&p->questions[0], r->outcomes[i].slots, p->slot_count);
    }
    add_flag(v, memory, "sequential", p->sequential, sequential, r->interleaved && r->complete,
             sequential ? "every allowed outcome is sequentially consistent"
                        : "an allowed outcome is not sequentially consistent",
             p->sequential_where);
    add_flag(v, memory, "on-x86", p->on_x86, shown, x86 || shown,
             shown ? "x86-TSO can show it" : "x86-TSO cannot show it", p->on_x86_where);
}

status litmus_judge(const litmus_program *p, const litmus_options *options, region *memory,
                    litmus_result *result, litmus_verdict *v, load_errors *errors)
{
    litmus_options chosen = options == NULL ? (litmus_options){0} : *options;
    if (p->spec_tearing == LITMUS_NO)
        chosen.tearing = LITMUS_TEARING_NONE;
    *v = (litmus_verdict){.count = 0};
    status s = litmus_check(p, &chosen, memory, result, errors);
    if (s != STATUS_OK)
        return s;
    litmus_result_sort(result);
    result->interleaved = litmus_interleave(result, LITMUS_SEQUENTIAL, 0, NULL);
    bool x86 = litmus_interleave(result, LITMUS_X86, 0, NULL);
    result->on_x86_known = x86;
    for (size_t i = 0; i < p->question_count; i++)
        judge_question(result, &p->questions[i], memory, &v->lines[v->count++]);
    judge_flags(result, x86, memory, v);
    for (size_t i = 0; i < v->count; i++) {
        v->failed += !v->lines[i].held && !v->lines[i].undecided;
        v->undecided += v->lines[i].undecided;
    }
    return STATUS_OK;
}
