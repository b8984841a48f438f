// 100 workers, from the first constructor call until each has answered.
const count = 100;
const now = () => performance.now();
const workers = [];
let answered = 0;
const begin = now();
for (let i = 0; i < count; i++) {
  const worker = new Worker('./echo.js');
  worker.onmessage = () => {
    if (++answered < count) return;
    console.log(`figure start-100-ms ${now() - begin}`);
    for (const other of workers) other.terminate();
  };
  worker.postMessage(i);
  workers.push(worker);
}
