// 41 idle worker(s): says when each has answered once, then stays for its memory to be read.
const count = 41;
let answered = 0;
globalThis.workers = [];
for (let i = 0; i < count; i++) {
  const worker = new Worker('./echo.js');
  worker.onmessage = () => {
    if (++answered === count) console.log(`figure idle ${count}`);
  };
  worker.postMessage(i);
  workers.push(worker);
}
setTimeout(() => {}, 60000);
