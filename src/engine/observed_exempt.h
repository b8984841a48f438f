/* For gcc, which has no ignore list: the hottest functions of the engine that never touch the bytes
 * of a buffer, and the small ones that these should inline, redeclared before their definition so
 * that they are left uninstrumented in the observed variant. Included before the engine's text;
 * observed_ignore.txt is the longer list for clang. */
#ifndef HEDDLE_ENGINE_OBSERVED_EXEMPT_H
#define HEDDLE_ENGINE_OBSERVED_EXEMPT_H

#include "quickjs.h"

#define EXEMPT __attribute__((no_sanitize("thread")))

struct list_head;
typedef struct JSObject JSObject;
typedef struct JSShape JSShape;
typedef struct JSString JSString;
typedef struct StringBuffer StringBuffer;
typedef struct JSProperty JSProperty;
typedef struct JSGCObjectHeader JSGCObjectHeader;
typedef struct JSShapeProperty JSShapeProperty;
typedef struct JSMapState JSMapState;
typedef struct JSMapRecord JSMapRecord;
typedef struct JSVarRef JSVarRef;
typedef struct JSStackFrame JSStackFrame;
typedef struct JSParseState JSParseState;
typedef struct JSFunctionDef JSFunctionDef;
typedef struct JSFunctionBytecode JSFunctionBytecode;
typedef struct JSArrayBuffer JSArrayBuffer;
typedef struct JSArena JSArena;
typedef struct JSString JSAtomStruct;

EXEMPT static JSValue JS_CallInternal(JSContext *, JSValueConst, JSValueConst, JSValueConst, int,
                                      JSValueConst *, int);
EXEMPT static JSValue __JS_AtomToValue(JSContext *, JSAtom, bool);
EXEMPT static JSAtom __JS_FindAtom(JSRuntime *, const char *, size_t, int);
EXEMPT static void __JS_FreeAtom(JSRuntime *, uint32_t);
EXEMPT static JSAtom __JS_NewAtom(JSRuntime *, JSString *, int);
EXEMPT static inline void __list_add(struct list_head *, struct list_head *, struct list_head *);
EXEMPT static int add_fast_array_element(JSContext *, JSObject *, JSValue, int);
EXEMPT static JSProperty *add_property(JSContext *, JSObject *, JSAtom, int);
EXEMPT static int add_shape_property(JSContext *, JSShape **, JSObject *, JSAtom, int);
EXEMPT static inline JSArena *arena_new(JSRuntime *, int);
EXEMPT static void array_buffer_refresh(JSArrayBuffer *, bool);
EXEMPT static void close_var_refs(JSRuntime *, JSStackFrame *);
EXEMPT static void copy_str16(uint16_t *, JSString *, int, int);
EXEMPT static int expand_fast_array(JSContext *, JSObject *, uint32_t);
EXEMPT static JSShape *find_hashed_shape_prop(JSRuntime *, JSShape *, JSAtom, int);
EXEMPT static JSShape *find_hashed_shape_proto(JSRuntime *, JSObject *);
EXEMPT static inline JSShapeProperty *find_own_property(JSProperty **, JSObject *, JSAtom);
EXEMPT static inline JSShapeProperty *find_own_property1(JSObject *, JSAtom);
EXEMPT static JSFunctionBytecode *frame_code(const JSObject *);
EXEMPT static JSObject *frame_function(const JSStackFrame *);
EXEMPT static uintptr_t frame_key(const JSStackFrame *);
EXEMPT static void free_gc_object(JSRuntime *, JSGCObjectHeader *);
EXEMPT static void free_object(JSRuntime *, JSObject *);
EXEMPT static void free_property(JSRuntime *, JSProperty *, int);
EXEMPT static void free_var_ref(JSRuntime *, JSVarRef *);
EXEMPT static void free_zero_refcount(JSRuntime *);
EXEMPT static void gc_decref(JSRuntime *);
EXEMPT static void gc_decref_child(JSRuntime *, JSGCObjectHeader *);
EXEMPT static void gc_scan(JSRuntime *);
EXEMPT static void gc_scan_incref_child(JSRuntime *, JSGCObjectHeader *);
EXEMPT static uint32_t get_shape_hash(uint32_t, int);
EXEMPT static inline JSShapeProperty *get_shape_prop(JSShape *);
EXEMPT static JSObject *get_typed_array(JSContext *, JSValueConst);
EXEMPT static uint32_t hash_string(JSString *, uint32_t);
EXEMPT static inline uint32_t hash_string16(const uint16_t *, size_t, uint32_t);
EXEMPT static inline uint32_t hash_string8(const uint8_t *, size_t, uint32_t);
EXEMPT static inline bool is_strict_mode(JSContext *);
EXEMPT static bool is_typed_array(JSClassID);
EXEMPT static inline int js_add_slow(JSContext *, JSValue *);
EXEMPT static JSString *js_alloc_string(JSContext *, int, int);
EXEMPT static JSString *js_alloc_string_rt(JSRuntime *, int, int);
EXEMPT static JSValue js_allocate_fast_array(JSContext *, int64_t);
EXEMPT static void js_arena_free(JSRuntime *, void *);
EXEMPT static void *js_arena_malloc(JSRuntime *, size_t);
EXEMPT static void *js_arena_realloc(JSRuntime *, void *, size_t);
EXEMPT static size_t js_arena_usable_size(JSRuntime *, const void *);
EXEMPT static int js_array_cmp_generic(const void *, const void *, void *);
EXEMPT static void js_array_finalizer(JSRuntime *, JSValueConst);
EXEMPT static JSValue js_array_iterator_next(JSContext *, JSValueConst, int, JSValueConst *, int *,
                                             int);
