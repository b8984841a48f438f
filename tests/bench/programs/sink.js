// Counts messages; answers the one that says how many there were.
let count = 0;
self.onmessage = (event) => {
  count++;
  if (event.data === 'end') {
    self.postMessage(count);
    count = 0;
  }
};
