/* Values, attributes, and the observable order of checks and coercions (ECMA-262
 * sec-atomics-object). */
#include "js_agents.h"
#include "suites.h"

/* check(name, condition); thrown(f) is the name of what f throws; log collects coercions. */
#define PRELUDE                                                                                    \
    "const check = (name, ok) => { if (ok !== true) report('wrong: ' + name); };\n"                \
    "const thrown = f => { try { f(); } catch (e) { return e.constructor.name; } return 'none'; "  \
    "};\n"                                                                                         \
    "let log = ''; const noting = (name, v) => ({ valueOf() { log += name; return v; } });\n"      \
    "const noted = f => { log = ''; const e = thrown(f); return log + ' ' + e; };\n"               \
    "const rmw = ['add', 'and', 'exchange', 'or', 'sub', 'xor'];\n"                                \
    "const integers = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, "               \
    "Uint32Array];\n"

#define EXPECT_NONE_WRONG(script) EXPECT(js_eval(PRELUDE script), "")

static void test_object(void)
{
    EXPECT_NONE_WRONG(
        "const d = Object.getOwnPropertyDescriptor(globalThis, 'Atomics');\n"
        "check('attributes', d.writable && d.configurable && !d.enumerable);\n"
        "check('prototype', Object.getPrototypeOf(Atomics) === Object.prototype);\n"
        "const t = Object.getOwnPropertyDescriptor(Atomics, Symbol.toStringTag);\n"
        "check('tag', t.value === 'Atomics' && !t.writable && t.configurable && !t.enumerable);\n"
        "check('names', Object.getOwnPropertyNames(Atomics).sort().join() ===\n"
        "  "
        "'add,and,compareExchange,exchange,isLockFree,load,notify,or,pause,store,sub,wait,"
        "waitAsync,xor');\n"
        "const lengths = { add: 3, and: 3, compareExchange: 4, exchange: 3, isLockFree: 1, load: "
        "2, notify: 3,\n"
        "  or: 3, pause: 0, store: 3, sub: 3, wait: 4, waitAsync: 4, xor: 3 };\n"
        "for (const name in lengths) {\n"
        "  check(name + ' length', Atomics[name].length === lengths[name] && Atomics[name].name "
        "=== name);\n"
        "  const p = Object.getOwnPropertyDescriptor(Atomics, name);\n"
        "  check(name + ' attributes', p.writable && p.configurable && !p.enumerable);\n"
        "  check(name + ' constructs nothing', thrown(() => new Atomics[name]()) === "
        "'TypeError');\n"
        "}\n");
}

static void test_values(void)
{
    EXPECT_NONE_WRONG(
        "for (const C of integers) {\n"
        "  const a = new C(sab, 16, 4), s = C.name[0] !== 'U', bits = 8 * C.BYTES_PER_ELEMENT;\n"
        "  const wrap = x => Number(s ? BigInt.asIntN(bits, BigInt(x)) : BigInt.asUintN(bits, "
        "BigInt(x)));\n"
        "  check(C.name + ' store', Atomics.store(a, 1, -1) === -1 && a[1] === wrap(-1) && "
        "Atomics.load(a, 1) === a[1]);\n"
        "  check(C.name + ' add', Atomics.add(a, 1, 3) === wrap(-1) && a[1] === 2);\n"
        "  check(C.name + ' sub', Atomics.sub(a, 1, 5) === 2 && a[1] === wrap(-3));\n"
        "  check(C.name + ' and', Atomics.and(a, 1, 6) === wrap(-3) && a[1] === (wrap(-3) & 6));\n"
        "  a[1] = 12;\n"
        "  check(C.name + ' or', Atomics.or(a, 1, 3) === 12 && a[1] === 15);\n"
        "  check(C.name + ' xor', Atomics.xor(a, 1, 9) === 15 && a[1] === 6);\n"
        "  check(C.name + ' exchange', Atomics.exchange(a, 1, 2 ** 32 + 77.9) === 6 && a[1] === "
        "77);\n"
        "  check(C.name + ' cas', Atomics.compareExchange(a, 1, 78, 1) === 77 && a[1] === 77);\n"
        "  check(C.name + ' cas 2', Atomics.compareExchange(a, 1, 77 + 2 ** bits, -2) === 77 && "
        "a[1] === wrap(-2));\n"
        "  check(C.name + ' alone', a[0] === 0 && a[2] === 0);\n"
        "  a[1] = 0;\n"
        "}\n"
        "for (const C of [BigInt64Array, BigUint64Array]) {\n"
        "  const a = new C(sab, 16, 4), s = C.name[3] === 'I';\n"
        "  const wrap = x => s ? BigInt.asIntN(64, x) : BigInt.asUintN(64, x);\n"
        "  check(C.name + ' store', Atomics.store(a, 1, 2n ** 70n - 1n) === 2n ** 70n - 1n && a[1] "
        "=== wrap(-1n));\n"
        "  check(C.name + ' load', Atomics.load(a, 1) === wrap(-1n));\n"
        "  check(C.name + ' add', Atomics.add(a, 1, 3n) === wrap(-1n) && a[1] === 2n);\n"
        "  check(C.name + ' cas', Atomics.compareExchange(a, 1, 2n + 2n ** 64n, -7n) === 2n && "
        "a[1] === wrap(-7n));\n"
        "  a[1] = 0n;\n"
        "}\n");
}

