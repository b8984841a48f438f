#include "scenario/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST_FOLDER 16 /* links can make circles */

typedef struct listing {
    region *memory;
    text_list *files;
    size_t capacity;
} listing;

static void add_file(listing *l, const char *path)
{
    l->files->items = region_grow(l->memory, l->files->items, l->files->count, &l->capacity,
                                  sizeof *l->files->items);
    l->files->items[l->files->count++] = path;
}

static bool is_scenario_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static status list_folder(listing *l, const char *path, unsigned depth)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return STATUS_IO;
    status result = STATUS_OK;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t length = strlen(path);
        const char *slash = length > 0 && path[length - 1] == '/' ? "" : "/";
        char *inner = region_format(l->memory, "%s%s%s", path, slash, name);
        struct stat about;
        bool visible = name[0] != '.' && stat(inner, &about) == 0;
        if (visible && S_ISDIR(about.st_mode) && depth < DEEPEST_FOLDER) {
            status s = list_folder(l, inner, depth + 1);
            result = result == STATUS_OK ? s : result;
        } else if (visible && S_ISREG(about.st_mode) && is_scenario_name(name)) {
            add_file(l, inner);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

status folder_list_scenarios(region *memory, const char *path, text_list *files)
{
    *files = (text_list){0};
    listing l = {.memory = memory, .files = files};
    struct stat about;
    if (stat(path, &about) != 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    if (S_ISDIR(about.st_mode))
        return list_folder(&l, path, 0);
    add_file(&l, region_text(memory, path));
    return STATUS_OK;
}
