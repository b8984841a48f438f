#include "litmus/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const litmus_element_facts litmus_elements[LITMUS_ELEMENT_COUNT] = {
#define X(name, text, size, integer, is_signed, big)                                               \
    [LITMUS_##name] = {text, size, integer, is_signed, big, (integer) || (big)},
    LITMUS_ELEMENTS(X)
#undef X
};

bool litmus_same(litmus_value a, litmus_value b)
{
    if (a.kind != b.kind)
        return false;
    if (a.kind == LITMUS_NUMBER && isnan(a.number))
        return isnan(b.number);
    return a.bits == b.bits && a.negative == b.negative;
}

bool litmus_truth(litmus_value v)
{
    switch (v.kind) {
    case LITMUS_NUMBER:
        return v.number != 0 && !isnan(v.number);
    case LITMUS_BOOLEAN:
    case LITMUS_BIGINT:
        return v.bits != 0;
    case LITMUS_TEXT:
        return true;
    default:
        return false;
    }
}

/* ---- numbers and bits ---- */

/* ECMA-262 sec-tonumber of what is no BigInt. */
static double to_number(litmus_value v)
{
    switch (v.kind) {
    case LITMUS_NUMBER:
        return v.number;
    case LITMUS_BOOLEAN:
        return (double)v.bits;
    default:
        return NAN;
    }
}

/* The low 64 bits of the integer part: what ToInt8 to ToUint32 have in common. */
static uint64_t to_integer_bits(double number)
{
    if (!isfinite(number))
        return 0;
    double whole = trunc(number), modulus = 18446744073709551616.0;
    double rest = fmod(whole, modulus);
    bool negative = rest < 0;
    uint64_t magnitude = (uint64_t)fabs(rest);
    return negative ? 0 - magnitude : magnitude;
}

static uint64_t clamp(double number)
{
    if (isnan(number) || number <= 0)
        return 0;
    return number >= 255 ? 255 : (uint64_t)nearbyint(number);
}

/* Rounds to nearest, ties to even, in one step from the double (sec-numerictorawbytes). */
static uint64_t to_half(double number)
{
    uint64_t sign = signbit(number) ? 0x8000 : 0;
    double size = fabs(number);
    if (isnan(number))
        return 0x7e00;
    if (size >= 65520)
        return sign | 0x7c00;
    if (size < 0x1p-14) /* subnormal: multiples of 2^-24 */
        return sign | (uint64_t)nearbyint(size * 0x1p24);
    int exponent;
    double fraction = frexp(size, &exponent);                    /* 0.5 <= fraction < 1 */
    uint64_t significand = (uint64_t)nearbyint(fraction * 2048); /* 1024 … 2048 */
    return sign | (((uint64_t)(exponent + 14) << 10) + significand - 1024);
}

static double from_half(uint64_t raw)
{
    int exponent = (int)(raw >> 10 & 31);
    double fraction = (double)(raw & 1023);
    double size = exponent == 0    ? fraction * 0x1p-24
                  : exponent == 31 ? (fraction != 0 ? (double)NAN : (double)INFINITY)
                                   : ldexp(1024 + fraction, exponent - 25);
    return raw & 0x8000 ? -size : size;
}

static uint64_t mask_of(unsigned size)
{
    return size == 8 ? UINT64_MAX : ((uint64_t)1 << size * 8) - 1;
}

bool litmus_encode(litmus_element element, litmus_value v, uint64_t *raw)
{
    const litmus_element_facts *facts = &litmus_elements[element];
    if (v.kind == LITMUS_ASLEEP || facts->big != (v.kind == LITMUS_BIGINT))
        return false;
    double number = to_number(v);
    if (facts->big) {
        *raw = v.negative ? 0 - v.bits : v.bits;
    } else if (element == LITMUS_FLOAT64) {
        memcpy(raw, &number, 8);
    } else if (element == LITMUS_FLOAT32) {
        float single = (float)number;
        uint32_t bits;
        memcpy(&bits, &single, 4);
        *raw = bits;
    } else if (element == LITMUS_FLOAT16) {
        *raw = to_half(number);
    } else if (element == LITMUS_UINT8_CLAMPED) {
        *raw = clamp(number);
    } else {
        *raw = to_integer_bits(number) & mask_of(facts->size);
    }
    return true;
}

