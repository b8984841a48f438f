#include "report/reporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* XML 1.0 allows no control characters but tab and line breaks, not even escaped: they become a
 * question mark. */
static void add_escaped(buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            buffer_add(out, "&lt;");
        else if (c == '>')
            buffer_add(out, "&gt;");
        else if (c == '&')
            buffer_add(out, "&amp;");
        else if (c == '"')
            buffer_add(out, "&quot;");
        else if (c < 0x20 && c != '\t' && c != '\n')
            buffer_add(out, "?");
        else
            buffer_add_bytes(out, text, 1);
    }
}

static void add_attribute(buffer *out, const char *name, const char *value)
{
    buffer_format(out, " %s=\"", name);
    add_escaped(out, value);
    buffer_add(out, "\"");
}

static const char *element_for(result_outcome outcome)
{
    if (outcome == RESULT_NOT_RUN)
        return "skipped";
    return outcome == RESULT_FAILS ? "failure" : "error";
}

/* One element per case, because readers of this format take the first only: it holds all failures
 * of the run. */
static void add_problem(buffer *out, const scenario_result *s)
{
    const char *element = element_for(s->outcome);
    const result_failure *first = s->failures;
    buffer_format(out, "      <%s", element);
    if (s->outcome == RESULT_NOT_RUN) {
        add_attribute(out, "message", first->details);
        buffer_add(out, "/>\n");
        return;
    }
    add_attribute(out, "message", first->what);
    buffer_add(out, ">");
    for (const result_failure *f = first; f != NULL; f = f->next) {
        add_escaped(out, f->what);
        buffer_add(out, "\n");
        add_escaped(out, f->details);
        buffer_add(out, "\n");
    }
    buffer_add(out, "again: ");
    add_escaped(out, s->again);
    buffer_format(out, "</%s>\n", element);
}

static void add_case(const reporter *r, buffer *out, const scenario_result *s)
{
    const char *slash = strrchr(s->file, '/');
    char *folder =
        slash == NULL ? NULL : region_copy(r->memory, s->file, (size_t)(slash - s->file));
    buffer_add(out, "    <testcase");
    add_attribute(out, "classname", folder == NULL ? "." : folder);
    add_attribute(out, "name", s->title);
    add_attribute(out, "file", s->file);
    buffer_format(out, " time=\"%.6f\"", (double)s->wall_ns / 1e9);
    if (s->failures == NULL) {
        buffer_add(out, "/>\n");
        return;
    }
    buffer_add(out, ">\n");
    add_problem(out, s);
    buffer_add(out, "    </testcase>\n");
}

static status write_file(const char *path, const buffer *text)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return STATUS_IO;
    bool ok = fwrite(buffer_text(text), 1, text->length, file) == text->length;
    ok = fclose(file) == 0 && ok;
    return ok ? STATUS_OK : STATUS_IO;
}

status report_write_junit(const reporter *r, const char *path)
{
    size_t counts[RESULT_NOT_RUN + 1] = {0}, total = 0;
    uint64_t wall_ns = 0;
    for (const scenario_result *s = r->first; s != NULL; s = s->next) {
        counts[s->outcome]++;
        total++;
        wall_ns += s->wall_ns;
    }
    buffer out = {0};
    size_t errors = counts[RESULT_BOUND] + counts[RESULT_INTERRUPTED] + counts[RESULT_INVALID];
    buffer_add(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    buffer_format(&out,
                  "  <testsuite name=\"heddle\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
                  "skipped=\"%zu\" time=\"%.6f\">\n",
                  total, counts[RESULT_FAILS], errors, counts[RESULT_NOT_RUN],
                  (double)wall_ns / 1e9);
    for (const scenario_result *s = r->first; s != NULL; s = s->next)
        add_case(r, &out, s);
    buffer_add(&out, "  </testsuite>\n</testsuites>\n");
    status result = write_file(path, &out);
    buffer_release(&out);
    return result;
}
