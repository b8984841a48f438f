// cells: [gate, waiting, awake, all awake, next place, places...]. Waits twice: for all at once, then in turn.
self.onmessage = (event) => {
  const { shared, id, count } = event.data;
  const cells = new Int32Array(shared);
  for (let round = 0; round < event.data.rounds; round++) {
    Atomics.add(cells, 1, 1);
    Atomics.wait(cells, 0, round);
    if (Atomics.add(cells, 2, 1) === count - 1) {
      Atomics.store(cells, 3, round + 1);
      Atomics.notify(cells, 3);
    }
  }
  for (let turn; (turn = Atomics.load(cells, 4)) !== id + 1;) Atomics.wait(cells, 4, turn);
  Atomics.add(cells, 1, 1);
  Atomics.wait(cells, 5, 0);
  cells[8 + Atomics.add(cells, 6, 1)] = id;
  Atomics.notify(cells, 6);
};