litmus_value litmus_decode(litmus_element element, uint64_t raw)
{
    const litmus_element_facts *facts = &litmus_elements[element];
    if (element == LITMUS_FLOAT64) {
        double number;
        memcpy(&number, &raw, 8);
        return litmus_number(number);
    }
    if (element == LITMUS_FLOAT32) {
        uint32_t bits = (uint32_t)raw;
        float single;
        memcpy(&single, &bits, 4);
        return litmus_number((double)single);
    }
    if (element == LITMUS_FLOAT16)
        return litmus_number(from_half(raw));
    unsigned unused = 64 - facts->size * 8u;
    int64_t extended = (int64_t)(raw << unused) >> unused;
    bool negative = facts->is_signed && extended < 0;
    if (facts->big)
        return litmus_bigint(negative, negative ? 0 - raw : raw);
    return litmus_number(facts->is_signed ? (double)extended
                                          : (double)(raw & mask_of(facts->size)));
}

uint64_t litmus_swap(uint64_t raw, unsigned size)
{
    return __builtin_bswap64(raw) >> (64 - size * 8);
}

/* ---- operators ---- */

static __int128 to_int128(litmus_value v)
{
    return v.negative ? -(__int128)v.bits : (__int128)v.bits;
}

static bool from_int128(__int128 n, litmus_value *result)
{
    bool negative = n < 0;
    unsigned __int128 magnitude = negative ? -(unsigned __int128)n : (unsigned __int128)n;
    if (magnitude > UINT64_MAX)
        return false;
    *result = litmus_bigint(negative, (uint64_t)magnitude);
    return true;
}

static bool shift_big(bool left, __int128 a, __int128 count, litmus_value *result)
{
    if (count < 0) {
        left = !left;
        count = -count;
    }
    if (!left)
        return from_int128(count > 100 ? (a < 0 ? -1 : 0) : a >> (int)count, result);
    if (a == 0)
        return from_int128(0, result);
    return count <= 62 && from_int128(a * ((__int128)1 << (int)count), result);
}

static bool operate_big(unsigned operation, __int128 a, __int128 b, litmus_value *result)
{
    switch (operation) {
    case LITMUS_ADD:
        return from_int128(a + b, result);
    case LITMUS_SUBTRACT:
        return from_int128(a - b, result);
    case LITMUS_MULTIPLY: {
        __int128 product;
        return !__builtin_mul_overflow(a, b, &product) && from_int128(product, result);
    }
    case LITMUS_DIVIDE:
        return b != 0 && from_int128(a / b, result);
    case LITMUS_REMAINDER:
        return b != 0 && from_int128(a % b, result);
    case LITMUS_BIT_AND:
        return from_int128(a & b, result);
    case LITMUS_BIT_OR:
        return from_int128(a | b, result);
    case LITMUS_BIT_XOR:
        return from_int128(a ^ b, result);
    case LITMUS_SHIFT_LEFT:
    case LITMUS_SHIFT_RIGHT:
        return shift_big(operation == LITMUS_SHIFT_LEFT, a, b, result);
    case LITMUS_NEGATE:
        return from_int128(-a, result);
    case LITMUS_BIT_NOT:
        return from_int128(~a, result);
    default:
        return false;
    }
}

static bool operate_number(unsigned operation, double a, double b, litmus_value *result)
{
    int32_t left = (int32_t)(uint32_t)to_integer_bits(a);
    uint32_t right = (uint32_t)to_integer_bits(b);
    double n;
    switch (operation) {
    case LITMUS_ADD:
        n = a + b;
        break;
    case LITMUS_SUBTRACT:
        n = a - b;
        break;
    case LITMUS_MULTIPLY:
        n = a * b;
        break;
    case LITMUS_DIVIDE:
        n = a / b;
        break;
    case LITMUS_REMAINDER:
        n = fmod(a, b);
        break;
    case LITMUS_BIT_AND:
        n = left & (int32_t)right;
        break;
    case LITMUS_BIT_OR:
        n = left | (int32_t)right;
        break;
    case LITMUS_BIT_XOR:
        n = left ^ (int32_t)right;
        break;
    case LITMUS_SHIFT_LEFT:
        n = (int32_t)((uint32_t)left << (right & 31));
        break;
    case LITMUS_SHIFT_RIGHT:
        n = left >> (right & 31);
        break;
    case LITMUS_SHIFT_RIGHT_UNSIGNED:
        n = (uint32_t)left >> (right & 31);
        break;
    case LITMUS_NEGATE:
        n = -a;
        break;
    case LITMUS_BIT_NOT:
        n = ~left;
        break;
    default:
        return false;
    }
    *result = litmus_number(n);
    return true;
}

/* ===: NaN differs from itself, the two zeroes are equal. */
static bool strictly_equal(litmus_value a, litmus_value b)
{
    if (a.kind != b.kind)
        return false;
    if (a.kind == LITMUS_NUMBER)
        return a.number == b.number;
    return a.bits == b.bits && a.negative == b.negative;
}

