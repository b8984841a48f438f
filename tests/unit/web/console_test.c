/* What console calls print: the texts are those of Node 20 for the same arguments. */
#include "program_run.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct printing {
    const char *arguments, *text;
};

/* `lines` NULL: only that it ends well. */
static void expect(const char *script, const char *lines)
{
    char *seen = program_run(script);
    if (!lines) {
        CU_ASSERT_PTR_NULL(strstr(seen, "error "));
        free(seen);
        return;
    }
    CU_ASSERT_STRING_EQUAL(seen, lines);
    if (strcmp(seen, lines) != 0)
        fprintf(stderr, "\n%s\ngave:\n%s\nexpected:\n%s\n", script, seen, lines);
    free(seen);
}

static void print_all(const struct printing *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *script, *lines;
        CU_ASSERT_FATAL(asprintf(&script, "console.log(%s)", list[i].arguments) >= 0);
        CU_ASSERT_FATAL(asprintf(&lines, "%s\n", list[i].text) >= 0);
        expect(script, lines);
        free(script);
        free(lines);
    }
}

#define PRINT_ALL(list) print_all(list, sizeof(list) / sizeof *(list))

static const struct printing values[] = {
    {"1, 'a', 2n, -0, null, undefined, true", "1 a 2n -0 null undefined true"},
    {"Symbol('x'), [Symbol.iterator]", "Symbol(x) [ Symbol(Symbol.iterator) ]"},
    {"'it\\'s', [\"it's\", `it's \"q\"`]", "it's [ \"it's\", `it's \"q\"` ]"},
    {"['\\ud83d', '\\x7f\\x01\\n']", "[ '\\ud83d', '\\x7F\\x01\\n' ]"},
    {"{}, [], [[]], {a: {}}", "{} [] [ [] ] { a: {} }"},
    {"{a: 1, 'b c': 'x', 3: [4], [Symbol('s t')]: 5, __proto__: null}",
     "[Object: null prototype] {\n"
     "  '3': [ 4 ],\n"
     "  a: 1,\n"
     "  'b c': 'x',\n"
     "  [Symbol(s t)]: 5\n"
     "}"},
    {"{['__proto__']: 1}", "{ ['__proto__']: 1 }"},
    {"{u: undefined, n: null, nan: NaN, f: () => {}}",
     "{ u: undefined, n: null, nan: NaN, f: [Function: f] }"},
    {"{a: {b: {c: {d: 1}}}}, [[[[1]]]]", "{ a: { b: { c: [Object] } } } [ [ [ [Array] ] ] ]"},
    {"new String('abc'), new Number(3), new Boolean(false), Object(Symbol('q')), Object(1n)",
     "[String: 'abc'] [Number: 3] [Boolean: false] [Symbol: Symbol(q)] [BigInt: 1n]"},
    {"function f() {}, class A {}, class extends Array {}, () => {}, async () => {}, function* () "
     "{}",
     "[Function: f] [class A] [class (anonymous) extends Array] [Function (anonymous)] "
     "[AsyncFunction (anonymous)] [GeneratorFunction (anonymous)]"},
    {"class P { constructor() { this.x = 1 } static z = 3 }", "[class P] { z: 3 }"},
    {"new (class P { constructor() { this.x = 1 } get y() { return 2 } })", "P { x: 1 }"},
    {"Object.create(class Q {}.prototype), Object.create(null), Object.create({})",
     "Q {} [Object: null prototype] {} {}"},
    {"{get a() { return 1 }, set b(x) {}, get c() { return 1 }, set c(x) {}}",
     "{ a: [Getter], b: [Setter], c: [Getter/Setter] }"},
    {"new Date(0), new Date(NaN), /a\\/b/gi, [new Date(1e12)]",
     "1970-01-01T00:00:00.000Z Invalid Date /a\\/b/gi [ 2001-09-09T01:46:40.000Z ]"},
    {"new Proxy({a: 1}, {get() { throw 1 }}), new Proxy(function f() {}, {})",
     "{ a: 1 } [Function: f]"},
    {"(function () { return arguments })(1, 2)", "[Arguments] { '0': 1, '1': 2 }"},
    {"JSON, Math", "Object [JSON] {} Object [Math] {}"},
    {"Object.assign(() => {}, {a: 1}), Object.assign(/x/, {b: 2})",
     "[Function (anonymous)] { a: 1 } /x/ { b: 2 }"},
};

