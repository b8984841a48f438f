/* MIME types (MIME Sniffing Standard, sections 3 and 4), without sniffing. Any thread; never
 * blocks. */
#ifndef HEDDLE_WEB_MIME_TYPE_H
#define HEDDLE_WEB_MIME_TYPE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

struct mime_type {
    buffer essence;    /* "text/html", lower case */
    buffer parameters; /* serialized: ";charset=utf-8" */
    buffer charset;    /* the value of that parameter, "" when there is none */
};

/* "parse a MIME type". False for text that is none; `out` is empty then. */
bool mime_type_parse(const char *text, size_t length, struct mime_type *out);
void mime_type_release(struct mime_type *t);

/* "JavaScript MIME type essence match" and "JSON MIME type" of a Content-Type's text; NULL is
 * neither. */
bool mime_type_is_javascript(const char *text);
bool mime_type_is_json(const char *text);

/* The type of a file by the ending of its path; NULL for endings that say nothing. Constant text.
 */
const char *mime_type_of_path(const char *path);

#endif
