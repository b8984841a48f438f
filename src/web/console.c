/* The console namespace (https://console.spec.whatwg.org). What is printed goes to the run as
 * notices, one for each call. */
#include "web/console_format.h"

#include "agent/world.h"
#include "base/assert.h"
#include "base/console_level.h"
#include "web/console.h"
#include "web/globals.h"
#include "web/inspect.h"
#include "web/realm.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A counter or timer, by its label. */
struct labelled {
    struct labelled *next;
    int64_t value;
    char label[];
};

struct console {
    unsigned groups; /* open ones: two columns each */
    struct labelled *counts, *timers;
};

static struct console *console_of(JSContext *js)
{
    struct realm *r = realm_of(js);
    if (!r->console) {
        r->console = calloc(1, sizeof(struct console));
        hd_assert(r->console);
    }
    return r->console;
}

static void free_labelled(struct labelled *l)
{
    while (l) {
        struct labelled *next = l->next;
        free(l);
        l = next;
    }
}

void console_release(struct realm *r)
{
    struct console *c = r->console;
    if (!c)
        return;
    free_labelled(c->counts);
    free_labelled(c->timers);
    free(c);
    r->console = NULL;
}

static struct labelled **find(struct labelled **list, const char *label)
{
    while (*list && strcmp((*list)->label, label) != 0)
        list = &(*list)->next;
    return list;
}

static struct labelled *add(struct labelled **list, const char *label, int64_t value)
{
    struct labelled *l = malloc(sizeof *l + strlen(label) + 1);
    hd_assert(l);
    strcpy(l->label, label);
    l->value = value;
    l->next = *list;
    return *list = l;
}

/* ---- printing ---- */

static void notice_text(JSContext *js, int level, const char *text)
{
    struct realm *r = realm_of(js);
    struct source_place place = source_place_now(js, 0);
    const char *file = place.file != JS_ATOM_NULL ? JS_AtomToCString(js, place.file) : NULL;
    struct notice n = {.kind = NOTICE_CONSOLE,
                       .level = level,
                       .text = text,
                       .file = file,
                       .line = place.line,
                       .column = place.column};
    world_notice(r->agent->world, r->agent, &n);
    JS_FreeCString(js, file);
    JS_FreeAtom(js, place.file);
}

/* Every line of the text is moved in by the open groups. */
static void print(JSContext *js, int level, const char *text)
{
    const struct console *c = realm_of(js)->console;
    if (!c || !c->groups) {
        notice_text(js, level, text);
        return;
    }
    buffer indented = {0};
    for (const char *line = text;;) {
        const char *newline = strchr(line, '\n');
        buffer_add_repeated(&indented, ' ', c->groups * 2);
        buffer_add_bytes(&indented, line, newline ? (size_t)(newline - line) + 1 : strlen(line));
        if (!newline)
            break;
        line = newline + 1;
    }
    notice_text(js, level, buffer_text(&indented));
    buffer_release(&indented);
}

/* A zero byte would end a notice's text; it is shown as the symbol for it. */
static void print_with_zeros(JSContext *js, int level, const char *text, size_t length)
{
    buffer shown = {0};
    for (size_t at = 0; at < length;) {
        size_t run = strlen(text + at);
        buffer_add_bytes(&shown, text + at, run);
        at += run;
        if (at++ < length)
            buffer_add(&shown, "\u2400");
    }
    print(js, level, buffer_text(&shown));
    buffer_release(&shown);
}

static JSValue print_arguments(JSContext *js, int level, int count, JSValueConst *arguments)
{
    /* The common call has one string: it is not copied before the notice is. */
    if (count == 1 && JS_IsString(arguments[0])) {
        size_t length;
        const char *text = JS_ToCStringLen(js, &length, arguments[0]);
        if (!text)
            return JS_EXCEPTION;
        if (strlen(text) == length)
            print(js, level, text);
        else
            print_with_zeros(js, level, text, length);
        JS_FreeCString(js, text);
        return JS_UNDEFINED;
    }
    buffer text = {0};
    console_format(js, count, arguments, &text);
    if (strlen(buffer_text(&text)) == text.length)
        print(js, level, buffer_text(&text));
    else
        print_with_zeros(js, level, text.text, text.length);
    buffer_release(&text);
    return JS_UNDEFINED;
}

static JSValue console_print(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                             int level)
{
    return print_arguments(js, level, count, arguments);
}

static JSValue console_trace(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    buffer text = {0};
    buffer_add(&text, count ? "Trace: " : "Trace");
    console_format(js, count, arguments, &text);
    JSValue error = JS_NewError(js);
    JSValue stack = JS_GetPropertyStr(js, error, "stack");
    const char *frames = JS_IsString(stack) ? JS_ToCString(js, stack) : NULL;
    /* The innermost frame is this function. */
    const char *first = frames ? strstr(frames, "(native)\n") : NULL;
    const char *rest =
        first && first == strstr(frames, "(native)") ? first + strlen("(native)\n") : frames;
    if (rest && *rest) {
        buffer_format(&text, "\n%s", rest);
        while (text.text[text.length - 1] == '\n')
            text.text[--text.length] = 0;
    }
    JS_FreeCString(js, frames);
    JS_FreeValue(js, stack);
    JS_FreeValue(js, error);
    print(js, CONSOLE_LOG, text.text);
    buffer_release(&text);
    return JS_UNDEFINED;
}

