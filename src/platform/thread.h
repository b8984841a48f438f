/* Threads of our own: one per agent, on a stack that the caller supplies. */
#ifndef HEDDLE_PLATFORM_THREAD_H
#define HEDDLE_PLATFORM_THREAD_H

#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* A variable of each thread, reached without a call although this is a shared library: for a few
 * bytes on the paths of messages only, because the loader has little room for such. */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

typedef struct thread {
    pthread_t handle;
} thread;

/* Starts `run(context)`. `stack` is page-aligned memory that stays until the thread was joined;
 * NULL takes `stack_size` bytes from the system. STATUS_LIMIT when the system refuses another
 * thread. */
status thread_start(thread *t, void *stack, size_t stack_size, void (*run)(void *), void *context);

/* Waits for the end. Blocks. */
void thread_join(thread *t);

/* Waits for the end for at most `milliseconds`; false when the thread still runs. Blocks. */
bool thread_join_within(thread *t, unsigned milliseconds);

/* Names the calling thread for debuggers; at most 15 bytes are kept. */
void thread_name(const char *name);

#endif
