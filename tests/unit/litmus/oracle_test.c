/* The checker against independent opinions, on random programs of mixed sizes: the axioms as they
 * stand, interleavings, and the race detector. */
#include "suites.h"

#include "litmus/interleave.h"
#include "oracle.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAMS = 6000 };

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % below;
}

/* One access: a cell of one byte, both bytes at once, both through a DataView, or another cell. */
static bool add_access(buffer *b, unsigned reg, unsigned value)
{
    static const char *const cells[] = {"b[0]", "b[1]", "h[0]", "y[0]"};
    static const char *const atomics[] = {"b, 0", "b, 1", "h, 0", "y, 0"};
    unsigned cell = chance(4);
    unsigned written = cell == 2 ? value * 257 : value;
    switch (chance(11)) {
    case 0:
    case 1:
        buffer_format(b, "%s = %u;\n", cells[cell], written);
        return false;
    case 2:
    case 3:
        buffer_format(b, "Atomics.store(%s, %u);\n", atomics[cell], written);
        return false;
    case 4:
    case 5:
        buffer_format(b, "const r%u = %s;\n", reg, cells[cell]);
        return true;
    case 6:
    case 7:
        buffer_format(b, "const r%u = Atomics.load(%s);\n", reg, atomics[cell]);
        return true;
    case 8:
        buffer_format(b, "const r%u = Atomics.%s(%s, %u);\n", reg,
                      (const char *[]){"add", "sub", "or", "xor", "exchange"}[chance(5)],
                      atomics[cell], written);
        return true;
    case 9:
        buffer_format(b, "const r%u = Atomics.compareExchange(%s, %u, %u);\n", reg, atomics[cell],
                      chance(2)   ? 0
                      : cell == 2 ? 257u
                                  : 1u,
                      written);
        return true;
    default:
        if (chance(2)) {
            buffer_format(b, "const r%u = d.getInt16(0, true);\n", reg);
            return true;
        }
        buffer_format(b, "d.setInt16(0, %u, true);\n", value * 257);
        return false;
    }
}

/* Mostly atomic accesses of two cells: longer chains, with more to say about the memory order. */
static bool add_atomic_access(buffer *b, unsigned reg, unsigned value)
{
    static const char *const names[] = {"b", "y"};
    const char *cell = names[chance(2)];
    switch (chance(8)) {
    case 0:
        buffer_format(b, "%s[0] = %u;\n", cell, value);
        return false;
    case 1:
    case 2:
    case 3:
        buffer_format(b, "Atomics.store(%s, 0, %u);\n", cell, value);
        return false;
    case 4:
        buffer_format(b, "const r%u = Atomics.exchange(%s, 0, %u);\n", reg, cell, value);
        return true;
    default:
        buffer_format(b, "const r%u = Atomics.load(%s, 0);\n", reg, cell);
        return true;
    }
}

static void indent(buffer *out, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n") + 1;
        buffer_add(out, "    ");
        buffer_add_bytes(out, text, length);
        text += length;
    }
}

static void random_program(buffer *out)
{
    bool long_chains = chance(2) == 0, reads = false;
    unsigned agents = 2 + chance(2), reg = 0, value = 0;
    unsigned left = long_chains ? 5 + chance(3) : 3 + chance(3);
    buffer_clear(out);
    buffer_add(out, "litmus: random\nshared: |\n"
                    "    const memory = new SharedArrayBuffer(2);\n"
                    "    const b = new Int8Array(memory);\n"
                    "    const h = new Int16Array(memory);\n"
                    "    const d = new DataView(memory);\n"
                    "    const y = new Int8Array(new SharedArrayBuffer(1));\n");
    if (chance(3) == 0)
        buffer_add(out, chance(2) ? "    b[0] = 90;\n" : "    Atomics.store(y, 0, 91);\n");
    buffer_add(out, "agents:\n");
    for (unsigned a = 0; a < agents; a++) {
        unsigned count = a + 1 == agents ? left : chance(left < 4 ? left + 1 : 5);
        buffer code = {0};
        left -= count;
        for (unsigned i = 0; i < count; i++)
            reads |= long_chains ? add_atomic_access(&code, reg++, ++value)
                                 : add_access(&code, reg++, ++value);
        if (count == 0)
            buffer_add(&code, ";\n");
        buffer_format(out, "  a%u: |\n", a);
        indent(out, buffer_text(&code));
        buffer_release(&code);
    }
    if (!reads || chance(3) == 0)
        buffer_format(out, "show: [\"%s\"]\n", chance(2) ? "h[0] === 0" : "y[0] === 0");
}