static JSValue console_assert(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (count > 0 && JS_ToBool(js, arguments[0]))
        return JS_UNDEFINED;
    buffer text = {0}, data = {0};
    if (count > 1)
        console_format(js, count - 1, arguments + 1, &data);
    bool message = count > 1 && JS_IsString(arguments[1]);
    buffer_format(&text, "Assertion failed%s%s",
                  count < 2 ? ""
                  : message ? ": "
                            : " ",
                  buffer_text(&data));
    print(js, CONSOLE_ERROR, text.text);
    buffer_release(&data);
    buffer_release(&text);
    return JS_UNDEFINED;
}

static JSValue console_clear(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    console_of(js)->groups = 0;
    return JS_UNDEFINED;
}

/* ---- dir, table ---- */

static int read_dir_options(JSContext *js, JSValueConst given, struct inspect_options *out)
{
    *out = INSPECT_DEFAULTS;
    if (!JS_IsObject(given))
        return 0;
    JSValue depth = JS_GetPropertyStr(js, given, "depth");
    JSValue hidden = JS_GetPropertyStr(js, given, "showHidden");
    double levels = 2;
    int failed = JS_IsException(depth) || JS_IsException(hidden);
    if (!failed && JS_IsNull(depth))
        levels = INT_MAX;
    else if (!failed && !JS_IsUndefined(depth))
        failed = JS_ToFloat64(js, &levels, depth);
    out->depth = levels >= INT_MAX || isnan(levels) ? INT_MAX : (int)fmax(levels, -1);
    out->show_hidden = !failed && JS_ToBool(js, hidden) > 0;
    JS_FreeValue(js, depth);
    JS_FreeValue(js, hidden);
    return failed ? -1 : 0;
}

static JSValue console_dir(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    struct inspect_options options;
    if (read_dir_options(js, count > 1 ? arguments[1] : JS_UNDEFINED, &options))
        return JS_EXCEPTION;
    buffer text = {0};
    inspect_value(js, count > 0 ? arguments[0] : JS_UNDEFINED, &options, &text);
    print(js, CONSOLE_LOG, text.text);
    buffer_release(&text);
    return JS_UNDEFINED;
}

static JSValue console_draw_table(JSContext *js, JSValueConst self, int count,
                                  JSValueConst *arguments)
{
    buffer text = {0};
    JSValueConst columns = count > 1 ? arguments[1] : JS_UNDEFINED;
    if (count == 0 || !console_table(js, arguments[0], columns, &text))
        return print_arguments(js, CONSOLE_LOG, count, arguments);
    print(js, CONSOLE_LOG, text.text);
    buffer_release(&text);
    return JS_UNDEFINED;
}

/* ---- groups ---- */

static JSValue console_group(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    if (count > 0)
        print_arguments(js, CONSOLE_LOG, count, arguments);
    console_of(js)->groups++;
    return JS_UNDEFINED;
}

static JSValue console_group_end(JSContext *js, JSValueConst self, int count,
                                 JSValueConst *arguments)
{
    struct console *c = console_of(js);
    c->groups -= c->groups > 0;
    return JS_UNDEFINED;
}

/* ---- counting and timing ---- */

/* The label argument, js-allocated; NULL with an exception. */
static const char *label_of(JSContext *js, int count, JSValueConst *arguments)
{
    if (count > 0 && !JS_IsUndefined(arguments[0]))
        return JS_ToCString(js, arguments[0]);
    JSValue text = JS_NewString(js, "default");
    const char *label = JS_ToCString(js, text);
    JS_FreeValue(js, text);
    return label;
}

static void print_formatted(JSContext *js, int level, const char *format, const char *label)
{
    buffer text = {0};
    buffer_format(&text, format, label);
    print(js, level, text.text);
    buffer_release(&text);
}

static JSValue console_count(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const char *label = label_of(js, count, arguments);
    if (!label)
        return JS_EXCEPTION;
    struct console *c = console_of(js);
    struct labelled *l = *find(&c->counts, label);
    if (!l)
        l = add(&c->counts, label, 0);
    buffer text = {0};
    buffer_format(&text, "%s: %lld", label, (long long)++l->value);
    print(js, CONSOLE_INFO, text.text);
    buffer_release(&text);
    JS_FreeCString(js, label);
    return JS_UNDEFINED;
}

