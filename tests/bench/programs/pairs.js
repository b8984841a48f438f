// `count` pair(s) of workers, each playing ping-pong with wait and notify. For `time` ms; the bench puts both in
// front.
const shared = new SharedArrayBuffer(count * 128);
const workers = [];
let sum = 0, done = 0;
for (let i = 0; i < 2 * count; i++) {
  const worker = new Worker('./pair.js');
  worker.onmessage = (event) => {
    sum += event.data;
    if (++done < 2 * count) return;
    console.log(`figure round-trips-per-s ${sum}`);
    console.log(`figure trips ${sum * time / 1000}`);
    for (const other of workers) other.terminate();
  };
  worker.postMessage({ shared, offset: (i >> 1) * 128, player: i & 1, time });
  workers.push(worker);
}
