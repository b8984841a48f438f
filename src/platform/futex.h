/* Sleeping on a word of memory and waking who sleeps there (Linux futex, private to the process).
 *
 * Threads: any. Blocking: futex_wait only. A return from futex_wait says nothing about the word:
 * callers loop over their own predicate. Deadlines are CLOCK_MONOTONIC nanoseconds. */
#ifndef HEDDLE_PLATFORM_FUTEX_H
#define HEDDLE_PLATFORM_FUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FUTEX_NEVER INT64_MAX

/* Sleeps while `*word == expected`, until woken, interrupted or past `deadline`. False only when
 * the deadline has passed. */
bool futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline);

/* Wakes at most `count` sleepers. */
void futex_wake(_Atomic uint32_t *word, int count);

#endif
