// Ends a worker whose heap holds about 100 MiB, exactly when the wall clock passes a whole millisecond.
const now = self.performance ? () => performance.now() : Date.now;
const worker = new Worker('./big-heap.js');
worker.onmessage = () => {
  console.log('figure heap-full 1');
  setTimeout(() => {
    const last = Date.now();
    let at;
    while ((at = Date.now()) === last);
    const begin = now();
    worker.terminate();
    const spent = now() - begin;
    console.log(`figure terminate-returns-us ${spent * 1000}`);
    console.log(`figure terminated-at-ms ${at}`);
    setTimeout(() => console.log('figure end 1'), 400);
  }, 400);
};
worker.postMessage(0);