static void test_store_returns_what_was_coerced(void)
{
    EXPECT_NONE_WRONG(
        "const a = new Int8Array(sab);\n"
        "const same = (x, y) => Object.is(x, y);\n"
        "check('300', same(Atomics.store(a, 0, 300), 300) && a[0] === 44);\n"
        "check('3.7', same(Atomics.store(a, 0, 3.7), 3) && a[0] === 3);\n"
        "check('-0', same(Atomics.store(a, 0, -0), 0));\n"
        "check('-0.5', same(Atomics.store(a, 0, -0.5), 0));\n"
        "check('NaN', same(Atomics.store(a, 0, NaN), 0));\n"
        "check('undefined', same(Atomics.store(a, 0), 0));\n"
        "check('Infinity', same(Atomics.store(a, 0, Infinity), Infinity) && a[0] === 0);\n"
        "check('string', same(Atomics.store(a, 0, '0x11'), 17) && a[0] === 17);\n"
        "check('2**53', same(Atomics.store(a, 0, 2 ** 53 + 2), 2 ** 53 + 2) && a[0] === 2);\n"
        "check('cas', (a[0] = 44, Atomics.compareExchange(a, 0, 44 + 256, 0)) === 44 && a[0] === "
        "0);\n"
        "a[0] = 0;\n");
}

static void test_indices(void)
{
    EXPECT_NONE_WRONG(
        "const a = new Int32Array(sab, 0, 4);\n"
        "for (const name of rmw.concat('store', 'load', 'compareExchange', 'notify')) {\n"
        "  const f = i => thrown(() => Atomics[name](a, i, 0, 0));\n"
        "  for (const i of [-1, 4, 2 ** 53, Infinity, -Infinity, '-1', 4.5, { valueOf: () => 9 "
        "}])\n"
        "    check(name + ' ' + String(i), f(i) === 'RangeError');\n"
        "  for (const i of [Symbol(), 1n])\n"
        "    check(name + ' type', f(i) === 'TypeError');\n"
        "  for (const i of ['1.9', NaN, undefined, null, '', -0, -0.9, 3.99, true, { valueOf: () "
        "=> 2 }])\n"
        "    check(name + ' fine ' + String(i), f(i) === 'none');\n"
        "}\n");
}

