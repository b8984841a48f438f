#include "scenario/plan.h"

#include "base/assert.h"
#include "scenario/build.h"
#include "scenario/source_maps.h"

#include <string.h>

void plan_free(plan *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->pattern_count; i++)
        regfree(p->patterns[i]);
    source_maps_free(p->maps);
    region_free(p->memory);
}

static const plan_file *find_file_by_url(const plan *p, const char *url, size_t length)
{
    for (size_t i = 0; i < p->file_count; i++) {
        const char *declared = p->files[i].script->url;
        if (strncmp(declared, url, length) == 0 && declared[length] == '\0')
            return &p->files[i];
    }
    return NULL;
}

const plan_file *plan_find_file(const plan *p, const char *path_or_url)
{
    region *scratch = region_create();
    const char *url = build_url(scratch, path_or_url);
    const plan_file *found = find_file_by_url(p, url, strlen(url));
    if (found == NULL)
        found = find_file_by_url(p, url, strcspn(url, "?#"));
    region_free(scratch);
    return found;
}

static const plan_resource *find_resource_by_url(const plan *p, const char *url, size_t length)
{
    for (size_t i = 0; i < p->resource_count; i++) {
        const char *declared = p->resources[i].url;
        if (strncmp(declared, url, length) == 0 && declared[length] == '\0')
            return &p->resources[i];
    }
    return NULL;
}

/* The one with the longest address counts. */
static const plan_resource *find_folder(const plan *p, const char *url)
{
    const plan_resource *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < p->resource_count; i++) {
        const plan_resource *r = &p->resources[i];
        size_t length = strlen(r->url);
        if (r->folder != NULL && length > best_length && strncmp(r->url, url, length) == 0) {
            best = r;
            best_length = length;
        }
    }
    return best;
}

const plan_resource *plan_find_resource(const plan *p, const char *url)
{
    const plan_resource *found = find_resource_by_url(p, url, strcspn(url, "#"));
    if (found == NULL)
        found = find_resource_by_url(p, url, strcspn(url, "?#"));
    return found != NULL ? found : find_folder(p, url);
}

const plan_script *plan_find_script(const plan *p, const char *url)
{
    for (size_t i = 0; i < p->script_count; i++)
        if (strcmp(p->scripts[i]->url, url) == 0)
            return p->scripts[i];
    return NULL;
}

source_position plan_locate(const plan *p, const char *url, uint32_t line, uint32_t column)
{
    source_position original;
    if (source_maps_find(p, url, line, column, &original, NULL))
        return original;
    const plan_script *script = url == NULL ? NULL : plan_find_script(p, url);
    if (script == NULL)
        return (source_position){url, line, column};
    return (source_position){
        .file = script->source_file,
        .line = line == 0 ? 0 : script->source_line + line - 1,
        .column = column == 0 ? 0 : column + script->source_indent,
    };
}

void plan_empty_script(plan *p, size_t script_index)
{
    hd_assert(script_index < p->script_count);
    p->scripts[script_index]->text = "";
    p->scripts[script_index]->length = 0;
}

const char *plan_mark_text(plan_mark mark)
{
    static const char *const texts[] = {"", "✓", "~", "✗"};
    return texts[mark];
}

const char *plan_lesson_name(plan_lesson lesson)
{
    static const char *const names[] = {"says", "means", "like", "try", "beware", "see"};
    hd_assert(lesson < PLAN_LESSON_COUNT);
    return names[lesson];
}

static const struct {
    const char *name, *family, *needs;
} deeds[] = {
    [DEED_NONE] = {"", "", ""},
#define ACT "act"
#define FAULT "fault"
#define AGENT "agent"
#define WINDOW "window"
#define NOTHING ""
#define DEED(name, text, family, needs, about) [DEED_##name] = {text, family, needs},
#include "scenario/timeline.def"
#undef DEED
#undef ACT
#undef FAULT
#undef AGENT
#undef WINDOW
#undef NOTHING
};

const char *plan_deed_name(plan_deed deed)
{
    hd_assert(deed < DEED_COUNT);
    return deeds[deed].name;
}

const char *plan_deed_needs(plan_deed deed)
{
    hd_assert(deed < DEED_COUNT);
    return deeds[deed].needs;
}

bool plan_deed_from_name(const char *family, const char *name, plan_deed *deed)
{
    for (*deed = DEED_NONE + 1; *deed < DEED_COUNT; (*deed)++)
        if (strcmp(deeds[*deed].family, family) == 0 && strcmp(deeds[*deed].name, name) == 0)
            return true;
    return false;
}

const char *plan_agent_state_name(plan_agent_state state)
{
    static const char *const names[] = {"alive", "dead", "blocked", "idle", "paused"};
    hd_assert(state < AGENT_STATE_COUNT);
    return names[state];
}
