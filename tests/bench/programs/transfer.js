// Round trips of a transferred buffer of 1 KiB and of 1 MiB, in turns: where nothing is copied they take the same time.
const now = () => performance.now();
const worker = new Worker('./echo-buffer.js');
const sizes = [1024, 1024 * 1024], spent = [[], []], rounds = 20, trips = 200;
let turn = 0, left = trips, begin = 0;
function median(list) {
  return list.sort((a, b) => a - b)[list.length >> 1];
}
worker.onmessage = (event) => {
  if (--left) {
    worker.postMessage(event.data, [event.data]);
    return;
  }
  spent[turn & 1].push(now() - begin);
  if (event.data.byteLength !== sizes[turn & 1]) throw new Error('wrong size');
  left = trips;
  if (++turn < 2 * rounds) {
    next();
    return;
  }
  console.log(`figure transfer-1KiB-us ${median(spent[0]) / trips * 1000}`);
  console.log(`figure transfer-1MiB-us ${median(spent[1]) / trips * 1000}`);
  worker.terminate();
};
function next() {
  const buffer = new ArrayBuffer(sizes[turn & 1]);
  begin = now();
  worker.postMessage(buffer, [buffer]);
}
next();
