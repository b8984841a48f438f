// Numbers to a worker, as fast as they go; until the worker has received all of them.
const now = () => performance.now();
const worker = new Worker('./sink.js');
const warm = 20000, count = 400000;
let begin = 0;
function send(n) {
  for (let i = 1; i < n; i++) worker.postMessage(i);
  worker.postMessage('end');
}
worker.onmessage = (event) => {
  if (event.data === warm) {
    begin = now();
    send(count);
  } else {
    console.log(`figure messages-per-s ${count / (now() - begin) * 1000}`);
    worker.terminate();
  }
};
send(warm);
