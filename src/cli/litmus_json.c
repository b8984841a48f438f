#include "cli/litmus_report.h"

#include "base/json.h"

#include <math.h>

/* Numbers that JSON has as numbers; everything else as JavaScript prints it. */
static void add_value(json_writer *w, litmus_value v)
{
    buffer text = {0};
    litmus_value_write(v, &text);
    if (v.kind == LITMUS_NUMBER && isfinite(v.number) && !(v.number == 0 && signbit(v.number)))
        json_raw(w, buffer_text(&text));
    else
        json_text(w, buffer_text(&text));
    buffer_release(&text);
}

static void add_values(json_writer *w, const litmus_program *p, const litmus_value *slots)
{
    json_name(w, "values");
    json_open_object(w);
    for (size_t i = 0; i < p->slot_count; i++) {
        json_name(w, p->slots[i].name);
        add_value(w, slots[i]);
    }
    json_close_object(w);
}

static void add_number(json_writer *w, const char *name, double number)
{
    buffer text = {0};
    buffer_format(&text, "%.6g", number);
    json_name(w, name);
    json_raw(w, buffer_text(&text));
    buffer_release(&text);
}

static void add_flag(json_writer *w, const char *name, bool value)
{
    json_name(w, name);
    json_flag(w, value);
}

static void add_outcome(json_writer *w, const litmus_result *r, const litmus_outcome *o)
{
    json_open_object(w);
    add_values(w, r->program, o->slots);
    add_flag(w, "sequential", o->sequential);
    add_flag(w, "onX86", o->on_x86);
    add_flag(w, "dataRace", o->racy_executions > 0);
    add_flag(w, "outOfThinAir", o->thin_air);
    add_flag(w, "tornInitialValue", o->torn_initial);
    json_close_object(w);
}

static void add_race(json_writer *w, const litmus_result *r)
{
    buffer text = {0};
    json_name(w, "race");
    if (r->racy)
        litmus_race_write(r, &text);
    json_text(w, r->racy ? buffer_text(&text) : NULL);
    buffer_release(&text);
}

static void add_stress(json_writer *w, const char *name, const litmus_found *f,
                       const litmus_stress_result *s)
{
    json_name(w, name);
    if (s == NULL) {
        json_text(w, NULL);
        return;
    }
    json_open_object(w);
    json_name(w, "iterations");
    json_unsigned(w, s->iterations);
    add_number(w, "seconds", s->seconds);
    json_name(w, "seed");
    json_unsigned(w, s->seed);
    json_name(w, "forbiddenSeen");
    json_unsigned(w, s->forbidden);
    json_name(w, "outcomes");
    json_open_array(w);
    for (size_t i = 0; i < s->count; i++) {
        json_open_object(w);
        add_values(w, f->program, s->outcomes[i].slots);
        json_name(w, "count");
        json_unsigned(w, s->outcomes[i].count);
        add_flag(w, "allowed", s->outcomes[i].allowed != NULL);
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}

static void add_verdict(json_writer *w, const litmus_verdict *v)
{
    json_name(w, "expectations");
    json_open_array(w);
    for (size_t i = 0; i < v->count; i++) {
        json_open_object(w);
        json_name(w, "what");
        json_text(w, v->lines[i].what);
        add_flag(w, "holds", v->lines[i].held);
        add_flag(w, "undecided", v->lines[i].undecided);
        json_name(w, "explanation");
        json_text(w, v->lines[i].explanation);
        json_name(w, "line");
        json_unsigned(w, v->lines[i].where.line);
        json_name(w, "column");
        json_unsigned(w, v->lines[i].where.column);
        json_close_object(w);
    }
    json_close_array(w);
}

void litmus_report_json(const litmus_found *f, buffer *out)
{
    const litmus_program *p = f->program;
    const litmus_result *r = f->result;
    json_writer w = json_start(out, false);
    json_open_object(&w);
    json_name(&w, "file");
    json_text(&w, p->file);
    json_name(&w, "litmus");
    json_text(&w, p->name);
    json_name(&w, "title");
    json_text(&w, p->title);
    json_name(&w, "agents");
    json_unsigned(&w, p->agent_count - 1);
    add_flag(&w, "complete", r->complete);
    add_flag(&w, "dataRaceFree", !r->racy && r->complete);
    add_race(&w, r);
    json_name(&w, "executions");
    json_unsigned(&w, r->executions);
    add_number(&w, "checkMilliseconds", f->check_seconds * 1e3);
    json_name(&w, "outcomes");
    json_open_array(&w);
    for (size_t i = 0; i < r->count; i++)
        add_outcome(&w, r, &r->outcomes[i]);
    json_close_array(&w);
    add_stress(&w, "stress", f, f->stress);
    add_stress(&w, "engine", f, f->engine);
    add_verdict(&w, f->verdict);
    json_close_object(&w);
    buffer_add(out, "\n");
}
