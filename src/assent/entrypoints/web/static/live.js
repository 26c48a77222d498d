// One stream for all tabs of this browser: a browser opens only six connections to one server,
// so the tab that holds the lock listens, and passes on to the others what it hears.

const AGAIN_MS = 5_000;

export function watch(after, { status, change, again }) {
  const channel = new BroadcastChannel("assent");
  let last = after;

  function hear(message) {
    if (message.kind === "status") {
      status(message.word);
      return;
    }
    if (message.seq <= last) return;
    last = message.seq;
    if (message.kind === "again") again();
    else change(message.data);
  }

  function tell(message) {
    hear(message);
    channel.postMessage(message);
  }

  channel.addEventListener("message", (event) => {
    if (event.data.kind === "who") {
      if (source) channel.postMessage({ kind: "status", word: word(source) });
    } else {
      hear(event.data);
    }
  });

  let source = null;
  status("connecting");
  channel.postMessage({ kind: "who" });

  function listen() {
    source = new EventSource(`/events?after=${last}`);
    source.addEventListener("open", () => tell({ kind: "status", word: "live" }));
    source.addEventListener("error", () => {
      tell({ kind: "status", word: word(source) });
      // The browser itself tries again after a lost connection, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
    });
    source.addEventListener("change", (event) => {
      tell({ kind: "change", seq: Number(event.lastEventId), data: JSON.parse(event.data) });
    });
    source.addEventListener("again", (event) => {
      tell({ kind: "again", seq: Number(event.lastEventId) });
    });
  }

  navigator.locks.request("assent-live", () => {
    listen();
    // The lock is held as long as this page lives.
    return new Promise(() => {});
  });
}

function word(source) {
  return { 0: "reconnecting", 1: "live", 2: "offline" }[source.readyState];
}
