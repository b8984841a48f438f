/* Where JavaScript is running, for reports that outlive the moment (observe_locator of
 * observe/hooks.h). Own thread; nothing here runs JavaScript or allocates in the heap.
 *
 * A place is named by the program counter of its function. So that no later function can come to
 * lie at the same address, a function whose place was told stays for as long as the engine. */
#ifndef HEDDLE_ENGINE_PLACES_H
#define HEDDLE_ENGINE_PLACES_H

#include "observe/hooks.h"
#include "quickjs.h"

struct pinned_code;

uintptr_t places_top(JSRuntime *runtime);
unsigned places_keys(JSRuntime *runtime, uintptr_t keys[OBSERVE_FRAMES]);
void places_frames(JSRuntime *runtime, struct pinned_code **pinned,
                   void (*visit)(void *, const struct observe_frame *), void *to);

/* The view that was noted last, if it can be the one through which `address` is reached. */
enum observe_view places_view(JSRuntime *runtime, const void *address, const void **base);

/* Lets go of the functions, or (`dropped`: the heap is given up as a whole) only of the list. */
void places_release(JSRuntime *runtime, struct pinned_code *pinned, bool dropped);

#endif
