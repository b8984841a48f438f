// Random locks and broadcasts across agents: exclusive holders never meet, readers never meet a writer, no broadcast is torn or out of order.
// Every decision comes from Math.random, whose seed is the run's (heddle run --seed N). A failed check is an uncaught error.
"use strict";
const program = `
  const random = (n) => Math.floor(Math.random() * n), names = ["a", "b", "c"], last = new Map();
  let cells, me, steps = 0;
  const check = (ok, what) => { if (!ok) throw new Error(what); };
  const channel = new BroadcastChannel("stress");
  channel.onmessage = ({ data: [from, number, text] }) => {
    check(number > (last.get(from) ?? -1), "out of order"); check(text === "x".repeat(number % 50), "torn"); last.set(from, number);
  };
  async function hold(i, mode) { // cells: writers, readers of each name
    const writers = 2 * i, readers = 2 * i + 1, own = mode === "shared" ? readers : writers;
    Atomics.add(cells, own, 1);
    for (let k = random(4); k >= 0; k--) {
      check(Atomics.load(cells, writers) + Math.min(Atomics.load(cells, readers), 1) === 1, "two holders meet");
      await (random(2) ? null : new Promise((resolve) => setTimeout(resolve, random(3))));
    }
    Atomics.sub(cells, own, 1);
    Atomics.add(cells, 8, 1);
  }
  async function step() {
    const i = random(3), mode = random(2) ? "shared" : "exclusive", options = { mode };
    const kind = random(4);
    if (kind === 0) options.ifAvailable = true;
    if (kind === 1) options.signal = AbortSignal.timeout(random(4));
    channel.postMessage([me, steps, "x".repeat(steps % 50)]);
    await navigator.locks.request(names[i], options, (lock) => lock && hold(i, mode)).catch((e) => check(e.name === "TimeoutError", e.message));
  }
  onmessage = async ({ data }) => {
    [cells, me] = data;
    const lanes = Array.from({ length: 3 }, async () => { while (steps++ < 120) await step(); });
    await Promise.all(lanes);
    navigator.locks.request("left behind " + me, () => new Promise(() => {}));
    postMessage("done");
    close();
  };
`;
const url = URL.createObjectURL(new Blob([program])), cells = new Int32Array(new SharedArrayBuffer(64)), agents = 6;
let done = 0;
for (let me = 0; me < agents; me++) {
  const worker = new Worker(url);
  worker.onmessage = async () => {
    if (++done < agents) return;
    if (cells[8] < 100) throw new Error("too few locks were held: " + cells[8]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    if ((await navigator.locks.query()).held.length) throw new Error("a lock was left behind");
    console.log("no two met");
  };
  worker.postMessage([cells, me]);
}
setTimeout(() => { if (done < agents) throw new Error("somebody waits for ever"); }, 1e6);
