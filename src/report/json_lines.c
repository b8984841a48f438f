#include "report/reporter.h"

#include "base/json.h"

#include <string.h>

static json_writer open_line(reporter *r, const char *type)
{
    buffer_clear(&r->line);
    json_writer w = json_start(&r->line, false);
    json_open_object(&w);
    json_name(&w, "type");
    json_text(&w, type);
    return w;
}

static void close_line(reporter *r, json_writer *w)
{
    json_close_object(w);
    reporter_write_line(r);
}

static void member_text(json_writer *w, const char *name, const char *text)
{
    if (text == NULL)
        return;
    json_name(w, name);
    json_text(w, text);
}

static void member_number(json_writer *w, const char *name, uint64_t value)
{
    json_name(w, name);
    json_unsigned(w, value);
}

static void member_position(json_writer *w, const char *name, source_position where)
{
    if (where.file == NULL)
        return;
    json_name(w, name);
    json_open_object(w);
    member_text(w, "file", where.file);
    if (where.line > 0)
        member_number(w, "line", where.line);
    if (where.column > 0)
        member_number(w, "column", where.column);
    json_close_object(w);
}

static source_position locate(const reporter *r, source_position where)
{
    return plan_locate(r->plan, where.file, where.line, where.column);
}

void lines_begin(reporter *r)
{
    json_writer w = open_line(r, "begin");
    member_text(&w, "scenario", r->plan->file);
    member_text(&w, "title", r->plan->title);
    member_number(&w, "iteration", r->iteration);
    member_number(&w, "iterations", r->iterations);
    close_line(r, &w);
}

static void write_access(const reporter *r, json_writer *w, const observation_party *party)
{
    buffer stack = {0};
    member_number(w, "byte_size", party->byte_size);
    member_text(w, "array", party->array);
    if (party->has_index)
        member_number(w, "index", party->index);
    member_text(w, "before", party->before);
    member_text(w, "after", party->after);
    if (party->stack != NULL) {
        text_add_located(r, party->stack, strlen(party->stack), &stack);
        member_text(w, "stack", buffer_text(&stack));
    }
    buffer_release(&stack);
}

