#include "cli/cli.h"

#include "litmus/program.h"
#include "scenario/folder.h"
#include "scenario/load.h"

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

static void list_litmus(const char *file)
{
    load_errors errors = {0};
    litmus_program *p = litmus_program_load(file, &errors);
    if (p)
        printf("%-44s %-20s %s\n", file, "litmus", p->title);
    else
        printf("%-28s %s\n", "invalid", file);
    load_errors_release(&errors);
    litmus_program_free(p);
}

int cli_list(int count, char **arguments)
{
    region *memory = region_create();
    text_list files = {0};
    const char *path = count > 1 ? arguments[1] : "scenarios";
    if (count > 2 || (count > 1 && arguments[1][0] == '-')) {
        region_free(memory);
        return cli_usage_error("list", "takes one folder (default: scenarios)");
    }
    if (folder_list_scenarios(memory, path, &files) != STATUS_OK) {
        fprintf(stderr, "heddle list: cannot read %s\n", path);
        region_free(memory);
        return 3;
    }
    for (size_t i = 0; i < files.count; i++)
        list_file(files.items[i]);
    if (folder_list_litmus(memory, path, &files) == STATUS_OK)
        for (size_t i = 0; i < files.count; i++)
            list_litmus(files.items[i]);
    region_free(memory);
    return 0;
}
