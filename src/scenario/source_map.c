#include "scenario/source_map.h"

#include "base/assert.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* One segment of `mappings`; lines and columns from 0, as the map has them. */
struct segment {
    uint32_t line, column;
    int32_t source; /* -1: generated code without an original */
    uint32_t source_line, source_column;
};

struct source_map {
    cJSON *json; /* keeps the texts */
    char **sources;
    const char **contents;
    size_t source_count;
    struct segment *segments; /* in the order of the generated script */
    size_t count, capacity;
};

/* ---- reading ---- */

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* A base64 VLQ: five bits a digit, the lowest bit of the whole is the sign. */
static bool read_number(const char **at, int64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 40; shift += 5) {
        int digit = digit_of(**at);
        if (digit < 0)
            return false;
        ++*at;
        value |= (uint64_t)(digit & 31) << shift;
        if (!(digit & 32)) {
            *out = value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
            return true;
        }
    }
    return false;
}

static void add_segment(struct source_map *m, const struct segment *s)
{
    if (m->count == m->capacity) {
        m->capacity = m->capacity ? m->capacity * 2 : 256;
        m->segments = realloc(m->segments, m->capacity * sizeof *m->segments);
        hd_assert(m->segments);
    }
    m->segments[m->count++] = *s;
}

static bool fits(int64_t value)
{
    return value >= 0 && value <= INT32_MAX;
}

/* The fields of a segment are differences to the segment before; the column's starts anew with each line. */
static bool read_mappings(struct source_map *m, const char *at)
{
    int64_t line = 0, column = 0, source = 0, source_line = 0, source_column = 0, field;
    for (; *at; at += *at == ',') {
        if (*at == ';') {
            line++;
            column = 0;
            at++;
            continue;
        }
        if (!read_number(&at, &field) || !fits(column += field))
            return false;
        struct segment s = {.line = (uint32_t)line, .column = (uint32_t)column, .source = -1};
        if (*at && *at != ',' && *at != ';') {
            int64_t fields[3];
            for (int i = 0; i < 3; i++)
                if (!read_number(&at, &fields[i]))
                    return false;
            source += fields[0];
            source_line += fields[1];
            source_column += fields[2];
            if (!fits(source) || (size_t)source >= m->source_count || !fits(source_line) || !fits(source_column))
                return false;
            if (*at && *at != ',' && *at != ';' && !read_number(&at, &field)) /* a name, which is not needed */
                return false;
            s.source = (int32_t)source;
            s.source_line = (uint32_t)source_line;
            s.source_column = (uint32_t)source_column;
        }
        if (*at && *at != ',' && *at != ';')
            return false;
        add_segment(m, &s);
    }
    return true;
}

static char *join(const char *root, const char *name)
{
    size_t length = strlen(root), slash = length && root[length - 1] != '/';
    char *whole = malloc(length + slash + strlen(name) + 1);
    hd_assert(whole);
    memcpy(whole, root, length);
    if (slash)
        whole[length] = '/';
    strcpy(whole + length + slash, name);
    return whole;
}

static void read_sources(struct source_map *m)
{
    const cJSON *sources = cJSON_GetObjectItemCaseSensitive(m->json, "sources");
    const cJSON *contents = cJSON_GetObjectItemCaseSensitive(m->json, "sourcesContent");
    const char *root = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->json, "sourceRoot"));
    size_t count = (size_t)cJSON_GetArraySize(sources);
    m->sources = calloc(count + 1, sizeof *m->sources);
    m->contents = calloc(count + 1, sizeof *m->contents);
    hd_assert(m->sources && m->contents);
    for (const cJSON *s = sources ? sources->child : NULL; s; s = s->next) {
        const char *name = cJSON_GetStringValue(s);
        m->contents[m->source_count] = cJSON_GetStringValue(cJSON_GetArrayItem(contents, (int)m->source_count));
        m->sources[m->source_count++] = join(root ? root : "", name ? name : "(unknown)");
    }
}

struct source_map *source_map_read(const char *json, size_t length)
{
    struct source_map *m = calloc(1, sizeof *m);
    hd_assert(m);
    m->json = cJSON_ParseWithLength(json, length);
    const char *mappings = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m->json, "mappings"));
    double version = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(m->json, "version"));
    if (mappings)
        read_sources(m);
    if (version == 3 && mappings && read_mappings(m, mappings))
        return m;
    source_map_free(m);
    return NULL;
}

void source_map_free(struct source_map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->source_count; i++)
        free(m->sources[i]);
    free(m->sources);
    free(m->contents);
    free(m->segments);
    cJSON_Delete(m->json);
    free(m);
}

/* ---- asking ---- */

bool source_map_find(const struct source_map *m, uint32_t line, uint32_t column, struct source_map_place *out)
{
    size_t low = 0, high = m->count; /* the last segment that begins at or before the place */
    if (!line || !column)
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct segment *s = &m->segments[middle];
        if (s->line < line - 1 || (s->line == line - 1 && s->column <= column - 1))
            low = middle + 1;
        else
            high = middle;
    }
    const struct segment *s = low ? &m->segments[low - 1] : NULL;
    if (!s || s->line != line - 1 || s->source < 0)
        return false;
    *out = (struct source_map_place){m->sources[s->source], m->contents[s->source], s->source_line + 1, s->source_column + 1};
    return true;
}

size_t source_map_url(const char *script, size_t length, const char **url)
{
    static const char mark[] = "# sourceMappingURL=";
    const char *end = script + length, *found = NULL;
    for (const char *at = script; (at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)); at++)
        found = at;
    if (!found || found < script + 2 || (strncmp(found - 2, "//", 2) && strncmp(found - 2, "/*", 2)))
        return 0;
    *url = found + sizeof mark - 1;
    size_t size = 0;
    while (*url + size < end && !strchr(" \t\r\n", (*url)[size]) && strncmp(*url + size, "*/", 2))
        size++;
    return size;
}
