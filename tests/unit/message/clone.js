// Structured clone as a program sees it: one check per rule. A failed check is an uncaught error.
/* shows R-SC-01, R-SC-02, R-SC-03, R-SC-04, R-SC-05, R-SC-06, R-SC-08, R-SC-09, R-SC-10, R-SC-11, R-SC-12, R-SC-13,
 * R-SC-14, R-SC-15, R-SC-16, R-SC-17, R-SC-20, R-SC-22, R-TR-01, R-TR-02, R-TR-03, R-TR-04, R-TR-07 */
let checks = 0;
const same = (actual, expected, what) => {
  checks++;
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
};
const refused = (rule, value, options) => {
  try { structuredClone(value, options); } catch (e) {
    same(e instanceof DOMException && e.name, "DataCloneError", rule);
    same(e.code, 25, rule);
    return e;
  }
  throw new Error(`${rule}: was cloned`);
};
const clone = structuredClone;

{ // R-SC-01: identity and cycles
  const shared = { n: 1 };
  const value = { a: shared, b: [shared, shared] };
  value.self = value;
  const c = clone(value);
  same(c.self, c, "cycle");
  same(c.a, c.b[0], "identity");
  same(c.b[0], c.b[1], "identity in array");
  same(c.a === shared, false, "a new object");
  const many = Array.from({ length: 50 }, (_, i) => ({ i }));
  const twice = clone(many.concat(many));
  for (let i = 0; i < 50; i++) same(twice[i], twice[i + 50], "identity of many");
}

// R-SC-02: primitives
for (const value of [undefined, null, true, false, 0, -0, 1, -1, 2 ** 31, -(2 ** 31), 1.5, NaN, Infinity, -Infinity, 2 ** 53, "", "a", "\0",
  "é", "ÿĀ", "\ud800", "\udc00x\ud800", "😀", 0n, 1n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 200n, -(2n ** 200n), "x".repeat(300)])
  same(clone(value), value, "primitive");
same(clone("ab".repeat(1000) + "c"), "ab".repeat(1000) + "c", "rope");
{ let rope = ""; for (let i = 0; i < 500; i++) rope += i + "é"; same(clone(rope), rope, "rope"); same(clone([rope])[0], rope, "rope"); }

// R-SC-03
refused("R-SC-03", Symbol("s"));
refused("R-SC-03", { s: Symbol.iterator });

{ // R-SC-04
  const b = clone(new Boolean(false)), n = clone(new Number(-0)), s = clone(new String("tøxt")), i = clone(Object(7n)), d = clone(new Date(86400000));
  same(b instanceof Boolean && b.valueOf(), false, "Boolean");
  same(n instanceof Number && n.valueOf(), -0, "Number");
  same(s instanceof String && s.valueOf(), "tøxt", "String");
  same(s.length, 4, "String length"); same(s[1], "ø", "String index");
  same(typeof i === "object" && i.valueOf(), 7n, "BigInt");
  same(d instanceof Date && d.getTime(), 86400000, "Date");
  same(clone(new Date(NaN)).getTime(), NaN, "invalid Date");
  same("x" in clone(Object.assign(new Date(), { x: 1 })), false, "extras dropped");
  const pair = clone([b, b]); same(pair[0], pair[1], "wrapper identity");
}

{ // R-SC-05
  const r = /a(?<n>b)\/[/]/dgimsuy; r.lastIndex = 3;
  const c = clone(r);
  same(c instanceof RegExp && c.source, r.source, "source");
  same(c.flags, r.flags, "flags"); same(c.lastIndex, 0, "lastIndex");
  same(clone(/[\p{L}--a]/v).flags, "v", "v flag"); same(clone(new RegExp("")).source, "(?:)", "empty"); same(clone(/\ud83d/).test("\ud83d"), true, "surrogate");
}

