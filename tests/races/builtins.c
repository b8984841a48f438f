/* Which bytes of shared memory each built-in reads and writes, as the race detector sees it: another
 * agent probes every byte from a line of its own, unordered, once with plain writes of zeros, which meet both
 * what the built-in reads and what it writes, and once with plain reads, which meet only its writes. */
#include "scenario/load.h"
#include "scenario/runner.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 64 };

/* `part` is bytes 16 to 24 of the block. Ranges are half open: "16-24 40-48". */
static const struct {
    const char *does, *reads, *writes;
} builtins[] = {
    {"part[0]", "16-17", ""},
    {"part[0] = 1", "", "16-17"},
    {"part[0]++", "16-17", "16-17"},
    {"part.at(-1)", "23-24", ""},
    {"part.fill(1)", "", "16-24"},
    {"part.fill(1, 2, 4)", "", "18-20"},
    {"bytes.set([1, 2, 3], 16)", "", "16-19"},
    {"bytes.set(part, 40)", "16-24", "40-48"},
    {"bytes.set(part, 20)", "16-24", "20-28"},
    {"bytes.set(new Uint16Array(8), 40)", "", "40-48"},
    {"new Int16Array(block, 40, 8).set(part)", "16-24", "40-56"},
    {"bytes.copyWithin(40, 16, 24)", "16-24", "40-48"},
    {"part.slice(2, 6)", "18-22", ""},
    {"block.slice(16, 24)", "16-24", ""},
    {"part.subarray(1, 3)", "", ""},
    {"part.sort()", "16-24", "16-24"},
    {"part.sort((a, b) => b - a)", "16-24", "16-24"},
    {"new Float64Array(block, 16, 2).sort()", "16-32", "16-32"},
    {"new BigInt64Array(block, 16, 2).sort()", "16-32", "16-32"},
    {"part.reverse()", "16-24", "16-24"},
    {"part.toSorted()", "16-24", ""},
    {"part.toReversed()", "16-24", ""},
    {"part.with(0, 1)", "17-24", ""},
    {"part.indexOf(9)", "16-24", ""},
    {"part.indexOf(0)", "16-17", ""},
    {"part.lastIndexOf(9)", "16-24", ""},
    {"part.lastIndexOf(0)", "23-24", ""},
    {"part.includes(9)", "16-24", ""},
    {"part.join()", "16-24", ""},
    {"part.toString()", "16-24", ""},
    {"part.map(x => x)", "16-24", ""},
    {"part.filter(x => x)", "16-24", ""},
    {"part.every(x => true)", "16-24", ""},
    {"part.some(x => false)", "16-24", ""},
    {"part.find(x => false)", "16-24", ""},
    {"part.findLastIndex(x => false)", "16-24", ""},
    {"part.reduce((a, b) => a + b)", "16-24", ""},
    {"part.reduceRight((a, b) => a + b)", "16-24", ""},
    {"part.forEach(x => {})", "16-24", ""},
    {"for (const x of part);", "16-24", ""},
    {"for (const x in part);", "", ""},
    {"[...part]", "16-24", ""},
    {"const [first, second] = part", "16-18", ""},
    {"({...part})", "16-24", ""},
    {"Object.entries(part)", "16-24", ""},
    {"Object.keys(part)", "", ""},
    {"JSON.stringify(part)", "16-24", ""},
    {"Array.from(part)", "16-24", ""},
    {"Array.prototype.concat.call([], ...part)", "16-24", ""},
    {"Math.max(...part)", "16-24", ""},
    {"Math.max.apply(null, part)", "16-24", ""},
    {"new Uint8Array(part)", "16-24", ""},
    {"new Float64Array(part)", "16-24", ""},
    {"Uint8Array.from(part)", "16-24", ""},
    {"Reflect.get(part, 1)", "17-18", ""},
    {"Reflect.set(part, 1, 5)", "", "17-18"},
    {"Object.defineProperty(part, 1, {value: 5})", "", "17-18"},
    {"Object.getOwnPropertyDescriptor(part, 1)", "17-18", ""},
    {"Array.prototype.fill.call(part, 7)", "", "16-24"},
    {"new Uint8ClampedArray(block)[16] = 300", "", "16-17"},
    {"new Int16Array(block)[8] = 1", "", "16-18"},
    {"new Float32Array(block)[4] = 1", "", "16-20"},
    {"new BigUint64Array(block)[2] = 1n", "", "16-24"},
    {"new DataView(block).getInt8(16)", "16-17", ""},
    {"new DataView(block).getFloat64(17)", "17-25", ""},
    {"new DataView(block).setInt16(17, 1)", "", "17-19"},
    {"new DataView(block).setBigUint64(16, 1n)", "", "16-24"},
    {"Atomics.load(part, 0)", "16-17", ""},
    {"Atomics.store(part, 0, 1)", "", "16-17"},
    {"Atomics.add(part, 0, 1)", "16-17", "16-17"},
    {"Atomics.sub(part, 0, 1)", "16-17", "16-17"},
    {"Atomics.and(part, 0, 1)", "16-17", "16-17"},
    {"Atomics.or(part, 0, 1)", "16-17", "16-17"},
    {"Atomics.xor(part, 0, 1)", "16-17", "16-17"},
    {"Atomics.exchange(part, 0, 1)", "16-17", "16-17"},
    {"Atomics.compareExchange(words, 4, 99, 1)", "16-20", ""}, /* fails: a load */
    {"Atomics.wait(words, 4, 99)", "16-20", ""},
    {"Atomics.waitAsync(words, 4, 99)", "16-20", ""},
    {"Atomics.notify(words, 4)", "", ""},
    {"new TextEncoder().encodeInto('abc', part)", "", "16-19"},
    {"new TextDecoder().decode(part)", "16-24", ""},
    {"structuredClone(part)", "", ""}, /* the clone shares the block */
    {"postMessage(part)", "", ""},
    {"console.log(part)", "16-24", ""},
};

