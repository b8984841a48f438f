/* Writes JSON into a buffer, member by member, in the order of the calls.
 *
 * `json_writer` keeps only where it is (commas and indentation); the caller opens and closes what
 * it opens, which is asserted. Text may hold any bytes: what is not UTF-8 is written as U+FFFD, and
 * a lone surrogate in its three-byte form as its \uD8xx escape, so that the output is always valid
 * JSON.
 *
 * Threads: one at a time. Blocking: never. Errors: none besides the buffer's. */
#ifndef HEDDLE_BASE_JSON_H
#define HEDDLE_BASE_JSON_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct json_writer {
    buffer *out;
    uint8_t depth;
    bool indented; /* one member per line, two blanks per level; else everything on one line */
    bool after_name;
    bool filled[64]; /* per level: a member has been written already */
} json_writer;

json_writer json_start(buffer *out, bool indented);

void json_open_object(json_writer *w);
void json_close_object(json_writer *w);
void json_open_array(json_writer *w);
void json_close_array(json_writer *w);
void json_name(json_writer *w, const char *name);

void json_text(json_writer *w, const char *text); /* NULL gives null */
void json_text_bytes(json_writer *w, const char *text, size_t length);
void json_number(json_writer *w, int64_t value);
void json_unsigned(json_writer *w, uint64_t value);
void json_flag(json_writer *w, bool value);
void json_raw(json_writer *w, const char *json); /* `json` is one JSON value already */

#endif