static bool is_known(const litmus_outcome *o, size_t slots, const oracle_set *set,
                     const oracle_outcome **found)
{
    double values[LITMUS_SLOTS] = {0};
    for (size_t s = 0; s < slots; s++)
        values[s] = o->slots[s].number;
    *found = oracle_find(set, values, slots);
    return *found != NULL;
}

static void fail(const char *text, const char *why)
{
    static int told;
    if (told++ < 3)
        fprintf(stderr, "\n%s:\n%s\n", why, text);
    CU_FAIL("the checker and its oracle differ");
}

static void compare(const litmus_program *p, const char *text)
{
    static oracle_set allowed, interleaved;
    region *memory = region_create();
    load_errors errors = {0};
    litmus_result result;
    uint64_t beyond = 0, beyond_x86 = 0;
    const oracle_outcome *found;
    size_t plain = 0, sequential = 0;
    CU_ASSERT_EQUAL_FATAL(litmus_check(p, NULL, memory, &result, &errors), STATUS_OK);
    CU_ASSERT_TRUE(litmus_interleave(&result, LITMUS_SEQUENTIAL, 0, &beyond));
    CU_ASSERT_TRUE(litmus_interleave(&result, LITMUS_X86, 0, &beyond_x86));
    oracle_allowed(p, &allowed);
    oracle_interleaved(p, &interleaved);
    if (beyond > 0 || beyond_x86 > 0)
        fail(text, "a machine shows what the checker forbids");
    for (size_t i = 0; i < result.count; i++) {
        const litmus_outcome *o = &result.outcomes[i];
        bool known = is_known(o, p->slot_count, &allowed, &found);
        plain += !o->thin_air;
        sequential += o->sequential;
        if (!o->thin_air && !known)
            fail(text, "the checker allows what the axioms forbid");
        if (!o->thin_air && known && found->racy != (o->racy_executions > 0))
            fail(text, "they differ about a data race");
        if (is_known(o, p->slot_count, &interleaved, &found) != o->sequential)
            fail(text, "they differ about sequential consistency");
    }
    if (plain != allowed.count)
        fail(text, "the checker forbids what the axioms allow");
    if (sequential != interleaved.count)
        fail(text, "an interleaving is missing");
    if (!result.racy && sequential != result.count)
        fail(text, "free of data races, and more than sequentially consistent");
    if (detector_finds_race(p) != result.racy)
        fail(text,
             "the race detector does not agree that the program is free of data races, or is not");
    region_free(memory);
}

static void test_random_programs(void)
{
    buffer text = {0};
    const char *wish = getenv("HEDDLE_LITMUS_PROGRAMS");
    unsigned count = wish == NULL ? PROGRAMS : (unsigned)strtoul(wish, NULL, 10);
    seed = 0x1234567;
    for (unsigned i = 0; i < count; i++) {
        load_errors errors = {0};
        random_program(&text);
        litmus_program *p = litmus_program_read("random.yaml", text.text, text.length, &errors);
        if (p == NULL) {
            buffer said = {0};
            load_errors_write(&errors, &said);
            fail(buffer_text(&text), buffer_text(&said));
            buffer_release(&said);
        } else {
            compare(p, buffer_text(&text));
        }
        load_errors_release(&errors);
        litmus_program_free(p);
    }
    buffer_release(&text);
}

void add_oracle_suite(void)
{
    CU_pSuite suite = CU_add_suite("oracles", NULL, NULL);
    CU_add_test(suite, "random programs: axioms, interleavings, x86", test_random_programs);
}
