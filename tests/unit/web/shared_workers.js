// Shared workers from one page. A failed check is an uncaught error.
/* shows R-AG-03, R-CL-02, R-ER-03, R-ER-06, R-EXP-02, R-MP-04, R-SAB-24, R-SW-01, R-SW-02, R-SW-03, R-SW-05, R-SW-06,
 * R-SW-07, R-SW-08, R-SW-09 */
let checks = 0;
const same = (actual, expected, what) => {
  checks++;
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
};
const later = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const next = (target, type = "message") => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
const refused = (action, name, what) => {
  try { action(); } catch (e) { same(e.name, name, what); return; }
  same("accepted", "refused", what);
};
const url_of = (source) => URL.createObjectURL(new Blob([source]));
const first = (port) => { const m = next(port); port.start(); return m; };
const counter = url_of(`let n = 0; onconnect = (e) => { const p = e.ports[0]; p.postMessage(++n); p.onmessage = (m) => { if (m.data === "close") { close(); p.postMessage("closing"); } else p.postMessage(m.data); }; };`);

const tests = {
  async interfaces() {
    const w = new SharedWorker(counter, "interfaces");
    same(w instanceof EventTarget, true, "EventTarget"); same(w.port instanceof MessagePort, true, "port"); same(w.port, w.port, "same port");
    same(w.onerror, null, "no handler"); same(String(w), "[object SharedWorker]", "tag"); same(SharedWorker.length, 1, "length");
    same(w.postMessage, undefined, "no postMessage of its own");
    refused(() => new SharedWorker(), "TypeError", "an address is required"); refused(() => SharedWorker(counter), "TypeError", "new is required");
    refused(() => new SharedWorker("http://:"), "SyntaxError", "no URL"); refused(() => new SharedWorker(counter, { type: "other" }), "TypeError", "type");
    refused(() => new SharedWorker(counter, { credentials: "other" }), "TypeError", "credentials");
    same((await first(w.port)).data, 1, "connected");
  },
  async scope() { // R-EXP-02, R-WK-01
    const w = new SharedWorker(url_of(`onconnect = (e) => e.ports[0].postMessage({
      kind: Object.prototype.toString.call(self), name, own: typeof postMessage, shared: typeof SharedWorker, worker: typeof Worker, close: typeof close,
      imports: typeof importScripts, isolated: crossOriginIsolated, origin, block: Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
      source: e.source === e.ports[0], data: e.data, from: e.origin, ports: e.ports.length, frozen: Object.isFrozen(e.ports), message: e instanceof MessageEvent, })`), "its name");
    const { data } = await first(w.port);
    same(data.kind, "[object SharedWorkerGlobalScope]", "kind"); same(data.name, "its name", "name"); same(data.own, "undefined", "no global postMessage");
    same(data.shared, "undefined", "R-EXP-02"); same(data.worker, "function", "R-EXP-01"); same(data.close, "function", "close"); same(data.imports, "function", "importScripts");
    same(data.isolated, true, "isolated"); same(data.origin, self.origin, "origin"); same(data.block, "timed-out", "R-AG-03: it may block");
    same(data.source, true, "source"); same(data.data, "", "data"); same(data.from, "", "origin of connect"); same(data.ports, 1, "ports"); same(data.frozen, true, "frozen"); same(data.message, true, "MessageEvent");
  },
  async matching() {
    const number = async (...args) => (await first(new SharedWorker(...args).port)).data;
    same(await number(counter, "m"), 1, "R-SW-02"); same(await number(counter, "m"), 2, "R-SW-05"); same(await number(counter, { name: "m" }), 3, "R-SW-07");
    same(await number(counter, "other"), 1, "R-SW-06"); same(await number(counter + "#part", "m"), 1, "the fragment counts"); same(await number(counter), 1, "no name is the empty name");
    same(await number(counter, ""), 2, "the empty name"); same(await number(counter, undefined), 3, "undefined is no name"); same(await number(counter, "null"), 1, "any name");
  },
  async misfits() { // R-SW-03: a plain error, no connection
    const kept = new SharedWorker(counter, "kind"); same((await first(kept.port)).data, 1, "there");
    for (const options of [{ type: "module" }, { credentials: "omit" }, { extendedLifetime: true }]) {
      const e = await next(new SharedWorker(counter, { name: "kind", ...options }), "error");
      same(e.constructor, Event, "a plain event: " + Object.keys(options)); same(e.cancelable, false, "not cancelable");
    }
    same((await first(new SharedWorker(counter, "kind").port)).data, 2, "none of them was connected");
  },
  async missing() { // R-ER-06
    const both = [new SharedWorker("nothing.js"), new SharedWorker("nothing.js")];
    for (const e of await Promise.all(both.map((w) => next(w, "error")))) same(e.constructor, Event, "a plain event");
    const again = await next(new SharedWorker("nothing.js"), "error"); same(again.type, "error", "tried anew");
  },
  async starting() { // R-MP-04: the near port wants start() as well
    const w = new SharedWorker(counter, "start"), got = [];
    w.port.addEventListener("message", (e) => got.push(e.data)); await later(); same(got.join(), "", "not started");
    w.port.postMessage("early"); w.port.start(); await later(); same(got.join(), "1,early", "started");
  },
  async closing() { // R-SW-09
    const w = new SharedWorker(counter, "closing"), got = []; let closed = 0;
    w.port.onmessage = (e) => got.push(e.data); w.port.onclose = () => closed++;
    w.port.postMessage("close"); while (!closed) await later(); same(got.join(), "1,closing", "its last words, then the port is closed");
    same((await first(new SharedWorker(counter, "closing").port)).data, 1, "another one");
  },
  async memory() { // R-SAB-24, either direction
    const w = new SharedWorker(url_of(`onconnect = ({ ports: [p] }) => { p.onmessageerror = (e) => p.postMessage("error " + e.data); p.onmessage = () => p.postMessage(new SharedArrayBuffer(4)); }`));
    const there = next(w.port); w.port.start(); w.port.postMessage(new SharedArrayBuffer(4)); same((await there).data, "error null", "there");
    const here = next(w.port, "messageerror"); w.port.postMessage("send"); same((await here).data, null, "here");
  },
  async errors() { // R-ER-03: nobody here hears of an error over there
    const w = new SharedWorker(url_of(`onerror = () => true; onconnect = ({ ports: [p] }) => { setTimeout(() => p.postMessage("after"), 10); throw new Error("there"); }`)); let told = 0;
    w.onerror = () => told++; addEventListener("error", () => told++, { once: true }); same((await first(w.port)).data, "after", "it goes on"); same(told, 0, "not told");
  },
  async unparsable() { // R-ER-06: a plain event, for what does not parse and for what a module imports in vain
    for (const [source, type] of [["let let", "classic"], ["import './x.js'", "classic"], ["let let", "module"], ["import 'data:text/plain,x'", "module"]]) {
      const { constructor, message } = await next(new Worker(url_of(source), { type }), "error");
      same(constructor, Event, source); same(message, undefined, type);
    }
  },
  async nested() { // R-CL-02: a shared worker and its dedicated worker share
    const w = new SharedWorker(url_of(`onconnect = ({ ports: [p] }) => { const cells = new Int32Array(new SharedArrayBuffer(4)), d = new Worker(URL.createObjectURL(new Blob(["onmessage = ({ data }) => { Atomics.store(data, 0, 9); postMessage(0); }"])));
      d.onmessage = () => p.postMessage(cells[0]); d.postMessage(cells); }`));
    same((await first(w.port)).data, 9, "one cluster");
  },
  async opaque() { // R-SW-08: matched by the page's key, though its own origin is opaque
    const url = "data:text/javascript," + encodeURIComponent("let n = 0; onconnect = ({ ports: [p] }) => p.postMessage(++n + origin)");
    same((await first(new SharedWorker(url).port)).data, "1null", "one"); same((await first(new SharedWorker(url).port)).data, "2null", "the same");
  },
};
let current;
(async () => {
  for (const [name, test] of Object.entries(tests)) {
    current = name;
    try { await test(); } catch (e) { throw new Error(name + ": " + (e && e.message) + "\n" + (e && e.stack)); }
  }
  current = null;
  if (checks < 60) throw new Error("too few checks: " + checks);
  console.log("shared");
})();
setTimeout(() => { if (current) throw new Error(current + " waits for ever"); }, 1e6);
