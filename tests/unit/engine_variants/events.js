// Everything the engine can do to the bytes of a shared buffer. print() separates the parts, so that a difference between two
// builds can be placed.
'use strict';
const kinds = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array,
    Float32Array, Float64Array, BigInt64Array, BigUint64Array];
const big = kind => kind === BigInt64Array || kind === BigUint64Array;
let sum = 0;
const use = value => { sum = (sum * 31 + String(value).length) % 1000003; };
const attempt = (name, f) => { print(name); try { use(f()); } catch (error) { print('  ' + error); } };

function elements(kind, make) {
    const of = big(kind) ? BigInt : Number;
    const fresh = (length = 8) => {
        const a = make(kind, length);
        for (let i = 0; i < length; i++) a[i] = of((i * 7) % length + 1);
        return a;
    };
    const part = (name, f) => attempt(kind.name + ' ' + name, () => f(fresh()));
    part('read', a => a[0] + a[7]);
    part('read by string', a => a['3']);
    part('read by variable', a => { let s = of(0); for (let i = 0; i < a.length; i++) s += a[i]; return s; });
    part('out of range', a => [a[8], a[-1], a['1.5']]);
    part('write', a => { a[2] = of(5); a['3'] = of(6); return a[2]; });
    part('write out of range', a => { a[8] = of(5); a[-1] = of(5); return 0; });
    part('compound', a => { a[1] += of(2); a[1]++; --a[1]; a[1] *= of(3); a[2] ||= of(4); a[3] &&= of(4); a[4] ??= of(4); return a[1]++; });
    part('swap', a => { [a[0], a[1]] = [a[1], a[0]]; return a[0]; });
    part('destructure', a => { const [x, y, ...rest] = a; return [x, y, rest]; });
    part('object pattern', a => { const { 0: x, 5: y, length } = a; return [x, y, length]; });
    part('for-of', a => { let s = of(0); for (const x of a) s += x; return s; });
    part('for-in', a => { let s = ''; for (const k in a) s += k + a[k]; return s; });
    part('spread', a => [...a]);
    part('spread call', a => Math.max(...[...a].map(Number)));
    part('apply', a => String.fromCharCode.apply(null, big(kind) ? [1] : a));
    part('Array.from', a => Array.from(a));
    part('Array.of', a => kind.of(a[0], a[1]));
    part('new from', a => new kind(a));
    part('new other from', a => big(kind) ? new BigInt64Array(a) : new Float64Array(a));
    part('new from iterable', a => kind.from(a, x => x));
    part('concat', a => [].concat(Array.from(a)));
    part('entries keys values', a => [[...a.entries()], [...a.keys()], [...a.values()]]);
    part('at', a => [a.at(0), a.at(-1), a.at(99)]);
    part('with', a => a.with(2, of(9)));
    part('fill', a => { a.fill(of(3)); a.fill(of(4), 2, 6); return a[3]; });
    part('set array', a => { a.set([of(1), of(2)]); a.set([of(1), of(2)], 3); return a[4]; });
    part('set same kind', a => { a.set(a.subarray(0, 4), 2); a.set(fresh(4)); return a[2]; });
    part('set other kind', a => { a.set(big(kind) ? new BigUint64Array([1n, 2n]) : new Uint16Array([1, 2])); return a[0]; });
    part('set from own other view', a => { if (!big(kind)) a.set(new Uint8Array(a.buffer, a.byteOffset, 4)); return a[0]; });
    part('copyWithin', a => { a.copyWithin(0, 3); a.copyWithin(2, 0, 5); return a[0]; });
    part('slice', a => [a.slice(), a.slice(2, 5), a.slice(-2)]);
    part('subarray', a => { const s = a.subarray(2, 5); s[0] = of(1); return s[1]; });
    part('sort', a => a.sort());
    part('sort by', a => a.sort((x, y) => (x < y ? 1 : -1)));
    part('sort many', () => make(kind, 40).map((_, i) => of((i * 17) % 23)).sort());
    part('sort many shared', () => { const a = fresh(40); a.sort(); return a[0]; });
    part('sort many shared by', () => { const a = fresh(40); a.sort((x, y) => Number(x - y)); return a[0]; });
    part('toSorted', a => [a.toSorted(), a.toSorted((x, y) => (x < y ? 1 : -1))]);
    part('reverse', a => a.reverse());
    part('reverse odd', () => fresh(7).reverse());
    part('toReversed', a => a.toReversed());
    part('indexOf', a => [a.indexOf(of(3)), a.lastIndexOf(of(3)), a.includes(of(99)), a.indexOf(of(3), 5)]);
    part('includes NaN', a => [a.includes(NaN), a.indexOf('x'), a.includes(undefined)]);
    part('find', a => [a.find(x => x == 3), a.findIndex(x => x == 3), a.findLast(x => x == 3), a.findLastIndex(x => x == 99)]);
    part('every some', a => [a.every(x => x > 0), a.some(x => x == 5)]);
    part('map filter forEach', a => { let n = 0; a.forEach(() => n++); return [a.map(x => x), a.filter(x => x > 2), n]; });
    part('reduce', a => [a.reduce((x, y) => x + y), a.reduceRight((x, y) => x - y)]);
    part('join', a => [a.join(), a.toString(), a.toLocaleString(), `${a}`]);
    part('JSON', a => big(kind) ? 0 : JSON.stringify(a) + JSON.stringify({ a }));
    part('Array methods', a => [Array.prototype.slice.call(a, 1, 3), Array.prototype.join.call(a, '-'),
        Array.prototype.indexOf.call(a, of(3)), Array.prototype.includes.call(a, of(4)), Array.prototype.map.call(a, x => x),
        Array.prototype.reverse.call(a), Array.prototype.fill.call(a, of(2)), Array.prototype.concat.call([], a),
        Array.prototype.at.call(a, 1), Array.prototype.flat.call(a), Array.prototype.with.call(a, 0, of(1)),
        Array.prototype.lastIndexOf.call(a, of(2)), Array.prototype.copyWithin.call(a, 0, 2), Array.prototype.toSorted.call(a),
        Array.prototype.sort.call(a), Array.prototype.toSpliced.call(a, 0, 1), Array.prototype.toReversed.call(a)]);
    part('Reflect', a => [Reflect.get(a, 1), Reflect.set(a, 1, of(4)), Reflect.has(a, 1), Reflect.ownKeys(a),
        Reflect.getOwnPropertyDescriptor(a, 1), Reflect.defineProperty(a, 1, { value: of(5) }), Reflect.deleteProperty(a, 1)]);
    part('Object', a => [Object.keys(a), Object.values(a), Object.entries(a), Object.assign({}, a), { ...a },
        Object.getOwnPropertyDescriptors(a), Object.hasOwn(a, 3)]);
    part('proxy', a => { const p = new Proxy(a, {}); p[1] = of(3); return p[1]; });
    part('prototype', a => { const o = Object.create(a); return o[1]; });
    part('with receiver', a => Reflect.set(a, 1, of(3), {}));
    part('getter on array', a => Object.defineProperty([], 0, { get() { return a[0]; } })[0]);
    part('valueOf order', a => { a[0] = { valueOf() { a[1] = of(2); return 3; } }; return a[0]; });
    part('Math and strings', a => big(kind) ? 0 : [Math.max(a[0], a[1]), String.fromCharCode(a[0], a[1]), 'x'.repeat(a[0] & 3)]);
    part('closures generators async', a => { function* g() { yield a[0]; a[1] = of(1); yield* a; } (async () => { a[2] = await a[3]; })(); return [...g()]; });
    part('eval', a => { globalThis.shared = a; return (0, eval)('shared[1] = shared[2]'); });
    part('optional', a => a?.[1] ?? 0);
    part('switch', a => { switch (a[0]) { case a[1]: return 1; case a[2]: return 2; default: return 3; } });
    part('comparison', a => [a[0] < a[1], a[0] === a[1], a[0] == a[2], typeof a[0]]);
    part('bits', a => [a[0] & a[1], a[0] | a[1], a[0] ^ a[1], a[0] << of(1), ~a[0], -a[0]]);
    part('of itself as index', a => big(kind) ? 0 : a[a[0] & 7]);
    part('Map keys', a => new Map([[a[0], a[1]]]).get(a[0]));
    part('structured strings', a => big(kind) ? a[0].toString(16) : a[0].toFixed(2));
    part('groupBy', a => Object.keys(Object.groupBy(a, x => x > 3)));
    part('iterator helpers', a => [...a.values().map(x => x).filter(x => x > 2).take(2)]);
}

