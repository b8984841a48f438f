/* What is wrong with a file that people wrote, and where: the errors that every loader collects.
 *
 * Ownership: the list owns a region with its texts, made with the first error; load_errors_release
 * gives it back. Threads: one at a time. Blocking: never. */
#ifndef HEDDLE_BASE_LOAD_ERROR_H
#define HEDDLE_BASE_LOAD_ERROR_H

#include "base/buffer.h"
#include "base/region.h"

#include <stdint.h>

/* A place in a text file. Lines and columns count from 1, columns in characters; 0 means unknown.
 */
typedef struct source_position {
    const char *file;
    uint32_t line;
    uint32_t column;
} source_position;

typedef struct load_error {
    source_position where; /* line 0: the file as a whole */
    const char *message; /* what is wrong and what was expected, one sentence without a full stop */
} load_error;

typedef struct load_errors {
    region *memory;
    load_error *items;
    size_t count;
    size_t capacity;
} load_errors;

/* Adds "file:line:column: message". */
void load_error_add(load_errors *errors, const char *file, uint32_t line, uint32_t column,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

void load_errors_release(load_errors *errors);

/* By place in the file; equal places keep the order in which they were found. */
void load_errors_sort(load_errors *errors);

/* "file:line:column: message", one per line. */
void load_errors_write(const load_errors *errors, buffer *out);

#endif
