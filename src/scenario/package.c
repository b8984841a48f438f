#include "scenario/package.h"

#include "scenario/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_file(const char *folder, const char *path)
{
    char full[4096];
    struct stat info;
    snprintf(full, sizeof full, "%s/%s", folder, path);
    return stat(full, &info) == 0 && S_ISREG(info.st_mode);
}

/* ---- "exports" ---- */

static bool applies(const char *condition)
{
    static const char *const conditions[] = {"import", "browser", "worker", "default"};
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        if (!strcmp(condition, conditions[i]))
            return true;
    return false;
}

/* PACKAGE_TARGET_RESOLVE: the first condition that applies and leads somewhere. */
static const char *target_of(const yaml_node *node)
{
    if (node->shape == YAML_SCALAR)
        return !strncmp(node->text, "./", 2) ? node->text + 2 : NULL;
    const char *target = NULL;
    for (size_t i = 0; i < node->count && !target; i++) {
        if (node->shape == YAML_LIST)
            target = target_of(node->items[i]);
        else if (applies(node->pairs[i].key->text))
            target = target_of(node->pairs[i].value);
    }
    return target;
}

/* What the one "*" of a pattern stands for in `subpath`, and how long that is. */
static const char *match_star(const char *pattern, const char *subpath, size_t *length)
{
    const char *star = strchr(pattern, '*');
    if (!star || strncmp(pattern, subpath, (size_t)(star - pattern)))
        return NULL;
    size_t before = (size_t)(star - pattern), after = strlen(star + 1), all = strlen(subpath);
    if (all <= before + after || strcmp(subpath + all - after, star + 1))
        return NULL;
    *length = all - before - after;
    return subpath + before;
}

static char *put_star(const char *target, const char *text, size_t length)
{
    const char *star = strchr(target, '*');
    char *path = NULL;
    if (!star)
        return strdup(target);
    return asprintf(&path, "%.*s%.*s%s", (int)(star - target), target, (int)length, text,
                    star + 1) < 0
               ? NULL
               : path;
}

/* PACKAGE_EXPORTS_RESOLVE. Of several patterns the longest prefix wins. */
static char *from_exports(const yaml_node *exports, const char *subpath)
{
    bool by_path =
        exports->shape == YAML_MAP && exports->count && exports->pairs[0].key->text[0] == '.';
    const yaml_node *node = by_path                ? yaml_tree_find(exports, subpath)
                            : strcmp(subpath, ".") ? NULL
                                                   : exports;
    const char *star = "", *text;
    size_t length = 0, best = 0, found;
    for (size_t i = 0; by_path && !node && i < exports->count; i++) {
        const char *pattern = exports->pairs[i].key->text;
        if ((text = match_star(pattern, subpath, &found)) && strcspn(pattern, "*") >= best) {
            best = strcspn(pattern, "*") + 1;
            star = text;
            length = found;
        }
    }
    for (size_t i = 0; by_path && !node && best && i < exports->count; i++) {
        const char *pattern = exports->pairs[i].key->text;
        if (match_star(pattern, subpath, &found) && strcspn(pattern, "*") + 1 == best)
            node = exports->pairs[i].value;
    }
    const char *target = node ? target_of(node) : NULL;
    return target ? put_star(target, star, length) : NULL;
}

/* ---- packages without "exports" ---- */

static const char *text_member(const yaml_node *package, const char *name)
{
    const yaml_node *node = package ? yaml_tree_find(package, name) : NULL;
    if (!node || node->shape != YAML_SCALAR || !node->length)
        return NULL;
    return strncmp(node->text, "./", 2) ? node->text : node->text + 2;
}

static char *from_main(const char *folder, const yaml_node *package)
{
    const char *candidates[] = {text_member(package, "module"), text_member(package, "main"),
                                "index.mjs", "index.js"};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        if (candidates[i] && is_file(folder, candidates[i]))
            return strdup(candidates[i]);
    return NULL;
}

char *package_resolve(const char *folder, const char *subpath)
{
    char path[4096];
    const char *text;
    size_t length;
    region *memory = region_create();
    load_errors errors = {0};
    const yaml_node *package = NULL;
    snprintf(path, sizeof path, "%s/package.json", folder);
    /* JSON is YAML, but for what no package.json holds. */
    if (build_read_file(memory, path, &text, &length) == STATUS_OK)
        package = yaml_tree_read(memory, text, length, path, &errors);
    if (package && package->shape != YAML_MAP)
        package = NULL;
    const yaml_node *exports = package ? yaml_tree_find(package, "exports") : NULL;
    char *result;
    if (exports && !yaml_tree_is_null(exports))
        result = from_exports(exports, subpath);
    else
        result = strcmp(subpath, ".") ? strdup(subpath + 2) : from_main(folder, package);
    load_errors_release(&errors);
    region_free(memory);
    return result;
}
