#include "scenario/files.h"

#include "scenario/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- disk ---- */

static status read_file(const char *path, struct resource *out)
{
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f)
        return STATUS_NOT_FOUND;
    if (fstat(fileno(f), &info) || !S_ISREG(info.st_mode)) {
        fclose(f);
        return STATUS_NOT_FOUND;
    }
    out->length = (size_t)info.st_size;
    out->bytes = malloc(out->length + 1);
    status s = out->bytes ? STATUS_OK : STATUS_NO_MEMORY;
    if (s == STATUS_OK && fread(out->bytes, 1, out->length, f) != out->length)
        s = STATUS_IO;
    fclose(f);
    if (s == STATUS_OK)
        out->bytes[out->length] = 0;
    else
        free(out->bytes);
    return s;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* The node_modules folder nearest to the scenario that holds `package`, malloc'd. */
static char *packages_folder(const plan *p, const char *package)
{
    char *folder = realpath(p->directory, NULL);
    while (folder) {
        char *modules = join(folder, "node_modules"),
             *wanted = modules ? join(modules, package) : NULL;
        bool found = wanted && is_folder(wanted);
        free(wanted);
        if (found) {
            free(folder);
            return modules;
        }
        free(modules);
        char *slash = strrchr(folder, '/');
        if (!slash || !folder[1])
            break;
        slash[slash == folder ? 1 : 0] = 0;
    }
    free(folder);
    return NULL;
}

/* "name" or "@scope/name" at the start of a path, malloc'd. */
static char *package_name(const char *path)
{
    const char *end = strchr(path, '/');
    if (*path == '@' && end)
        end = strchr(end + 1, '/');
    return end ? strndup(path, (size_t)(end - path)) : strdup(path);
}

bool files_has_package(const plan *p, const char *name)
{
    char *folder = packages_folder(p, name);
    free(folder);
    return folder != NULL;
}

char *files_path(const plan *p, const char *url)
{
    static const char origin[] = SCENARIO_ORIGIN "/", modules[] = "node_modules/";
    if (strncmp(url, origin, sizeof origin - 1))
        return NULL;
    char *path = strdup(url + sizeof origin - 1);
    path[strcspn(path, "?#")] = 0;
    char *result;
    if (!strncmp(path, modules, sizeof modules - 1)) {
        char *name = package_name(path + sizeof modules - 1), *folder = packages_folder(p, name);
        result = folder ? join(folder, path + sizeof modules - 1) : NULL;
        free(name);
        free(folder);
    } else {
        result = strcmp(p->directory, ".") ? join(p->directory, path) : strdup(path);
    }
    free(path);
    return result;
}

status files_load(void *context, const char *url, struct resource *out)
{
    const plan *p = context;
    const plan_file *file = plan_find_file(p, url);
    const plan_script *script = file ? file->script : plan_find_script(p, url);
    if (script) {
        out->bytes = malloc(script->length + 1);
        if (!out->bytes)
            return STATUS_NO_MEMORY;
        memcpy(out->bytes, script->text, script->length);
        out->bytes[out->length = script->length] = 0;
        return STATUS_OK;
    }
    char *path = files_path(p, url);
    status s = path ? read_file(path, out) : STATUS_NOT_FOUND;
    free(path);
    return s;
}

/* ---- npm packages: the file of a bare specifier ---- */

char *files_find_package(void *context, const char *referrer, const char *specifier)
{
    const plan *p = context;
    (void)referrer;
    char *name = package_name(specifier), *folder = packages_folder(p, name), *url = NULL;
    char *package = folder ? join(folder, name) : NULL, *subpath = NULL, *path = NULL;
    if (package && asprintf(&subpath, ".%s", specifier + strlen(name)) >= 0)
        path = package_resolve(package, subpath);
    if (path && asprintf(&url, SCENARIO_ORIGIN "/node_modules/%s/%s", name, path) < 0)
        url = NULL;
    free(path);
    free(subpath);
    free(package);
    free(name);
    free(folder);
    return url;
}
