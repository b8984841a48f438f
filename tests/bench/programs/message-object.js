// Objects of about 1 KiB to a worker: ten properties, text, numbers and a list.
const now = () => performance.now();
const worker = new Worker('./sink.js');
const warm = 5000, count = 60000;
const object = {
  id: 1, kind: 'order', open: true, price: 12.5, customer: { name: 'Ada', city: 'London' },
  items: [1, 2, 3, 4, 5, 6, 7, 8], note: null, text: 'x'.repeat(420), more: 'y'.repeat(420), end: 'z',
};
let begin = 0;
function send(n) {
  for (let i = 1; i < n; i++) {
    object.id = i;
    worker.postMessage(object);
  }
  worker.postMessage('end');
}
worker.onmessage = (event) => {
  if (event.data === warm) {
    begin = now();
    send(count);
  } else {
    console.log(`figure objects-per-s ${count / (now() - begin) * 1000}`);
    worker.terminate();
  }
};
send(warm);