static void test_views(void)
{
    EXPECT_NONE_WRONG(
        "const bad = [undefined, 1, {}, [], sab, new DataView(sab), Int32Array, new "
        "Float32Array(4), new Float64Array(4),\n"
        "  new Float16Array(4), new Uint8ClampedArray(4)];\n"
        "for (const name of rmw.concat('store', 'load', 'compareExchange', 'notify', 'wait', "
        "'waitAsync'))\n"
        "  for (const v of bad)\n"
        "    check(name + ' before coercions', noted(() => Atomics[name](v, noting('i', 0), "
        "noting('v', 0), noting('w', 0)))\n"
        "      === ' TypeError');\n"
        "for (const name of ['notify', 'wait', 'waitAsync'])\n"
        "  for (const v of [new Uint32Array(sab), new Int16Array(sab), new BigUint64Array(sab)])\n"
        "    check(name + ' type', noted(() => Atomics[name](v, noting('i', 0), noting('v', 0), "
        "noting('w', 0)))\n"
        "      === ' TypeError');\n"
        "const b = new Int32Array(8); detach(b.buffer);\n"
        "for (const name of rmw.concat('store', 'load', 'compareExchange', 'notify', 'wait', "
        "'waitAsync'))\n"
        "  check(name + ' detached', noted(() => Atomics[name](b, noting('i', 0), noting('v', 0))) "
        "=== ' TypeError');\n"
        "const p = new Int32Array(8);\n"
        "check('private', Atomics.add(p, 2, 5) === 0 && Atomics.load(p, 2) === 5 && "
        "Atomics.notify(p, 2) === 0);\n"
        "for (const name of ['wait', 'waitAsync'])\n"
        "  check(name + ' private', noted(() => Atomics[name](p, noting('i', 0), noting('v', 0))) "
        "=== ' TypeError');\n"
        "check('private notify coerces', noted(() => Atomics.notify(p, noting('i', 0), noting('c', "
        "0))) === 'ic none');\n"
        "const f = new Int32Array(immutable(new ArrayBuffer(8)));\n"
        "for (const name of rmw.concat('store', 'compareExchange'))\n"
        "  check(name + ' immutable', noted(() => Atomics[name](f, noting('i', 0), noting('v', "
        "0))) === ' TypeError');\n"
        "check('immutable load', Atomics.load(f, 1) === 0 && Atomics.notify(f, 0) === 0);\n");
}

static void test_coercions(void)
{
    EXPECT_NONE_WRONG(
        "const a = new Int32Array(sab), b = new BigInt64Array(sab);\n"
        "for (const name of rmw.concat('store')) {\n"
        "  check(name + ' order', noted(() => Atomics[name](a, noting('i', 0), noting('v', 0))) "
        "=== 'iv none');\n"
        "  check(name + ' range first', noted(() => Atomics[name](a, noting('i', -1), noting('v', "
        "0))) === 'i RangeError');\n"
        "  check(name + ' big', noted(() => Atomics[name](a, noting('i', 0), noting('v', 1n))) === "
        "'iv TypeError');\n"
        "  check(name + ' not big', noted(() => Atomics[name](b, noting('i', 0), noting('v', 1))) "
        "=== 'iv TypeError');\n"
        "  check(name + ' symbol', thrown(() => Atomics[name](a, 0, Symbol())) === 'TypeError');\n"
        "  check(name + ' string', thrown(() => Atomics[name](b, 0, '0')) === 'none');\n"
        "}\n"
        "check('cas order', noted(() => Atomics.compareExchange(a, noting('i', 0), noting('e', 0), "
        "noting('r', 0))) === 'ier none');\n"
        "check('cas', noted(() => Atomics.compareExchange(a, noting('i', 0), noting('e', 0n), "
        "noting('r', 0))) === 'ie TypeError');\n"
        "check('notify order', noted(() => Atomics.notify(a, noting('i', 0), noting('c', 0))) === "
        "'ic none');\n"
        "for (const c of [undefined, NaN, -1, -Infinity, Infinity, '5', null, 0.9])\n"
        "  check('notify ' + c, Atomics.notify(a, 0, c) === 0);\n"
        "for (const c of [Symbol(), 1n])\n"
        "  check('notify type', thrown(() => Atomics.notify(a, 0, c)) === 'TypeError');\n"
        "for (const n of [1, 2, 4, 8, '4', 8.7, { valueOf: () => 2 }]) check('free ' + n, "
        "Atomics.isLockFree(n) === true);\n"
        "for (const n of [0, 3, 5, 16, -1, NaN, undefined, Infinity]) check('free ' + n, "
        "Atomics.isLockFree(n) === false);\n"
        "for (const n of [Symbol(), 1n]) check('free type', thrown(() => Atomics.isLockFree(n)) "
        "=== 'TypeError');\n"
        "check('pause', Atomics.pause() === undefined && noted(() => Atomics.pause(noting('n', "
        "1.5))) === ' none');\n");
}

