#include "suites.h"

#include "litmus/value.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <string.h>

static uint64_t raw_of(litmus_element element, litmus_value v)
{
    uint64_t raw = 0;
    CU_ASSERT_TRUE(litmus_encode(element, v, &raw));
    return raw;
}

static void test_integers(void)
{
    CU_ASSERT_EQUAL(raw_of(LITMUS_INT8, litmus_number(300)), 44);
    CU_ASSERT_EQUAL(raw_of(LITMUS_INT8, litmus_number(-1)), 255);
    CU_ASSERT_EQUAL(raw_of(LITMUS_INT32, litmus_number(4294967296.0)), 0);
    CU_ASSERT_EQUAL(raw_of(LITMUS_INT32, litmus_number(-3.7)), 0xfffffffd);
    CU_ASSERT_EQUAL(raw_of(LITMUS_INT32, litmus_number(NAN)), 0);
    CU_ASSERT_EQUAL(raw_of(LITMUS_UINT8_CLAMPED, litmus_number(300)), 255);
    CU_ASSERT_EQUAL(raw_of(LITMUS_UINT8_CLAMPED, litmus_number(2.5)), 2);
    CU_ASSERT_EQUAL(litmus_decode(LITMUS_INT16, 0xffff).number, -1);
    CU_ASSERT_EQUAL(litmus_decode(LITMUS_UINT32, 0xffffffff).number, 4294967295.0);
    CU_ASSERT_EQUAL(raw_of(LITMUS_BIGINT64, litmus_bigint(true, 1)), UINT64_MAX);
    litmus_value big = litmus_decode(LITMUS_BIGINT64, UINT64_MAX);
    CU_ASSERT_TRUE(litmus_same(big, litmus_bigint(true, 1)));
    CU_ASSERT_TRUE(
        litmus_same(litmus_decode(LITMUS_BIGUINT64, UINT64_MAX), litmus_bigint(false, UINT64_MAX)));
    CU_ASSERT_EQUAL(litmus_swap(0x0102, 2), 0x0201);
    uint64_t raw;
    CU_ASSERT_FALSE(litmus_encode(LITMUS_BIGINT64, litmus_number(1), &raw));
    CU_ASSERT_FALSE(litmus_encode(LITMUS_INT8, litmus_bigint(false, 1), &raw));
}

/* Against values worked out by hand and, where both know it, the compiler's own half floats. */
static void test_floats(void)
{
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(1)), 0x3c00);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(-2)), 0xc000);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(65504)), 0x7bff);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(65520)), 0x7c00);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(65519)), 0x7bff);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(0x1p-24)), 1);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(0x1p-25)), 0);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT16, litmus_number(0x1.8p-25)), 1);
    for (uint64_t raw = 0; raw < 0x10000; raw++) {
        litmus_value v = litmus_decode(LITMUS_FLOAT16, raw);
        if (!isnan(v.number))
            CU_ASSERT_EQUAL_FATAL(raw_of(LITMUS_FLOAT16, v), raw);
    }
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT32, litmus_number(1.5)), 0x3fc00000);
    CU_ASSERT_EQUAL(raw_of(LITMUS_FLOAT64, litmus_number(-0.0)), 0x8000000000000000);
}

static litmus_value operate(litmus_operator o, litmus_value a, litmus_value b)
{
    litmus_value v = {0};
    CU_ASSERT_TRUE(litmus_operate(o, a, b, &v));
    return v;
}

static void test_operators(void)
{
    litmus_value v, big = litmus_bigint(false, UINT64_MAX), one = litmus_bigint(false, 1);
    CU_ASSERT_EQUAL(operate(LITMUS_BIT_OR, litmus_number(4294967295.0), litmus_number(0)).number,
                    -1);
    CU_ASSERT_EQUAL(
        operate(LITMUS_SHIFT_RIGHT_UNSIGNED, litmus_number(-1), litmus_number(0)).number,
        4294967295.0);
    CU_ASSERT_EQUAL(operate(LITMUS_REMAINDER, litmus_number(-5), litmus_number(3)).number, -2);
    CU_ASSERT_TRUE(litmus_truth(operate(LITMUS_EQUAL, litmus_number(0), litmus_number(-0.0))));
    CU_ASSERT_FALSE(litmus_truth(operate(LITMUS_EQUAL, litmus_number(1), one)));
    CU_ASSERT_FALSE(litmus_operate(LITMUS_ADD, litmus_number(1), one, &v));
    CU_ASSERT_FALSE(litmus_operate(LITMUS_ADD, big, one, &v)); /* would need a 65th bit */
    CU_ASSERT_FALSE(litmus_operate(LITMUS_DIVIDE, one, litmus_bigint(false, 0), &v));
    CU_ASSERT_TRUE(
        litmus_same(operate(LITMUS_SUBTRACT, one, big), litmus_bigint(true, UINT64_MAX - 1)));
    buffer text = {0};
    litmus_value_write(litmus_number(-0.0), &text);
    buffer_add(&text, " ");
    litmus_value_write(litmus_number(0.1), &text);
    buffer_add(&text, " ");
    litmus_value_write(litmus_bigint(true, 7), &text);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), "-0 0.1 -7n");
    buffer_release(&text);
}

void add_value_suite(void)
{
    CU_pSuite suite = CU_add_suite("values", NULL, NULL);
    CU_add_test(suite, "integers", test_integers);
    CU_add_test(suite, "floats", test_floats);
    CU_add_test(suite, "operators", test_operators);
}
