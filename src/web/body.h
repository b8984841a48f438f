/* Bodies of requests and responses (Fetch section 5.2 and 5.3). The bytes of a body are there as a
 * whole: what takes time is the answer, not its body. There is no ReadableStream, so the attribute
 * `body` is missing, and with it formData().
 *
 * Own thread. */
#ifndef HEDDLE_WEB_BODY_H
#define HEDDLE_WEB_BODY_H

#include "engine/js.h"
#include "web/header_list.h"

struct blob_bytes;

struct body {
    struct blob_bytes *bytes; /* counted; NULL: there is no body */
    bool used;
};

void body_release(struct body *b);

/* Fetch "extract a body" from a BodyInit: a Blob, a BufferSource, URLSearchParams, or a string.
 * *type is the Content-Type that it brings, malloc'd, NULL for none. 0, or -1 with an exception. */
int body_extract(JSContext *js, JSValueConst init, struct body *out, char **type);

/* Fetch "consume body": the promise that text() and its neighbours return. */
enum body_form { BODY_TEXT, BODY_JSON, BODY_ARRAY_BUFFER, BODY_BLOB, BODY_BYTES };
JSValue body_read(JSContext *js, struct body *b, const struct header_list *headers,
                  enum body_form form);

/* The bytes as text() and json() see them: decoded, an exception for what is no JSON. */
JSValue body_text(JSContext *js, const char *bytes, size_t length);
JSValue body_json(JSContext *js, const char *bytes, size_t length);

/* Fetch "extract a MIME type", serialized, malloc'd; "" when there is none. */
char *body_type(const struct header_list *headers);

#endif