/* RevalidateAtomicAccess */
static void test_buffers_that_change_meanwhile(void)
{
    EXPECT_NONE_WRONG(
        "const all = rmw.concat('store');\n"
        "for (const name of all) {\n"
        "  const a = new Int32Array(8);\n"
        "  check(name + ' detached by value', thrown(() => Atomics[name](a, 0, { valueOf() { "
        "detach(a.buffer); return 1; } })) === 'TypeError');\n"
        "  const b = new Int32Array(8);\n"
        "  check(name + ' detached by index', thrown(() => Atomics[name](b, { valueOf() { "
        "detach(b.buffer); return 1; } }, 0)) === 'TypeError');\n"
        "  const c = new Int32Array(new ArrayBuffer(32, { maxByteLength: 32 }));\n"
        "  check(name + ' shrunk, tracking', thrown(() => Atomics[name](c, 7, { valueOf() { "
        "c.buffer.resize(8); return 1; } })) === 'RangeError');\n"
        "  const d = new Int32Array(new ArrayBuffer(32, { maxByteLength: 32 }), 0, 8);\n"
        "  check(name + ' shrunk, fixed', thrown(() => Atomics[name](d, 0, { valueOf() { "
        "d.buffer.resize(8); return 1; } })) === 'TypeError');\n"
        "  const e = new Int32Array(new ArrayBuffer(8, { maxByteLength: 32 }));\n"
        "  check(name + ' length before index', thrown(() => Atomics[name](e, { valueOf() { "
        "e.buffer.resize(32); return 7; } }, 1)) === 'RangeError');\n"
        "  const g = new Int32Array(new ArrayBuffer(32, { maxByteLength: 32 }));\n"
        "  check(name + ' still inside', thrown(() => Atomics[name](g, 1, { valueOf() { "
        "g.buffer.resize(8); return 1; } })) === 'none');\n"
        "  const h = new Int32Array(new ArrayBuffer(32, { maxByteLength: 32 }));\n"
        "  check(name + ' partly inside', thrown(() => Atomics[name](h, 1, { valueOf() { "
        "h.buffer.resize(6); return 1; } })) === 'RangeError');\n"
        "}\n"
        "const a = new Int32Array(8);\n"
        "check('load detached', thrown(() => Atomics.load(a, { valueOf() { detach(a.buffer); "
        "return 0; } })) === 'TypeError');\n"
        "const b = new Int32Array(new ArrayBuffer(8, { maxByteLength: 32 }));\n"
        "check('load', thrown(() => Atomics.load(b, { valueOf() { b.buffer.resize(32); return 7; } "
        "})) === 'RangeError');\n"
        "const c = new Int32Array(8);\n"
        "check('notify detached', Atomics.notify(c, { valueOf() { detach(c.buffer); return 0; } }) "
        "=== 0);\n"
        "const d = new Int32Array(8);\n"
        "check('cas', thrown(() => Atomics.compareExchange(d, 0, 0, { valueOf() { "
        "detach(d.buffer); return 1; } })) === 'TypeError');\n");
}

void atomics_order_suite(void)
{
    CU_pSuite s = CU_add_suite("atomics: values and order of checks", NULL, NULL);
    CU_add_test(s, "the object", test_object);
    CU_add_test(s, "values of every element type", test_values);
    CU_add_test(s, "store returns what was coerced", test_store_returns_what_was_coerced);
    CU_add_test(s, "indices", test_indices);
    CU_add_test(s, "kinds of views", test_views);
    CU_add_test(s, "coercions", test_coercions);
    CU_add_test(s, "buffers that change meanwhile", test_buffers_that_change_meanwhile);
}
