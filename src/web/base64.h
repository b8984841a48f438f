/* Forgiving base64 (Infra Standard). Any thread. */
#ifndef HEDDLE_WEB_BASE64_H
#define HEDDLE_WEB_BASE64_H

#include "base/buffer.h"

#include <stdbool.h>

/* Appends the decoded bytes; false for text that is no base64. */
bool base64_decode(const char *text, size_t length, buffer *out);
void base64_encode(const unsigned char *bytes, size_t length, buffer *out);

#endif