static const struct printing collections[] = {
    {"new Map([['k', {a: 1}]]), new Set([1, [2]]), new Map, new Set",
     "Map(1) { 'k' => { a: 1 } } Set(2) { 1, [ 2 ] } Map(0) {} Set(0) {}"},
    {"new Map([[1, 2]]).entries(), new Set([1]).values(), new Map([[1, 2]]).keys()",
     "[Map Entries] { [ 1, 2 ] } [Set Iterator] { 1 } [Map Iterator] { 1 }"},
    {"new WeakMap, new WeakSet", "WeakMap { <items unknown> } WeakSet { <items unknown> }"},
    {"Promise.resolve(4), new Promise(() => {}), Promise.resolve({a: 1})",
     "Promise { 4 } Promise { <pending> } Promise { { a: 1 } }"},
    {"(function* () {})()", "Object [Generator] {}"},
    {"[, 1, , , 'b', ,], Array(3)",
     "[ <1 empty item>, 1, <2 empty items>, 'b', <1 empty item> ] [ <3 empty items> ]"},
    {"Object.assign([1, 2], {x: 1, '-1': 2})", "[ 1, 2, x: 1, '-1': 2 ]"},
    {"new ArrayBuffer(4), new DataView(new ArrayBuffer(2))",
     "ArrayBuffer { [Uint8Contents]: <00 00 00 00>, byteLength: 4 } DataView {\n"
     "  byteLength: 2,\n"
     "  byteOffset: 0,\n"
     "  buffer: ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }\n"
     "}"},
    {"new SharedArrayBuffer(8)", "SharedArrayBuffer {\n"
                                 "  [Uint8Contents]: <00 00 00 00 00 00 00 00>,\n"
                                 "  byteLength: 8\n"
                                 "}"},
    {"new Uint8Array(3), new Float64Array([1.5, -0]), new BigInt64Array(2)",
     "Uint8Array(3) [ 0, 0, 0 ] Float64Array(2) [ 1.5, -0 ] BigInt64Array(2) [ 0n, 0n ]"},
    {"Object.assign(new Int32Array(2), {x: 1})", "Int32Array(2) [ 0, 0, x: 1 ]"},
    {"new (class L extends Array {})(2), new (class M extends Map {})([[1, 2]])",
     "L(2) [ <2 empty items> ] M(1) [Map] { 1 => 2 }"},
};

static const struct printing layout[] = {
    {"[1, 2, 3, 4, 5, 6, 7]", "[\n"
                              "  1, 2, 3, 4,\n"
                              "  5, 6, 7\n"
                              "]"},
    {"[1.5, 2.25, -3, 100, 2000, 3, 4, 5]", "[\n"
                                            "  1.5, 2.25, -3,\n"
                                            "  100, 2000,  3,\n"
                                            "    4,    5\n"
                                            "]"},
    {"Array.from({length: 120}, (_, i) => i)", "[\n"
                                               "   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,\n"
                                               "  12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,\n"
                                               "  24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,\n"
                                               "  36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,\n"
                                               "  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,\n"
                                               "  60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,\n"
                                               "  72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83,\n"
                                               "  84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,\n"
                                               "  96, 97, 98, 99,\n"
                                               "  ... 20 more items\n"
                                               "]"},
    {"Array.from({length: 8}, (_, i) => 'item ' + i)", "[\n"
                                                       "  'item 0', 'item 1',\n"
                                                       "  'item 2', 'item 3',\n"
                                                       "  'item 4', 'item 5',\n"
                                                       "  'item 6', 'item 7'\n"
                                                       "]"},
    {"{a: 'x'.repeat(80)}",
     "{\n"
     "  a: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'\n"
     "}"},
    {"{aaaaaaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbbbbbb: 2, cccccccccccccccccc: 3, ddddddd: 4}",
     "{\n"
     "  aaaaaaaaaaaaaaaaaaa: 1,\n"
     "  bbbbbbbbbbbbbbbbbbbbbb: 2,\n"
     "  cccccccccccccccccc: 3,\n"
     "  ddddddd: 4\n"
     "}"},
    {"{aaaaaaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbbbbbb: 2, cccccccccccccccccc: 3, dddddddddd: 4}",
     "{\n"
     "  aaaaaaaaaaaaaaaaaaa: 1,\n"
     "  bbbbbbbbbbbbbbbbbbbbbb: 2,\n"
     "  cccccccccccccccccc: 3,\n"
     "  dddddddddd: 4\n"
     "}"},
    {"{m: 'line one\\nline two', l: 'x'.repeat(30) + '\\n' + 'y'.repeat(60)}",
     "{\n"
     "  m: 'line one\\nline two',\n"
     "  l: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\n' +\n"
     "    'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'\n"
     "}"},
    {"Array(5).fill({a: 1, b: [1, 2, {c: 3}]})", "[\n"
                                                 "  { a: 1, b: [ 1, 2, [Object] ] },\n"
                                                 "  { a: 1, b: [ 1, 2, [Object] ] },\n"
                                                 "  { a: 1, b: [ 1, 2, [Object] ] },\n"
                                                 "  { a: 1, b: [ 1, 2, [Object] ] },\n"
                                                 "  { a: 1, b: [ 1, 2, [Object] ] }\n"
                                                 "]"},
    {"new Uint8ClampedArray(101)", "Uint8ClampedArray(101) [\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
                                   "  0, 0, 0, 0,\n"
                                   "  ... 1 more item\n"
                                   "]"},
};

