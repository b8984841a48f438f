/* Findings as SARIF 2.1.0, for programs that show them beside the code. */
#include "report/reporter.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static void member_text(json_writer *w, const char *name, const char *text)
{
    json_name(w, name);
    json_text(w, text);
}

static void write_message(json_writer *w, const char *text)
{
    json_name(w, "message");
    json_open_object(w);
    member_text(w, "text", text);
    json_close_object(w);
}

static void write_location(json_writer *w, source_position where, const char *message)
{
    json_open_object(w);
    json_name(w, "physicalLocation");
    json_open_object(w);
    json_name(w, "artifactLocation");
    json_open_object(w);
    member_text(w, "uri", where.file);
    json_close_object(w);
    if (where.line > 0) {
        json_name(w, "region");
        json_open_object(w);
        json_name(w, "startLine");
        json_unsigned(w, where.line);
        if (where.column > 0) {
            json_name(w, "startColumn");
            json_unsigned(w, where.column);
        }
        json_close_object(w);
    }
    json_close_object(w);
    if (message != NULL)
        write_message(w, message);
    json_close_object(w);
}

static source_position locate(const reporter *r, source_position where)
{
    return plan_locate(r->plan, where.file, where.line, where.column);
}

static void write_related(const reporter *r, json_writer *w, const observation_record *record)
{
    json_name(w, "relatedLocations");
    json_open_array(w);
    for (size_t i = 0; i < record->party_count; i++) {
        const observation_party *p = &record->parties[i];
        buffer text = {0};
        if (p->where.file == NULL)
            continue;
        buffer_format(&text, "%s %s", p->agent == NULL ? "?" : p->agent,
                      p->doing == NULL ? "waits" : p->doing);
        write_location(w, locate(r, p->where), buffer_text(&text));
        buffer_release(&text);
    }
    json_close_array(w);
}

static void write_result_text(json_writer *w, const observation_record *record)
{
    buffer text = {0};
    buffer_add(&text, record->text);
    if (record->race != NULL)
        buffer_format(&text, "\n\n%s\n\n%s %s\n\n%s", record->race->happens, record->race->because,
                      record->race->missing, record->race->remedy);
    write_message(w, buffer_text(&text));
    buffer_release(&text);
}

static void write_suppression(json_writer *w, const char *why)
{
    json_name(w, "suppressions");
    json_open_array(w);
    json_open_object(w);
    member_text(w, "kind", "inSource");
    member_text(w, "justification", why);
    json_close_object(w);
    json_close_array(w);
}

void sarif_record(reporter *r, const observation_record *record)
{
    if (record->kind != OBSERVATION_ERROR && record->kind != OBSERVATION_FINDING)
        return;
    json_writer w = json_start(&r->sarif, false);
    if (r->sarif.length > 0)
        buffer_add(&r->sarif, ",\n");
    json_open_object(&w);
    member_text(&w, "ruleId", finding_name(record->finding));
    member_text(&w, "level", record->tolerated ? "note" : "error");
    write_result_text(&w, record);
    json_name(&w, "locations");
    json_open_array(&w);
    if (record->where.file != NULL)
        write_location(&w, locate(r, record->where), NULL);
    json_close_array(&w);
    if (record->party_count > 0)
        write_related(r, &w, record);
    if (record->race != NULL && record->race->accepted != NULL)
        write_suppression(&w, record->race->accepted);
    json_close_object(&w);
}

static void write_rules(json_writer *w)
{
    json_name(w, "rules");
    json_open_array(w);
    for (int kind = 0; kind < FINDING_KIND_COUNT; kind++) {
        json_open_object(w);
        member_text(w, "id", finding_name((finding_kind)kind));
        json_name(w, "shortDescription");
        json_open_object(w);
        member_text(w, "text", finding_about((finding_kind)kind));
        json_close_object(w);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_log(const reporter *r, buffer *out)
{
    json_writer w = json_start(out, false);
    json_open_object(&w);
    member_text(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    member_text(&w, "version", "2.1.0");
    json_name(&w, "runs");
    json_open_array(&w);
    json_open_object(&w);
    json_name(&w, "tool");
    json_open_object(&w);
    json_name(&w, "driver");
    json_open_object(&w);
    member_text(&w, "name", "heddle");
    member_text(&w, "version", HEDDLE_VERSION);
    write_rules(&w);
    json_close_object(&w);
    json_close_object(&w);
    json_name(&w, "results");
    buffer results = {0};
    buffer_format(&results, "[%s]", buffer_text(&r->sarif));
    json_raw(&w, buffer_text(&results));
    buffer_release(&results);
    json_close_object(&w);
    json_close_array(&w);
    json_close_object(&w);
}

status report_write_sarif(const reporter *r, const char *path)
{
    buffer out = {0};
    write_log(r, &out);
    buffer_add(&out, "\n");
    FILE *file = fopen(path, "w");
    bool written = file && fwrite(out.text, 1, out.length, file) == out.length;
    written = file && fclose(file) == 0 && written;
    buffer_release(&out);
    return written ? STATUS_OK : STATUS_IO;
}
