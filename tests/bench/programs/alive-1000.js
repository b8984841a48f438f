// 1,000 workers alive at once: when the last one has answered, each is asked again and must answer again.
const count = 1000;
const now = () => performance.now();
const workers = [];
let answered = 0;
const begin = now();
for (let i = 0; i < count; i++) {
  const worker = new Worker('./echo.js');
  worker.onmessage = () => {
    answered++;
    if (answered === count) {
      console.log(`figure start-1000-ms ${now() - begin}`);
      for (const other of workers) other.postMessage(0);
    } else if (answered === 2 * count) {
      console.log(`figure alive ${count}`);
      for (const other of workers) other.terminate();
    }
  };
  worker.postMessage(i);
  workers.push(worker);
}
