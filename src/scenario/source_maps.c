#include "scenario/source_maps.h"

#include "base/assert.h"
#include "scenario/code_frame.h"
#include "scenario/files.h"
#include "scenario/source_map.h"
#include "web/base64.h"
#include "web/url.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    char *url;
    struct source_map *map; /* NULL = the script has none */
};

struct source_maps {
    pthread_mutex_t lock;
    struct entry *entries;
    region *texts; /* names of sources */
};

struct source_maps *source_maps_create(void)
{
    struct source_maps *m = calloc(1, sizeof *m);
    hd_assert(m);
    pthread_mutex_init(&m->lock, NULL);
    m->texts = region_create();
    return m;
}

void source_maps_free(struct source_maps *m)
{
    if (!m)
        return;
    while (m->entries) {
        struct entry *e = m->entries;
        m->entries = e->next;
        source_map_free(e->map);
        free(e->url);
        free(e);
    }
    region_free(m->texts);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* ---- finding a script's map ---- */

/* "data:application/json;base64,…" */
static struct source_map *map_of_data(const char *url)
{
    const char *comma = strchr(url, ',');
    buffer json = {0};
    if (!comma)
        return NULL;
    if (memmem(url, (size_t)(comma - url), ";base64", 7))
        base64_decode(comma + 1, strlen(comma + 1), &json);
    else
        percent_decode(comma + 1, strlen(comma + 1), &json);
    struct source_map *map = source_map_read(buffer_text(&json), json.length);
    buffer_release(&json);
    return map;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
}

static struct source_map *map_of_path(const char *path)
{
    char *json;
    size_t length;
    if (files_read(path, &json, &length) != STATUS_OK)
        return NULL;
    struct source_map *map = source_map_read(json, length);
    free(json);
    return map;
}

/* The file that a script is the whole of; NULL for one within a scenario. */
static const char *file_of(const plan *p, const char *script)
{
    const plan_script *s = plan_find_script(p, script);
    if (!s)
        return script;
    return s->source_line == 1 && !s->source_indent ? s->source_file : NULL;
}

/* Of a script that is a file, the map lies beside it; of one within a scenario, under the URL that it names. */
static struct source_map *map_named(const plan *p, const char *script, const char *name)
{
    struct source_map *map = NULL;
    char *json = NULL;
    size_t length;
    if (!strncmp(name, "data:", 5))
        return map_of_data(name);
    const char *file = file_of(p, script);
    if (file) {
        char *folder = folder_of(file), *path = NULL;
        if (asprintf(&path, "%s%s", folder, name) >= 0)
            map = map_of_path(path);
        free(path);
        free(folder);
        return map;
    }
    char *url = url_resolve(script, name);
    if (url && files_load(p, url, &json, &length) == STATUS_OK)
        map = source_map_read(json, length);
    free(json);
    free(url);
    return map;
}

static struct source_map *read_map(const plan *p, const char *url)
{
    const plan_script *script = plan_find_script(p, url);
    char *bytes = NULL;
    const char *text = script ? script->text : NULL, *name;
    size_t length = script ? script->length : 0;
    struct source_map *map = NULL;
    if (!script && files_read(url, &bytes, &length) == STATUS_OK)
        text = bytes;
    size_t named = text ? source_map_url(text, length, &name) : 0;
    if (named) {
        char *copy = strndup(name, named);
        map = map_named(p, url, copy);
        free(copy);
    }
    free(bytes);
    return map;
}

static struct source_map *map_for(const plan *p, const char *url)
{
    struct source_maps *m = p->maps;
    struct entry *e = m->entries;
    while (e && strcmp(e->url, url))
        e = e->next;
    if (e)
        return e->map;
    e = calloc(1, sizeof *e);
    hd_assert(e);
    *e = (struct entry){m->entries, strdup(url), read_map(p, url)};
    m->entries = e;
    return e->map;
}

/* ---- the place ---- */

/* Takes "folder/../" out of a path, in place. */
static void shorten(char *path)
{
    for (char *up = path; (up = strstr(up, "/../"));) {
        char *before = up;
        while (before > path && before[-1] != '/')
            before--;
        if (before == up || !strncmp(before, "../", 3)) {
            up++;
            continue;
        }
        memmove(before, up + 4, strlen(up + 4) + 1);
        up = path;
    }
}

/* A source is named relative to its script. */
static const char *name_of_source(const plan *p, const char *script, const char *source)
{
    const char *file = file_of(p, script);
    if (*source == '/' || strstr(source, "://") || !file)
        return region_text(p->maps->texts, source);
    char *folder = folder_of(file), *name = region_format(p->maps->texts, "%s%s", folder, source);
    free(folder);
    shorten(name);
    return name;
}

bool source_maps_find(const plan *p, const char *url, uint32_t line, uint32_t column, source_position *out, char **text)
{
    struct source_map_place place;
    if (!url || !p->maps)
        return false;
    pthread_mutex_lock(&p->maps->lock);
    struct source_map *map = map_for(p, url);
    bool found = map && source_map_find(map, line, column, &place);
    if (found) {
        *out = (source_position){name_of_source(p, url, place.source), place.line, place.column};
        if (text)
            *text = code_line_of(place.content, out->file, place.line);
    }
    pthread_mutex_unlock(&p->maps->lock);
    return found;
}