{ // R-SC-06
  const b = new ArrayBuffer(8); new Uint8Array(b).set([1, 2, 3]);
  const c = clone(b);
  same(c instanceof ArrayBuffer && c.byteLength, 8, "length"); same(new Uint8Array(c)[2], 3, "bytes"); same(c.resizable, false, "fixed"); same(b.byteLength, 8, "not detached");
  const r = clone(new ArrayBuffer(4, { maxByteLength: 100 }));
  same(r.resizable, true, "resizable"); same(r.maxByteLength, 100, "max"); r.resize(100); same(r.byteLength, 100, "resize");
  const d = new ArrayBuffer(4); d.transfer(); refused("R-SC-06", d);
  const large = new ArrayBuffer(200000); new Uint8Array(large)[199999] = 7;
  const lc = clone({ large, again: large });
  same(new Uint8Array(lc.large)[199999], 7, "large"); same(lc.large, lc.again, "identity of buffers");
  same(clone(new ArrayBuffer(0)).byteLength, 0, "empty");
  const big = clone(new ArrayBuffer(70000, { maxByteLength: 300000 })); big.resize(300000); same(new Uint8Array(big)[299999], 0, "grown"); big.resize(10); same(big.byteLength, 10, "shrunk");
  if (ArrayBuffer.prototype.transferToImmutable) {
    const im = clone(new Uint8Array([5, 6]).buffer.transferToImmutable());
    same(im.immutable, true, "immutable"); same(new Uint8Array(im)[1], 6, "immutable bytes");
    refused("immutable transfer", im, { transfer: [im] });
  }
}

{ // R-SC-08
  for (const T of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
    const one = T.name.startsWith("Big") ? 1n : 1;
    const t = new T(new ArrayBuffer(64), 8, 3); t[1] = one;
    const c = clone(t);
    same(c.constructor, T, "constructor"); same(c.length, 3, "length"); same(c.byteOffset, 8, "offset"); same(c[1], one, "element"); same(c.buffer.byteLength, 64, "whole buffer");
  }
  const b = new ArrayBuffer(16), two = clone([new Uint8Array(b, 1), new DataView(b, 2, 4), b]);
  same(two[0].buffer, two[2], "one buffer"); same(two[1].buffer, two[2], "one buffer of a DataView"); same(two[1].byteOffset, 2, "DataView offset"); same(two[1].byteLength, 4, "DataView length");
  two[0][1] = 9; same(two[1].getUint8(0), 9, "views overlap");
  const rab = new ArrayBuffer(8, { maxByteLength: 16 });
  const [tracking, fixed, dv] = clone([new Uint16Array(rab, 2), new Uint16Array(rab, 2, 1), new DataView(rab, 4)]);
  tracking.buffer.resize(16);
  same(tracking.length, 7, "tracks"); same(fixed.length, 1, "does not track"); same(dv.byteLength, 12, "DataView tracks");
  const out = new Uint8Array(rab, 4, 4); rab.resize(2); refused("R-SC-08", out); refused("R-SC-08", new DataView(new ArrayBuffer(8, { maxByteLength: 8 })) && (() => { const q = new ArrayBuffer(8, { maxByteLength: 8 }), v = new DataView(q, 4); q.resize(2); return v; })());
  const dead = new Uint8Array(8); dead.buffer.transfer(); refused("R-SC-08", dead);
}

{ // R-SC-09
  const k = {}, m = new Map([[k, 1], ["s", k], [NaN, 2], [-0, 3]]); m.extra = 1; m.set("self", m);
  const c = clone(m);
  same(c instanceof Map && c.size, 5, "Map size"); same([...c.keys()][0], c.get("s"), "key identity"); same(c.get(NaN), 2, "NaN"); same(c.get(0), 3, "zero"); same(c.get("self"), c, "Map cycle"); same("extra" in c, false, "extras");
  const s = clone(new Set([3, 1, "2"])); same([...s].join(), "3,1,2", "Set order");
  const live = new Map(); live.set({ get x() { live.set("later", 1); live.delete("b"); return 1; } }, 0); live.set("b", 2);
  const snap = clone(live); same(snap.size, 2, "snapshot"); same(snap.get("b"), 2, "snapshot kept");
}

{ // R-SC-10
  class Mine extends TypeError { constructor(m) { super(m); this.name = "Mine"; this.extra = 1; } }
  const c = clone(new Mine("hi"));
  same(Object.getPrototypeOf(c), Error.prototype, "unknown name"); same(c.message, "hi", "message"); same("extra" in c, false, "extras");
  for (const E of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const e = clone(new E("m")); same(Object.getPrototypeOf(e), E.prototype, E.name); same(e.name, E.name, E.name);
  }
  same(Object.hasOwn(clone(new Error()), "message"), false, "no message"); same(Object.getPrototypeOf(clone(new AggregateError([], "a"))), Error.prototype, "AggregateError");
  const e = new Error("x"); e.name = "RangeError"; Object.defineProperty(e, "message", { get() { throw 1; } });
  const d = clone(e); same(d instanceof RangeError, true, "own name"); same(Object.hasOwn(d, "message"), false, "accessor message");
  const o = new Error(); Object.defineProperty(o, "message", { value: { toString: () => "made" } }); same(clone(o).message, "made", "stringified");
  same(Object.getOwnPropertyDescriptor(clone(new Error("q")), "message").enumerable, false, "not enumerable");
  same(clone(new Error("a", { cause: new RangeError("b") })).cause.message, "b", "cause"); same("cause" in clone(new Error("a", { cause: () => 1 })), false, "cause that cannot be cloned");
  const loop = new Error("l"); loop.cause = loop; const lc = clone(loop); same(lc.cause, lc, "error cycle");
  same(typeof clone(new Error("s")).stack, "string", "stack");
}

