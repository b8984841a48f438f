/* performance (High Resolution Time, Performance Timeline, User Timing). Times are those of the
 * run's clock in steps of 5 us, which is what a cross-origin isolated agent sees. */
#include "agent/world.h"
#include "message/message.h"
#include "web/event_object.h"
#include "web/event_target.h"
#include "web/globals.h"
#include "web/idl.h"
#include "web/page.h"
#include "web/realm.h"

#include <math.h>
#include <string.h>

struct timing {
    double start, duration; /* ms since the time origin */
    JSValue name, detail;
};

struct performance {
    struct event_target target; /* first: Performance is an EventTarget */
    JSValue *entries;           /* marks and measures by start time */
    uint32_t count, capacity;
};

static const struct interface entry_interface, mark_interface, measure_interface,
    navigation_interface, performance_interface;

static double now_of(JSContext *js)
{
    const struct realm *r = realm_of(js);
    return floor((double)(agent_now(r->agent) - r->time_origin) / 5000.0) * 0.005;
}

/* ---- PerformanceEntry and what inherits it ---- */

static struct timing *timing_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &entry_interface);
}

static void timing_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct timing *t = interface_peek(value, &entry_interface);
    if (!t)
        return;
    JS_FreeValueRT(runtime, t->name);
    JS_FreeValueRT(runtime, t->detail);
    js_free_rt(runtime, t);
}

static void timing_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    const struct timing *t = interface_peek(value, &entry_interface);
    if (!t)
        return;
    JS_MarkValue(runtime, t->name, mark);
    JS_MarkValue(runtime, t->detail, mark);
}

static bool is_mark(JSValueConst entry)
{
    return interface_peek(entry, &mark_interface) != NULL;
}

static const char *type_of(JSValueConst entry)
{
    return is_mark(entry) ? "mark" : interface_peek(entry, &navigation_interface) ? "navigation" : "measure";
}

enum { ENTRY_NAME, ENTRY_TYPE, ENTRY_START, ENTRY_DURATION, ENTRY_DETAIL };

static JSValue entry_get(JSContext *js, JSValueConst self, int which)
{
    const struct timing *t = timing_of(js, self);
    if (!t)
        return JS_EXCEPTION;
    switch (which) {
    case ENTRY_NAME:
        return JS_DupValue(js, t->name);
    case ENTRY_TYPE:
        return JS_NewString(js, type_of(self));
    case ENTRY_DETAIL:
        return JS_DupValue(js, t->detail);
    default:
        return JS_NewNumber(js, which == ENTRY_START ? t->start : t->duration);
    }
}

static JSValue entry_to_json(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    static const char *const names[] = {"name", "entryType", "startTime", "duration", "detail"};
    JSValue object = timing_of(js, self) ? JS_NewObject(js) : JS_EXCEPTION;
    for (int i = 0; i <= ENTRY_DETAIL && !JS_IsException(object); i++)
        JS_DefinePropertyValueStr(js, object, names[i], entry_get(js, self, i), JS_PROP_C_W_E);
    return object;
}

static const JSCFunctionListEntry entry_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("name", entry_get, NULL, ENTRY_NAME),
    IDL_ATTRIBUTE_MAGIC("entryType", entry_get, NULL, ENTRY_TYPE),
    IDL_ATTRIBUTE_MAGIC("startTime", entry_get, NULL, ENTRY_START),
    IDL_ATTRIBUTE_MAGIC("duration", entry_get, NULL, ENTRY_DURATION),
    IDL_METHOD("toJSON", 0, entry_to_json),
};

static const JSCFunctionListEntry detail_prototype[] = {
    IDL_ATTRIBUTE_MAGIC("detail", entry_get, NULL, ENTRY_DETAIL),
};

static const struct interface entry_interface = {
    .host_class = HOST_CLASS_PERFORMANCE_ENTRY,
    .name = "PerformanceEntry",
    .class_definition = {.finalizer = timing_finalize, .gc_mark = timing_mark},
    .prototype = entry_prototype,
    .prototype_count = sizeof entry_prototype / sizeof *entry_prototype,
};

