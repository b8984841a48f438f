#include "scenario/load.h"

#include "scenario/source_maps.h"

#include "scenario/build.h"
#include "scenario/format.h"
#include "scenario/packages.h"

#include <string.h>

static const char *directory_of(region *memory, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    return region_copy(memory, path, slash == path ? 1 : (size_t)(slash - path));
}

static plan *create_plan(const char *path)
{
    region *memory = region_create();
    plan *p = region_allocate(memory, sizeof *p);
    p->memory = memory;
    p->file = region_text(memory, path);
    p->directory = directory_of(memory, path);
    p->maps = source_maps_create();
    p->seed = 1;
    p->knobs.fps = 60;
    p->knobs.sw_idle_ms = KNOB_SW_IDLE_MS;
    p->knobs.sw_event_limit_ms = KNOB_SW_EVENT_LIMIT_MS;
    p->knobs.extended_lifetime_ms = KNOB_EXTENDED_LIFETIME_MS;
    p->knobs.between_loads_ms = KNOB_BETWEEN_LOADS_MS;
    p->repeat = 1;
    p->expect.exit.code = -1;
    return p;
}

status scenario_load_text(const char *path, const char *text, size_t length, plan **result,
                          load_errors *errors)
{
    *result = NULL;
    *errors = (load_errors){.memory = region_create()};
    plan *p = create_plan(path);
    region *scratch = region_create();
    const yaml_node *root = yaml_tree_read(scratch, text, length, p->file, "a scenario", errors);
    if (root != NULL && schema_check(&scenario_schema, root, p->file, errors))
        plan_build(p, root, errors);
    region_free(scratch);
    if (errors->count > 0) {
        load_errors_sort(errors);
        plan_free(p);
        return STATUS_INVALID;
    }
    *result = p;
    return STATUS_OK;
}

/* Reads `path` or adds the error that says why not. */
static status read_or_report(region *memory, const char *path, const char **text, size_t *length,
                             load_errors *errors)
{
    status s = build_read_file(memory, path, text, length);
    if (s == STATUS_NOT_FOUND)
        load_error_add(errors, path, 0, 0, "there is no such file");
    else if (s != STATUS_OK)
        load_error_add(errors, path, 0, 0, "it %s", build_why_unreadable(s));
    return s;
}

status scenario_load(const char *path, plan **result, load_errors *errors)
{
    *result = NULL;
    *errors = (load_errors){.memory = region_create()};
    region *scratch = region_create();
    const char *text;
    size_t length;
    status s = read_or_report(scratch, path, &text, &length, errors);
    if (s == STATUS_OK) {
        load_errors_release(errors);
        s = scenario_load_text(path, text, length, result, errors);
    }
    region_free(scratch);
    return s;
}

/* By its ending, else by what it says, else by the package it belongs to. */
static bool is_module_file(const char *path, const char *text, size_t length)
{
    const char *ending = strrchr(path, '.');
    if (ending != NULL && strcmp(ending, ".mjs") == 0)
        return true;
    if (ending != NULL && strcmp(ending, ".cjs") == 0)
        return false;
    return text_is_module(text, length) || package_type_of(path) == PACKAGE_TYPE_MODULE;
}

static void add_script(plan *p, const char *path, const char *text, size_t length)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    plan_script *script = region_allocate(p->memory, sizeof *script);
    *script = (plan_script){
        .url = build_url(p->memory, name),
        .text = text,
        .length = length,
        .source_file = p->file,
        .source_line = 1,
        .declared = {p->file, 0, 0},
    };
    p->title = p->file;
    p->windows = region_allocate(p->memory, sizeof *p->windows);
    p->windows[0] = (plan_window){
        .name = "main",
        .url = SCENARIO_BASE_URL,
        .module = is_module_file(path, text, length),
        .script = script,
        .declared = {p->file, 0, 0},
    };
    p->is_script = true;
    p->window_count = 1;
    p->scripts = region_allocate(p->memory, sizeof *p->scripts);
    p->scripts[0] = script;
    p->script_count = 1;
}

status scenario_from_script(const char *path, plan **result, load_errors *errors)
{
    *result = NULL;
    *errors = (load_errors){.memory = region_create()};
    plan *p = create_plan(path);
    const char *text;
    size_t length;
    status s = read_or_report(p->memory, path, &text, &length, errors);
    if (s != STATUS_OK) {
        plan_free(p);
        return s;
    }
    add_script(p, path, text, length);
    *result = p;
    return STATUS_OK;
}

plan *scenario_from_text(const char *path, const char *text, size_t length)
{
    plan *p = create_plan(path);
    add_script(p, path, region_copy(p->memory, text, length), length);
    return p;
}

void scenario_write_schema(buffer *out)
{
    schema_write(&scenario_schema, "heddle scenario", out);
}