{ // R-SC-11
  const a = [1, , 3]; a.name = "n"; a[-1] = "neg"; a[Symbol()] = 1;
  const c = clone(a);
  same(Array.isArray(c) && c.length, 3, "length"); same(1 in c, false, "hole"); same(c.name, "n", "extra"); same(c[-1], "neg", "extra"); same(Object.getOwnPropertySymbols(c).length, 0, "symbols");
  const sparse = []; sparse[4294967294] = 1; sparse[7] = 2; const sc = clone(sparse); same(sc.length, 4294967295, "sparse"); same(sc[4294967294], 1, "sparse"); same(Object.keys(sc).length, 2, "sparse");
  same(clone(new Array(5)).length, 5, "empty slots"); same(0 in clone(new Array(5)), false, "empty slots");
  const shrinking = [{ get x() { shrinking.length = 1; return 1; } }, 2, 3]; const sh = clone(shrinking); same(sh.length, 3, "length read first"); same(1 in sh, false, "gone"); same(sh[0].x, 1, "kept");
  const growing = [{ get x() { growing.push(9); return 1; } }, 2]; same(clone(growing).length, 2, "keys listed first");
  class List extends Array {} const l = clone(List.of(1, 2)); same(l.constructor, Array, "subclass"); same(l.length, 2, "subclass");
  same(clone([[], [[]], [1.5, "x", [null]]])[2][2][0], null, "nested");
}

{ // R-SC-12
  const c = clone(new DOMException("m", "AbortError"));
  same(c instanceof DOMException && c.name, "AbortError", "DOMException"); same(c.message, "m", "message"); same(c.code, 20, "code");
}

// R-SC-13..16
{ // R-SC-12: serializable platform objects
  const blob = new Blob(["he", "llo"], { type: "text/plain" });
  const c = clone({ blob, again: blob, part: blob.slice(1, 3, "a/b") });
  same(c.blob === blob, false, "a new Blob");
  same(c.blob, c.again, "identity of a Blob");
  same(c.blob instanceof Blob && c.blob.size, 5, "size of a Blob");
  same(c.blob.type, "text/plain", "type of a Blob");
  same(c.part.size + c.part.type, "2a/b", "slice of a Blob");
  refused("R-SC-13", [blob, Symbol()]);
}

refused("R-SC-13", globalThis); refused("R-SC-13", new MessageChannel().port1); refused("R-SC-13", new Event("x"));
for (const f of [() => 1, function () {}, class {}, async () => {}, function* () {}, Math.max, (() => 1).bind(), new Proxy(() => 1, {})]) refused("R-SC-14", f);
for (const o of [Promise.resolve(), new WeakMap(), new WeakSet(), new WeakRef({}), (function* () {})(), [][Symbol.iterator](), new Map().keys(), Object(Symbol()), [].values().map((x) => x), new FinalizationRegistry(() => {})]) refused("R-SC-15", o);
refused("R-SC-16", new Proxy({}, {})); refused("R-SC-16", new Proxy([], {})); (function () { refused("R-SC-16", arguments); })(1); (function () { "use strict"; refused("R-SC-16", arguments); })(1);
import("data:text/javascript,export const a = 1").then((ns) => refused("R-SC-16 namespace", ns), () => {});
same(String(refused("R-SC-14", { f() {} }).message).length > 10, true, "a message");