/* A new entry; takes `name` and `detail`. */
static JSValue new_timing(JSContext *js, const struct interface *i, JSValueConst new_target,
                          struct timing with)
{
    struct timing *t = js_malloc(js, sizeof *t);
    JSValue object = JS_EXCEPTION;
    if (t) {
        *t = with;
        object = interface_object_from(js, i, new_target, t);
    }
    if (JS_IsException(object)) {
        JS_FreeValue(js, with.name);
        JS_FreeValue(js, with.detail);
        js_free(js, t);
    }
    return object;
}

/* The detail member as a structured clone, null without one. */
static JSValue clone_detail(JSContext *js, JSValueConst options)
{
    struct message *m;
    JSValue ports = JS_UNDEFINED, detail = idl_member(js, options, "detail");
    if (JS_IsException(detail))
        return detail;
    if (JS_IsUndefined(detail) || JS_IsNull(detail))
        return JS_NULL;
    int failed = message_serialize(js, detail, JS_UNDEFINED, &m);
    JS_FreeValue(js, detail);
    if (failed)
        return JS_EXCEPTION;
    JSValue clone = message_deserialize(js, m, &ports);
    JS_FreeValue(js, ports);
    message_free(m);
    return clone;
}

/* A time from a dictionary: 1 when there is one, 0 when absent, -1 with an exception. */
static int read_time(JSContext *js, JSValueConst value, double *out)
{
    if (JS_IsUndefined(value))
        return 0;
    if (JS_ToFloat64(js, out, value))
        return -1;
    if (!isfinite(*out) || *out < 0) {
        JS_ThrowTypeError(js, "A time is a number that is not negative");
        return -1;
    }
    return 1;
}

static JSValue mark_construct(JSContext *js, JSValueConst new_target, int count,
                              JSValueConst *arguments)
{
    JSValueConst options;
    struct timing t = {.start = now_of(js)};
    if (!idl_arguments(js, "mark", count, 1) ||
        idl_dictionary(js, count > 1 ? arguments[1] : JS_UNDEFINED, &options))
        return JS_EXCEPTION;
    JSValue start = idl_member(js, options, "startTime");
    int read = JS_IsException(start) ? -1 : read_time(js, start, &t.start);
    JS_FreeValue(js, start);
    if (read < 0)
        return JS_EXCEPTION;
    t.name = JS_ToString(js, arguments[0]);
    if (JS_IsException(t.name))
        return t.name;
    t.detail = clone_detail(js, options);
    if (JS_IsException(t.detail)) {
        JS_FreeValue(js, t.name);
        return JS_EXCEPTION;
    }
    return new_timing(js, &mark_interface, new_target, t);
}

static const struct interface mark_interface = {
    .host_class = HOST_CLASS_PERFORMANCE_MARK,
    .name = "PerformanceMark",
    .parent = &entry_interface,
    .class_definition = {.finalizer = timing_finalize, .gc_mark = timing_mark},
    .constructor = mark_construct,
    .constructor_length = 1,
    .prototype = detail_prototype,
    .prototype_count = 1,
};

static const struct interface measure_interface = {
    .host_class = HOST_CLASS_PERFORMANCE_MEASURE,
    .name = "PerformanceMeasure",
    .parent = &entry_interface,
    .class_definition = {.finalizer = timing_finalize, .gc_mark = timing_mark},
    .prototype = detail_prototype,
    .prototype_count = 1,
};

/* ---- how the page was come to: PerformanceNavigationTiming, without the times of its parts ---- */

static JSValue get_navigation_type(JSContext *js, JSValueConst self)
{
    const struct document *d = realm_of(js)->document;
    return timing_of(js, self) ? JS_NewString(js, d->navigation_type ? d->navigation_type : "navigate") : JS_EXCEPTION;
}

