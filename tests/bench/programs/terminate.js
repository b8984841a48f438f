// Ends a worker whose heap holds about 100 MiB. The call lies between two steps of the clock, so that its time is rounded up to the
// clock's grain (heddle's: 5 µs).
function step() {
  const last = performance.now();
  for (let t; ;) if ((t = performance.now()) !== last) return t;
}
const worker = new Worker('./big-heap.js');
worker.onmessage = () => {
  console.log('figure heap-full 1');
  setTimeout(() => {
    const begin = step();
    worker.terminate();
    const end = step();
    console.log(`figure terminate-returns-us ${(end - begin) * 1000}`);
    console.log(`figure terminated-at-ms ${performance.timeOrigin + begin}`);
    setTimeout(() => console.log('figure end 1'), 400);
  }, 400);
};
worker.postMessage(0);
