/* The functions that code compiled with -fsanitize=thread calls, and those that take the place of
 * memcpy and its kin in the engine's observed object (compile_observed.sh renames them there, and
 * only there).
 *
 * Never linked together with the sanitizer's runtime: a build with -Db_sanitize=thread has the
 * plain variant only. Compiled without instrumentation. Names beginning with __tsan_ belong to the
 * compilers' ABI. */
#include <stdint.h>
#include <string.h>

#include "engine/observed.h"
#include "memory/shared_range.h"

#define CALLBACK __attribute__((visibility("hidden")))

static inline void observe(const void *address, size_t size, enum engine_access_kind kind)
{
    if (__builtin_expect(shared_range_holds(address), 0)) {
        engine_observed_access(address, size, kind);
    }
}

#define ACCESS(name, size, kind)                                                                   \
    CALLBACK void name(void *address);                                                             \
    CALLBACK void name(void *address)                                                              \
    {                                                                                              \
        observe(address, size, kind);                                                              \
    }

#define ACCESSES(size)                                                                             \
    ACCESS(__tsan_read##size, size, ENGINE_READ)                                                   \
    ACCESS(__tsan_write##size, size, ENGINE_WRITE)                                                 \
    ACCESS(__tsan_unaligned_read##size, size, ENGINE_READ)                                         \
    ACCESS(__tsan_unaligned_write##size, size, ENGINE_WRITE)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

/* gcc reports unaligned and structure accesses as ranges; to us a range of up to eight bytes is one
 * access, like clang's. */
#define RANGE(name, one, bulk)                                                                     \
    CALLBACK void name(void *address, unsigned long size);                                         \
    CALLBACK void name(void *address, unsigned long size)                                          \
    {                                                                                              \
        observe(address, size, size <= 8 ? one : bulk);                                            \
    }

RANGE(__tsan_read_range, ENGINE_READ, ENGINE_BULK_READ)
RANGE(__tsan_write_range, ENGINE_WRITE, ENGINE_BULK_WRITE)

CALLBACK void __tsan_init(void);
CALLBACK void __tsan_init(void)
{
}

CALLBACK void __tsan_func_entry(void *caller);
CALLBACK void __tsan_func_entry(void *caller)
{
    (void)caller;
}

CALLBACK void __tsan_func_exit(void);
CALLBACK void __tsan_func_exit(void)
{
}

/* ---- In place of the C library's functions on memory ---- */

CALLBACK void *engine_observed_memcpy(void *to, const void *from, size_t size);
CALLBACK void *engine_observed_memcpy(void *to, const void *from, size_t size)
{
    if (size) {
        observe(from, size, ENGINE_BULK_READ);
        observe(to, size, ENGINE_BULK_WRITE);
    }
    return memcpy(to, from, size);
}

CALLBACK void *engine_observed_memmove(void *to, const void *from, size_t size);
CALLBACK void *engine_observed_memmove(void *to, const void *from, size_t size)
{
    if (size) {
        observe(from, size, ENGINE_BULK_READ);
        observe(to, size, ENGINE_BULK_WRITE);
    }
    return memmove(to, from, size);
}

CALLBACK void *engine_observed_memset(void *to, int value, size_t size);
CALLBACK void *engine_observed_memset(void *to, int value, size_t size)
{
    if (size) {
        observe(to, size, ENGINE_BULK_WRITE);
    }
    return memset(to, value, size);
}

CALLBACK int engine_observed_memcmp(const void *a, const void *b, size_t size);
CALLBACK int engine_observed_memcmp(const void *a, const void *b, size_t size)
{
    if (size) {
        observe(a, size, ENGINE_BULK_READ);
        observe(b, size, ENGINE_BULK_READ);
    }
    return memcmp(a, b, size);
}

CALLBACK void *engine_observed_memchr(const void *in, int value, size_t size);
CALLBACK void *engine_observed_memchr(const void *in, int value, size_t size)
{
    const char *bytes = in, *found = memchr(in, value, size);
    /* It reads no further than to what it finds. That may have changed by the time it is told. */
    for (size_t told = 0; size && shared_range_holds(in);) {
        size_t read = found ? (size_t)(found + 1 - bytes) : size;
        if (read <= told) {
            break;
        }
        engine_observed_access(bytes + told, read - told, ENGINE_BULK_READ);
        told = read;
        found = memchr(in, value, size);
    }
    return (void *)found;
}

/* memcmp whose sign nobody looks at: what clang makes of many comparisons. */
CALLBACK int engine_observed_bcmp(const void *a, const void *b, size_t size)
    __attribute__((alias("engine_observed_memcmp")));

/* Newer compilers call these from instrumented functions. */
CALLBACK void *__tsan_memcpy(void *to, const void *from, size_t size)
    __attribute__((alias("engine_observed_memcpy")));
CALLBACK void *__tsan_memmove(void *to, const void *from, size_t size)
    __attribute__((alias("engine_observed_memmove")));
CALLBACK void *__tsan_memset(void *to, int value, size_t size)
    __attribute__((alias("engine_observed_memset")));

/* ---- Atomic operations ----
 *
 * gcc has these performed by the callback. The engine uses none on shared bytes (Atomics is ours,
 * and src/memory announces its own accesses), so nothing is reported. Always the strongest order:
 * `order` may be any. */
#define ATOMICS(bits, type)                                                                        \
    CALLBACK type __tsan_atomic##bits##_load(const volatile type *at, int order);                  \
    CALLBACK type __tsan_atomic##bits##_load(const volatile type *at, int order)                   \
    {                                                                                              \
        (void)order;                                                                               \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                              \
    }                                                                                              \
    CALLBACK void __tsan_atomic##bits##_store(volatile type *at, type value, int order);           \
    CALLBACK void __tsan_atomic##bits##_store(volatile type *at, type value, int order)            \
    {                                                                                              \
        (void)order;                                                                               \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                             \
    }                                                                                              \
    ATOMIC_UPDATE(bits, type, exchange, __atomic_exchange_n)                                       \
    ATOMIC_UPDATE(bits, type, fetch_add, __atomic_fetch_add)                                       \
    ATOMIC_UPDATE(bits, type, fetch_sub, __atomic_fetch_sub)                                       \
    ATOMIC_UPDATE(bits, type, fetch_and, __atomic_fetch_and)                                       \
    ATOMIC_UPDATE(bits, type, fetch_or, __atomic_fetch_or)                                         \
    ATOMIC_UPDATE(bits, type, fetch_xor, __atomic_fetch_xor)                                       \
    ATOMIC_COMPARE(bits, type, strong)                                                             \
    ATOMIC_COMPARE(bits, type, weak)

#define ATOMIC_UPDATE(bits, type, name, builtin)                                                   \
    CALLBACK type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);          \
    CALLBACK type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)           \
    {                                                                                              \
        (void)order;                                                                               \
        return builtin(at, value, __ATOMIC_SEQ_CST);                                               \
    }

#define ATOMIC_COMPARE(bits, type, name)                                                           \
    CALLBACK int __tsan_atomic##bits##_compare_exchange_##name(                                    \
        volatile type *at, type *expected, type value, int order, int failure_order);              \
    CALLBACK int __tsan_atomic##bits##_compare_exchange_##name(                                    \
        volatile type *at, type *expected, type value, int order, int failure_order)               \
    {                                                                                              \
        (void)order, (void)failure_order;                                                          \
        return __atomic_compare_exchange_n(at, expected, value, 0, __ATOMIC_SEQ_CST,               \
                                           __ATOMIC_SEQ_CST);                                      \
    }

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

CALLBACK void __tsan_atomic_thread_fence(int order);
CALLBACK void __tsan_atomic_thread_fence(int order)
{
    (void)order;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

CALLBACK void __tsan_atomic_signal_fence(int order);
CALLBACK void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