static JSValue reason_list(JSContext *js, unsigned reasons)
{
    JSValue list = JS_NewArray(js);
    const char *name;
    for (uint32_t i = 0; !JS_IsException(list) && (name = page_reason(&reasons)); i++) {
        JSValue detail = JS_NewObject(js);
        if (JS_IsException(detail) || JS_DefinePropertyValueStr(js, detail, "reason", JS_NewString(js, name), JS_PROP_ENUMERABLE) < 0 ||
            JS_DefinePropertyValueUint32(js, list, i, JS_DupValue(js, detail), JS_PROP_C_W_E) < 0) {
            JS_FreeValue(js, list);
            list = JS_EXCEPTION;
        }
        JS_FreeValue(js, detail);
    }
    return list;
}

/* R-LIFE-08: why what stood here was not kept; null if the page was not gone back to. A page at the top has no container, and so no
 * src, id and name. */
static JSValue get_not_restored_reasons(JSContext *js, JSValueConst self)
{
    static const char *const of_container[] = {"src", "id", "name"};
    const struct document *d = realm_of(js)->document;
    if (!timing_of(js, self))
        return JS_EXCEPTION;
    if (!d->not_restored)
        return JS_NULL;
    JSValue object = JS_NewObject(js);
    for (int i = 0; i < 3 && !JS_IsException(object); i++)
        JS_DefinePropertyValueStr(js, object, of_container[i], JS_NULL, JS_PROP_ENUMERABLE);
    if (JS_IsException(object))
        return object;
    JS_DefinePropertyValueStr(js, object, "url", JS_NewString(js, d->url), JS_PROP_ENUMERABLE);
    JS_DefinePropertyValueStr(js, object, "reasons", reason_list(js, d->not_restored), JS_PROP_ENUMERABLE);
    JS_DefinePropertyValueStr(js, object, "children", JS_NewArray(js), JS_PROP_ENUMERABLE);
    return object;
}

static const JSCFunctionListEntry navigation_prototype[] = {
    IDL_ATTRIBUTE("type", get_navigation_type, NULL),
    IDL_ATTRIBUTE("notRestoredReasons", get_not_restored_reasons, NULL),
};

static const struct interface navigation_interface = {
    .host_class = HOST_CLASS_PERFORMANCE_NAVIGATION_TIMING,
    .name = "PerformanceNavigationTiming",
    .parent = &entry_interface,
    .class_definition = {.finalizer = timing_finalize, .gc_mark = timing_mark},
    .prototype = navigation_prototype,
    .prototype_count = sizeof navigation_prototype / sizeof *navigation_prototype,
};

/* ---- the timeline ---- */

static struct performance *performance_of(JSContext *js, JSValueConst self)
{
    return interface_opaque(js, self, &performance_interface);
}

/* Keeps the entry, after those that start no later. */
static int add_entry(JSContext *js, struct performance *p, JSValueConst entry)
{
    const struct timing *t = interface_peek(entry, &entry_interface);
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity ? p->capacity * 2 : 8;
        JSValue *entries = js_realloc(js, p->entries, capacity * sizeof *entries);
        if (!entries)
            return -1;
        p->entries = entries;
        p->capacity = capacity;
    }
    uint32_t at = p->count++;
    for (; at > 0; at--) {
        const struct timing *before = interface_peek(p->entries[at - 1], &entry_interface);
        if (before->start <= t->start)
            break;
        p->entries[at] = p->entries[at - 1];
    }
    p->entries[at] = JS_DupValue(js, entry);
    return 0;
}

static bool is_named(JSContext *js, JSValueConst entry, JSValueConst name)
{
    const struct timing *t = interface_peek(entry, &entry_interface);
    return JS_IsUndefined(name) || JS_IsSameValue(js, t->name, name);
}

static bool is_typed(JSContext *js, JSValueConst entry, JSValueConst type)
{
    if (JS_IsUndefined(type))
        return true;
    JSValue own = JS_NewString(js, type_of(entry));
    bool same = JS_IsSameValue(js, own, type);
    JS_FreeValue(js, own);
    return same;
}

