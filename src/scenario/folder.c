#include "scenario/folder.h"

#include "litmus/program.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST_FOLDER 16 /* links can make circles */

typedef struct listing {
    region *memory;
    bool litmus; /* wanted: litmus files; else scenarios */
    text_list *files;
    size_t capacity;
} listing;

static void add_file(listing *l, const char *path)
{
    l->files->items = region_grow(l->memory, l->files->items, l->files->count, &l->capacity,
                                  sizeof *l->files->items);
    l->files->items[l->files->count++] = path;
}

bool folder_is_litmus(const char *path)
{
    char start[1024];
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) /* a pipe would make it wait */
        return false;
    FILE *file = fopen(path, "rb");
    size_t length = file == NULL ? 0 : fread(start, 1, sizeof start, file);
    if (file != NULL)
        fclose(file);
    return litmus_is_litmus(path, start, length);
}

static bool is_wanted(const listing *l, const char *path)
{
    const char *dot = strrchr(path, '.');
    bool yaml = dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
    bool script = dot != NULL && strcmp(dot, ".js") == 0;
    return (yaml || (script && l->litmus)) && folder_is_litmus(path) == l->litmus;
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
        } else if (visible && S_ISREG(about.st_mode) && is_wanted(l, inner)) {
            add_file(l, inner);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

static status list(region *memory, const char *path, bool litmus, text_list *files)
{
    *files = (text_list){0};
    listing l = {.memory = memory, .litmus = litmus, .files = files};
    struct stat about;
    if (stat(path, &about) != 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    if (S_ISDIR(about.st_mode))
        return list_folder(&l, path, 0);
    add_file(&l, region_text(memory, path));
    return STATUS_OK;
}

status folder_list_scenarios(region *memory, const char *path, text_list *files)
{
    return list(memory, path, false, files);
}

status folder_list_litmus(region *memory, const char *path, text_list *files)
{
    return list(memory, path, true, files);
}
