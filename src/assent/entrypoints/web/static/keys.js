import { closePanels, detail, openPanel, shown } from "./detail.js";
import { move, openSelected, selected, showHeld, togglePick, unpick } from "./inbox.js";
import { isResting, rest } from "./lock.js";
import { readOn } from "./reading.js";

const GO_MS = 1_000;
let going = 0;

const help = () => document.getElementById("help");
const showHelp = () => help()?.showModal();

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => act("approve"),
  r: () => act("reject"),
  m: () => act("modify"),
  d: () => act("delay"),
  f: () => act("refer"),
  " ": readOn,
  x: togglePick,
  n: showHeld,
};

const GO = { i: "/", c: "/changes", q: "/queue", a: "/activity" };

const INBOX = { keys: KEYS, repeating: ["j", "k", " "], escape: leave };
let now = INBOX;

// A page with keys of its own brings them, which of them may repeat, and what Escape does.
export function startKeys(page = INBOX) {
  now = page;
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) showHelp();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-verdict]")) rest();
  }, true);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    if (!help()?.open) now.escape();
    return;
  }
  if (isTyping(event.target) || help()?.open) return;
  const deed = chosen(event);
  if (!deed) return;
  event.preventDefault();
  deed();
}

function chosen(event) {
  if (event.key === "Enter") return enter(event);
  if (event.key === " " && !isReading(event)) return null;
  if (event.key === "g") {
    if (event.repeat) return null;
    return () => (going = event.timeStamp);
  }
  if (going && event.timeStamp - going < GO_MS && event.key in GO) {
    return () => location.assign(GO[event.key]);
  }
  going = 0;
  // Moving may repeat; nothing that decides may.
  if (event.repeat && !now.repeating.includes(event.key)) return null;
  if (event.key === "?") return showHelp;
  return Object.hasOwn(now.keys, event.key) ? now.keys[event.key] : null;
}

function enter(event) {
  const onPage = event.target === document.body || event.target.matches(".rows .title");
  return onPage && !event.repeat && selected() ? openSelected : null;
}

// Space presses what has the focus, and scrolls only where that cannot be pressed.
function isReading(event) {
  return !event.shiftKey && !event.target.matches("button, summary, input, a:not(.title)");
}

function isTyping(element) {
  return element.matches("input:not([type=checkbox]), textarea, select");
}

function leave() {
  if (closePanels()) return;
  if (document.querySelector(".rows") && unpick()) return;
  selected()?.querySelector(".title").focus();
}

function act(verdict) {
  const button = document.querySelector(`[data-act="${verdict}"]`);
  if (!button || !mayDecide()) return;
  if (button.dataset.panel) openPanel(button.dataset.panel);
  else button.form.requestSubmit();
}

// A key decides only what is on show, has been for a moment, and is what the list says.
function mayDecide() {
  if (isResting() || detail().dataset.ready !== "yes" || detail().dataset.sending === "yes") {
    return false;
  }
  const row = selected();
  const number = shown()?.dataset.number;
  return !row || !number || row.dataset.numbers.split(" ").includes(number);
}
