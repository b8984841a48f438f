/* Errors as text: what they are called, their message, and the frames of their stack. */
#include "web/inspect_parts.h"

#include <stdlib.h>
#include <string.h>

static void add_text_of(struct inspector *x, JSValue value, buffer *out)
{
    const char *text = JS_IsString(value) ? JS_ToCString(x->js, value) : NULL;
    if (text)
        buffer_add(out, text);
    JS_FreeCString(x->js, text);
    JS_FreeValue(x->js, value);
}

/* "Name: message", as Error.prototype.toString composes it. */
static void add_header(struct inspector *x, struct subject *s, buffer *name, buffer *message,
                       buffer *out)
{
    if (s->kind == INSPECTED_DOM_EXCEPTION) {
        JSValueConst parts[2];
        inspect_dom_exception(s->value, &parts[0], &parts[1]);
        add_text_of(x, JS_DupValue(x->js, parts[0]), name);
        add_text_of(x, JS_DupValue(x->js, parts[1]), message);
        buffer_format(out, "DOMException [%s]", buffer_text(name));
    } else {
        JSValue found = inspect_find(x, s->value, "name");
        if (JS_IsUndefined(found))
            buffer_add(name, "Error");
        add_text_of(x, found, name);
        add_text_of(x, inspect_find(x, s->value, "message"), message);
        buffer_add(out, buffer_text(name));
    }
    if (out->length && message->length)
        buffer_add(out, ": ");
    buffer_add(out, buffer_text(message));
}

/* Puts the class into the name where the class does not set one: "Foo [Error]: ...", "MyError:
 * ...". */
static void improve_name(struct subject *s, const buffer *name, buffer *text)
{
    size_t length = name->length;
    bool ends = length >= 5 && strcmp(name->text + length - 5, "Error") == 0;
    if (s->kind == INSPECTED_DOM_EXCEPTION || (s->has_constructor && !ends))
        return;
    buffer prefix = {0}, result = {0};
    inspect_add_prefix(s, "Error", "", &prefix);
    prefix.text[--prefix.length] = 0;
    if (strcmp(prefix.text, buffer_text(name)) != 0) {
        if (strstr(prefix.text, buffer_text(name)))
            buffer_format(&result, "%s%s%s", prefix.text, length ? "" : ": ",
                          buffer_text(text) + length);
        else
            buffer_format(&result, "%s [%s]%s", prefix.text, buffer_text(name),
                          buffer_text(text) + length);
        buffer_release(text);
        *text = result;
    }
    buffer_release(&prefix);
}

/* The frames follow the header, unless the stack is a text of the program's own. */
static void add_stack(struct inspector *x, JSValueConst error, buffer *text)
{
    buffer stack = {0};
    add_text_of(x, inspect_find(x, error, "stack"), &stack);
    while (stack.length && stack.text[stack.length - 1] == '\n')
        stack.text[--stack.length] = 0;
    if (stack.length && strncmp(stack.text, "    at ", 7) == 0) {
        buffer_format(text, "\n%s", stack.text);
    } else if (stack.length) {
        buffer_clear(text);
        buffer_add(text, stack.text);
    }
    buffer_release(&stack);
    if (!strstr(buffer_text(text), "\n    at")) {
        buffer bracketed = {0};
        buffer_format(&bracketed, "[%s]", buffer_text(text));
        buffer_release(text);
        *text = bracketed;
    }
}

/* Own name, message and stack are not shown again as properties. */
static void hide_known_keys(struct inspector *x, struct subject *s, const char *text)
{
    for (uint32_t i = 0; i < s->key_count && !x->show_hidden; i++) {
        const char *key = JS_AtomToCString(x->js, s->keys[i].atom);
        if (key && (!strcmp(key, "name") || !strcmp(key, "message") || !strcmp(key, "stack"))) {
            buffer value = {0};
            add_text_of(x, inspect_find(x, s->value, key), &value);
            if (!strcmp(key, "stack") || strstr(text, buffer_text(&value))) {
                JS_FreeAtom(x->js, s->keys[i].atom);
                s->keys[i].atom = JS_ATOM_NULL;
            }
            buffer_release(&value);
        }
        JS_FreeCString(x->js, key);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->key_count; i++)
        if (s->keys[i].atom != JS_ATOM_NULL)
            s->keys[kept++] = s->keys[i];
    s->key_count = kept;
}

/* "cause" and "errors" are shown although they are not enumerable. */
static void show_key(struct inspector *x, struct subject *s, const char *name)
{
    JSAtom key = JS_NewAtom(x->js, name);
    JSPropertyDescriptor d;
    bool shown = !inspect_own(x, s->value, key, &d);
    if (!shown)
        inspect_free_descriptor(x->js, &d);
    for (uint32_t i = 0; i < s->key_count; i++)
        shown = shown || s->keys[i].atom == key;
    JSPropertyEnum *more =
        shown ? NULL : js_realloc(x->js, s->keys, sizeof *s->keys * (size_t)(s->key_count + 1));
    if (!more) {
        JS_FreeAtom(x->js, key);
        return;
    }
    s->keys = more;
    s->keys[s->key_count++] = (JSPropertyEnum){.atom = key, .is_enumerable = false};
}

void inspect_error(struct inspector *x, struct subject *s, buffer *out)
{
    buffer name = {0}, message = {0}, text = {0};
    add_header(x, s, &name, &message, &text);
    improve_name(s, &name, &text);
    add_stack(x, s->value, &text);
    hide_known_keys(x, s, buffer_text(&text));
    show_key(x, s, "cause");
    show_key(x, s, "errors");
    for (const char *line = buffer_text(&text); *line;) {
        const char *newline = strchr(line, '\n');
        size_t length = newline ? (size_t)(newline - line) + 1 : strlen(line);
        buffer_add_bytes(out, line, length);
        if (newline)
            buffer_add_repeated(out, ' ', x->indentation);
        line += length;
    }
    buffer_release(&name);
    buffer_release(&message);
    buffer_release(&text);
}
