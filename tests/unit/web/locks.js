// Web Locks within one agent and among workers. A failed check is an uncaught error.
let checks = 0;
const same = (actual, expected, what) => {
  checks++;
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
};
const { locks } = navigator;
const later = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const next = (target, type = "message") => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
const rejected = async (promise, name, what) => {
  same(promise instanceof Promise, true, what + ": a promise");
  try { await promise; } catch (e) { same(e.name, name, what); return e; }
  same("fulfilled", "rejected", what);
};
const worker = (source) => new Worker(URL.createObjectURL(new Blob([source])));
const gate = () => { let open; const closed = new Promise((resolve) => { open = resolve; }); return { open, closed }; };

const tests = {
  async interfaces() {
    same(navigator.locks, locks, "same object");
    same(locks instanceof LockManager, true, "LockManager"); same(String(locks), "[object LockManager]", "tag");
    await locks.request("x", (lock) => {
      same(lock instanceof Lock, true, "Lock"); same(lock.name, "x", "name"); same(lock.mode, "exclusive", "mode");
    });
    for (const i of [LockManager, Lock]) try { new i(); same(0, 1, "constructor"); } catch (e) { same(e instanceof TypeError, true, "constructor"); }
  },
  async wrong() {
    const f = () => same(0, 1, "called");
    await rejected(locks.request(), "TypeError", "no arguments");
    await rejected(locks.request("a"), "TypeError", "no callback");
    await rejected(locks.request("a", {}), "TypeError", "a callback is a function");
    await rejected(locks.request("a", { mode: "other" }, f), "TypeError", "mode");
    await rejected(locks.request("a", { signal: 1 }, f), "TypeError", "signal");
    await rejected(locks.request("-a", f), "NotSupportedError", "reserved name");
    await rejected(locks.request("a", { steal: true, ifAvailable: true }, f), "NotSupportedError", "steal and ifAvailable");
    await rejected(locks.request("a", { steal: true, mode: "shared" }, f), "NotSupportedError", "steal shared");
    await rejected(locks.request("a", { steal: true, signal: new AbortController().signal }, f), "NotSupportedError", "steal and signal");
    await rejected(locks.request("a", { ifAvailable: true, signal: new AbortController().signal }, f), "NotSupportedError", "ifAvailable and signal");
    await rejected(locks.request("a", { signal: AbortSignal.abort() }, f), "AbortError", "aborted before");
    await rejected(LockManager.prototype.query.call({}), "TypeError", "brand");
    await rejected(locks.request(Symbol(), f), "TypeError", "a symbol is no name");
    same(locks.request.length, 2, "length");
  },
  async values() {
    same(await locks.request("v", () => 5), 5, "the callback's value");
    same(await locks.request("v", async () => { await later(); return 6; }), 6, "the callback's promise");
    same((await rejected(locks.request("v", () => { throw new RangeError("no"); }), "RangeError", "thrown")).message, "no", "the error itself");
    await rejected(locks.request("v", async () => { throw new EvalError(); }), "EvalError", "rejected");
    let called = false; const p = locks.request("v", () => { called = true; }); same(called, false, "not synchronous"); await p; same(called, true, "called");
    for (const name of ["", " ", "a\0b", "ä", "*", "x-"]) await locks.request(name, (lock) => same(lock.name, name, "any name"));
  },
  async exclusion() {
    const order = [], one = gate();
    const a = locks.request("e", async () => { order.push("a+"); await one.closed; order.push("a-"); });
    const b = locks.request("e", () => { order.push("b"); });
    const other = locks.request("e2", () => { order.push("other"); });
    await other; await later(); same(order.join(), "a+,other", "another name goes on");
    one.open(); await Promise.all([a, b]); same(order.join(), "a+,other,a-,b", "one after the other");
  },
  async sharing() { // a shared request never overtakes an exclusive one
    const order = [], gates = [gate(), gate(), gate()], hold = (n, mode) => locks.request("s", { mode }, () => { order.push(n + mode[0]); return gates[n]?.closed; });
    const all = [hold(0, "shared"), hold(1, "shared"), hold(2, "exclusive"), hold(3, "shared"), hold(4, "shared")];
    await later(); same(order.join(), "0s,1s", "both share");
    gates[0].open(); await later(); same(order.join(), "0s,1s", "one is left");
    gates[1].open(); await later(); same(order.join(), "0s,1s,2e", "then the exclusive one");
    gates[2].open(); await Promise.all(all); same(order.join(), "0s,1s,2e,3s,4s", "then those behind it");
  },
  async if_available() {
    const one = gate(), held = locks.request("i", () => one.closed);
    same(await locks.request("i", { ifAvailable: true }, (lock) => lock), null, "not available");
    same(await locks.request("i", { ifAvailable: true, mode: "shared" }, (lock) => lock), null, "not to share either");
    one.open(); await held;
    same(await locks.request("i", { ifAvailable: true }, (lock) => lock.name), "i", "available");
    await rejected(locks.request("i", { ifAvailable: true }, () => { throw new RangeError(); }), "RangeError", "thrown");
  },
  async stealing() {
    const order = [], one = gate();
    const victim = locks.request("st", async (lock) => { order.push("victim"); await one.closed; order.push("still runs"); return 1; });
    const waits = locks.request("st", () => { order.push("waits"); });
    await later();
    const thief = locks.request("st", { steal: true }, async () => { order.push("thief"); await later(50); });
    await rejected(victim, "AbortError", "stolen");
    await thief; await waits; same(order.join(), "victim,thief,waits", "before all others");
    one.open(); await later(); same(order.join(), "victim,thief,waits,still runs", "the victim goes on without its lock");
    same((await locks.query()).held.length, 0, "nothing is left");
    const first = rejected(locks.request("st", { steal: true }, () => new Promise(() => {})), "AbortError", "a thief is robbed");
    await later(); await locks.request("st", { steal: true }, () => {}); await first;
  },
  async aborting() {
    const one = gate(), held = locks.request("ab", () => one.closed), controller = new AbortController();
    const waits = rejected(locks.request("ab", { signal: controller.signal }, () => same(0, 1, "called")), "Error", "its own reason");
    const behind = locks.request("ab", { signal: new AbortController().signal }, () => "behind");
    controller.abort(new Error("enough")); same((await waits).message, "enough", "reason");
    same((await locks.query()).pending.length, 1, "out of the queue");
    one.open(); await held; same(await behind, "behind", "the next one is not disturbed");
    const late = new AbortController();
    same(await locks.request("ab", { signal: late.signal }, async () => { late.abort(); await later(); return "done"; }), "done", "too late");
    const at_once = new AbortController(), p = rejected(locks.request("ab", { signal: at_once.signal }, () => same(0, 1, "called")), "AbortError", "between grant and callback");
    at_once.abort(); await p; same(await locks.request("ab", () => 1), 1, "released");
    await rejected(locks.request("ab", { signal: AbortSignal.timeout(5) }, () => later(50)).then(() => { throw new RangeError(); }), "RangeError", "a time-out after the grant does nothing");
    const blocked = locks.request("ab", () => later(100));
    await rejected(locks.request("ab", { signal: AbortSignal.timeout(5) }, () => 1), "TimeoutError", "a time-out while it waits"); await blocked;
  },
  async asking() {
    const one = gate(), two = gate();
    const all = [locks.request("q1", () => one.closed), locks.request("q2", { mode: "shared" }, () => two.closed), locks.request("q1", { mode: "shared" }, () => {})];
    const { held, pending } = await locks.query();
    same(held.map((l) => l.name + l.mode).join(), "q1exclusive,q2shared", "held"); same(pending.map((l) => l.name + l.mode).join(), "q1shared", "pending");
    same(held[0].clientId, pending[0].clientId, "one client"); same(typeof held[0].clientId, "string", "an id");
    one.open(); two.open(); await Promise.all(all); same((await locks.query()).held.length, 0, "none");
  },
  async workers() { // the lock of a worker that ends is released, however it ends
    const source = `navigator.locks.request("w", () => new Promise(() => {})); onmessage = close; navigator.locks.request("w2", () => postMessage("holds"));`;
    for (const end of [(w) => w.terminate(), (w) => w.postMessage(0)]) {
      const w = worker(source); await next(w);
      const mine = (await locks.query()).held.find((l) => l.name === "w"); same(mine.name, "w", "seen from here");
      same(await locks.request("w", { ifAvailable: true }, (lock) => lock), null, "held over there");
      const waits = locks.request("w", () => "mine now"); end(w); same(await waits, "mine now", "released");
    }
    const w = worker(`onmessage = () => {}; navigator.locks.request("p", () => {}); postMessage(0)`), one = gate();
    const held = locks.request("p", () => one.closed); await next(w); await later();
    w.terminate(); await later(); same((await locks.query()).pending.length, 0, "its requests go with it"); one.open(); await held;
  },
  async opaque() {
    const w = new Worker("data:text/javascript," + encodeURIComponent(`navigator.locks.request("x", () => {}).catch((e) => postMessage(e.name)); navigator.locks.query().catch((e) => postMessage(e.name));`));
    same((await next(w)).data, "SecurityError", "request"); same((await next(w)).data, "SecurityError", "query"); w.terminate();
  },
  async counting() { // what two agents change under one lock is never torn
    const source = `onmessage = async ({ data: cells }) => {
      for (let i = 0; i < 200; i++) await navigator.locks.request("count", () => { const seen = cells[0]; cells[1] = i; cells[0] = seen + 1; });
      postMessage(0); }`;
    const cells = new Int32Array(new SharedArrayBuffer(8)), all = [worker(source), worker(source), worker(source)];
    await Promise.all(all.map((w) => { const done = next(w); w.postMessage(cells); return done; })); same(cells[0], 600, "nothing is lost");
    for (const w of all) w.terminate();
  },
};
let current;
(async () => {
  for (const [name, test] of Object.entries(tests)) {
    current = name;
    try { await test(); } catch (e) { throw new Error(name + ": " + (e && e.message) + "\n" + (e && e.stack)); }
  }
  current = null;
  if (checks < 70) throw new Error("too few checks: " + checks);
  console.log("locked and released");
})();
setTimeout(() => { if (current) throw new Error(current + " waits for ever"); }, 1e6);
