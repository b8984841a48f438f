// One number to a worker and back, again and again.
const now = () => performance.now();
const worker = new Worker('./echo.js');
const warm = 150, time = 400;
let trips = 0, begin = 0, start = 0;
worker.onmessage = () => {
  trips++;
  if ((trips & 15) === 0) {
    const t = now();
    if (!begin) {
      start ||= t;
      if (t - start >= warm) { begin = t; trips = 0; }
    } else if (t - begin >= time) {
      console.log(`figure message-round-trips-per-s ${trips / (t - begin) * 1000}`);
      worker.terminate();
      return;
    }
  }
  worker.postMessage(trips);
};
worker.postMessage(0);
