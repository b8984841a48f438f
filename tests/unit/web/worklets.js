// Worklets of four kinds. A failed check is an uncaught error.
/* shows R-AG-05, R-AG-21, R-EXP-06, R-EXP-07, R-EXP-12, R-SAB-28, R-WT-01, R-WT-03 */
let checks = 0;
const same = (actual, expected, what) => {
  checks++;
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
};
const later = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const next = (target, type = "message") => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
const rejected = async (promise, name, what) => {
  same(promise instanceof Promise, true, what + ": a promise");
  try { await promise; } catch (e) { same(e.name, name, what); return e; }
  same("fulfilled", "rejected", what);
};
const refused = (action, name, what) => { try { action(); } catch (e) { same(e.name, name, what); return; } same("accepted", "refused", what); };
const url_of = (source) => URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
const audio = async (source) => { const context = new AudioContext(); await context.audioWorklet.addModule(url_of(source)); return context; };
const probe = `class extends AudioWorkletProcessor { constructor(o) { super(); this.o = o; this.port.onmessage = ({ data }) => this.port.postMessage(eval(data)); } process(i, o, p) { this.last = [i, o, p]; return true; } }`;
const ask = (node, text) => { const answer = next(node.port); node.port.start(); node.port.postMessage(text); return answer.then((e) => e.data); };