static JSValue select_entries(JSContext *js, JSValueConst self, JSValueConst name,
                              JSValueConst type)
{
    const struct performance *p = performance_of(js, self);
    JSValue array = p ? JS_NewArray(js) : JS_EXCEPTION;
    uint32_t found = 0;
    for (uint32_t i = 0; !JS_IsException(array) && i < p->count; i++)
        if (is_named(js, p->entries[i], name) && is_typed(js, p->entries[i], type))
            JS_DefinePropertyValueUint32(js, array, found++, JS_DupValue(js, p->entries[i]),
                                         JS_PROP_C_W_E);
    return array;
}

static JSValue get_entries(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return select_entries(js, self, JS_UNDEFINED, JS_UNDEFINED);
}

static JSValue get_entries_by_type(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    if (!idl_arguments(js, "getEntriesByType", count, 1))
        return JS_EXCEPTION;
    JSValue type = JS_ToString(js, arguments[0]);
    JSValue result = JS_IsException(type) ? type : select_entries(js, self, JS_UNDEFINED, type);
    JS_FreeValue(js, type);
    return result;
}

static JSValue get_entries_by_name(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    if (!idl_arguments(js, "getEntriesByName", count, 1))
        return JS_EXCEPTION;
    JSValue name = JS_ToString(js, arguments[0]);
    JSValue type =
        count > 1 && !JS_IsUndefined(arguments[1]) ? JS_ToString(js, arguments[1]) : JS_UNDEFINED;
    JSValue result = JS_IsException(name) || JS_IsException(type)
                         ? JS_EXCEPTION
                         : select_entries(js, self, name, type);
    JS_FreeValue(js, name);
    JS_FreeValue(js, type);
    return result;
}

/* clearMarks (magic 1) and clearMeasures (0). */
static JSValue clear_entries(JSContext *js, JSValueConst self, int count, JSValueConst *arguments,
                             int marks)
{
    struct performance *p = performance_of(js, self);
    JSValue name =
        count > 0 && !JS_IsUndefined(arguments[0]) ? JS_ToString(js, arguments[0]) : JS_UNDEFINED;
    uint32_t kept = 0;
    if (!p || JS_IsException(name))
        return JS_EXCEPTION;
    for (uint32_t i = 0; i < p->count; i++) {
        if (!strcmp(type_of(p->entries[i]), marks ? "mark" : "measure") && is_named(js, p->entries[i], name))
            JS_FreeValue(js, p->entries[i]);
        else
            p->entries[kept++] = p->entries[i];
    }
    p->count = kept;
    JS_FreeValue(js, name);
    return JS_UNDEFINED;
}

/* ---- mark and measure ---- */

static JSValue performance_mark(JSContext *js, JSValueConst self, int count,
                                JSValueConst *arguments)
{
    struct performance *p = performance_of(js, self);
    JSValue entry = p ? mark_construct(js, JS_UNDEFINED, count, arguments) : JS_EXCEPTION;
    if (!JS_IsException(entry) && add_entry(js, p, entry)) {
        JS_FreeValue(js, entry);
        return JS_EXCEPTION;
    }
    return entry;
}

/* "convert a mark to a timestamp": a number, or the name of the latest mark of that name. 0 or -1.
 */
static int mark_time(JSContext *js, const struct performance *p, JSValueConst given, double *out)
{
    if (JS_IsNumber(given))
        return read_time(js, given, out) < 0 ? -1 : 0;
    JSValue name = JS_ToString(js, given);
    if (JS_IsException(name))
        return -1;
    bool found = false;
    for (uint32_t i = 0; i < p->count; i++) {
        if (is_mark(p->entries[i]) && is_named(js, p->entries[i], name)) {
            *out = ((struct timing *)interface_peek(p->entries[i], &entry_interface))->start;
            found = true;
        }
    }
    if (!found) {
        const char *text = JS_ToCString(js, name);
        throw_dom_exception(js, "SyntaxError", "The mark \"%s\" does not exist", text ? text : "");
        JS_FreeCString(js, text);
    }
    JS_FreeValue(js, name);
    return found ? 0 : -1;
}

/* What measure was asked for: options as an object, or the names of marks. */
struct span {
    JSValue start, end, duration; /* undefined when absent */
    JSValueConst options;
};

