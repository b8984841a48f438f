#include "scenario/files.h"

#include "base/buffer.h"
#include "scenario/packages.h"
#include "scenario/source_maps.h"
#include "web/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- disk ---- */

status files_read(const char *path, char **bytes, size_t *length)
{
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f)
        return STATUS_NOT_FOUND;
    if (fstat(fileno(f), &info) || !S_ISREG(info.st_mode)) {
        fclose(f);
        return STATUS_NOT_FOUND;
    }
    size_t size = (size_t)info.st_size;
    char *read = malloc(size + 1);
    status s = read ? STATUS_OK : STATUS_NO_MEMORY;
    if (s == STATUS_OK && fread(read, 1, size, f) != size)
        s = STATUS_IO;
    fclose(f);
    if (s != STATUS_OK) {
        free(read);
        return s;
    }
    read[size] = 0;
    *bytes = read;
    *length = size;
    return STATUS_OK;
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
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

/* A path; with ":LINE:COLUMN" behind it, the place that it comes from if the script has a source map. How much of `rest` was used. */
static size_t add_place(const plan *p, const char *path, const char *rest, buffer *out)
{
    unsigned line, column;
    int used = 0;
    source_position original;
    bool placed = sscanf(rest, ":%u:%u%n", &line, &column, &used) == 2 && source_maps_find(p, path, line, column, &original, NULL);
    if (!placed) {
        buffer_add(out, path);
        return 0;
    }
    buffer_format(out, "%s:%u:%u", original.file, original.line, original.column);
    return (size_t)used;
}

char *files_localize(const plan *p, const char *text)
{
    static const char origin[] = SCENARIO_ORIGIN "/";
    buffer out = {0};
    if (!text)
        return NULL;
    for (const char *at; (at = strstr(text, origin)); ) {
        size_t length = sizeof origin - 1 + strcspn(at + sizeof origin - 1, ":?# ()\n");
        char *url = strndup(at, length);
        char *path = url && !plan_find_script(p, url) && !plan_find_file(p, url) ? files_path(p, url) : NULL;
        buffer_add_bytes(&out, text, (size_t)(at - text));
        if (path && is_file(path))
            length += add_place(p, path, at + length, &out);
        else
            buffer_add(&out, url);
        free(path);
        free(url);
        text = at + length;
    }
    buffer_add(&out, text);
    return out.text; /* the buffer's memory is the C library's */
}

status files_load(const plan *p, const char *url, char **bytes, size_t *length)
{
    const plan_file *file = plan_find_file(p, url);
    const plan_script *script = file ? file->script : plan_find_script(p, url);
    if (script) {
        *bytes = malloc(script->length + 1);
        if (!*bytes)
            return STATUS_NO_MEMORY;
        memcpy(*bytes, script->text, script->length);
        (*bytes)[*length = script->length] = 0;
        return STATUS_OK;
    }
    char *path = files_path(p, url);
    status s = path ? files_read(path, bytes, length) : STATUS_NOT_FOUND;
    free(path);
    return s;
}

/* ---- npm packages ---- */

/* The URL folder of `name` in a node_modules folder of `referrer`'s package or of one around it, malloc'd: what a package brought
 * for itself lies nested in it. */
static char *nested_package(const plan *p, const char *referrer, const char *name)
{
    static const char modules[] = SCENARIO_ORIGIN "/node_modules/";
    if (strncmp(referrer, modules, sizeof modules - 1))
        return NULL;
    char *folder = strdup(referrer), *found = NULL;
    for (char *slash; folder && !found && (slash = strrchr(folder, '/')) && slash > folder + sizeof modules - 2;) {
        char *url = NULL;
        *slash = 0;
        if (asprintf(&url, "%s/node_modules/%s", folder, name) < 0)
            break;
        char *path = files_path(p, url);
        if (path && is_folder(path))
            found = url;
        else
            free(url);
        free(path);
    }
    free(folder);
    return found;
}

static char *find_in_packages(const plan *p, const char *referrer, const char *specifier, bool require)
{
    char *name = package_name(specifier), *folder = nested_package(p, referrer, name), *url = NULL;
    const char *rest = specifier + strlen(name);
    if (!folder && asprintf(&folder, SCENARIO_ORIGIN "/node_modules/%s", name) < 0)
        folder = NULL;
    char *path = folder ? files_path(p, folder) : NULL;
    char *entry = path && is_folder(path) ? package_entry(path, *rest ? rest + 1 : "", require) : NULL;
    if (entry && asprintf(&url, "%s/%s", folder, entry) < 0)
        url = NULL;
    free(entry);
    free(path);
    free(folder);
    free(name);
    return url;
}

/* What a relative specifier stands for when its ending may be left away. */
static char *find_beside(const plan *p, const char *referrer, const char *specifier)
{
    char *url = url_resolve(referrer, specifier), *result = NULL;
    if (url && plan_find_file(p, url))
        return url;
    char *path = url ? files_path(p, url) : NULL;
    char *found = path ? package_find_file(path) : NULL;
    /* What was found has the path at its beginning and an ending behind it. */
    if (found && !strncmp(found, path, strlen(path)) && asprintf(&result, "%s%s", url, found + strlen(path)) < 0)
        result = NULL;
    free(found);
    free(path);
    free(url);
    return result;
}

static bool is_bare(const char *specifier)
{
    return *specifier != '.' && *specifier != '/';
}

char *files_find_package(const plan *p, const char *referrer, const char *specifier)
{
    if (is_bare(specifier))
        return find_in_packages(p, referrer, specifier, false);
    /* Modules of packages that were written for bundlers leave endings away. */
    return strstr(referrer, "/node_modules/") ? find_beside(p, referrer, specifier) : NULL;
}

char *files_find_required(const plan *p, const char *referrer, const char *specifier)
{
    return is_bare(specifier) ? find_in_packages(p, referrer, specifier, true)
                              : find_beside(p, referrer, specifier);
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && !strcmp(text + length - tail, ending);
}

bool files_is_commonjs(const plan *p, const char *url, const struct resource *resource)
{
    if (ends_with(url, ".cjs"))
        return true;
    if (!ends_with(url, ".js") || plan_find_file(p, url) || text_is_module(resource->bytes, resource->length))
        return false;
    char *path = files_path(p, url);
    enum package_type type = path ? package_type_of(path) : PACKAGE_TYPE_MODULE;
    free(path);
    return type == PACKAGE_TYPE_COMMONJS || (type == PACKAGE_TYPE_NONE && strstr(url, "/node_modules/"));
}