for (const kind of kinds) {
    elements(kind, (k, length) => new k(new SharedArrayBuffer(length * k.BYTES_PER_ELEMENT)));
    elements(kind, (k, length) => new k(new SharedArrayBuffer((length + 2) * k.BYTES_PER_ELEMENT), k.BYTES_PER_ELEMENT, length));
    elements(kind, (k, length) => new k(new SharedArrayBuffer(length * k.BYTES_PER_ELEMENT, { maxByteLength: 1024 })));
}

// DataView: every type, aligned or not, both byte orders
{
    const view = new DataView(new SharedArrayBuffer(64));
    for (const type of ['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float16', 'Float32', 'Float64', 'BigInt64', 'BigUint64'])
        for (const offset of [0, 1, 3, 8])
            for (const little of [false, true])
                attempt(`DataView ${type} ${offset} ${little}`, () => {
                    view['set' + type](offset, type.startsWith('Big') ? 1234567n : 77, little);
                    return view['get' + type](offset, little);
                });
    attempt('DataView range', () => view.getInt32(61));
}

// buffers
{
    const sab = new SharedArrayBuffer(64), bytes = new Uint8Array(sab);
    attempt('slice', () => [sab.slice(), sab.slice(3, 17), sab.slice(64)]);
    attempt('grow', () => { const g = new SharedArrayBuffer(8, { maxByteLength: 64 }), a = new Uint8Array(g); g.grow(32); a[20] = 1; return a.length; });
    attempt('hex', () => [bytes.toHex(), bytes.setFromHex('00ff10ab').written, new Uint8Array(sab, 3, 5).toHex()]);
    attempt('base64', () => [bytes.toBase64(), bytes.setFromBase64('AAECAwQFBgcICQ==').written, new Uint8Array(sab, 1, 5).toBase64({ alphabet: 'base64url' })]);
    attempt('overlap', () => { bytes.set(bytes.subarray(0, 16), 8); new Uint32Array(sab).set(new Uint8Array(sab, 0, 16)); return bytes[9]; });
    attempt('species', () => {
        class Mine extends Uint8Array { static get [Symbol.species]() { return function (n) { return new Uint8Array(sab, 0, 32); }; } }
        const mine = new Mine(sab);
        return [mine.slice(0, 8), mine.map(x => x + 1), mine.filter(x => x > 100), mine.subarray(0, 4)];
    });
    attempt('private from shared', () => { const p = new Uint8Array(64); p.set(bytes); bytes.set(p); return p[1]; });
    attempt('text', () => { let s = ''; for (const b of bytes.subarray(0, 16)) s += String.fromCharCode(0xc0 | (b & 0x1f)); return s; });
    attempt('Atomics are not the engine\'s', () => typeof Atomics);
}
sum;