EXEMPT static JSValue js_array_pop(JSContext *, JSValueConst, int, JSValueConst *, int);
EXEMPT static JSValue js_array_push(JSContext *, JSValueConst, int, JSValueConst *, int);
EXEMPT static bool JS_AtomIsArrayIndex(JSContext *, uint32_t *, JSAtom);
EXEMPT static JSValue JS_AtomIsNumericIndex1(JSContext *, JSAtom);
EXEMPT static JSContext *js_autoinit_get_realm(JSProperty *);
EXEMPT static JSValue js_build_arguments(JSContext *, int, JSValueConst *);
EXEMPT static JSValue js_call_c_function(JSContext *, JSValueConst, JSValueConst, int,
                                         JSValueConst *, int);
EXEMPT static JSValue JS_CallFree(JSContext *, JSValue, JSValueConst, int, JSValueConst *);
EXEMPT static inline bool js_check_stack_overflow(JSRuntime *, size_t);
EXEMPT static JSShape *js_clone_shape(JSContext *, JSShape *);
EXEMPT static JSValue js_closure2(JSContext *, JSValue, JSFunctionBytecode *, JSVarRef **,
                                  JSStackFrame *);
EXEMPT static JSValue JS_ConcatString(JSContext *, JSValue, JSValue);
EXEMPT static JSValue JS_ConcatString1(JSContext *, JSString *, JSString *);
EXEMPT static JSValue JS_ConcatString2(JSContext *, JSValue, JSValue);
EXEMPT static JSValue js_create_array(JSContext *, int, JSValueConst *);
EXEMPT static JSValue js_create_function(JSContext *, JSFunctionDef *);
EXEMPT static JSValue js_create_iterator_result(JSContext *, JSValue, bool);
EXEMPT static int JS_CreateProperty(JSContext *, JSObject *, JSAtom, JSValueConst, JSValueConst,
                                    JSValueConst, int);
EXEMPT int JS_DefineProperty(JSContext *, JSValueConst, JSAtom, JSValueConst, JSValueConst,
                             JSValueConst, int);
