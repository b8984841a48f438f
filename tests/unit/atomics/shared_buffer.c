/* SharedArrayBuffer objects over blocks that agents share. */
#include "js_agents.h"
#include "suites.h"

#include "../support/broken.h"

#include "memory/shared_block.h"

/* shows R-SAB-03 */
static void test_growing_is_seen_by_all(void)
{
    struct js_run r = {0};
    const char *scripts[] = {
        "const a = new Int32Array(sab), g = new Int32Array(growable);\n"
        "Atomics.wait(a, 0, 0);\n"
        "report(growable.byteLength + ' ' + g.length + ' ' + Atomics.load(g, 9) + ' ' + "
        "growable.growable + ' ' + growable.maxByteLength);\n"
        "try { growable.grow(16); } catch (e) { report(e.constructor.name); }\n"
        "Atomics.add(g, 10, 0);\n"
        "try { Atomics.load(g, 11); } catch (e) { report(e.constructor.name); }\n",
        "const a = new Int32Array(sab);\n"
        "growable.grow(44); new Int32Array(growable)[9] = 7;\n"
        "Atomics.store(a, 0, 1); Atomics.notify(a, 0);\n"};

    EXPECT(js_run(&r, 2, scripts), "0: 44 11 7 true 64\n0: RangeError\n0: RangeError\n");
}

/* shows R-SAB-31: js_run asserts that no block is left; objects die with their heap, walked or dropped, and one by
 * one before. */
static void test_references_are_given_back(void)
{
    const char *script = "let keep = [];\n"
                         "for (let i = 0; i < 300; i++) { const s = new SharedArrayBuffer(100 + "
                         "i); if (i % 3) keep.push(s, s.slice(0, 8)); }\n"
                         "const again = new Int32Array(sab); sab = null; keep.length = 100;\n"
                         "let cycle = { s: new SharedArrayBuffer(64, { maxByteLength: 128 }) }; "
                         "cycle.self = cycle; cycle = null; gc();\n";

    for (int walked = 0; walked < 2; walked++) {
        struct js_run r = {.walked = walked};
        EXPECT(js_run(&r, 1, &script), "");
    }
}

/* shows INV-05: two clusters that refer to one block, which no channel lets happen. */
static void share_across_clusters(void)
{
    struct js_run r = {.apart = true};
    const char *scripts[] = {"sab;", "sab;"};
    js_run(&r, 2, scripts);
}

static void test_one_cluster(void)
{
    CU_ASSERT(breaks(share_across_clusters, "R-SAB-31"));
}

/* Blocks that only garbage holds are collected before memory runs out. */
static void test_garbage_is_collected_for_blocks(void)
{
    EXPECT(js_eval("for (let i = 0; i < 200; i++) { const o = { s: new SharedArrayBuffer(2 ** 30) "
                   "}; o.self = o; }\n"
                   "report('fine');\n"),
           "0: fine\n");
}

static void test_constructor(void)
{
    EXPECT(js_eval("const thrown = f => { try { f(); } catch (e) { return e.constructor.name; } "
                   "return 'none'; };\n"
                   "report(thrown(() => new SharedArrayBuffer(-1)) + ' ' + thrown(() => new "
                   "SharedArrayBuffer(2 ** 40)));\n"
                   "report(thrown(() => new SharedArrayBuffer(10, { maxByteLength: 9 })));\n"
                   "const s = new SharedArrayBuffer(0, { maxByteLength: 0 });\n"
                   "report(s.growable + ' ' + s.byteLength + ' ' + s.maxByteLength + ' ' + "
                   "thrown(() => s.grow(1)));\n"
                   "report(new SharedArrayBuffer(0).growable + ' ' + new Uint8Array(new "
                   "SharedArrayBuffer(3)).join());\n"),
           "0: RangeError RangeError\n0: RangeError\n0: true 0 0 RangeError\n0: false 0,0,0\n");
}

/* The heap of an arena that is used up throws, goes on when what filled it is dropped, and leaves
 * other agents alone. */
static void test_heap_in_an_arena(void)
{
    struct js_run r = {.heap_limit = (size_t)8 << 20};
    const char *scripts[] = {"const a = new Int32Array(sab); let l = [], n = 0;\n"
                             "try { for (;;) { l.push(new Array(1000).fill(n)); n++; } }\n"
                             "catch (e) { l = null; report('full ' + (n > 100)); }\n"
                             "Atomics.store(a, 0, 1); Atomics.notify(a, 0);\n",
                             "Atomics.wait(new Int32Array(sab), 0, 0);\n"
                             "const l = []; for (let i = 0; i < 100; i++) l.push('x'.repeat(i)); "
                             "report(l.join('').length);\n"};

    EXPECT(js_run(&r, 2, scripts), "0: full true\n1: 4950\n");
}

void shared_buffer_suite(void)
{
    CU_pSuite s = CU_add_suite("shared buffers and heaps", NULL, NULL);
    CU_add_test(s, "growing is seen by all", test_growing_is_seen_by_all);
    CU_add_test(s, "references are given back", test_references_are_given_back);
    CU_add_test(s, "a block belongs to one cluster", test_one_cluster);
    CU_add_test(s, "garbage is collected for blocks", test_garbage_is_collected_for_blocks);
    CU_add_test(s, "the constructor", test_constructor);
    CU_add_test(s, "a heap in an arena", test_heap_in_an_arena);
}
