/* build/heddle: picks one of the two libraries before anything else is loaded. `--unobserved` anywhere on the command line asks for
 * the plain engine; without the observed library the plain one serves everything. */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int main_function(int, char **);

static main_function *load(const char *folder, const char *name, bool required)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    main_function *entry = library ? (main_function *)dlsym(library, "heddle_main") : NULL;
    if (!entry && required)
        fprintf(stderr, "heddle: cannot load %s: %s\n", path, dlerror());
    return entry;
}

int main(int count, char **arguments)
{
    char folder[PATH_MAX - 32];
    bool plain = HEDDLE_HAS_OBSERVED == 0;
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    for (int i = 1; i < count; i++)
        plain |= !strcmp(arguments[i], "--unobserved");
    if (length <= 0)
        return 70;
    folder[length] = 0;
    *strrchr(folder, '/') = 0;
    main_function *entry = plain ? NULL : load(folder, "libheddle-observed.so", false);
    if (!entry)
        entry = load(folder, "libheddle.so", true);
    return entry ? entry(count, arguments) : 70;
}