EXEMPT int JS_DefinePropertyValue(JSContext *, JSValueConst, JSAtom, JSValue, int);
EXEMPT static JSValue js_dup(JSValueConst);
EXEMPT static JSShape *js_dup_shape(JSShape *);
EXEMPT JSAtom JS_DupAtom(JSContext *, JSAtom);
EXEMPT static int js_for_in_next(JSContext *, JSValue *);
EXEMPT static int js_for_of_next(JSContext *, JSValue *, int);
EXEMPT void js_free(JSContext *, void *);
EXEMPT void js_free_rt(JSRuntime *, void *);
EXEMPT static void js_free_shape(JSRuntime *, JSShape *);
EXEMPT static void js_free_shape0(JSRuntime *, JSShape *);
EXEMPT static inline void js_free_string(JSRuntime *, JSString *);
EXEMPT static inline void js_free_string0(JSRuntime *, JSString *);
EXEMPT static void js_free_value_rt(JSRuntime *, JSValue);
EXEMPT void JS_FreeAtom(JSContext *, JSAtom);
EXEMPT void JS_FreeValue(JSContext *, JSValue);
EXEMPT void JS_FreeValueRT(JSRuntime *, JSValue);
EXEMPT static JSValue js_generator_next(JSContext *, JSValueConst, int, JSValueConst *, int *, int);
EXEMPT static JSAtom js_get_atom_index(JSRuntime *, JSAtomStruct *);
EXEMPT static bool js_get_fast_array(JSContext *, JSValue, JSValue **, uint32_t *);
EXEMPT static int js_get_length64(JSContext *, int64_t *, JSValueConst);
EXEMPT static JSValue JS_GetGlobalVar(JSContext *, JSAtom, bool);
EXEMPT static JSValue JS_GetIterator(JSContext *, JSValueConst, bool);
EXEMPT void *JS_GetOpaque(JSValueConst, JSClassID);
EXEMPT void *JS_GetOpaque2(JSContext *, JSValueConst, JSClassID);
EXEMPT JSValue JS_GetProperty(JSContext *, JSValueConst, JSAtom);
EXEMPT static JSValue JS_GetPropertyInternal(JSContext *, JSValueConst, JSAtom, JSValueConst, bool);
EXEMPT static int js_is_array(JSContext *, JSValueConst);
EXEMPT bool JS_IsUncatchableError(JSValueConst);
EXEMPT static JSValue js_iterator_concat_next(JSContext *, JSValueConst, int, JSValueConst *, int *,
                                              int);
EXEMPT static JSValue JS_IteratorNext(JSContext *, JSValueConst, JSValueConst, int, JSValueConst *,
                                      int *);
EXEMPT static JSValue JS_IteratorNext2(JSContext *, JSValueConst, JSValueConst, int, JSValueConst *,
                                       int *);
EXEMPT void *js_malloc(JSContext *, size_t);
EXEMPT void *js_malloc_rt(JSRuntime *, size_t);
EXEMPT static JSValue js_map_get(JSContext *, JSValueConst, int, JSValueConst *, int);
EXEMPT static JSValue js_map_iterator_next(JSContext *, JSValueConst, int, JSValueConst *, int *,
                                           int);
EXEMPT static void js_map_mark(JSRuntime *, JSValueConst, JS_MarkFunc *);
EXEMPT static JSValue js_map_set(JSContext *, JSValueConst, int, JSValueConst *, int);
EXEMPT void JS_MarkValue(JSRuntime *, JSValueConst, JS_MarkFunc *);
EXEMPT static inline JSShape *js_new_shape2(JSContext *, JSObject *, int, int);
EXEMPT static inline JSShape *js_new_shape_nohash(JSContext *, JSObject *, int, int);
EXEMPT static JSValue js_new_string8_len(JSContext *, const char *, int);
EXEMPT static JSValue js_new_string_char(JSContext *, uint16_t);
EXEMPT static JSValue JS_NewObjectFromShape(JSContext *, JSShape *, JSClassID, JSProperty *);
EXEMPT JSValue JS_NewObjectProtoClass(JSContext *, JSValueConst, JSClassID);
EXEMPT static inline int js_poll_interrupts(JSContext *);
EXEMPT static void js_promise_mark(JSRuntime *, JSValueConst, JS_MarkFunc *);
EXEMPT void *js_realloc_rt(JSRuntime *, void *, size_t);
EXEMPT static JSValue js_regexp_exec(JSContext *, JSValueConst, int, JSValueConst *);
EXEMPT static inline int js_resize_array(JSContext *, void **, int, int *, int);
EXEMPT static inline int JS_SetGlobalVar(JSContext *, JSAtom, JSValue, int);
EXEMPT int JS_SetProperty(JSContext *, JSValueConst, JSAtom, JSValue);
EXEMPT static int JS_SetPropertyInternal(JSContext *, JSValueConst, JSAtom, JSValue, int);
EXEMPT static int JS_SetPropertyInternal2(JSContext *, JSValueConst, JSAtom, JSValue, JSValueConst,
                                          int);
