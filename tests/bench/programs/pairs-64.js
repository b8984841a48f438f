// 64 pair(s) of workers, each playing ping-pong with wait and notify.
const pairs = 64, time = 500;
const shared = new SharedArrayBuffer(pairs * 128);
const workers = [];
let ready = 0, sum = 0, done = 0;
for (let i = 0; i < 2 * pairs; i++) {
  const worker = new Worker('./pair.js');
  worker.onmessage = (event) => {
    if (event.data === 'ready') {
      ready++;
      return;
    }
    sum += event.data;
    if (++done < 2 * pairs) return;
    console.log(`figure pairs-64-round-trips-per-s ${sum}`);
    for (const other of workers) other.terminate();
  };
  worker.postMessage({ shared, offset: (i >> 1) * 128, player: i & 1, time });
  workers.push(worker);
}
