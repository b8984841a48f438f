/* build/heddle: picks one of the two libraries before anything else is loaded. `--unobserved`
 * anywhere on the command line asks for the plain engine, and so does a build without the observed
 * variant. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int main_function(int, char **);

/* A standard stream that is closed must not become the number of a file that is opened later, and
 * writing to it fails as it would. */
static void keep_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 &&
            open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream)
            _exit(70);
}

static main_function *load(const char *folder, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    main_function *entry = library ? (main_function *)dlsym(library, "heddle_main") : NULL;
    if (!entry)
        fprintf(stderr, "heddle: cannot load the library beside the program: %s\n", dlerror());
    return entry;
}

int main(int count, char **arguments)
{
    char folder[PATH_MAX - 32];
    bool plain = HEDDLE_HAS_OBSERVED == 0;
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    for (int i = 1; i < count; i++)
        plain |= !strcmp(arguments[i], "--unobserved");
    keep_streams();
    if (length <= 0) {
        fprintf(stderr, "heddle: /proc is not mounted\n");
        return 70;
    }
    folder[length] = 0;
    *strrchr(folder, '/') = 0;
    main_function *entry = load(folder, plain ? "libheddle.so" : "libheddle-observed.so");
    return entry ? entry(count, arguments) : 70;
}
