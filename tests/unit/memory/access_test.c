#include "suites.h"

#include "memory/block_access.h"
#include "observe/hooks.h"
#include "platform/thread.h"

#include "../platform/team.h"

#include <string.h>

static struct shared_block *make(uint64_t length)
{
    struct shared_block *block = NULL;
    CU_ASSERT_EQUAL_FATAL(shared_block_create(length, SHARED_BLOCK_FIXED, &block), STATUS_OK);
    return block;
}

/* Every offset, size and direction against what memmove does. */
static void test_ranges(void)
{
    enum { LENGTH = 48 };
    struct shared_block *block = make(LENGTH);
    uint8_t model[LENGTH], seen[LENGTH], text[LENGTH];
    for (int i = 0; i < LENGTH; i++)
        model[i] = (uint8_t)(i * 7 + 1);
    block_write(block, 0, model, LENGTH);
    for (size_t size = 0; size <= 20; size++) {
        for (size_t from = 0; from + size <= LENGTH; from++) {
            block_read(block, from, seen, size);
            CU_ASSERT_EQUAL_FATAL(memcmp(seen, model + from, size), 0);
            memset(text, (int)(from + size), size);
            block_write(block, from, text, size);
            memcpy(model + from, text, size);
            for (size_t to = 0; to + size <= LENGTH; to++) {
                block_copy(block, to, block, from, size);
                memmove(model + to, model + from, size);
                model[(from + to) % LENGTH] ^= 0x5a;
                block_write(block, (from + to) % LENGTH, &model[(from + to) % LENGTH], 1);
                block_read(block, 0, seen, LENGTH);
                CU_ASSERT_EQUAL_FATAL(memcmp(seen, model, LENGTH), 0);
            }
            block_fill(block, from, 0xee, size);
            memset(model + from, 0xee, size);
        }
    }
    shared_block_unref(block);
}

static void test_cells(void)
{
    struct shared_block *block = make(16);
    uint8_t *cell = shared_block_bytes(block) + 8;
    for (unsigned size = 1; size <= 8; size *= 2) {
        uint64_t mask = size == 8 ? UINT64_MAX : ((uint64_t)1 << size * 8) - 1;
        atomics_store(cell, size, UINT64_MAX);
        CU_ASSERT_EQUAL(atomics_load(cell, size), mask);
        CU_ASSERT_EQUAL(atomics_add(cell, size, 3), mask);
        CU_ASSERT_EQUAL(atomics_sub(cell, size, 1), 2);
        CU_ASSERT_EQUAL(atomics_or(cell, size, 6), 1);
        CU_ASSERT_EQUAL(atomics_and(cell, size, 3), 7);
        CU_ASSERT_EQUAL(atomics_xor(cell, size, 1), 3);
        CU_ASSERT_EQUAL(atomics_exchange(cell, size, UINT64_MAX - 1), 2);
        CU_ASSERT_EQUAL(atomics_compare_exchange(cell, size, 0, 5), mask - 1);
        CU_ASSERT_EQUAL(atomics_compare_exchange(cell, size, UINT64_MAX - 1, 5), mask - 1);
        CU_ASSERT_EQUAL(atomics_load(cell, size), 5);
        atomics_store(cell, size, 0);
        CU_ASSERT_EQUAL(atomics_load(shared_block_bytes(block), 8), 0);
    }
    shared_block_unref(block);
}

/* One thread writes and copies elements whose halves are equal; no reader may see them differ. */
static void write_pairs(void *context)
{
    struct shared_block *block = context;
    for (uint32_t i = 0; i < stress(20000); i++) {
        uint16_t half = (uint16_t)(i + 1);
        uint32_t pairs[6];
        for (int k = 0; k < 6; k++)
            pairs[k] = (uint32_t)half << 16 | half;
        block_write(block, 4, pairs, sizeof pairs);
        block_copy(block, 64, block, 4, sizeof pairs);
    }
}

static void test_no_tearing(void)
{
    struct shared_block *block = make(128);
    thread writer;
    CU_ASSERT_EQUAL_FATAL(thread_start(&writer, NULL, 256 * 1024, write_pairs, block), STATUS_OK);
    bool torn = false;
    for (long i = 0; i < stress(20000); i++) {
        uint32_t pairs[6];
        block_read(block, i % 2 ? 4 : 64, pairs, sizeof pairs);
        for (int k = 0; k < 6; k++)
            torn |= pairs[k] >> 16 != (pairs[k] & 0xffff);
    }
    thread_join(&writer);
    CU_ASSERT_FALSE(torn);
    shared_block_unref(block);
}

static struct {
    int init, read, write, length, end;
    uint64_t offset, size;
} seen;

static void on_access(const void *address, uint64_t size, enum observe_kind kind)
{
    seen.read += kind == OBSERVE_READ;
    seen.write += kind == OBSERVE_WRITE;
    CU_ASSERT_PTR_NOT_NULL(shared_block_of(address, &seen.offset));
    seen.size = size;
}

static void on_begin(struct shared_block *block)
{
    seen.init++;
    CU_ASSERT_EQUAL(shared_block_max(block), 16);
}

static void on_length(struct shared_block *block, enum observe_kind kind)
{
    seen.length++;
    CU_ASSERT_EQUAL(kind, OBSERVE_READ);
}

static void on_end(struct shared_block *block)
{
    seen.end++;
}

static void test_announcements(void)
{
    static const struct observe_hooks hooks = {
        .access = on_access, .block_begin = on_begin, .length_end = on_length, .block_end = on_end};
    memset(&seen, 0, sizeof seen);
    observe_install(&hooks);
    struct shared_block *block;
    CU_ASSERT_EQUAL_FATAL(shared_block_create(8, 16, &block), STATUS_OK);
    uint32_t value = 1;
    block_write(block, 4, &value, 4);
    CU_ASSERT(seen.offset == 4 && seen.size == 4);
    block_read(block, 0, &value, 4);
    block_fill(block, 0, 0, 4);
    block_copy(block, 4, block, 0, 4);
    shared_block_byte_length(block);
    shared_block_unref(block);
    observe_install(NULL);
    CU_ASSERT(seen.init == 1 && seen.read == 2 && seen.write == 3);
    CU_ASSERT(seen.length == 1 && seen.end == 1);
}

void add_access_suite(void)
{
    CU_pSuite suite = CU_add_suite("access", NULL, NULL);
    CU_add_test(suite, "ranges are moved like memmove does", test_ranges);
    CU_add_test(suite, "atomic operations of every size", test_cells);
    CU_add_test(suite, "aligned elements never tear", test_no_tearing);
    CU_add_test(suite, "accesses are announced", test_announcements);
}