{ // R-SC-17, R-SC-20
  class Point { #p = 1; constructor() { this.x = 1; } get y() { return 2; } }
  const c = clone(new Point()); same(Object.getPrototypeOf(c), Object.prototype, "prototype"); same(Object.keys(c).join(), "x", "own only");
  const seen = []; const g = { get a() { seen.push("a"); return 1; }, get b() { seen.push("b"); delete g.c; return 2; }, c: 3, d: 4 };
  const gc = clone(g); same(seen.join(), "a,b", "getters run in order"); same("c" in gc, false, "deleted meanwhile"); same(gc.d, 4, "rest"); same(Object.getOwnPropertyDescriptor(gc, "a").value, 1, "data property"); same(Object.getOwnPropertyDescriptor(gc, "a").writable, true, "writable");
  const inner = { a: 1, b: { get x() { delete inner.c; inner.e = 5; inner.d = 40; return 1; } }, c: 3, d: 4 }; const ic = clone(inner); same("c" in ic, false, "deleted by a nested getter"); same("e" in ic, false, "added later"); same(ic.d, 40, "read late"); same(Object.keys(ic).join(), "a,b,d", "order");
  const thrown = {}; try { clone({ get x() { throw thrown; } }); same(0, 1, "threw"); } catch (e) { same(e, thrown, "getter's exception"); }
  same(Object.keys(clone({ b: 1, 2: 1, a: 1, 1: 1, "-1": 1, "4294967294": 1, "01": 1 })).join(), "1,2,4294967294,b,a,-1,01", "order of keys"); same(clone({ "": 1, "é": 2, "Ā": 3 })["Ā"], 3, "keys of any text");
  const hidden = Object.defineProperty({ v: 1 }, "h", { value: 2, enumerable: false }); same("h" in clone(hidden), false, "not enumerable"); same(Object.isFrozen(clone(Object.freeze({ a: 1 }))), false, "attributes");
  same(clone(Object.create({ inherited: 1 })).inherited, undefined, "inherited"); same(Object.getPrototypeOf(clone(Object.create(null))), Object.prototype, "null prototype");
  const wide = {}; for (let i = 0; i < 200; i++) wide["k" + i] = i; same(Object.keys(clone(wide)).length, 200, "wide"); same(clone(wide).k199, 199, "wide"); same(clone(Object.prototype) instanceof Object, true, "Object.prototype itself");
  const once = { a: 1, b: 2 }; delete once.a; once.a = 3; same(JSON.stringify(clone(once)), '{"b":2,"a":3}', "after deletion");
  const nested = { get n() { return clone({ deep: clone([1, { x: 2 }]) }); }, m: clone({ z: 1 }) }; same(clone(nested).n.deep[1].x, 2, "clone within a getter");
}

{ // R-SC-22
  const o = JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}'); const c = clone(o);
  same(Object.hasOwn(c, "__proto__"), true, "__proto__"); same(c.polluted, undefined, "__proto__"); same(Object.getPrototypeOf(c), Object.prototype, "__proto__");
  Object.defineProperty(Object.prototype, "trap", { set() { throw new Error("setter ran"); }, configurable: true });
  const t = {}; Object.defineProperty(t, "trap", { value: 1, enumerable: true, writable: true, configurable: true }); same(clone(t).trap, 1, "CreateDataProperty"); delete Object.prototype.trap;
}

{ // depth
  let deep = null; for (let i = 0; i < 2000; i++) deep = { deep }; let depth = 0; for (let d = clone(deep); d; d = d.deep) depth++; same(depth, 2000, "deep");
  let abyss = []; for (let i = 0; i < 1000000; i++) abyss = [abyss];
  try { clone(abyss); same(0, 1, "too deep"); } catch (e) { same(e instanceof RangeError, true, "too deep"); }
  while (abyss.length) abyss = abyss[0];
}

{ // R-TR-*
  const b = new ArrayBuffer(8), v = new Uint8Array(b); v[3] = 5;
  const c = clone({ v, b }, { transfer: [b] });
  same(b.byteLength, 0, "detached"); same(v.length, 0, "view of it"); same(b.detached, true, "detached"); same(c.v[3], 5, "moved"); same(c.v.buffer, c.b, "one buffer");
  const big = new ArrayBuffer(1 << 20, { maxByteLength: 1 << 21 }); new Uint8Array(big)[1000000] = 3; const moved = clone(big, { transfer: [big] }); same(new Uint8Array(moved)[1000000], 3, "large move"); same(moved.maxByteLength, 1 << 21, "resizable move"); moved.resize(1 << 21); same(moved.byteLength, 1 << 21, "resize after move");
  const again = clone(moved, { transfer: [moved] }); same(again.byteLength, 1 << 21, "moved again"); same(again.transfer(100).byteLength, 100, "transfer() of moved bytes");
  const x = new ArrayBuffer(4); refused("R-TR-01 duplicate", 1, { transfer: [x, x] }); same(x.byteLength, 4, "still attached"); refused("R-TR-01", 1, { transfer: [{}] }); refused("R-TR-01", 1, { transfer: [x, new Date()] });
  refused("R-TR-02", { f() {} }, { transfer: [x] }); same(x.byteLength, 4, "failure leaves it attached");
  const gone = new ArrayBuffer(4); gone.transfer(); refused("R-TR-03", 1, { transfer: [x, gone] }); same(x.byteLength, 0, "those before it are moved");
  const y = new ArrayBuffer(4); clone(1, { transfer: [y] }); same(y.detached, true, "R-TR-04: need not be mentioned");
  const z = new ArrayBuffer(4); refused("R-TR-03 by a getter", { get g() { z.transfer(); return 1; } }, { transfer: [z] });
  const w = new ArrayBuffer(4); clone(1, { transfer: new Set([w]) }); same(w.detached, true, "any iterable");
  for (const bad of [1, "x", [1], { length: 1 }]) { try { clone(1, { transfer: bad }); same(0, 1, "bad list"); } catch (e) { same(e instanceof TypeError, true, "bad list"); } }
  try { clone(); same(0, 1, "no argument"); } catch (e) { same(e instanceof TypeError, true, "no argument"); }
  same(clone(1, undefined), 1, "undefined options"); same(clone(1, null), 1, "null options"); same(clone(1, {}), 1, "empty options"); same(clone(1, { transfer: [] }), 1, "empty list");
  const { port1, port2 } = new MessageChannel(); const p = clone({ port1 }, { transfer: [port1] }).port1; same(p instanceof MessagePort, true, "port"); same(p === port1, false, "a new port"); refused("R-TR-03 port", 1, { transfer: [port1] }); port2.close(); refused("closed port", 1, { transfer: [port2] });
}

