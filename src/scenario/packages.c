#include "scenario/packages.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_DESCRIPTION (4 << 20)

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static bool is_file(const char *path)
{
    struct stat info;
    return path && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* A folder's package.json; NULL when there is none or it is no JSON object. */
static cJSON *read_description(const char *folder)
{
    char *path = join(folder, "package.json"), *text = malloc(LARGEST_DESCRIPTION);
    FILE *f = path && text ? fopen(path, "rb") : NULL;
    cJSON *description = NULL;
    if (f) {
        size_t length = fread(text, 1, LARGEST_DESCRIPTION, f);
        fclose(f);
        description = cJSON_ParseWithLength(text, length);
    }
    free(path);
    free(text);
    if (cJSON_IsObject(description))
        return description;
    cJSON_Delete(description);
    return NULL;
}

static const char *text_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- "exports" ---- */

static bool condition_holds(const char *name, bool require)
{
    return !strcmp(name, require ? "require" : "import") || !strcmp(name, "browser") || !strcmp(name, "default");
}

/* A path must stay inside its package. */
static bool is_inside(const char *path)
{
    return !strncmp(path, "./", 2) && !strstr(path, "/../") && !strstr(path, "/node_modules/");
}

static char *replace_stars(const char *target, const char *match)
{
    size_t stars = 0;
    for (const char *c = target; *c; c++)
        stars += *c == '*';
    char *result = malloc(strlen(target) + stars * strlen(match) + 1), *to = result;
    for (; result && *target; target++) {
        if (*target == '*')
            to = stpcpy(to, match);
        else
            *to++ = *target;
    }
    if (result)
        *to = 0;
    return result;
}

/* PACKAGE_TARGET_RESOLVE. `match` is what the pattern's star stood for, NULL without a pattern. */
static char *resolve_target(const cJSON *target, const char *match, bool require)
{
    const cJSON *item;
    const char *text = cJSON_GetStringValue(target);
    if (text) {
        char *path = match ? replace_stars(text, match) : strdup(text);
        if (path && is_inside(path)) {
            memmove(path, path + 2, strlen(path + 2) + 1);
            return path;
        }
        free(path);
        return NULL;
    }
    if (!cJSON_IsObject(target) && !cJSON_IsArray(target))
        return NULL;
    cJSON_ArrayForEach(item, target)
    {
        char *path = cJSON_IsArray(target) || condition_holds(item->string, require) ? resolve_target(item, match, require) : NULL;
        if (path)
            return path;
    }
    return NULL;
}

/* PACKAGE_IMPORTS_EXPORTS_RESOLVE: a key without a star first, then the pattern with the longest beginning. */
static char *resolve_key(const cJSON *keys, const char *key, bool require)
{
    const cJSON *exact = cJSON_GetObjectItemCaseSensitive(keys, key), *item, *best = NULL;
    size_t best_length = 0, length = strlen(key);
    if (exact && !strchr(key, '*'))
        return resolve_target(exact, NULL, require);
    cJSON_ArrayForEach(item, keys)
    {
        const char *star = strchr(item->string, '*');
        size_t before = star ? (size_t)(star - item->string) : 0, after = star ? strlen(star + 1) : 0;
        if (star && before + after < length + 1 && before >= best_length && !strncmp(key, item->string, before) &&
            !strcmp(key + length - after, star + 1)) {
            best = item;
            best_length = before;
        }
    }
    if (!best)
        return NULL;
    size_t after = strlen(best->string) - best_length - 1;
    char *match = strndup(key + best_length, length - best_length - after);
    char *path = match ? resolve_target(best, match, require) : NULL;
    free(match);
    return path;
}

static char *resolve_exports(const cJSON *exports, const char *subpath, bool require)
{
    bool has_keys = cJSON_IsObject(exports) && exports->child && exports->child->string[0] == '.';
    if (!has_keys)
        return *subpath ? NULL : resolve_target(exports, NULL, require);
    char *key = *subpath ? join(".", subpath) : strdup(".");
    char *path = key ? resolve_key(exports, key, require) : NULL;
    free(key);
    return path;
}

/* ---- without "exports" ---- */

static char *try_extensions(const char *path, const char *const *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *candidate = NULL;
        if (asprintf(&candidate, "%s%s", path, endings[i]) < 0)
            return NULL;
        if (is_file(candidate))
            return candidate;
        free(candidate);
    }
    return NULL;
}

