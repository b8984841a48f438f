// File, FileReader, blob: URLs of workers, navigator. A failed check is an uncaught error.
const equal = heddle.assertEqual;
const thrown = action => { try { action(); } catch (error) { return error.name; } return "nothing"; };
const next = (target, type) => new Promise(done => target.addEventListener(type, done, { once: true }));

(async () => {
  const file = new File(["some ", new Blob(["text"])], "a.txt", { type: "Text/Plain", lastModified: 7 });
  equal([file.name, file.type, file.size, file.lastModified, await file.text()], ["a.txt", "text/plain", 9, 7, "some text"], "attributes");
  equal([file instanceof Blob, file.slice(0, 4) instanceof File, String(file)], [true, false, "[object File]"], "what it is");
  const before = Date.now(), { lastModified } = new File([], "now"), after = Date.now();
  equal([lastModified >= before, lastModified <= after], [true, true], `modified now: ${before} <= ${lastModified} <= ${after}`);
  equal([thrown(() => new File([])), thrown(() => new File("text", "name"))], ["TypeError", "TypeError"], "arguments");
  const copy = structuredClone({ file, blob: file.slice(5) });
  equal([copy.file instanceof File, copy.file.name, copy.file.lastModified, await copy.blob.text()], [true, "a.txt", 7, "text"], "cloned");
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(file);
  port2.start();
  equal((await next(port2, "message")).data.name, "a.txt", "sent");
  port1.close();

  const read = async (method, blob) => {
    const reader = new FileReader(), seen = [];
    for (const type of ["loadstart", "load", "abort", "loadend"]) reader.addEventListener(type, e => seen.push(`${e.type} ${e.loaded}`));
    reader[method](blob);
    equal([reader.readyState, reader.result, thrown(() => reader.readAsText(blob))], [1, null, "InvalidStateError"], "under way");
    await next(reader, "loadend");
    equal(reader.readyState, 2, "done");
    return [reader.result, seen];
  };
  equal(await read("readAsText", file), ["some text", ["loadstart 9", "load 9", "loadend 9"]], "text");
  equal((await read("readAsDataURL", new Blob(["hi"])))[0], "data:application/octet-stream;base64,aGk=", "data URL");
  equal((await read("readAsArrayBuffer", file))[0].byteLength, 9, "bytes");
  equal((await read("readAsBinaryString", new Blob([new Uint8Array([0, 200])])))[0], "\0\u00c8", "binary string");
  const aborted = new FileReader();
  let loaded = false;
  aborted.onload = () => { loaded = true; };
  aborted.readAsText(file);
  aborted.abort();
  equal([aborted.readyState, aborted.result, aborted.error], [2, null, null], "aborted");
  equal(thrown(() => aborted.readAsText("text")), "TypeError", "no Blob");

  const url = URL.createObjectURL(new Blob(["postMessage([location instanceof WorkerLocation, navigator instanceof WorkerNavigator, location.protocol]); close()"]));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  equal((await next(worker, "message")).data, [true, true, "blob:"], "a worker keeps what a blob: URL stood for");
  equal((await next(new Worker(url), "error")).type, "error", "a later one cannot");
  equal(loaded, false, "nothing came after abort");

  equal(navigator instanceof Navigator && !Object.keys(navigator).length && navigator.locks === navigator.locks, true, "navigator");
  equal(Object.isFrozen(navigator.languages) && navigator.languages === navigator.languages, true, "languages");
  equal(thrown(() => Object.getOwnPropertyDescriptor(Navigator.prototype, "userAgent").get.call({})), "TypeError", "not on others");
  equal([thrown(() => postMessage(1, "*", null)), thrown(() => postMessage(1, "*", { length: 0 }))], ["TypeError", "TypeError"], "no transfer list");
  equal(typeof WebAssembly, "undefined", "no stub for programs");
  console.log("all checked");
})();
