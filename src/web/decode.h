/* The decoders of the Encoding Standard that heddle has: UTF-8, UTF-16 in both orders,
 * windows-1252. Any thread. */
#ifndef HEDDLE_WEB_DECODE_H
#define HEDDLE_WEB_DECODE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum encoding {
    ENCODING_UTF_8,
    ENCODING_UTF_16LE,
    ENCODING_UTF_16BE,
    ENCODING_WINDOWS_1252,
    ENCODING_COUNT
};

/* "get an encoding" from a label; ENCODING_COUNT for none of them. */
enum encoding encoding_of_label(const char *label, size_t length);
const char *encoding_name(enum encoding e);

/* A decoder between two pieces of a stream; zero-filled but for `encoding` at its beginning. */
struct decoder {
    enum encoding encoding;
    bool fatal, keep_bom, bom_seen, failed;
    /* UTF-8 */
    uint32_t code_point;
    uint8_t needed, seen, lower, upper;
    /* UTF-16 */
    bool has_byte, has_lead;
    uint8_t byte;
    uint16_t lead;
};

/* Appends what the bytes say as UTF-8; `failed` is set when an error was met and `fatal`. */
void decoder_feed(struct decoder *d, const uint8_t *bytes, size_t length, buffer *out);
/* The end of the stream: what is incomplete is an error. */
void decoder_end(struct decoder *d, buffer *out);

#endif
