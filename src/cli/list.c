#include "cli/cli.h"

#include "scenario/expect.h"
#include "scenario/folder.h"
#include "scenario/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One line per scenario: syllabus numbers, file, title. */
static void list_file(const char *file)
{
    plan *p;
    load_errors errors = {0};
    if (scenario_load(file, &p, &errors) != STATUS_OK) {
        printf("%-28s %s\n", "invalid", file);
        load_errors_release(&errors);
        return;
    }
    load_errors_release(&errors);
    char numbers[128] = "";
    for (size_t i = 0; i < p->teaches.count && strlen(numbers) < sizeof numbers - 8; i++)
        snprintf(numbers + strlen(numbers), 8, "%s%u", i ? " " : "", p->teaches.items[i]);
    printf("%-44s %-20s %s\n", file, numbers, p->title);
    plan_free(p);
}

static int help(void)
{
    puts("Usage: heddle list [FOLDER]\n\n"
         "Prints a line for every scenario in FOLDER (default: scenarios): its file, the syllabus\n"
         "numbers it teaches, its title. A file that is no scenario is called invalid; heddle run\n"
         "says why.");
    return EXIT_HOLDS;
}

int cli_list(int count, char **arguments)
{
    region *memory = region_create();
    text_list files = {0};
    const char *path = count > 1 ? arguments[1] : "scenarios";
    if (count == 2 && !strcmp(path, "--help")) {
        region_free(memory);
        return help();
    }
    if (count > 2 || (count > 1 && arguments[1][0] == '-')) {
        region_free(memory);
        return cli_usage_error("list", "takes one folder (default: scenarios)");
    }
    if (folder_list_scenarios(memory, path, &files) != STATUS_OK) {
        fprintf(stderr, "heddle list: cannot read %s: %s\n", path, strerror(errno));
        region_free(memory);
        return EXIT_INVALID;
    }
    if (!files.count)
        fprintf(stderr, "heddle list: %s holds no scenarios (.yaml)\n", path);
    for (size_t i = 0; i < files.count; i++)
        list_file(files.items[i]);
    int code = files.count ? EXIT_HOLDS : EXIT_INVALID;
    region_free(memory);
    return code;
}