static const struct printing circles[] = {
    {"(() => { const o = {n: 1}; o.self = o; return o })()",
     "<ref *1> { n: 1, self: [Circular *1] }"},
    {"(() => { const p = {q: {}}; p.q.r = p.q; return p })()",
     "{ q: <ref *1> { r: [Circular *1] } }"},
    {"(() => { const a = []; a.push(a, [a]); return a })()",
     "<ref *1> [ [Circular *1], [ [Circular *1] ] ]"},
    {"(() => { const m = new Map; m.set('m', m); return m })()",
     "<ref *1> Map(1) { 'm' => [Circular *1] }"},
};

static const struct printing formats[] = {
    {"'%s is %d and %i %f %j %o %O %c%%', 'a', 1.5, 2.7, '3.25x', {a: 1}, [1], {b: {c: {}}}, "
     "'css', 'rest', 5",
     "a is 1.5 and 2 3.25 {\"a\":1} [ 1, [length]: 1 ] { b: { c: {} } } % rest 5"},
    {"'%s', {a: 1}, '%s', 12n", "{ a: 1 } %s 12n"},
    {"'%s %s %s %s', null, undefined, Symbol('x'), -0", "null undefined Symbol(x) -0"},
    {"'100%', 1", "100% 1"},
    {"'%x', 1", "%x 1"},
    {"'a%', 'b'", "a% b"},
    {"'%s'", "%s"},
    {"'%% only'", "%% only"},
    {"'%s', {toString() { return 'mine' }}", "mine"},
    {"'%s', [1, [2, [3]]]", "[ 1, [Array] ]"},
    {"'%i %d', 5n, 6n", "5n 6n"},
    {"'%d %i %f', {}, [], 'x'", "NaN NaN NaN"},
    {"'%o', {a: [1, 2, {b: 1}]}", "{ a: [ 1, 2, { b: 1 }, [length]: 3 ] }"},
    {"'%s', class A {}", "class A {}"},
    {"'','',''", "  "},
    {"", ""},
};

static const struct printing errors[] = {
    {"Object.assign(new Error('m'), {stack: 'own\\n    at here'})", "own\n"
                                                                    "    at here"},
    {"{e: Object.assign(new TypeError('m'), {stack: 'TypeError: m\\n    at here', code: 3})}",
     "{\n"
     "  e: TypeError: m\n"
     "      at here {\n"
     "    code: 3\n"
     "  }\n"
     "}"},
    {"Object.assign(new Error('a', {cause: 'b'}), {stack: 'Error: a\\n    at x'})",
     "Error: a\n"
     "    at x {\n"
     "  [cause]: 'b'\n"
     "}"},
};
static void prints_values(void)
{
    PRINT_ALL(values);
}

static void prints_collections(void)
{
    PRINT_ALL(collections);
}

static void breaks_lines(void)
{
    PRINT_ALL(layout);
}

static void marks_circles(void)
{
    PRINT_ALL(circles);
}

static void fills_formats(void)
{
    PRINT_ALL(formats);
}

static void prints_errors(void)
{
    PRINT_ALL(errors);
    expect("class Foo extends Error {}\nconsole.log(new Foo('x'))",
           "Foo [Error]: x\n    at Foo (https://scenario.test/test.js:1:1)\n"
           "    at https://scenario.test/test.js:2:17\n");
}

static void runs_nothing(void)
{
    expect(
        "let ran = 0\n"
        "class A { get [Symbol.toStringTag]() { ran++ } get name() { ran++ } }\n"
        "Object.defineProperty(A.prototype, 'constructor', { get() { ran++ } })\n"
        "const p = new Proxy({}, new Proxy({}, { get() { ran++ } }))\n"
        "Array.prototype.join = Map.prototype.entries = Date.prototype.toISOString = () => ran++\n"
        "RegExp.prototype.exec = Object.keys = Symbol.prototype.toString = () => ran++\n"
        "console.log(new A, p, Object.create(p), [1], new Map([[1, 2]]), new Date(0), /x/, "
        "Symbol('s'))\n"
        "console.log(ran)",
        "{} {} Object <Complex prototype> {} [ 1 ] Map(1) { 1 => 2 } 1970-01-01T00:00:00.000Z /x/ "
        "Symbol(s)\n0\n");
}

