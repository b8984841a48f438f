// Broadcast channels within one agent and to workers. A failed check is an uncaught error.
/* shows R-BC-01, R-BC-02, R-MP-10, R-SAB-27, R-TR-06 */
let checks = 0;
const same = (actual, expected, what) => {
  checks++;
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
};
const later = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const refused = (action, name, what) => {
  try { action(); } catch (e) { same(e.name, name, what); return; }
  same("accepted", "refused", what);
};
const worker = (source) => new Worker("data:text/javascript," + encodeURIComponent(source));
const blob_worker = (source) => new Worker(URL.createObjectURL(new Blob([source])));
const next = (target, type = "message") => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

const tests = {
  async interfaces() {
    const c = new BroadcastChannel(42);
    same(c.name, "42", "the name is a string");
    same(c instanceof EventTarget, true, "EventTarget");
    same(Object.prototype.toString.call(c), "[object BroadcastChannel]", "tag");
    same(c.onmessage, null, "no handler");
    same(BroadcastChannel.length, 1, "length");
    refused(() => new BroadcastChannel(), "TypeError", "a name is required");
    refused(() => BroadcastChannel("x"), "TypeError", "new is required");
    refused(() => c.postMessage(), "TypeError", "a message is required");
    refused(() => c.postMessage(() => 1), "DataCloneError", "functions are not cloned");
    same(new BroadcastChannel("a\0b").name, "a\0b", "any name");
    c.close();
  },
  async fields() { // R-MP-10
    const a = new BroadcastChannel("fields"), b = new BroadcastChannel("fields"), got = [];
    a.onmessage = () => got.push("own");
    b.onmessage = (e) => {
      same(e instanceof MessageEvent, true, "MessageEvent"); same(e.data.x, 1, "data"); same(e.origin, self.origin, "origin");
      same(e.source, null, "source"); same(e.ports.length, 0, "ports"); same(e.lastEventId, "", "lastEventId");
      same(e.isTrusted, true, "trusted"); same(e.target, b, "target"); got.push("other");
    };
    a.postMessage({ x: 1 });
    same(got.length, 0, "not synchronous");
    await later(); same(got.join(), "other", "not the sender, but another object of the same global");
    a.close(); b.close();
  },
  async order() { // one task per destination: by creation within an agent, by post for each
    const channels = Array.from({ length: 4 }, () => new BroadcastChannel("order")), got = [];
    channels.forEach((c, i) => { c.onmessage = (e) => got.push(`${i}${e.data}`); });
    channels[1].postMessage("a"); channels[2].postMessage("b");
    await later(); same(got.join(), "0a,2a,3a,0b,1b,3b", "order");
    for (const c of channels) c.close();
  },
  async closing() {
    const a = new BroadcastChannel("closing"), b = new BroadcastChannel("closing"), got = [];
    b.onmessage = (e) => got.push(e.data);
    a.postMessage(1); b.close(); b.close();
    await later(); same(got.join(), "", "closed before the delivery");
    refused(() => b.postMessage(1), "InvalidStateError", "closed");
    refused(() => b.postMessage(() => 1), "InvalidStateError", "closed comes before the clone");
    a.close();
    const c = new BroadcastChannel("closing"), d = new BroadcastChannel("closing"), e = new BroadcastChannel("closing");
    d.onmessage = (m) => { got.push(m.data); e.close(); }; e.onmessage = () => got.push("never");
    c.postMessage(2); await later(); same(got.join(), "2", "closed by an earlier receiver");
    const self_closing = new BroadcastChannel("x");
    refused(() => self_closing.postMessage({ get x() { self_closing.close(); return () => 1; } }), "DataCloneError", "closed by a getter");
    self_closing.close(); c.close(); d.close();
  },
  async transfer() { // R-TR-06: the second argument is ignored
    const a = new BroadcastChannel("t"), b = new BroadcastChannel("t"), bytes = new ArrayBuffer(8);
    const arrived = next(b);
    a.postMessage(bytes, [bytes]); same(bytes.byteLength, 8, "not detached"); same((await arrived).data.byteLength, 8, "copied");
    refused(() => a.postMessage(new MessageChannel().port1), "DataCloneError", "ports do not travel");
    a.close(); b.close();
  },
  async copies() { // one serialization, every destination rebuilds its own
    const a = new BroadcastChannel("copies"), b = new BroadcastChannel("copies"), c = new BroadcastChannel("copies");
    const both = Promise.all([next(b), next(c)]), big = new Uint8Array(1 << 20).fill(7);
    a.postMessage({ big, again: big });
    const [x, y] = await both;
    same(x.data === y.data, false, "two objects"); same(x.data.big, x.data.again, "identity within one"); same(y.data.big[1000], 7, "bytes");
    x.data.big[0] = 1; same(y.data.big[0], 7, "not shared");
    a.close(); b.close(); c.close();
  },
  async workers() { // across agents, and only within the storage key
    const source = `const c = new BroadcastChannel("w"); c.onmessage = (e) => c.postMessage("echo " + e.data + " " + e.origin); postMessage("ready");`;
    const channel = new BroadcastChannel("w"), got = [], w = blob_worker(source), stranger = worker(source.replace("echo", "strange"));
    channel.onmessage = (e) => got.push(e.data);
    await Promise.all([next(w), next(stranger)]);
    channel.postMessage(1);
    while (!got.length) await later();
    await later(); same(got.join(), "echo 1 " + self.origin, "a data: worker has an origin of its own");
    w.terminate(); await later(); channel.postMessage(2); await later(); same(got.length, 1, "a terminated worker hears nothing");
    stranger.terminate(); channel.close();
  },
  async closing_worker() { // R-BC-01: a closing worker is not eligible, its posts are silent
    const channel = new BroadcastChannel("cw"), got = [];
    channel.onmessage = (e) => got.push(e.data);
    blob_worker(`const c = new BroadcastChannel("cw"); c.postMessage("before"); close(); c.postMessage("after");`);
    while (!got.length) await later();
    await later(); same(got.join(), "before", "after close() nothing is sent");
    channel.close();
  },
  async memory() { // R-SAB-27: the same cluster
    const source = `const c = new BroadcastChannel("m"); c.onmessage = (e) => { Atomics.store(e.data, 0, 5); c.postMessage("stored"); }; postMessage(0);`;
    const channel = new BroadcastChannel("m"), w = blob_worker(source), cells = new Int32Array(new SharedArrayBuffer(4));
    await next(w);
    const answer = next(channel); channel.postMessage(cells); await answer; same(Atomics.load(cells, 0), 5, "shared");
    w.terminate(); channel.close();
  },
  async collected() { // a channel with a listener is kept until it is closed
    if (typeof heddle !== "object") return;
    const got = [], sender = new BroadcastChannel("gc");
    (() => { new BroadcastChannel("gc").onmessage = (e) => got.push(e.data); })();
    for (let i = 0; i < 100; i++) new BroadcastChannel("gc");
    heddle.gc(); sender.postMessage(1); await later(); same(got.join(), "1", "kept by its listener");
    sender.close();
  },
};
let current;
(async () => {
  for (const [name, test] of Object.entries(tests)) {
    current = name;
    try { await test(); } catch (e) { throw new Error(name + ": " + (e && e.message) + "\n" + (e && e.stack)); }
  }
  current = null;
  if (checks < 38) throw new Error("too few checks: " + checks);
  console.log("broadcast");
})();
setTimeout(() => { if (current) throw new Error(current + " waits for ever"); }, 1e6);