static JSValue console_count_reset(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    const char *label = label_of(js, count, arguments);
    if (!label)
        return JS_EXCEPTION;
    struct labelled *l = *find(&console_of(js)->counts, label);
    if (l)
        l->value = 0;
    else
        print_formatted(js, CONSOLE_WARN, "Count for '%s' does not exist", label);
    JS_FreeCString(js, label);
    return JS_UNDEFINED;
}

static JSValue console_time(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    const char *label = label_of(js, count, arguments);
    if (!label)
        return JS_EXCEPTION;
    struct console *c = console_of(js);
    if (*find(&c->timers, label))
        print_formatted(js, CONSOLE_WARN, "Label '%s' already exists for console.time()", label);
    else
        add(&c->timers, label, agent_now(realm_of(js)->agent));
    JS_FreeCString(js, label);
    return JS_UNDEFINED;
}

/* "12.345ms", "1.500s", "2:03.250 (m:ss.mmm)", "1:02:03.250 (h:mm:ss.mmm)" */
static void add_duration(int64_t ns, buffer *out)
{
    double ms = (double)ns / 1e6;
    int hours = (int)(ms / 3600000), minutes = (int)(fmod(ms, 3600000) / 60000);
    double seconds = fmod(ms, 60000) / 1000;
    if (hours)
        buffer_format(out, "%d:%02d:%06.3f (h:mm:ss.mmm)", hours, minutes, seconds);
    else if (minutes)
        buffer_format(out, "%d:%06.3f (m:ss.mmm)", minutes, seconds);
    else if (ms >= 1000)
        buffer_format(out, "%.3fs", seconds);
    else
        buffer_format(out, "%.7gms", round(ms * 1000) / 1000);
}

/* timeLog (magic 0) and timeEnd (1). */
static JSValue console_time_print(JSContext *js, JSValueConst self, int count,
                                  JSValueConst *arguments, int ends)
{
    const char *label = label_of(js, count, arguments);
    if (!label)
        return JS_EXCEPTION;
    struct labelled **at = find(&console_of(js)->timers, label), *l = *at;
    if (l) {
        buffer text = {0};
        buffer_format(&text, "%s: ", label);
        add_duration(agent_now(realm_of(js)->agent) - l->value, &text);
        if (!ends && count > 1) {
            buffer_add(&text, " ");
            console_format(js, count - 1, arguments + 1, &text);
        }
        print(js, ends ? CONSOLE_INFO : CONSOLE_LOG, text.text);
        buffer_release(&text);
    } else {
        print_formatted(js, CONSOLE_WARN,
                        ends ? "No such label '%s' for console.timeEnd()"
                             : "No such label '%s' for console.timeLog()",
                        label);
    }
    if (l && ends) {
        *at = l->next;
        free(l);
    }
    JS_FreeCString(js, label);
    return JS_UNDEFINED;
}

/* ---- the namespace object ---- */

#define METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)
#define MAGIC_METHOD(name, length, function, magic)                                                \
    {                                                                                              \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, magic,                                                  \
        {                                                                                          \
            .func = { length, JS_CFUNC_generic_magic, {.generic_magic = function} }                \
        }                                                                                          \
    }

static const JSCFunctionListEntry methods[] = {
    MAGIC_METHOD("log", 0, console_print, CONSOLE_LOG),
    MAGIC_METHOD("info", 0, console_print, CONSOLE_INFO),
    MAGIC_METHOD("warn", 0, console_print, CONSOLE_WARN),
    MAGIC_METHOD("error", 0, console_print, CONSOLE_ERROR),
    MAGIC_METHOD("debug", 0, console_print, CONSOLE_DEBUG),
    MAGIC_METHOD("dirxml", 0, console_print, CONSOLE_LOG),
    METHOD("trace", 0, console_trace),
    METHOD("assert", 0, console_assert),
    METHOD("clear", 0, console_clear),
    METHOD("dir", 0, console_dir),
    METHOD("table", 0, console_draw_table),
    METHOD("group", 0, console_group),
    METHOD("groupCollapsed", 0, console_group),
    METHOD("groupEnd", 0, console_group_end),
    METHOD("count", 0, console_count),
    METHOD("countReset", 0, console_count_reset),
    METHOD("time", 0, console_time),
    MAGIC_METHOD("timeLog", 0, console_time_print, 0),
    MAGIC_METHOD("timeEnd", 0, console_time_print, 1),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "console", JS_PROP_CONFIGURABLE),
};

static JSValue build_console(JSContext *js, const struct lazy_property *self)
{
    JSValue prototype = JS_NewObject(js);
    JSValue object = JS_IsException(prototype) ? JS_EXCEPTION : JS_NewObjectProto(js, prototype);
    JS_FreeValue(js, prototype);
    if (!JS_IsException(object) &&
        JS_SetPropertyFunctionList(js, object, methods, sizeof methods / sizeof *methods) < 0) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    return object;
}

static const struct lazy_property lazy[] = {{"console", build_console, NULL}};

const struct global_part console_globals = {.lazy = lazy, .lazy_count = 1};
