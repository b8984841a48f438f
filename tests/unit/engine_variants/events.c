/* Prints every event of a large body of code on shared memory, one line each: kind, offset in its
 * block, size.
 *
 * Built twice, with the observed variant and with the oracle, in which every function is
 * instrumented; events.sh requires the same output, so that an exempted function that touches
 * shared bytes after all cannot hide. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/observed.h"
#include "memory/shared_range.h"
#include "memory/shared_range.h"
#include "variant_host.h"

static unsigned long count;

void engine_observed_access(const void *address, size_t size, enum engine_access_kind kind)
{
    static const char *const names[] = {"read", "write", "bulk read", "bulk write"};
    printf("%s %#lx %zu\n", names[kind], (unsigned long)((uintptr_t)address - SHARED_RANGE_BASE),
           size);
    count++;
}

int main(int argc, char **argv)
{
    JSContext *realm = variant_new();
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    static char source[1 << 18];
    if (!file) {
        fprintf(stderr, "usage: %s FILE.js\n", argv[0]);
        return 2;
    }
    source[fread(source, 1, sizeof(source) - 1, file)] = 0;
    fclose(file);
    const char *result = variant_eval(realm, source);
    printf("result: %s\n", result);
    int failed = !strncmp(result, "throws", 6);
    if (failed) {
        fprintf(stderr, "%s\n", result);
    }
    variant_free(realm);
    fprintf(stderr, "%lu events\n", count);
    return failed || !count;
}