static void bounds_depth(void)
{
    expect(
        "let deep = {}, at = deep\nfor (let i = 0; i < 20000; i++) at = at.x = {}\n"
        "console.dir(deep, { depth: Infinity })\nconsole.dir(deep, { depth: 0 })\n"
        "let p = {}\nfor (let i = 0; i < 20000; i++) p = new Proxy(p, {})\nconsole.table(p)\n"
        "let o = null\nfor (let i = 0; i < 20000; i++) o = Object.create(o)\nconsole.log(typeof o)",
        NULL);
}

static void groups(void)
{
    expect("console.group('G'); console.log('a\\nb'); console.group(); console.info({ a: 1 }); "
           "console.groupEnd();\n"
           "console.warn('w'); console.groupEnd(); console.groupEnd(); console.log('out')",
           "G\n  a\n  b\n    { a: 1 }\n  w\nout\n");
}

static void counts(void)
{
    expect("console.count(); console.count('x'); console.count(); console.countReset(); "
           "console.count();\n"
           "console.countReset('y')",
           "default: 1\nx: 1\ndefault: 2\ndefault: 1\nCount for 'y' does not exist\n");
}

static void times(void)
{
    char *seen =
        program_run("console.time('t'); console.time('t'); console.timeEnd('u');\n"
                    "setTimeout(() => { console.timeEnd('t'); console.timeEnd('t') }, 3700000)");
    static const char warnings[] = "Label 't' already exists for console.time()\n"
                                   "No such label 'u' for console.timeEnd()\n";
    CU_ASSERT_NSTRING_EQUAL(seen, warnings, strlen(warnings));
    CU_ASSERT_PTR_NOT_NULL(strstr(seen, "t: 1:01:4"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(seen, "(h:mm:ss.mmm)\nNo such label 't' for console.timeEnd()\n"));
    free(seen);
}

static void asserts(void)
{
    expect("console.assert(true, 'no'); console.assert(false); console.assert(0, 'yes %s', 'z'); "
           "console.assert(0, { a: 1 })",
           "Assertion failed\nAssertion failed: yes z\nAssertion failed { a: 1 }\n");
}

static void tables(void)
{
    expect("console.table([{ a: 1, b: 'x' }, { a: 2, c: true }])",
           "┌─────────┬───┬─────┬──────┐\n"
           "│ (index) │ a │ b   │ c    │\n"
           "├─────────┼───┼─────┼──────┤\n"
           "│ 0       │ 1 │ 'x' │      │\n"
           "│ 1       │ 2 │     │ true │\n"
           "└─────────┴───┴─────┴──────┘\n");
    expect("console.table(new Map([['k', 1], ['l', { z: 1 }]])); console.table([{ a: 1, b: 2 }, "
           "5], ['b']);\n"
           "console.table(5)",
           "┌───────────────────┬─────┬──────────┐\n"
           "│ (iteration index) │ Key │ Values   │\n"
           "├───────────────────┼─────┼──────────┤\n"
           "│ 0                 │ 'k' │ 1        │\n"
           "│ 1                 │ 'l' │ { z: 1 } │\n"
           "└───────────────────┴─────┴──────────┘\n"
           "┌─────────┬───┬────────┐\n"
           "│ (index) │ b │ Values │\n"
           "├─────────┼───┼────────┤\n"
           "│ 0       │ 2 │        │\n"
           "│ 1       │   │ 5      │\n"
           "└─────────┴───┴────────┘\n"
           "5\n");
}

int main(void)
{
    static CU_TestInfo tests[] = {{"values", prints_values},
                                  {"collections", prints_collections},
                                  {"line breaks", breaks_lines},
                                  {"circles", marks_circles},
                                  {"formats", fills_formats},
                                  {"errors", prints_errors},
                                  {"printing runs nothing", runs_nothing},
                                  {"depth is bounded", bounds_depth},
                                  {"groups", groups},
                                  {"counts", counts},
                                  {"times", times},
                                  {"assertions", asserts},
                                  {"tables", tables},
                                  CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"console", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() || CU_register_suites(suites))
        return 99;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    bool failed = CU_get_number_of_failures() > 0;
    CU_cleanup_registry();
    return failed;
}
