// `count` idle worker(s): says when each has answered once, then stays for its memory to be read. The bench puts `const count = …` in
// front.
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
