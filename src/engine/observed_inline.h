/* Included before the engine's text in its observed variant: the helpers that load and store words
 * at any address are used by instrumented and by uninstrumented functions alike, and each must have
 * them inlined as its own. */
#ifndef HEDDLE_ENGINE_OBSERVED_INLINE_H
#define HEDDLE_ENGINE_OBSERVED_INLINE_H

#include <stdint.h>

#define ALWAYS static inline __attribute__((always_inline))
ALWAYS uint32_t get_u8(const uint8_t *at);
ALWAYS uint32_t get_u16(const uint8_t *at);
ALWAYS uint32_t get_u32(const uint8_t *at);
ALWAYS uint64_t get_u64(const uint8_t *at);
ALWAYS int32_t get_i8(const uint8_t *at);
ALWAYS int32_t get_i16(const uint8_t *at);
ALWAYS int32_t get_i32(const uint8_t *at);
ALWAYS int64_t get_i64(const uint8_t *at);
ALWAYS void put_u8(uint8_t *at, uint8_t value);
ALWAYS void put_u16(uint8_t *at, uint16_t value);
ALWAYS void put_u32(uint8_t *at, uint32_t value);
ALWAYS void put_u64(uint8_t *at, uint64_t value);
#undef ALWAYS

#endif
