// Channels within one agent and ports shipped to a worker. A failed check is an uncaught error.
/* shows R-MP-01, R-MP-05, R-MP-06, R-MP-07, R-MP-08, R-MP-09, R-MP-10, INV-07, INV-14, R-TR-04, R-TR-05, R-TR-07 */
let checks = 0;
const same = (actual, expected, what) => {
  checks++;
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
};
const next = (port, type = "message") => new Promise((resolve) => port.addEventListener(type, resolve, { once: true }));
// The clock is virtual: a second passes at once when nothing else can happen, and is long where the machine is busy.
const later = () => new Promise((resolve) => setTimeout(resolve, 1000));
const refused = (action, what) => {
  try { action(); } catch (e) { same(e.name, "DataCloneError", what); return; }
  same("accepted", "refused", what);
};
const tests = {
  async interfaces() {
    const c = new MessageChannel();
    same(c.port1 instanceof MessagePort, true, "port1"); same(c.port1 instanceof EventTarget, true, "EventTarget"); same(c.port1, c.port1, "same object"); same(c.port1 === c.port2, false, "two ports");
    same(Object.prototype.toString.call(c.port1), "[object MessagePort]", "tag"); same(c.port1.onmessage, null, "no handler");
    try { new MessagePort(); same(0, 1, "constructor"); } catch (e) { same(e instanceof TypeError, true, "illegal constructor"); }
    try { c.port1.postMessage(); same(0, 1, "no argument"); } catch (e) { same(e instanceof TypeError, true, "no argument"); }
  },
  async start() { // R-MP-01, R-MP-10
    const { port1, port2 } = new MessageChannel(), got = [];
    port1.addEventListener("message", (e) => got.push(e.data));
    port2.postMessage(1); port2.postMessage(2);
    await later(); same(got.join(), "", "a listener alone does not start");
    port1.start(); await later(); same(got.join(), "1,2", "start()");
    port2.onmessage = (e) => { same(e.origin, "", "origin"); same(e.source, null, "source"); same(e.ports.length, 0, "ports"); same(e.lastEventId, "", "lastEventId"); same(e.isTrusted, true, "trusted"); got.push(e.data); };
    port1.postMessage("back"); await later(); same(got.join(), "1,2,back", "onmessage starts");
  },
  async order() { // R-MP-05
    const { port1, port2 } = new MessageChannel(), got = [];
    port1.onmessage = (e) => got.push(e.data); for (let i = 0; i < 100; i++) port2.postMessage(i);
    same(got.length, 0, "not synchronous"); await later(); same(got.join(), Array.from({ length: 100 }, (_, i) => i).join(), "order");
  },
  async closing() { // R-MP-07, R-MP-08
    const { port1, port2 } = new MessageChannel(), got = [];
    port1.onmessage = (e) => got.push(e.data); port1.onclose = () => got.push("close"); port2.onclose = () => got.push("own");
    port2.postMessage(1); port2.close(); port2.close(); port2.postMessage(2); port1.postMessage(3); refused(() => port2.postMessage(() => 1), "still serialises");
    await later(); same(got.join(), "1,close", "what was queued, then close"); refused(() => structuredClone(0, { transfer: [port2] }), "closed is detached");
    port1.close(); await later(); same(got.length, 2, "once");
    const idle = new MessageChannel(); let told = 0; idle.port1.onclose = () => told++; idle.port2.close(); await later(); same(told, 1, "close reaches a port that was not started");
    const self = new MessageChannel(), seen = []; self.port1.onmessage = (e) => { seen.push(e.data); self.port1.close(); }; self.port2.postMessage(1); self.port2.postMessage(2); await later(); same(seen.join(), "1,2", "its own queue is still delivered");
  },
  async buffers() {
    const { port1, port2 } = new MessageChannel(), b = new ArrayBuffer(1 << 20); new Uint8Array(b)[77] = 7;
    const arrived = next(port1); port1.start(); port2.postMessage(b, [b]); same(b.byteLength, 0, "detached at once"); same(new Uint8Array((await arrived).data)[77], 7, "moved");
    const e = next(port1); port2.postMessage({ x: 1 }, { transfer: [] }); same((await e).data.x, 1, "options");
  },
  async shipping() { // R-MP-06, R-TR-04: within one agent
    const a = new MessageChannel(), b = new MessageChannel(), got = [];
    for (let i = 0; i < 3; i++) b.port2.postMessage(i);
    const arrived = next(a.port1); a.port1.start();
    a.port2.postMessage("p", [b.port1]); for (let i = 3; i < 6; i++) b.port2.postMessage(i);
    refused(() => a.port2.postMessage(0, [b.port1]), "shipped is detached"); b.port1.postMessage("lost"); b.port1.start(); b.port1.close();
    const e = await arrived; same(e.ports.length, 1, "one port"); same(Object.isFrozen(e.ports), true, "frozen");
    for (let i = 6; i < 9; i++) b.port2.postMessage(i);
    const p = e.ports[0]; same(p === b.port1, false, "a new object"); p.onmessage = (m) => got.push(m.data); b.port2.postMessage(9);
    await later(); same(got.join(), "0,1,2,3,4,5,6,7,8,9", "none lost, in order"); b.port2.onmessage = (m) => got.push(m.data); p.postMessage("back"); await later(); same(got[10], "back", "the other way");
    let closed = 0; b.port2.onclose = () => closed++; p.close(); await later(); same(closed, 1, "close of a shipped pair");
  },
  async again() { // shipped while messages are under way, many times
    const { port1, port2 } = new MessageChannel(), got = []; let port = port1, n = 0;
    for (let hop = 0; hop < 20; hop++) {
      const carrier = new MessageChannel(), arrived = next(carrier.port2); carrier.port2.start();
      if (hop % 3 === 1) port.onmessage = (e) => got.push(e.data); // delivers some here
      for (let i = 0; i < 5; i++) port2.postMessage(n++);
      if (hop % 3 === 1) await later();
      carrier.port1.postMessage(null, [port]); for (let i = 0; i < 5; i++) port2.postMessage(n++);
      port = (await arrived).ports[0];
    }
    port.onmessage = (e) => got.push(e.data); await later(); same(got.length, n, "all"); for (let i = 0; i < n; i++) same(got[i], i, "order");
  },
  async doomed() { // R-TR-05
    const { port1, port2 } = new MessageChannel(); refused(() => port1.postMessage(0, [port1]), "through itself"); let closed = 0; port1.onclose = () => closed++;
    port1.postMessage("lost", [port2]); await later(); same(closed, 1, "the doomed message loses the port"); refused(() => structuredClone(0, { transfer: [port2] }), "shipped");
  },
  async both() { // both ends in one message
    const c = new MessageChannel(), x = new MessageChannel(); x.port1.postMessage("early"); const arrived = next(c.port2); c.port2.start(); c.port1.postMessage({ list: [x.port1, x.port2] }, [x.port2, x.port1]);
    const e = await arrived; same(e.ports[0], e.data.list[1], "list order"); const got = next(e.ports[0]); e.ports[0].start(); same((await got).data, "early", "queued message moved along"); const back = next(e.ports[1]); e.ports[1].start(); e.ports[0].postMessage(5); same((await back).data, 5, "still entangled");
  },
  async worker() { // to another agent and back
    const source = `onmessage = (e) => { const p = e.ports[0]; p.onmessage = (m) => { if (m.data === "give") { postMessage("port", [p]); } else p.postMessage(m.data * 2); }; p.postMessage("here"); };`;
    const w = new Worker("data:text/javascript," + encodeURIComponent(source)), { port1, port2 } = new MessageChannel(), got = [];
    port2.postMessage(20); // before shipping
    port1.onmessage = undefined; port1.onmessage = (e) => got.push(e.data); w.postMessage("take", [port2]); port1.postMessage(1); port1.postMessage(2);
     while (got.length < 4) await later(); same(got.slice(-2).join(), "2,4", "answers in order");
    const back = next(w); port1.postMessage("give"); port1.postMessage(100); const p = (await back).ports[0]; const m = next(p); p.start(); same((await m).data, 100, "what came after it was shipped back"); const reply = []; port1.onmessage = (e) => reply.push(e.data); p.postMessage("home"); await later(); same(reply.join(), "home", "entangled again within one agent");
    let closed = 0; const second = new MessageChannel(); second.port1.onclose = () => closed++; second.port1.start(); w.postMessage(0, [second.port2]); await later(); w.terminate(); while (!closed) await later(); same(closed, 1, "R-MP-07: the worker ends, the twin is told");
  },
  async tangled() { // ends that lie in each other's queues: nobody can reach them any more, and nothing is left behind
    for (let i = 0; i < 3; i++) {
      const a = new MessageChannel(), b = new MessageChannel(), big = new ArrayBuffer(4096);
      b.port2.postMessage(big, [big, a.port1]); a.port2.postMessage("and back", [b.port1]); a.port2.close(); b.port2.close();
    }
    await later(); same(1, 1, "goes on");
  },
  async collected() { // R-MP-09
    if (typeof heddle !== "object" || !heddle.gc) return;
    const got = []; (() => { const c = new MessageChannel(); c.port1.onmessage = (e) => got.push(e.data); c.port2.postMessage(1); })(); heddle.gc(); await later(); same(got.join(), "1", "pending messages keep the port");
    let kept; (() => { const c = new MessageChannel(); c.port1.onmessage = (e) => got.push(e.data); kept = c.port2; })(); heddle.gc(); kept.postMessage(2); await later(); same(got.join(), "1,2", "the twin keeps the listener"); for (let i = 0; i < 1000; i++) new MessageChannel().port1.onmessage = () => {}; heddle.gc();
  },
};
let current;
(async () => {
  for (const [name, test] of Object.entries(tests)) {
    current = name;
    try { await test(); } catch (e) { throw new Error(name + ": " + (e && e.message) + "\n" + (e && e.stack)); }
  }
  current = null;
  if (checks < 200) throw new Error("too few checks: " + checks);
  console.log("delivered");
})();
// The clock is virtual: this is due as soon as nothing else can happen.
setTimeout(() => { if (current) throw new Error(current + " waits for ever"); }, 1e6);
