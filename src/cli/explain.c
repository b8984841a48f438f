/* heddle explain: what a scenario teaches, or every scenario that teaches a number of the syllabus. */
#include "cli/cli.h"

#include "report/lesson.h"
#include "scenario/expect.h"
#include "scenario/folder.h"
#include "scenario/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct lesson_style terminal_style(void)
{
    struct winsize size;
    bool terminal = isatty(STDOUT_FILENO);
    return (struct lesson_style){
        .width = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0,
        .colours = terminal && !getenv("NO_COLOR"),
    };
}

static void print(buffer *text)
{
    fputs(buffer_text(text), stdout);
    buffer_release(text);
}

static int explain_file(const char *path, const struct lesson_style *style)
{
    plan *p = NULL;
    load_errors errors = {0};
    buffer text = {0};
    if (scenario_load(path, &p, &errors) != STATUS_OK) {
        load_errors_write(&errors, &text);
        fputs(buffer_text(&text), stderr);
        buffer_release(&text);
    } else {
        lesson_write(p, style, &text);
        print(&text);
    }
    load_errors_release(&errors);
    int code = p ? EXIT_HOLDS : EXIT_INVALID;
    plan_free(p);
    return code;
}

static bool teaches(const char *path, uint32_t number)
{
    plan *p = NULL;
    load_errors errors = {0};
    bool found = false;
    if (scenario_load(path, &p, &errors) == STATUS_OK)
        for (size_t i = 0; i < p->teaches.count; i++)
            found = found || p->teaches.items[i] == number;
    load_errors_release(&errors);
    plan_free(p);
    return found;
}

static int explain_number(uint32_t number, const char *folder, const struct lesson_style *style)
{
    const syllabus_entry *entry = syllabus_find(number);
    if (!entry)
        return cli_usage_error("explain", "the syllabus has no number %u", number);
    region *memory = region_create();
    text_list files = {0};
    size_t found = 0;
    if (folder_list_scenarios(memory, folder, &files) != STATUS_OK) {
        fprintf(stderr, "heddle explain: cannot read the folder %s\n", folder);
        region_free(memory);
        return EXIT_INVALID;
    }
    for (size_t i = 0; i < files.count; i++)
        if (teaches(files.items[i], number)) {
            if (found++)
                puts("");
            explain_file(files.items[i], style);
        }
    region_free(memory);
    if (!found) {
        buffer text = {0};
        lesson_write_entry(entry, style, &text);
        buffer_format(&text, "\n  No scenario in %s teaches it yet; it waits for: %s.\n", folder, entry->waits_for);
        print(&text);
    }
    return EXIT_HOLDS;
}

int cli_explain(int count, char **arguments)
{
    struct lesson_style style = terminal_style();
    if (count == 2 && !strcmp(arguments[1], "--help")) {
        puts("Usage: heddle explain SCENARIO\n"
             "       heddle explain NUMBER [FOLDER]\n\n"
             "Prints what a scenario teaches: what the seed text says, what that means, what it is like, what to try,\n"
             "what to beware of, and where to read on. NUMBER is one of the syllabus (tests/syllabus.md): every scenario\n"
             "of FOLDER (default: scenarios) that teaches it is explained.");
        return EXIT_HOLDS;
    }
    if (count < 2 || count > 3 || arguments[1][0] == '-')
        return cli_usage_error("explain", "name a scenario, or a number of the syllabus");
    size_t length = strlen(arguments[1]);
    if (length <= 6 && strspn(arguments[1], "0123456789") == length)
        return explain_number((uint32_t)strtoul(arguments[1], NULL, 10), count > 2 ? arguments[2] : "scenarios", &style);
    if (count > 2)
        return cli_usage_error("explain", "one scenario at a time");
    return explain_file(arguments[1], &style);
}
