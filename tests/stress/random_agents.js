// Random agents: they spawn, share, wait, notify, message and terminate each other. Every decision comes from Math.random,
// whose seed is the run's (heddle run --seed N). The run must come to an end by itself: every wait has a time-out.
"use strict";
const program = `
  const random = n => Math.floor(Math.random() * n);
  const children = [];
  let steps = 0, depth, cells, room;
  function spawn() {
    if (depth > 3 || Atomics.add(room, 0, 1) >= 40) return;
    const child = new Worker(self.location.href);
    child.onmessage = ({ data }) => Atomics.add(cells, 3, data.length);
    child.postMessage({ depth: depth + 1, cells, room });
    children.push(child);
  }
  const acts = [
    spawn,
    spawn,
    () => Atomics.wait(cells, random(3), 0, random(20)),
    () => Atomics.waitAsync(cells, random(3), 0, random(20)),
    () => Atomics.notify(cells, random(3), random(4)),
    () => Atomics.add(cells, 4 + random(12), 1),
    () => postMessage(new Array(random(100)).fill(depth)),
    () => children.length && children[random(children.length)].postMessage({ depth, cells, room }),
    () => children.length && children.splice(random(children.length), 1)[0].terminate(),
    () => { const { port1, port2 } = new MessageChannel(); port2.onmessage = () => port2.close(); port1.postMessage(cells); },
    () => new Int32Array(new SharedArrayBuffer(1 << (4 + random(12)))).fill(1),
    () => Array.from({ length: random(2000) }, (_, i) => ({ i })).sort((a, b) => b.i - a.i),
  ];
  function step() {
    acts[random(acts.length)]();
    if (++steps < 40) setTimeout(step, random(5));
    else close();
  }
  onmessage = ({ data }) => {
    if (cells) return;
    ({ depth, cells, room } = data);
    step();
  };
`;
const url = URL.createObjectURL(new Blob([program])); // workers of data: URLs may not pass memory on (R-SAB-12)
const cells = new Int32Array(new SharedArrayBuffer(64)), room = new Int32Array(new SharedArrayBuffer(4));
for (let i = 0; i < 6; i++) new Worker(url).postMessage({ depth: 0, cells, room });
