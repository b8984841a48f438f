/* Header lists (Fetch, "Headers"): names compare without case and keep the case they came in; equal
 * names may come several times.
 *
 * Ownership: a list owns its texts; header_list_release frees them. Zero-filled is empty. Threads:
 * one at a time per list. Blocking: never. Errors: asserts when the process has no memory left.
 * Texts are bytes without a zero byte. */
#ifndef HEDDLE_WEB_HEADER_LIST_H
#define HEDDLE_WEB_HEADER_LIST_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

struct header {
    char *name, *value;
};

struct header_list {
    struct header *items;
    size_t count, capacity;
};

void header_list_release(struct header_list *l);
void header_list_copy(struct header_list *to, const struct header_list *from);

/* Fetch "append", "set", "delete"; texts are copied. */
void header_list_append(struct header_list *l, const char *name, const char *value);
void header_list_set(struct header_list *l, const char *name, const char *value);
void header_list_delete(struct header_list *l, const char *name);

bool header_list_has(const struct header_list *l, const char *name);

/* Fetch "get": the values of that name, joined by ", ", appended to `out`. False when there is
 * none. */
bool header_list_get(const struct header_list *l, const char *name, buffer *out);

/* Fetch "sort and combine": names in lower case and in order; only set-cookie may come several
 * times. `to` is empty before. */
void header_list_sort_and_combine(const struct header_list *l, struct header_list *to);

/* "header name", "header value", and "normalize" of a value: in place, the new length. */
bool header_name_is_valid(const char *name);
bool header_value_is_valid(const char *value, size_t length);
size_t header_value_normalize(char *value, size_t length);

/* Fetch's lists of names. `value` of forbidden request headers: the method-override headers look at
 * it. */
bool header_is_forbidden_for_requests(const char *name, const char *value);
bool header_is_forbidden_for_responses(const char *name);
bool header_is_no_cors_safelisted_name(const char *name);
bool header_is_privileged_no_cors(const char *name);
/* "CORS-safelisted request-header" and "no-CORS-safelisted request-header" agree but for `range`.
 */
bool header_is_cors_safelisted(const char *name, const char *value);
bool header_is_no_cors_safelisted(const char *name, const char *value);
/* Visible to a cross-origin reader without being exposed. */
bool header_is_cors_safelisted_for_responses(const char *name);

/* True if the comma list `list` (borrowed, may be NULL) has `token`, compared without case. */
bool header_tokens_contain(const char *list, const char *token);

#endif
