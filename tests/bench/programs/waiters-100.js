// 100 waiters on one cell: from notify until the last of them is awake; then one notify at a time wakes them in the order of waiting.
const count = 100, rounds = 9;
const now = () => performance.now();
const shared = new SharedArrayBuffer(4 * (8 + count));
const cells = new Int32Array(shared);
const workers = [];
function until(index, value) {
  for (let seen; (seen = Atomics.load(cells, index)) < value;) Atomics.wait(cells, index, seen, 1);
}
function settle(ms) {
  Atomics.wait(cells, 7, 0, ms);
}
for (let id = 0; id < count; id++) {
  const worker = new Worker('./waiter.js');
  worker.postMessage({ shared, id, count, rounds });
  workers.push(worker);
}
// Lets the event loop run once: some peers start workers from it.
setTimeout(() => {
  const spent = [];
  for (let round = 0; round < rounds; round++) {
    until(1, count);
    settle(20);
    Atomics.store(cells, 1, 0);
    Atomics.store(cells, 2, 0);
    Atomics.store(cells, 0, round + 1);
    const begin = now();
    Atomics.notify(cells, 0);
    while (Atomics.load(cells, 3) !== round + 1) Atomics.wait(cells, 3, round);
    spent.push(now() - begin);
  }
  spent.sort((a, b) => a - b);
  console.log(`figure waiters-awake-us ${spent[rounds >> 1] * 1000}`);
  Atomics.store(cells, 1, 0);
  for (let id = 0; id < count; id++) {
    Atomics.store(cells, 4, id + 1);
    Atomics.notify(cells, 4);
    until(1, id + 1);
    settle(1);
  }
  settle(20);
  for (let i = 0; i < count; i++) {
    Atomics.notify(cells, 5, 1);
    while (Atomics.load(cells, 6) === i) Atomics.wait(cells, 6, i);
  }
  settle(20);
  let inOrder = 1;
  for (let i = 0; i < count; i++) if (cells[8 + i] !== i) inOrder = 0;
  console.log(`figure waiters-in-order ${inOrder}`);
  for (const worker of workers) worker.terminate();
}, 100);