EXEMPT static void js_shape_hash_link(JSRuntime *, JSShape *);
EXEMPT static void js_shape_hash_unlink(JSRuntime *, JSShape *);
EXEMPT static int js_string_compare(JSString *, JSString *);
EXEMPT static JSValue js_sub_string(JSContext *, JSString *, int, int);
EXEMPT static inline int JS_ToFloat64Free(JSContext *, double *, JSValue);
EXEMPT static int JS_ToInt32Free(JSContext *, int32_t *, JSValue);
EXEMPT static JSValue JS_ToNumberFree(JSContext *, JSValue);
EXEMPT static JSValue JS_ToStringInternal(JSContext *, JSValueConst, int);
EXEMPT static void js_trigger_gc(JSRuntime *, size_t);
EXEMPT static JSValue js_typed_array_get_length(JSContext *, JSValueConst);
EXEMPT static int json_next_token(JSParseState *);
EXEMPT static int json_parse_string(JSParseState *, const uint8_t **);
EXEMPT static inline void list_add(struct list_head *, struct list_head *);
EXEMPT static inline void list_add_tail(struct list_head *, struct list_head *);
EXEMPT static inline void list_del(struct list_head *);
EXEMPT static inline int list_empty(struct list_head *);
EXEMPT static JSMapRecord *map_add_record(JSContext *, JSMapState *, JSValueConst);
EXEMPT static void map_delete_record(JSRuntime *, JSMapState *, JSMapRecord *);
EXEMPT static JSMapRecord *map_find_record(JSContext *, JSMapState *, JSValueConst);
EXEMPT static uint32_t map_hash_key(JSContext *, JSValueConst);
EXEMPT static void mark_children(JSRuntime *, JSGCObjectHeader *, JS_MarkFunc *);
EXEMPT static int next_token(JSParseState *);
EXEMPT static int perform_promise_then(JSContext *, JSValueConst, JSValueConst *, JSValueConst *);
EXEMPT unsigned places_keys(JSRuntime *, uintptr_t *);
EXEMPT uintptr_t places_top(JSRuntime *);
EXEMPT static inline uint32_t *prop_hash_end(JSShape *);
EXEMPT static void remove_gc_object(JSGCObjectHeader *);
EXEMPT static inline int resize_properties(JSContext *, JSShape **, JSObject *, uint32_t);
EXEMPT static int resolve_labels(JSContext *, JSFunctionDef *);
EXEMPT static int resolve_variables(JSContext *, JSFunctionDef *);
EXEMPT static int set_array_length(JSContext *, JSObject *, JSValue, int);
EXEMPT static inline void set_value(JSContext *, JSValue *, JSValue);
EXEMPT static inline uint16_t *str16(JSString *);
EXEMPT static inline uint8_t *str8(JSString *);
EXEMPT static JSValue string_buffer_end(StringBuffer *);
EXEMPT static int string_buffer_init2(JSContext *, StringBuffer *, int, int);
EXEMPT static inline int string_buffer_putc(StringBuffer *, uint32_t);
EXEMPT static inline int string_buffer_putc16_slow(StringBuffer *, uint32_t);
EXEMPT static int string_buffer_putc8(StringBuffer *, uint32_t);
EXEMPT static int string_buffer_write8(StringBuffer *, const uint8_t *, int);
EXEMPT static inline int string_get(JSString *, int);
EXEMPT static int string_getc(JSString *, int *);
EXEMPT static inline void *strv(JSString *);
EXEMPT static void typed_array_refresh(JSObject *);

#undef EXEMPT

#endif
