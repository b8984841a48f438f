/* Between inspect.c (names, properties, recursion) and inspect_parts.c (what is particular to a
 * kind of object). */
#ifndef HEDDLE_WEB_INSPECT_PARTS_H
#define HEDDLE_WEB_INSPECT_PARTS_H

#include "base/buffer.h"
#include "engine/inspection.h"
#include "web/inspect_layout.h"

struct inspector {
    JSContext *js;
    int depth;
    bool show_hidden, show_proxy;
    size_t indentation;
    int level;   /* objects around the present one */
    int entered; /* level of the object last entered */
    void **seen; /* the objects around the present one */
    size_t seen_count;
    void *
        *circular; /* objects that were met within themselves; their number is the index and one */
    size_t circular_count;
    size_t written;
};

/* One object while it is printed. */
struct subject {
    JSValueConst value;
    enum inspected kind;
    bool has_constructor;
    buffer constructor, tag;
    JSPropertyEnum *keys; /* a key that is not to be shown is JS_ATOM_NULL */
    uint32_t key_count;
    buffer base, open;
    const char *close;
    bool array, numbers;
};

/* inspect.c */
void inspect_inner(struct inspector *x, JSValueConst value, buffer *out);
void inspect_property(struct inspector *x, JSValueConst object, JSAtom key, bool named,
                      struct entries *e);
void inspect_add_prefix(const struct subject *s, const char *fallback, const char *size,
                        buffer *out);
/* The own property; false when there is none or it cannot be read. */
bool inspect_own(struct inspector *x, JSValueConst object, JSAtom key, JSPropertyDescriptor *out);
void inspect_free_descriptor(JSContext *js, JSPropertyDescriptor *d);
/* An own or inherited property's value; getters only when they are native. A new reference. */
JSValue inspect_find(struct inspector *x, JSValueConst object, const char *name);
void inspect_clear_exception(JSContext *js);

/* inspect_parts.c: prints what has no entries and returns true; else sets base, open and close. */
bool inspect_whole(struct inspector *x, struct subject *s, buffer *out);
/* The entries that are not properties. */
void inspect_contents(struct inspector *x, struct subject *s, struct entries *e);

/* inspect_error.c: the text of an Error or DOMException; hides the keys that it already shows. */
void inspect_error(struct inspector *x, struct subject *s, buffer *out);

/* inspect_host.c: platform objects whose attributes are worth showing. */
bool inspect_host_has_entries(JSValueConst object);
void inspect_host_entries(struct inspector *x, JSValueConst object, struct entries *e);

#endif
