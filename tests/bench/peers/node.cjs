// Gives Node the web's Worker and a worker's global scope: node --require THIS PROGRAM. Worker threads load it as well.
const { Worker: Thread, isMainThread, parentPort } = require('node:worker_threads');
const { resolve, dirname } = require('node:path');
globalThis.self = globalThis;
if (isMainThread) {
  globalThis.Worker = class {
    constructor(url) { this.thread = new Thread(resolve(dirname(process.argv[1]), url)); }
    set onmessage(listener) { this.thread.on('message', (data) => listener({ data })); }
    postMessage(data, transfer) { this.thread.postMessage(data, transfer); }
    terminate() { this.thread.terminate(); }
  };
} else {
  globalThis.postMessage = (data, transfer) => parentPort.postMessage(data, transfer);
  Object.defineProperty(globalThis, 'onmessage', { set(listener) { parentPort.on('message', (data) => listener({ data })); } });
}
