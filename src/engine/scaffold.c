#include "engine/engine_struct.h"
#include "engine/hooks.h"
__attribute__((weak)) JSRuntime *engine_runtime_new(struct heap_arena *arena){(void)arena;return JS_NewRuntime();}
__attribute__((weak)) void engine_shared_memory_install(struct engine *e){(void)e;}
__attribute__((weak)) int atomics_define(JSContext *realm){(void)realm;return 0;}
__attribute__((weak)) void *heddle_sab_new(JSContext *realm, uint64_t byte_length, uint64_t max_byte_length, bool growable){(void)realm;(void)byte_length;(void)max_byte_length;(void)growable;return NULL;}
__attribute__((weak)) uint64_t heddle_sab_length(const void *data){(void)data;return 0;}
__attribute__((weak)) int heddle_sab_grow(void *data, uint64_t byte_length){(void)data;(void)byte_length;return -1;}
bool atomics_wait_place(const void *site, char *file, size_t room, uint32_t *line, uint32_t *column);
__attribute__((weak)) bool atomics_wait_place(const void *site, char *file, size_t room, uint32_t *line, uint32_t *column){(void)site;(void)file;(void)room;(void)line;(void)column;return false;}
__attribute__((weak)) struct shared_block *shared_array_buffer_block(JSValueConst v){(void)v;return NULL;}
__attribute__((weak)) JSValue shared_array_buffer_new(JSContext *js, struct shared_block *b){(void)js;(void)b;return JS_UNDEFINED;}