static void write_parties(const reporter *r, json_writer *w, const observation_record *record)
{
    if (record->party_count == 0)
        return;
    json_name(w, "agents");
    json_open_array(w);
    for (size_t i = 0; i < record->party_count; i++) {
        const observation_party *party = &record->parties[i];
        json_open_object(w);
        member_text(w, "agent", party->agent);
        member_text(w, "agent_kind", party->agent_kind);
        member_text(w, "doing", party->doing);
        member_position(w, "where", locate(r, party->where));
        if (party->has_cell) {
            member_text(w, "cell", party->cell);
            member_number(w, "block", party->block);
            member_number(w, "byte_offset", party->byte_offset);
            member_text(w, "value", party->value);
        }
        if (party->byte_size > 0)
            write_access(r, w, party);
        else
            member_number(w, "since_ns", party->since_ns);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_race(const reporter *r, json_writer *w, const observation_race *race)
{
    if (race == NULL)
        return;
    json_name(w, "race");
    json_open_object(w);
    member_text(w, "class", race->class);
    member_number(w, "count", race->count);
    member_number(w, "block", race->block);
    member_number(w, "block_size", race->block_size);
    member_number(w, "byte_offset", race->byte_offset);
    member_number(w, "byte_size", race->byte_size);
    member_position(w, "allocated", locate(r, race->allocated));
    member_text(w, "consequence", race->consequence);
    member_text(w, "happens", race->happens);
    member_text(w, "because", race->because);
    member_text(w, "missing", race->missing);
    member_text(w, "remedy", race->remedy);
    member_text(w, "rule", race->rule);
    member_text(w, "accepted", race->accepted);
    json_close_object(w);
}

void lines_record(reporter *r, const observation_record *record)
{
    json_writer w = open_line(r, observation_kind_name(record->kind));
    member_number(&w, "sequence", record->sequence);
    member_number(&w, "time_ns", record->time_ns);
    member_text(&w, "agent", record->agent);
    member_text(&w, "agent_kind", record->agent_kind);
    if (record->kind == OBSERVATION_CONSOLE)
        member_text(&w, "level", console_level_name(record->level));
    if (record->kind == OBSERVATION_ERROR || record->kind == OBSERVATION_FINDING)
        member_text(&w, "finding", finding_name(record->finding));
    member_text(&w, "text", record->text);
    member_position(&w, "where", locate(r, record->where));
    member_text(&w, "stack", record->stack);
    write_parties(r, &w, record);
    write_race(r, &w, record->race);
    if (record->tolerated) {
        json_name(&w, "tolerated");
        json_flag(&w, true);
    }
    close_line(r, &w);
}

static void write_expectation(reporter *r, const verdict_line *line)
{
    json_writer w = open_line(r, "expectation");
    member_text(&w, "topic", verdict_topic_key(line->topic));
    member_text(&w, "what", line->what);
    json_name(&w, "held");
    json_flag(&w, line->held);
    if (line->consequence) {
        json_name(&w, "consequence");
        json_flag(&w, true);
    }
    if (!line->held)
        member_text(&w, "explanation", line->explanation);
    if (line->declared.line > 0)
        member_position(&w, "declared", line->declared);
    json_name(&w, "shows");
    json_open_array(&w);
    for (size_t i = 0; i < line->shows.count; i++)
        json_unsigned(&w, line->shows.items[i]);
    json_close_array(&w);
    close_line(r, &w);
}

static result_outcome outcome_of(const verdict *v)
{
    if (v->interrupted)
        return RESULT_INTERRUPTED;
    if (v->failed > 0)
        return RESULT_FAILS;
    return v->bound_reached ? RESULT_BOUND : RESULT_HOLDS;
}

static void write_detection(json_writer *w, const observation *o)
{
    json_name(w, "race_detection");
    json_open_object(w);
    json_name(w, "on");
    json_flag(w, o->races_watched);
    if (o->races_watched) {
        member_number(w, "shared_accesses", o->shared_accesses);
        member_number(w, "blocks", o->blocks_watched);
        member_number(w, "races", o->races);
        member_number(w, "accepted", o->races_accepted);
        member_text(w, "note", o->races_note);
    } else {
        member_text(w, "reason", o->races_off == NULL ? "not asked for" : o->races_off);
    }
    json_close_object(w);
}

void lines_end(reporter *r, const observation *o, const verdict *v, const scenario_result *result)
{
    for (size_t i = 0; i < v->count; i++)
        write_expectation(r, &v->lines[i]);
    for (size_t i = 0; i < o->cell_count; i++) {
        json_writer w = open_line(r, "cell");
        member_text(&w, "name", o->cells[i].name);
        member_text(&w, "value", o->cells[i].value);
        member_text(&w, "array", o->cells[i].type);
        member_number(&w, "block", o->cells[i].block);
        member_number(&w, "byte_offset", o->cells[i].byte_offset);
        close_line(r, &w);
    }
    json_writer w = open_line(r, "verdict");
    member_text(&w, "scenario", r->plan->file);
    member_text(&w, "outcome", result_outcome_name(outcome_of(v)));
    member_number(&w, "exit_code", (uint64_t)v->exit_code);
    member_text(&w, "end", run_end_name(o->end));
    member_number(&w, "held", v->held);
    member_number(&w, "failed", v->failed);
    member_number(&w, "declared_findings", v->declared_findings);
    if (v->unchecked > 0)
        member_number(&w, "unchecked", v->unchecked);
    member_number(&w, "agents", o->agents);
    member_number(&w, "shared_blocks", o->shared_blocks);
    member_number(&w, "seed", o->seed);
    member_text(&w, "clock", r->plan->clock == PLAN_CLOCK_REAL ? "real" : "virtual");
    member_number(&w, "clock_ns", o->virtual_ns);
    member_number(&w, "wall_ns", o->wall_ns);
    write_detection(&w, o);
    member_text(&w, "again", result->again);
    close_line(r, &w);
}

void lines_load_errors(reporter *r, const char *file, const load_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        json_writer w = open_line(r, "invalid");
        member_text(&w, "scenario", file);
        member_text(&w, "message", errors->items[i].message);
        member_position(&w, "where", errors->items[i].where);
        close_line(r, &w);
    }
}

void lines_not_run(reporter *r, const scenario_result *result, const char *reason)
{
    json_writer w = open_line(r, "not-run");
    member_text(&w, "scenario", result->file);
    member_text(&w, "title", result->title);
    member_text(&w, "reason", reason);
    close_line(r, &w);
}

void lines_summary(reporter *r, int exit_code)
{
    uint64_t counts[RESULT_NOT_RUN + 1] = {0};
    for (const scenario_result *s = r->first; s != NULL; s = s->next)
        counts[s->outcome]++;
    json_writer w = open_line(r, "summary");
    for (result_outcome outcome = RESULT_HOLDS; outcome <= RESULT_NOT_RUN; outcome++)
        member_number(&w, result_outcome_name(outcome), counts[outcome]);
    member_number(&w, "exit_code", (uint64_t)exit_code);
    close_line(r, &w);
}
