// Answers every message with itself.
self.onmessage = (event) => self.postMessage(event.data);
