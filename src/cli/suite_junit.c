#include "cli/suite_junit.h"

#include "scenario/expect.h"

#include <stdbool.h>
#include <stdio.h>

static void add_escaped(buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
            buffer_format(out, "&#%d;", *text);
        else
            buffer_format(out, "%c", (unsigned char)*text < ' ' ? ' ' : *text);
    }
}

void suite_junit_add(buffer *cases, const char *suite, const char *name, enum suite_case result,
                     const char *message)
{
    buffer_add(cases, "    <testcase name=\"");
    add_escaped(cases, name);
    buffer_format(cases, "\" classname=\"%s\"", suite);
    if (result == SUITE_PASSED) {
        buffer_add(cases, "/>\n");
        return;
    }
    buffer_format(cases, ">\n      <%s message=\"",
                  result == SUITE_SKIPPED ? "skipped" : "failure");
    add_escaped(cases, message);
    buffer_add(cases, "\"/>\n    </testcase>\n");
}

int suite_junit_write(const char *file, const char *suite, size_t tests, size_t failures,
                      size_t skipped, const buffer *cases)
{
    FILE *out = fopen(file, "w");
    if (!out) {
        fprintf(stderr, "heddle %s: cannot write %s\n", suite, file);
        return EXIT_INTERNAL;
    }
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n%s  "
            "</testsuite>\n</testsuites>\n",
            suite, tests, failures, skipped, buffer_text(cases));
    bool written = !ferror(out);
    if (fclose(out) == 0 && written)
        return EXIT_HOLDS;
    fprintf(stderr, "heddle %s: %s could not be written in full\n", suite, file);
    return EXIT_INTERNAL;
}