/* The program; %1$s is what one agent does and %2$s how the other probes. */
static const char program[] =
    "const block = new SharedArrayBuffer(64);\n"
    "const worker = text => new Worker(URL.createObjectURL(new Blob([text])));\n"
    "const views = 'const bytes = new Uint8Array(block), part = bytes.subarray(16, 24), words = new Int32Array(block);';\n"
    "const run = text => worker(`onmessage = ({data: block}) => { ${views} { ${text} } }`).postMessage(block);\n"
    "run(%s);\n"
    "run(Array.from({length: 64}, (_, i) => `\\n%s`).join(''));\n";

/* "16-24 40-48" as marks. */
static void mark(const char *ranges, bool marks[BYTES])
{
    int from, to, length;
    for (; sscanf(ranges, "%d-%d%n", &from, &to, &length) == 2; ranges += length)
        for (int i = from; i < to; i++)
            marks[i] = true;
}

static void collect(const char *does, const char *probe, bool met[BYTES])
{
    char text[2048], quoted[256];
    snprintf(quoted, sizeof quoted, "`%s`", does);
    int length = snprintf(text, sizeof text, program, quoted, probe);
    plan *p = scenario_from_text("builtins.js", text, (size_t)length);
    struct run_options options = {.wall_limit_ms = 20000};
    observation *o = observation_create();
    CU_ASSERT_EQUAL(scenario_run(p, &options, o), STATUS_OK);
    CU_ASSERT(o->races_watched);
    for (size_t i = 0; i < o->count; i++) {
        const observation_record *r = &o->records[i];
        if (r->kind == OBSERVATION_ERROR)
            CU_FAIL(r->text);
        if (r->race)
            for (uint64_t b = 0; b < r->race->byte_size; b++)
                met[r->race->byte_offset + b] = true;
    }
    observation_free(o);
    plan_free(p);
}

static void check(const char *does, const char *probe, const bool expected[BYTES])
{
    bool met[BYTES] = {0};
    collect(does, probe, met);
    for (int i = 0; i < BYTES; i++)
        if (met[i] != expected[i])
            printf("\n%s, probed by %s: byte %d %s", does, probe, i, met[i] ? "is touched" : "is not touched");
    CU_ASSERT(!memcmp(met, expected, sizeof met));
}

static void test_builtins(void)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        bool touched[BYTES] = {0}, written[BYTES] = {0};
        mark(builtins[i].writes, written);
        mark(builtins[i].writes, touched);
        mark(builtins[i].reads, touched);
        check(builtins[i].does, "bytes[${i}] = 0;", touched);
        check(builtins[i].does, "bytes[${i}];", written);
    }
}

int main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 70;
    CU_pSuite suite = CU_add_suite("built-ins", NULL, NULL);
    CU_add_test(suite, "each touches the bytes that it must", test_builtins);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
