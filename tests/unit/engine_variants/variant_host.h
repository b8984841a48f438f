/* The smallest host the engine can run in: what the tests of the engine's variants need and nothing
 * of heddle's own adapter. One runtime per thread; blocks of shared memory live in the range that
 * the observed variant watches. */
#ifndef HEDDLE_TESTS_VARIANT_HOST_H
#define HEDDLE_TESTS_VARIANT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/hooks.h"

/* A runtime with one realm, with 4 MiB of stack allowed. Has print(…), gc(), clearKept(),
 * tick(microseconds) and the lazy global `lazyValue`. */
JSContext *variant_new(void);
void variant_free(JSContext *realm);

/* Runs a script, then pending jobs; returns the completion value as a string, or "throws <error>",
 * valid until the next call on this thread. */
const char *variant_eval(JSContext *realm, const char *source);

/* A further SharedArrayBuffer object, global `name` of `realm`, over the block of `from`'s global
 * `name`. */
void variant_share(JSContext *from, JSContext *realm, const char *name);

/* How often `lazyValue` was built in this process. */
extern int variant_lazy_builds;

#endif