char *package_find_file(const char *path)
{
    static const char *const endings[] = {"", ".js", ".cjs", ".mjs", ".json", "/index.js", "/index.cjs", "/index.json"};
    char *found = try_extensions(path, endings, sizeof endings / sizeof *endings);
    if (found)
        return found;
    cJSON *description = read_description(path); /* a folder with a package.json of its own */
    const char *main = description ? text_member(description, "main") : NULL;
    char *entry = main ? join(path, main) : NULL;
    if (entry)
        found = try_extensions(entry, endings, sizeof endings / sizeof *endings);
    free(entry);
    cJSON_Delete(description);
    return found;
}

/* `name` below `folder`, with extensions found. The path below the folder. */
static char *find_below(const char *folder, const char *name, bool exact)
{
    while (!strncmp(name, "./", 2))
        name += 2;
    char *path = join(folder, name);
    char *found = !path ? NULL : !exact ? package_find_file(path) : is_file(path) ? strdup(path) : NULL;
    char *below = found ? strdup(found + strlen(folder) + 1) : NULL;
    free(path);
    free(found);
    return below;
}

char *package_entry(const char *folder, const char *subpath, bool require)
{
    cJSON *description = read_description(folder);
    const cJSON *exports = cJSON_GetObjectItemCaseSensitive(description, "exports");
    char *entry = NULL;
    if (exports && !cJSON_IsNull(exports)) {
        entry = resolve_exports(exports, subpath, require);
    } else if (*subpath) {
        entry = find_below(folder, subpath, !require);
    } else {
        const char *module = require ? NULL : text_member(description, "module"), *main = text_member(description, "main");
        entry = module ? find_below(folder, module, false) : NULL;
        if (!entry && main)
            entry = find_below(folder, main, false);
        if (!entry)
            entry = find_below(folder, "index", false);
    }
    cJSON_Delete(description);
    return entry;
}

char *package_name(const char *specifier)
{
    const char *end = strchr(specifier, '/');
    if (*specifier == '@' && end)
        end = strchr(end + 1, '/');
    return end ? strndup(specifier, (size_t)(end - specifier)) : strdup(specifier);
}

enum package_type package_type_of(const char *path)
{
    char *folder = realpath(path, NULL);
    enum package_type type = PACKAGE_TYPE_NONE;
    for (char *slash; folder && (slash = strrchr(folder, '/')) && slash != folder;) {
        *slash = 0;
        const char *last = strrchr(folder, '/');
        cJSON *description = read_description(folder);
        if (description) {
            const char *text = text_member(description, "type");
            if (text)
                type = !strcmp(text, "module") ? PACKAGE_TYPE_MODULE : PACKAGE_TYPE_COMMONJS;
            cJSON_Delete(description);
            break;
        }
        if (last && !strcmp(last, "/node_modules"))
            break;
    }
    free(folder);
    return type;
}

/* ---- the text ---- */

/* Behind a comment or a text that begins at `at`; a text of one line ends with it. */
static const char *skip_quoted(const char *at, const char *end)
{
    char quote = *at++;
    while (at < end && *at != quote && (quote == '`' || *at != '\n'))
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    return at < end ? at + 1 : end;
}

static const char *skip_comment(const char *at, const char *end)
{
    bool block = at[1] == '*';
    for (at += 2; at < end; at++)
        if (block ? *at == '*' && at + 1 < end && at[1] == '/' : *at == '\n')
            return at + (block ? 2 : 0);
    return end;
}

/* `word` begins a declaration: what follows is no call, property or longer name. */
static bool begins_declaration(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - at) <= length || strncmp(at, word, length))
        return false;
    at += length;
    if (isalnum((unsigned char)*at) || *at == '_' || *at == '$')
        return false;
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at < end && !strchr("(.:=,;)", *at);
}

bool text_is_module(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    bool statement = true; /* a statement may begin here */
    while (at < end) {
        if (*at == '/' && at + 1 < end && (at[1] == '/' || at[1] == '*')) {
            at = skip_comment(at, end);
        } else if (*at == '"' || *at == '\'' || *at == '`') {
            at = skip_quoted(at, end);
            statement = false;
        } else if (statement && (begins_declaration(at, end, "import") || begins_declaration(at, end, "export"))) {
            return true;
        } else {
            statement = *at == '\n' || *at == ';' || *at == '}' || (statement && isspace((unsigned char)*at));
            at++;
        }
    }
    return false;
}
