// What race detection costs: accesses of a block that another agent knows, plain JavaScript, and two agents on blocks of their own.
const now = () => performance.now();
const cells = new Int32Array(new SharedArrayBuffer(1 << 14)), bytes = new Uint8Array(new SharedArrayBuffer(1 << 12));
new MessageChannel().port1.postMessage([cells, bytes]); // shared from here on

const loops = {
  read(n) { for (let i = 0; i < n; i++) cells[i & 4095]; },
  write(n) { for (let i = 0; i < n; i++) cells[i & 4095] = i; },
  increment(n) { for (let i = 0; i < n; i++) cells[i & 4095]++; },
  byte(n) { for (let i = 0; i < n; i++) bytes[i & 4095] = i; },
  load(n) { for (let i = 0; i < n; i++) Atomics.load(cells, i & 4095); },
  store(n) { for (let i = 0; i < n; i++) Atomics.store(cells, i & 4095, i); },
  add(n) { for (let i = 0; i < n; i++) Atomics.add(cells, i & 4095, 1); },
};
// Many short slices, of which the middle one counts: whatever interrupts one does not touch the others.
function middle(slices, action) {
  const times = Array.from({ length: slices }, () => {
    const begin = now();
    action();
    return now() - begin;
  });
  return times.sort((a, b) => a - b)[slices >> 1];
}
for (const [name, loop] of Object.entries(loops)) {
  loop(50000);
  console.log(`figure ${name}-ns ${middle(31, () => loop(20000)) * 50}`);
}

function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
function sort() {
  const values = Array.from({ length: 20000 }, (_, i) => (i * 7919) % 20011);
  return values.sort((a, b) => a - b).map(value => ({ value })).filter(({ value }) => value % 3).length;
}
console.log(`figure pure-ms ${middle(11, () => { fib(20); sort(); })}`);

const source = `onmessage = ({ data: cells }) => {
  const begin = performance.now();
  for (let i = 0; i < 200000; i++) { cells[i & 1023] = i; Atomics.add(cells, 1024, 1); }
  postMessage(performance.now() - begin);
};`;
const url = URL.createObjectURL(new Blob([source]));
function apart(count) {
  return Promise.all(Array.from({ length: count }, () => new Promise(resolve => {
    const worker = new Worker(url);
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(new Int32Array(new SharedArrayBuffer(1 << 13)));
  }))).then(times => Math.max(...times));
}
(async () => { // in turns, and the middle of each
  const one = [], two = [];
  for (let i = 0; i < 5; i++) {
    one.push(await apart(1));
    two.push(await apart(2));
  }
  const [alone, both] = [one, two].map(times => times.sort((a, b) => a - b)[2]);
  console.log(`figure apart-ratio ${both / alone}`);
})();
