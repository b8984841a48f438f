// Fills about 100 MiB of heap with small objects and then runs on.
self.onmessage = () => {
  const list = [];
  for (let i = 0; i < 100; i++) {
    const part = [];
    for (let k = 0; k < 64; k++) part.push(String.fromCharCode(65 + i % 26).repeat(16380) + k);
    list.push(part);
  }
  self.kept = list;
  self.postMessage('full');
};
