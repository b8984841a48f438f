/* heddle list: the scenarios of a folder by subject, with titles and syllabus numbers. */
#include "cli/cli.h"

#include "litmus/program.h"
#include "scenario/expect.h"
#include "scenario/folder.h"
#include "scenario/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TITLE_WIDTH 46

/* The folder that a file lies in, below the one that is listed: "" for none. */
static void subject_of(const char *root, const char *file, char *subject, size_t size)
{
    const char *rest = file + (strncmp(file, root, strlen(root)) == 0 ? strlen(root) : 0);
    rest += strspn(rest, "/");
    const char *slash = strrchr(rest, '/');
    snprintf(subject, size, "%.*s", slash ? (int)(slash - rest) : 0, rest);
}

static int columns(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void list_file(const char *file)
{
    plan *p;
    load_errors errors = {0};
    if (scenario_load(file, &p, &errors) != STATUS_OK) {
        printf("  %-*s  %s\n", TITLE_WIDTH, "(cannot be loaded)", file);
        load_errors_release(&errors);
        return;
    }
    load_errors_release(&errors);
    buffer numbers = {0};
    for (size_t i = 0; i < p->teaches.count; i++)
        buffer_format(&numbers, "%s%u", i ? " " : "", p->teaches.items[i]);
    int gap = TITLE_WIDTH - columns(p->title);
    printf("  %s%*s  %-16s  %s\n", p->title, gap > 0 ? gap : 0, "", buffer_text(&numbers), file);
    buffer_release(&numbers);
    plan_free(p);
}

static void list_litmus(const char *file)
{
    load_errors errors = {0};
    litmus_program *p = litmus_program_load(file, &errors);
    int gap = p ? TITLE_WIDTH - columns(p->title) : 0;
    if (p)
        printf("  %s%*s  %-16s  %s\n", p->title, gap > 0 ? gap : 0, "", "litmus", file);
    else
        printf("  %-*s  %s\n", TITLE_WIDTH, "(cannot be loaded)", file);
    load_errors_release(&errors);
    litmus_program_free(p);
}

static int help(void)
{
    puts("Usage: heddle list [FOLDER]\n\n"
         "Prints the scenarios in FOLDER (default: scenarios) by subject: a line each, with its file, the\n"
         "syllabus numbers it teaches and its title. A file that is no scenario is called invalid;\n"
         "heddle run says why.");
    return EXIT_HOLDS;
}

static void list_files(const char *root, text_list files, bool colours, void (*list_one)(const char *))
{
    char subject[256] = "", last[256] = "";
    bool first = true;
    for (int nested = 0; nested < 2; nested++) /* what lies in no folder comes first */
        for (size_t i = 0; i < files.count; i++) {
            subject_of(root, files.items[i], subject, sizeof subject);
            if ((subject[0] != 0) != nested)
                continue;
            if (nested && strcmp(subject, last)) {
                printf(colours ? "%s\033[1m%s\033[0m\n" : "%s%s\n", first ? "" : "\n", subject);
                snprintf(last, sizeof last, "%s", subject);
            }
            list_one(files.items[i]);
            first = false;
        }
}

int cli_list(int count, char **arguments)
{
    region *memory = region_create();
    text_list files = {0};
    const char *path = count > 1 ? arguments[1] : "scenarios";
    int code = EXIT_HOLDS;
    if (count == 2 && !strcmp(path, "--help")) {
        code = help();
    } else if (count > 2 || (count > 1 && arguments[1][0] == '-')) {
        code = cli_usage_error("list", "takes one folder (default: scenarios)");
    } else if (folder_list_scenarios(memory, path, &files) != STATUS_OK) {
        fprintf(stderr, "heddle list: cannot read %s: %s\n", path, strerror(errno));
        code = EXIT_INVALID;
    } else if (!files.count) {
        fprintf(stderr, "heddle list: %s holds no scenarios (.yaml)\n", path);
        code = EXIT_INVALID;
    } else {
        bool colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
        list_files(path, files, colours, list_file);
        if (folder_list_litmus(memory, path, &files) == STATUS_OK && files.count)
            list_files(path, files, colours, list_litmus);
    }
    region_free(memory);
    return code;
}
