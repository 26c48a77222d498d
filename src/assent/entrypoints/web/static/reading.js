// What is on show is told to the server: for how long, and whether its end was on the screen. What
// has to be read before it is approved can be approved from then on.

const LOOK_MS = 250;
const REPORT_MS = 15_000;
const SETTLE_MS = 600; // a key that scrolled to the end does not approve as well

let watched = []; // one for each request on show: { mark, since, told, reached }
let place = null;

const detail = () => document.getElementById("detail");
const isShown = () => document.visibilityState === "visible";

export function startReading() {
  if (!detail()) return;
  begin();
  new MutationObserver(begin).observe(detail(), { childList: true });
  setInterval(look, LOOK_MS);
  addEventListener("scroll", look, { capture: true, passive: true });
  addEventListener("resize", look, { passive: true });
  document.addEventListener("visibilitychange", () => {
    const now = performance.now();
    for (const each of watched) {
      if (isShown()) each.since = now;
      else report(each, { last: true });
    }
  });
  addEventListener("submit", holdBack, true);
}

// The next part of what is on show.
export function readOn() {
  const box = scroller();
  const rest = box.scrollHeight - box.clientHeight - box.scrollTop;
  const covered = document.getElementById("options")?.offsetHeight ?? 0;
  box.scrollBy({ top: Math.min(rest, Math.max(80, box.clientHeight - covered - 48)) });
}

function scroller() {
  const box = detail();
  return box && box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== "visible"
    ? box
    : document.scrollingElement;
}

function begin() {
  const now = document.getElementById("request");
  if (now === place) return;
  for (const each of watched) report(each, { last: true });
  place = now;
  watched = [...(now?.querySelectorAll("[data-end]") ?? [])].map((mark) => ({
    mark,
    since: performance.now(),
    told: 0,
    reached: false,
    known: now.dataset.read === "yes",
  }));
  if (now) settle();
  for (const each of watched) report(each, {});
}

function look() {
  if (!isShown()) return;
  for (const each of watched) {
    const due = performance.now() - each.told > REPORT_MS;
    if (!each.reached && each.mark.dataset.folded !== "yes" && isOnScreen(each.mark)) {
      each.reached = true;
      report(each, {});
    } else if (due && each.told) {
      report(each, {});
    }
  }
}

// Above the options, which lie over what is below them.
function isOnScreen(mark) {
  const { bottom } = mark.getBoundingClientRect();
  const box = detail().getBoundingClientRect();
  const options = document.getElementById("options")?.getBoundingClientRect().top ?? Infinity;
  return bottom > 0 && bottom <= Math.min(innerHeight, box.bottom, options) + 1;
}

async function report(each, { last = false }) {
  const now = performance.now();
  const shown = each.told || last ? now - each.since : 0;
  each.since = now;
  each.told = now;
  const body = new URLSearchParams({ version: each.mark.dataset.version, shown_ms: Math.round(shown) });
  if (each.reached) body.set("read", "yes");
  try {
    const answer = await fetch(`/requests/${each.mark.dataset.name}/opened`, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body,
      keepalive: last,
    });
    if (!answer.ok) return;
    each.known ||= (await answer.json()).read;
  } catch {
    if (each.reached && !each.known) each.reached = false; // the next look tells it again
  }
  if (!last && each.mark.isConnected && isAllRead()) setTimeout(settle, SETTLE_MS);
}

const isAllRead = () =>
  watched.every((each) => each.known || each.mark.dataset.needed !== "yes");

function settle() {
  if (!place?.isConnected) return;
  place.dataset.read = isAllRead() ? "yes" : "no";
  for (const button of document.querySelectorAll("[data-reads]")) {
    button.setAttribute("aria-disabled", String(place.dataset.read !== "yes"));
  }
}

function holdBack(event) {
  if (!event.target.querySelector?.("[data-reads]") || place?.dataset.read === "yes") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  readOn();
}