static bool compare(unsigned operation, litmus_value a, litmus_value b, litmus_value *result)
{
    bool big = a.kind == LITMUS_BIGINT;
    if (big != (b.kind == LITMUS_BIGINT) || a.kind == LITMUS_TEXT || b.kind == LITMUS_TEXT)
        return false; /* mixed comparisons are refused: no test needs them */
    bool less = big ? to_int128(a) < to_int128(b) : to_number(a) < to_number(b);
    bool greater = big ? to_int128(a) > to_int128(b) : to_number(a) > to_number(b);
    bool equal = big ? to_int128(a) == to_int128(b) : to_number(a) == to_number(b);
    switch (operation) {
    case LITMUS_LESS:
        *result = litmus_boolean(less);
        break;
    case LITMUS_LESS_EQUAL:
        *result = litmus_boolean(less || equal);
        break;
    case LITMUS_GREATER:
        *result = litmus_boolean(greater);
        break;
    default:
        *result = litmus_boolean(greater || equal);
        break;
    }
    return true;
}

static bool to_bigint(litmus_value v, litmus_value *result)
{
    if (v.kind == LITMUS_BIGINT) {
        *result = v;
        return true;
    }
    double number = to_number(v);
    if (!isfinite(number) || trunc(number) != number || fabs(number) >= 18446744073709551616.0)
        return false;
    *result = litmus_bigint(number < 0, (uint64_t)fabs(number));
    return true;
}

static bool convert(litmus_element element, litmus_value v, litmus_value *result)
{
    uint64_t raw;
    if (!litmus_encode(element, v, &raw))
        return false;
    *result = litmus_decode(element, raw);
    return true;
}

bool litmus_operate(unsigned operation, litmus_value a, litmus_value b, litmus_value *result)
{
    if (operation >= LITMUS_FIRST_CONVERSION)
        return convert((litmus_element)(operation - LITMUS_FIRST_CONVERSION), a, result);
    switch (operation) {
    case LITMUS_EQUAL:
    case LITMUS_UNEQUAL:
        *result = litmus_boolean(strictly_equal(a, b) == (operation == LITMUS_EQUAL));
        return true;
    default:
        break;
    }
    if (a.kind == LITMUS_ASLEEP || b.kind == LITMUS_ASLEEP)
        return false;
    switch (operation) {
    case LITMUS_NOT:
        *result = litmus_boolean(!litmus_truth(a));
        return true;
    case LITMUS_TO_NUMBER:
        *result = a.kind == LITMUS_BIGINT ? litmus_number((double)to_int128(a))
                                          : litmus_number(to_number(a));
        return true;
    case LITMUS_TO_BIGINT:
        return to_bigint(a, result);
    case LITMUS_LESS:
    case LITMUS_LESS_EQUAL:
    case LITMUS_GREATER:
    case LITMUS_GREATER_EQUAL:
        return compare(operation, a, b, result);
    default:
        break;
    }
    if (a.kind == LITMUS_TEXT || b.kind == LITMUS_TEXT)
        return false; /* texts are compared only */
    if (a.kind == LITMUS_BIGINT && b.kind == LITMUS_BIGINT)
        return operate_big(operation, to_int128(a), to_int128(b), result);
    if (a.kind == LITMUS_BIGINT || b.kind == LITMUS_BIGINT)
        return false;
    return operate_number(operation, to_number(a), to_number(b), result);
}

/* ---- text ---- */

static void write_number(double number, buffer *out)
{
    if (isnan(number))
        buffer_add(out, "NaN");
    else if (isinf(number))
        buffer_add(out, number < 0 ? "-Infinity" : "Infinity");
    else if (number == 0)
        buffer_add(out, signbit(number) ? "-0" : "0");
    else if (trunc(number) == number && fabs(number) < 1e21)
        buffer_format(out, "%.0f", number);
    else {
        char text[40];
        for (int digits = 1; digits <= 17; digits++) { /* the shortest that reads back */
            snprintf(text, sizeof text, "%.*g", digits, number);
            double again;
            if (sscanf(text, "%lf", &again) == 1 && again == number)
                break;
        }
        buffer_add(out, text);
    }
}

void litmus_value_write(litmus_value v, buffer *out)
{
    static const char *const texts[] = {"\"ok\"", "\"not-equal\"", "\"timed-out\""};
    switch (v.kind) {
    case LITMUS_UNDEFINED:
        buffer_add(out, "undefined");
        break;
    case LITMUS_BOOLEAN:
        buffer_add(out, v.bits ? "true" : "false");
        break;
    case LITMUS_NUMBER:
        write_number(v.number, out);
        break;
    case LITMUS_BIGINT:
        buffer_format(out, "%s%llun", v.negative ? "-" : "", (unsigned long long)v.bits);
        break;
    case LITMUS_TEXT:
        buffer_add(out, texts[v.bits % 3]);
        break;
    default:
        buffer_add(out, "asleep");
        break;
    }
}