{ // random graphs: what comes back is equal, seen through a walk that records identity
  let seed = 12345; const random = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0, (seed >>> 8) % n);
  const text = () => { let s = ""; for (let i = random(9); i > 0; i--) s += String.fromCharCode(random(random(2) ? 256 : 65536)); return s; };
  const make = (depth, pool) => {
    const old = pool.length && random(6) === 0;
    if (old) return pool[random(pool.length)];
    switch (random(depth > 4 ? 8 : 16)) {
      case 0: return random(1000) - 500; case 1: return random(1e6) / 7; case 2: return text(); case 3: return [null, undefined, true, false][random(4)]; case 4: return BigInt(random(1e6)) ** BigInt(random(9)) * (random(2) ? 1n : -1n);
      case 5: { const d = new Date(random(1e9)); pool.push(d); return d; } case 6: return NaN; case 7: return Object(text());
      case 8: case 9: { const a = []; pool.push(a); for (let i = random(7); i > 0; i--) random(9) ? a.push(make(depth + 1, pool)) : a.length++; if (!random(8)) a[text() + "k"] = 1; return a; }
      case 10: { const m = new Map(); pool.push(m); for (let i = random(5); i > 0; i--) m.set(make(depth + 1, pool), make(depth + 1, pool)); return m; } case 11: { const s = new Set(); pool.push(s); for (let i = random(5); i > 0; i--) s.add(make(depth + 1, pool)); return s; }
      case 12: { const t = new [Uint8Array, Float64Array, Int16Array][random(3)](random(9)); t.fill(random(250)); pool.push(t); return t; }
      case 13: { const e = new RangeError(text()); pool.push(e); return e; }
      default: { const o = {}; pool.push(o); for (let i = random(random(20) ? 7 : 80); i > 0; i--) o[random(3) ? "key" + random(20) : text()] = make(depth + 1, pool); if (!random(9)) delete o.key1; return o; }
    }
  };
  const describe = (value, known = new Map()) => {
    if (typeof value !== "object" || value === null) return typeof value + (Object.is(value, -0) ? "-0" : typeof value === "string" ? JSON.stringify(value) : String(value));
    if (known.has(value)) return "#" + known.get(value);
    known.set(value, known.size);
    const head = Object.prototype.toString.call(value);
    if (value instanceof Map) return head + [...value].map(([k, v]) => describe(k, known) + ">" + describe(v, known)).join(";");
    if (value instanceof Set) return head + [...value].map((v) => describe(v, known)).join(";");
    if (value instanceof Date || value instanceof String) return head + value.valueOf();
    if (value instanceof Error) return head + value.name + JSON.stringify(value.message);
    if (ArrayBuffer.isView(value)) return head + value.join();
    return head + (Array.isArray(value) ? value.length : "") + "{" + Object.keys(value).map((k) => JSON.stringify(k) + ":" + describe(value[k], known)).join(",") + "}";
  };
  for (let i = 0; i < 400; i++) { const value = make(0, []); same(describe(clone(value)), describe(value), "random graph " + i); }
}
if (checks < 700) throw new Error("too few checks: " + checks);
console.log("cloned");
