// One of the two players of a ping-pong with wait and notify. cells: [turn, stop]. The first player counts and ends the game.
self.onmessage = (event) => {
  const { shared, offset, player, time } = event.data;
  const cells = new Int32Array(shared, offset, 2);
  const now = () => performance.now();
  const mine = player, other = 1 - player;
  let trips = 0, begin = now(), t = begin;
  for (;;) {
    while (Atomics.load(cells, 0) !== mine) Atomics.wait(cells, 0, other);
    if (Atomics.load(cells, 1)) break;
    trips++;
    if (mine === 0 && (trips & 15) === 0) {
      t = now();
      if (t - begin >= time) Atomics.store(cells, 1, 1);
    }
    Atomics.store(cells, 0, other);
    Atomics.notify(cells, 0);
  }
  Atomics.store(cells, 0, other);
  Atomics.notify(cells, 0);
  self.postMessage(mine === 0 ? trips / (t - begin) * 1000 : 0);
};