const tests = {
  async modules() { // R-WT-01
    const { paintWorklet, layoutWorklet, animationWorklet } = CSS;
    same(CSS.paintWorklet, paintWorklet, "same object"); same(String(paintWorklet), "[object Worklet]", "tag"); same(String(new AudioContext().audioWorklet), "[object AudioWorklet]", "tag");
    same(await paintWorklet.addModule(url_of("")), undefined, "undefined"); await layoutWorklet.addModule(url_of("")); await animationWorklet.addModule(url_of(""));
    await rejected(paintWorklet.addModule(), "TypeError", "no address"); await rejected(paintWorklet.addModule("http://:"), "SyntaxError", "no URL");
    await rejected(paintWorklet.addModule("nothing.js"), "AbortError", "nothing there"); await rejected(paintWorklet.addModule(url_of("let let")), "SyntaxError", "no script");
    await rejected(paintWorklet.addModule(url_of(""), { credentials: "other" }), "TypeError", "credentials"); await rejected(Worklet.prototype.addModule.call({}, ""), "TypeError", "brand");
    await rejected(paintWorklet.addModule(url_of("import 'https://scenario.test/nothing.js'")), "TypeError", "an import that is not there");
  },
  async scopes() {
    const names = []; const channel = url_of(`registerPaint("p", class { paint() { return heddle.whoami(); } })`);
    await CSS.paintWorklet.addModule(channel); await CSS.paintWorklet.addModule(channel); // run once
    const a = await heddle.paint("p"), b = await heddle.paint("p"), c = await heddle.paint("p"), me = heddle.whoami();
    same(a.id === b.id, false, "two agents"); same(a.id, c.id, "in turns"); same(a.cluster, me.cluster, "R-AG-21"); same(a.canBlock, false, "R-AG-05"); same(a.kind, "worklet", "kind");
    await rejected(heddle.paint("none"), "InvalidStateError", "not registered");
  },
  async names() { // R-WT-03
    await CSS.paintWorklet.addModule(url_of(`const out = {}, tried = (f) => { try { f(); return "fine"; } catch (e) { return e.name; } };
      class P { paint() { return out; } }
      out.self = typeof self; out.timer = typeof setTimeout; out.fetch = typeof fetch; out.micro = typeof queueMicrotask; out.worker = typeof Worker; out.port = typeof MessagePort; out.listen = typeof addEventListener;
      out.strict = (function () { return this; })() === undefined; out.tag = String(globalThis); out.empty = tried(() => registerPaint("", P)); out.nothing = tried(() => registerPaint("q"));
      out.object = tried(() => registerPaint("q", {})); out.method = tried(() => registerPaint("q", class {})); registerPaint("names", P); out.twice = tried(() => registerPaint("names", P)); out.wait = tried(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0));
      import("x").catch((e) => { out.import = e.name; });`));
    const out = await heddle.paint("names");
    for (const gone of ["self", "timer", "fetch", "micro", "worker", "port", "listen"]) same(out[gone], "undefined", gone);
    same(out.strict, true, "strict"); same(out.tag, "[object PaintWorkletGlobalScope]", "tag"); same(out.empty, "TypeError", "empty name"); same(out.nothing, "TypeError", "nothing"); same(out.object, "TypeError", "no class"); same(out.method, "TypeError", "no paint");
    same(out.twice, "InvalidModificationError", "duplicate"); same(out.wait === "fine", false, "R-AG-09"); same(out.import, "TypeError", "R-EXP-12");
  },
  async others() {
    await CSS.layoutWorklet.addModule(url_of(`registerLayout("l", class { async intrinsicSizes() {} layout(x) { return x * 2; } })`)); same(await heddle.layout("l", 4), 8, "layout");
    await CSS.animationWorklet.addModule(url_of(`registerAnimator("a", class { animate(t) { return t + 1; } }); try { registerAnimator("a", class { animate() {} }); } catch (e) { registerAnimator("b", class { animate() { return e.name; } }); }`));
    same(await heddle.animate("a", 5), 6, "animate"); same(await heddle.animate("b"), "NotSupportedError", "duplicate");
  },
  async processors() {
    const context = await audio(`registerProcessor("probe", ${probe}); const t = (f) => { try { f(); return "fine"; } catch (e) { return e.name; } }, P = class extends AudioWorkletProcessor { process() {} };
      const d = (list) => class extends P { static get parameterDescriptors() { return list; } };
      globalThis.results = [t(() => registerProcessor("", P)), t(() => registerProcessor("probe", P)), t(() => registerProcessor("x", {})), t(() => registerProcessor("x", d([{ name: "a" }, { name: "a" }]))), t(() => registerProcessor("x", d([{ name: "a", defaultValue: 2, maxValue: 1 }]))), t(() => registerProcessor("x", P)), t(() => new P())].join();
      registerProcessor("gain", class extends AudioWorkletProcessor { static get parameterDescriptors() { return [{ name: "gain", defaultValue: 1, minValue: 0, maxValue: 5, automationRate: "k-rate" }]; } process(i, o, { gain }) { this.port.postMessage(gain[0]); return true; } });`);
    refused(() => new AudioWorkletNode(context, "none"), "InvalidStateError", "not registered"); refused(() => new AudioWorkletNode({}, "probe"), "TypeError", "a context"); refused(() => new AudioWorkletNode(context, "probe", { numberOfInputs: 0, numberOfOutputs: 0 }), "NotSupportedError", "no ends");
    const node = new AudioWorkletNode(context, "probe", { numberOfOutputs: 2, outputChannelCount: [1, 2], processorOptions: { x: [1] } });
    same(await ask(node, "results"), "NotSupportedError,NotSupportedError,TypeError,NotSupportedError,InvalidStateError,fine,TypeError", "register");
    same((await ask(node, "this.o")).processorOptions.x[0], 1, "options"); same(await ask(node, "sampleRate"), 48000, "rate"); same(await ask(node, "String(globalThis)"), "[object AudioWorkletGlobalScope]", "tag"); same(await ask(node, "typeof MessagePort"), "function", "R-EXP-06");
    await heddle.render(context, 2); same(await ask(node, "currentFrame"), 256, "frames"); same(await ask(node, "this.last[1].map((o) => o.length).join()"), "1,2", "channels"); same(await ask(node, "this.last[1][1][1].length"), 128, "quantum"); same(context.currentTime, 256 / 48000, "time");
    const gain = new AudioWorkletNode(context, "gain", { parameterData: { gain: 2 } }), seen = []; gain.port.onmessage = (e) => seen.push(e.data);
    await heddle.render(context, 1); gain.parameters.get("gain").value = 9; same(gain.parameters.get("gain").value, 5, "in its range"); await heddle.render(context, 1); await later(); same(seen.join(), "2,5", "values"); same(gain.parameters.get("gain").automationRate, "k-rate", "rate");
    await context.suspend(); same(context.state, "suspended", "state"); refused(() => heddle.render(context, 1), "InvalidStateError", "suspended"); await context.resume(); await context.close(); await rejected(context.close(), "InvalidStateError", "closed");
  },
  async failing() {
    const context = await audio(`registerProcessor("once", class extends AudioWorkletProcessor { process() { this.port.postMessage("called"); return false; } });
      registerProcessor("throws", class extends AudioWorkletProcessor { process() { throw new RangeError("no sound"); } }); registerProcessor("born", class extends AudioWorkletProcessor { constructor() { throw new Error("dead"); } });`), got = [];
    const once = new AudioWorkletNode(context, "once"); once.port.onmessage = (e) => got.push(e.data); await heddle.render(context, 3); await later(); same(got.length, 1, "false ends it");
    const bad = new AudioWorkletNode(context, "throws"), told = next(bad, "processorerror"); await heddle.render(context, 3); const e = await told; same(e instanceof ErrorEvent, true, "ErrorEvent"); same(e.message, "RangeError: no sound", "message");
    same((await next(new AudioWorkletNode(context, "born"), "processorerror")).message, "Error: dead", "constructor");
  },
  async memory() { // R-SAB-28
    const context = await audio(`registerProcessor("m", class extends AudioWorkletProcessor { constructor({ processorOptions: c }) { super(); Atomics.store(c, 0, 7); this.port.onmessage = ({ data }) => { Atomics.store(data, 0, 8); this.port.postMessage(0); }; } process() { return true; } })`);
    const cells = new Int32Array(new SharedArrayBuffer(4)), node = new AudioWorkletNode(context, "m", { processorOptions: cells }); await heddle.render(context, 1); same(cells[0], 7, "options");
    const answer = next(node.port); node.port.start(); node.port.postMessage(cells); await answer; same(cells[0], 8, "port");
    const p = next(context.audioWorklet.port); context.audioWorklet.port.start(); await context.audioWorklet.addModule(url_of(`port.postMessage("global port " + (origin => origin)(1))`)); same((await p).data, "global port 1", "the scope's own port");
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
  console.log("worklets");
})();
setTimeout(() => { if (current) throw new Error(current + " waits for ever"); }, 1e6);
