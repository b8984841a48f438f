// The cost of one Atomics.add and of one plain increment, the loop included.
const now = () => performance.now();
const cells = new Int32Array(new SharedArrayBuffer(64));
function add(n) {
  for (let i = 0; i < n; i++) Atomics.add(cells, 0, 1);
}
function plain(n) {
  for (let i = 0; i < n; i++) cells[1]++;
}
function cost(run, n) {
  run(n / 10);
  const begin = now();
  run(n);
  return (now() - begin) / n * 1e6;
}
console.log(`figure atomics-add-ns ${cost(add, 3000000)}`);
console.log(`figure plain-increment-ns ${cost(plain, 3000000)}`);
