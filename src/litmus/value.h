/* The values of litmus programs: the part of JavaScript's values that shared memory and control
 * flow need, exact or refused.
 *
 * Numbers are doubles; BigInts are exact up to 64 bits and a sign, and what would be larger is
 * refused instead of rounded. Texts are the three answers of Atomics.wait. Element types convert as
 * ECMA-262 sec-numerictorawbytes and sec-rawbytestonumeric say.
 *
 * Threads: any; pure functions. */
#ifndef HEDDLE_LITMUS_VALUE_H
#define HEDDLE_LITMUS_VALUE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum litmus_kind {
    LITMUS_UNDEFINED,
    LITMUS_BOOLEAN,
    LITMUS_NUMBER,
    LITMUS_BIGINT,
    LITMUS_TEXT,
    LITMUS_ASLEEP /* the register of an operation that never came back */
} litmus_kind;

typedef enum litmus_text { LITMUS_OK, LITMUS_NOT_EQUAL, LITMUS_TIMED_OUT } litmus_text;

typedef struct litmus_value {
    uint32_t kind;     /* litmus_kind */
    uint32_t negative; /* LITMUS_BIGINT */
    union {
        double number;
        uint64_t bits; /* all other kinds: magnitude, truth, litmus_text */
    };
} litmus_value;

/* name, bytes, integer (tear-free when plain), signed, BigInt */
#define LITMUS_ELEMENTS(X)                                                                         \
    X(INT8, "Int8", 1, true, true, false)                                                          \
    X(UINT8, "Uint8", 1, true, false, false)                                                       \
    X(UINT8_CLAMPED, "Uint8Clamped", 1, false, false, false)                                       \
    X(INT16, "Int16", 2, true, true, false)                                                        \
    X(UINT16, "Uint16", 2, true, false, false)                                                     \
    X(INT32, "Int32", 4, true, true, false)                                                        \
    X(UINT32, "Uint32", 4, true, false, false)                                                     \
    X(BIGINT64, "BigInt64", 8, false, true, true)                                                  \
    X(BIGUINT64, "BigUint64", 8, false, false, true)                                               \
    X(FLOAT16, "Float16", 2, false, true, false)                                                   \
    X(FLOAT32, "Float32", 4, false, true, false)                                                   \
    X(FLOAT64, "Float64", 8, false, true, false)

typedef enum litmus_element {
#define X(name, text, size, integer, is_signed, big) LITMUS_##name,
    LITMUS_ELEMENTS(X)
#undef X
        LITMUS_ELEMENT_COUNT
} litmus_element;

/* What ECMA-262 says about one element type. */
typedef struct litmus_element_facts {
    const char *name; /* "Int32": of Int32Array and getInt32 */
    uint8_t size;
    bool
        tear_free; /* sec-isunclampedintegerelementtype: a plain typed array access does not tear */
    bool is_signed;
    bool big;
    bool atomic; /* Atomics accept it */
} litmus_element_facts;

extern const litmus_element_facts litmus_elements[LITMUS_ELEMENT_COUNT];

static inline litmus_value litmus_number(double number)
{
    return (litmus_value){.kind = LITMUS_NUMBER, .number = number};
}

static inline litmus_value litmus_boolean(bool truth)
{
    return (litmus_value){.kind = LITMUS_BOOLEAN, .bits = truth};
}

static inline litmus_value litmus_answer(litmus_text text)
{
    return (litmus_value){.kind = LITMUS_TEXT, .bits = text};
}

static inline litmus_value litmus_bigint(bool negative, uint64_t magnitude)
{
    return (litmus_value){
        .kind = LITMUS_BIGINT, .negative = negative && magnitude, .bits = magnitude};
}

/* Same kind and same bits; NaN equals itself. For tables of outcomes. */
bool litmus_same(litmus_value a, litmus_value b);
bool litmus_truth(litmus_value v);

/* A value as the raw bits of an element, least significant byte first, and back. False when
 * JavaScript would throw a TypeError (Number in a BigInt array and the reverse) or the value is
 * none of a program's (asleep). */
bool litmus_encode(litmus_element element, litmus_value v, uint64_t *raw);
litmus_value litmus_decode(litmus_element element, uint64_t raw);
/* The bytes of an element in the other order. */
uint64_t litmus_swap(uint64_t raw, unsigned size);

typedef enum litmus_operator {
    LITMUS_ADD,
    LITMUS_SUBTRACT,
    LITMUS_MULTIPLY,
    LITMUS_DIVIDE,
    LITMUS_REMAINDER,
    LITMUS_BIT_AND,
    LITMUS_BIT_OR,
    LITMUS_BIT_XOR,
    LITMUS_SHIFT_LEFT,
    LITMUS_SHIFT_RIGHT,
    LITMUS_SHIFT_RIGHT_UNSIGNED,
    LITMUS_EQUAL,
    LITMUS_UNEQUAL,
    LITMUS_LESS,
    LITMUS_LESS_EQUAL,
    LITMUS_GREATER,
    LITMUS_GREATER_EQUAL,
    /* of one operand, which is both */
    LITMUS_NOT,
    LITMUS_NEGATE,
    LITMUS_BIT_NOT,
    LITMUS_TO_NUMBER,
    LITMUS_TO_BIGINT,
    LITMUS_FIRST_CONVERSION /* + element: what reading that element gives after writing the operand
                             */
} litmus_operator;

/* False when JavaScript would throw, or the result is beyond what is exact here. */
bool litmus_operate(unsigned operation, litmus_value a, litmus_value b, litmus_value *result);

/* As JavaScript prints it; -0 as "-0", BigInts with their n. */
void litmus_value_write(litmus_value v, buffer *out);

#endif
