/* Values as text for people, in the form of Node's util.inspect with its defaults: depth 2, 80
 * columns, 100 items.
 *
 * Runs no JavaScript: getters are named, not called; proxies are shown as their target. Own thread.
 */
#ifndef HEDDLE_WEB_INSPECT_H
#define HEDDLE_WEB_INSPECT_H

#include "base/buffer.h"
#include "quickjs.h"

#include <stdbool.h>

struct inspect_options {
    int depth; /* levels below the value that are shown; INT_MAX = all */
    bool show_hidden, show_proxy;
};

#define INSPECT_DEFAULTS ((struct inspect_options){.depth = 2})

/* Appends the text. Never leaves an exception. */
void inspect_value(JSContext *js, JSValueConst value, const struct inspect_options *options,
                   buffer *out);

/* Appends a primitive the way formatting directives print it: strings as they are, numbers with the
 * sign of -0, 1n. False for anything else. */
bool inspect_plain(JSContext *js, JSValueConst value, buffer *out);

/* Appends UTF-8 text in the quotes that need the least escapes. */
void inspect_quoted(const char *text, size_t length, buffer *out);

/* How many UTF-16 units a text has: what columns are counted in. */
size_t inspect_width(const char *text, size_t length);

#endif
