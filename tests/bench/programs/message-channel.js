// Round trips over a MessageChannel whose both ends are in one agent.
const now = () => performance.now();
const { port1, port2 } = new MessageChannel();
const warm = 150, time = 400;
let trips = 0, begin = 0, start = 0;
port2.onmessage = (event) => port2.postMessage(event.data);
port1.onmessage = () => {
  trips++;
  if ((trips & 15) === 0) {
    const t = now();
    if (!begin) {
      start ||= t;
      if (t - start >= warm) { begin = t; trips = 0; }
    } else if (t - begin >= time) {
      console.log(`figure channel-round-trips-per-s ${trips / (t - begin) * 1000}`);
      port1.close();
      return;
    }
  }
  port1.postMessage(trips);
};
port1.postMessage(0);