static int read_span(JSContext *js, int count, JSValueConst *arguments, struct span *s)
{
    JSValueConst first = count > 1 ? arguments[1] : JS_UNDEFINED;
    bool end_given = count > 2 && !JS_IsUndefined(arguments[2]);
    *s = (struct span){JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
    if (JS_IsObject(first)) {
        s->options = first;
        s->start = idl_member(js, first, "start");
        s->end = idl_member(js, first, "end");
        s->duration = idl_member(js, first, "duration");
        if (JS_IsException(s->start) || JS_IsException(s->end) || JS_IsException(s->duration))
            return -1;
        bool start = !JS_IsUndefined(s->start), end = !JS_IsUndefined(s->end),
             lasts = !JS_IsUndefined(s->duration);
        JSValue detail = idl_member(js, first, "detail");
        bool any = start || end || lasts || !JS_IsUndefined(detail);
        JS_FreeValue(js, detail);
        if (any && (end_given || (!start && !end) || (start && end && lasts))) {
            JS_ThrowTypeError(js, "measure: these options do not name one span of time");
            return -1;
        }
    } else if (!JS_IsUndefined(first) && !JS_IsNull(first)) {
        s->start = JS_ToString(js, first);
    }
    if (end_given) {
        JS_FreeValue(js, s->end);
        s->end = JS_ToString(js, arguments[2]);
    }
    return JS_IsException(s->start) || JS_IsException(s->end) ? -1 : 0;
}

/* Start and end of the span in ms. */
static int resolve_span(JSContext *js, const struct performance *p, const struct span *s,
                        double *start, double *end)
{
    double duration = 0;
    *start = 0;
    *end = now_of(js);
    if (!JS_IsUndefined(s->duration) && read_time(js, s->duration, &duration) < 0)
        return -1;
    if (!JS_IsUndefined(s->start) && mark_time(js, p, s->start, start))
        return -1;
    if (!JS_IsUndefined(s->end) && mark_time(js, p, s->end, end))
        return -1;
    if (!JS_IsUndefined(s->duration)) {
        if (JS_IsUndefined(s->end))
            *end = *start + duration;
        else
            *start = *end - duration;
    }
    return 0;
}

static JSValue performance_measure(JSContext *js, JSValueConst self, int count,
                                   JSValueConst *arguments)
{
    struct performance *p = performance_of(js, self);
    if (!p || !idl_arguments(js, "measure", count, 1))
        return JS_EXCEPTION;
    struct span s;
    struct timing t = {.name = JS_ToString(js, arguments[0]), .detail = JS_NULL};
    double end = 0;
    int failed = JS_IsException(t.name) || read_span(js, count, arguments, &s) ||
                 resolve_span(js, p, &s, &t.start, &end);
    if (!JS_IsException(t.name)) {
        JS_FreeValue(js, s.start);
        JS_FreeValue(js, s.end);
        JS_FreeValue(js, s.duration);
    }
    if (!failed && !JS_IsUndefined(s.options)) {
        t.detail = clone_detail(js, s.options);
        failed = JS_IsException(t.detail);
    }
    if (failed) {
        JS_FreeValue(js, t.name);
        return JS_EXCEPTION;
    }
    t.duration = end - t.start;
    JSValue entry = new_timing(js, &measure_interface, JS_UNDEFINED, t);
    if (!JS_IsException(entry) && add_entry(js, p, entry)) {
        JS_FreeValue(js, entry);
        return JS_EXCEPTION;
    }
    return entry;
}

/* ---- Performance ---- */

static JSValue performance_now(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return performance_of(js, self) ? JS_NewFloat64(js, now_of(js)) : JS_EXCEPTION;
}

static JSValue get_time_origin(JSContext *js, JSValueConst self)
{
    const struct realm *r = realm_of(js);
    if (!performance_of(js, self))
        return JS_EXCEPTION;
    return JS_NewFloat64(
        js, floor((double)(r->agent->world->wall_start + r->time_origin) / 5000.0) * 0.005);
}

static JSValue to_json(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    JSValue origin = get_time_origin(js, self);
    JSValue object = JS_IsException(origin) ? JS_EXCEPTION : JS_NewObject(js);
    if (!JS_IsException(object))
        JS_DefinePropertyValueStr(js, object, "timeOrigin", origin, JS_PROP_C_W_E);
    return object;
}

/* No resource has timings: there are none to clear. */
static JSValue clear_resource_timings(JSContext *js, JSValueConst self, int count, JSValueConst *arguments)
{
    return performance_of(js, self) ? JS_UNDEFINED : JS_EXCEPTION;
}

static void finalize(JSRuntime *runtime, JSValueConst value)
{
    struct performance *p = interface_peek(value, &performance_interface);
    if (!p)
        return;
    event_target_release(runtime, &p->target);
    for (uint32_t i = 0; i < p->count; i++)
        JS_FreeValueRT(runtime, p->entries[i]);
    js_free_rt(runtime, p->entries);
    js_free_rt(runtime, p);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
    struct performance *p = interface_peek(value, &performance_interface);
    if (!p)
        return;
    event_target_mark(runtime, &p->target, mark_value);
    for (uint32_t i = 0; i < p->count; i++)
        JS_MarkValue(runtime, p->entries[i], mark_value);
}

#define CLEARER(name, marks)                                                                       \
    {                                                                                              \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, marks, .u = {                                           \
            .func = {0, JS_CFUNC_generic_magic, {.generic_magic = clear_entries}}                  \
        }                                                                                          \
    }

static const JSCFunctionListEntry prototype[] = {
    IDL_METHOD("now", 0, performance_now),
    IDL_ATTRIBUTE("timeOrigin", get_time_origin, NULL),
    IDL_METHOD("toJSON", 0, to_json),
    IDL_METHOD("mark", 1, performance_mark),
    IDL_METHOD("measure", 1, performance_measure),
    IDL_METHOD("getEntries", 0, get_entries),
    IDL_METHOD("getEntriesByType", 1, get_entries_by_type),
    IDL_METHOD("getEntriesByName", 1, get_entries_by_name),
    CLEARER("clearMarks", 1),
    CLEARER("clearMeasures", 0),
    IDL_METHOD("clearResourceTimings", 0, clear_resource_timings),
};

static const struct interface performance_interface = {
    .host_class = HOST_CLASS_PERFORMANCE,
    .name = "Performance",
    .parent = &event_target_interface,
    .class_definition = {.finalizer = finalize, .gc_mark = mark},
    .prototype = prototype,
    .prototype_count = sizeof prototype / sizeof *prototype,
};

/* add_entry keeps a reference of its own. */
static int add_navigation(JSContext *js, struct performance *p)
{
    struct timing t = {.name = JS_NewString(js, realm_of(js)->document->url), .detail = JS_NULL};
    JSValue entry = JS_IsException(t.name) ? JS_EXCEPTION : new_timing(js, &navigation_interface, JS_UNDEFINED, t);
    int failed = JS_IsException(entry) || add_entry(js, p, entry);
    JS_FreeValue(js, entry);
    return failed;
}

static JSValue build_performance(JSContext *js, const struct lazy_property *self)
{
    struct performance *p = js_mallocz(js, sizeof *p);
    JSValue object = p ? interface_object(js, &performance_interface, p) : JS_EXCEPTION;
    if (JS_IsException(object))
        js_free(js, p);
    else if (realm_of(js)->document && add_navigation(js, p)) {
        JS_FreeValue(js, object);
        return JS_EXCEPTION;
    }
    return object;
}

static const struct lazy_property lazy[] = {
    INTERFACE_PROPERTY(performance_interface), INTERFACE_PROPERTY(entry_interface),
    INTERFACE_PROPERTY(mark_interface),        INTERFACE_PROPERTY(measure_interface),
    {"performance", build_performance, NULL},
};

const struct global_part performance_globals = {.lazy = lazy,
                                                .lazy_count = sizeof lazy / sizeof *lazy};
