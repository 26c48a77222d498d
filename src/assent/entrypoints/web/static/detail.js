// The request on show: loading it, and its forms.

/* global htmx */

import { release } from "./lock.js";

const SETTLE_MS = 400; // nobody has read what has been on show for less

let loading = null;
let settling = 0;

export const detail = () => document.getElementById("detail");
export const shown = () => document.getElementById("request");

export async function load(url, { focus = false } = {}) {
  loading?.abort();
  const mine = (loading = new AbortController());
  const place = detail();
  place.dataset.ready = "no";
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: mine.signal });
    const text = await answer.text();
    if (mine.signal.aborted) return;
    place.innerHTML = text;
    htmx.process(place);
    arrived(focus);
  } catch (error) {
    if (error.name !== "AbortError") place.textContent = "Assent does not answer. Is it running?";
  }
}

// What arrived has to be on show for a moment before a key can decide it.
function arrived(focus) {
  const place = detail();
  place.scrollTop = 0;
  if (focus) place.querySelector(".ask")?.focus();
  focusOpenPanel();
  place.dataset.ready = "no";
  clearTimeout(settling);
  settling = setTimeout(() => (place.dataset.ready = "yes"), SETTLE_MS);
}

export function refreshDetail(requests) {
  const now = shown();
  if (!now) return;
  const change = requests.find((request) => String(request.number) === now.dataset.number);
  if (!change || change.version <= Number(now.dataset.version)) return;
  if (detail().dataset.sending !== "yes") load(`/requests/${change.name}`);
}

function complain(text) {
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.role = "alert";
  notice.textContent = text;
  shown()?.querySelector(".notice")?.remove();
  shown()?.prepend(notice);
  release();
}

export function openPanel(id) {
  for (const panel of document.querySelectorAll(".panel")) {
    panel.dataset.open = panel.id === id ? "yes" : "no";
  }
  for (const button of document.querySelectorAll("[data-panel]")) {
    button.setAttribute("aria-expanded", String(button.dataset.panel === id));
  }
  focusOpenPanel();
}

export function closePanels() {
  const open = document.querySelector('.panel[data-open="yes"]');
  if (!open) return false;
  openPanel("");
  document.querySelector(`[data-panel="${open.id}"]`)?.focus();
  return true;
}

function focusOpenPanel() {
  document.querySelector('.panel[data-open="yes"] [data-focus]')?.focus();
}

export function startDetail() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-panel]");
    if (opener) {
      const isOpen = document.getElementById(opener.dataset.panel).dataset.open === "yes";
      openPanel(isOpen ? "" : opener.dataset.panel);
    }
    if (event.target.closest("[data-close]")) closePanels();
    const again = event.target.closest("[data-reason]");
    if (again?.matches("button")) {
      const reason = document.getElementById("reason");
      reason.value = again.value;
      reason.focus();
    }
    const link = event.target.closest("a[data-detail]");
    if (link && isPlainClick(event)) {
      event.preventDefault();
      load(link.href);
    }
  });
  document.addEventListener("keydown", sendByKey);
  // Held down, Enter would press whatever button comes under it.
  document.addEventListener("keydown", (event) => {
    if (event.repeat && event.key === "Enter" && !event.target.matches("textarea")) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches("form[data-verdict]")) detail().dataset.sending = "yes";
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.target.matches?.("form[data-verdict]") || !event.target.isConnected) {
      detail().dataset.sending = "no";
    }
  });
  document.addEventListener("htmx:error", () => {
    detail().dataset.sending = "no";
    complain("Assent does not answer, so nothing was decided. Is it running?");
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (detail() && detail().contains(event.target) && !event.target.closest("#preview")) {
      detail().dataset.sending = "no";
      // Nothing was decided: the keys may try again.
      if (detail().querySelector(".notice")) release();
      arrived(false);
    }
  });
}

// Enter sends a reason, as its button says; Shift+Enter is a new line. Ctrl+Enter sends any text.
function sendByKey(event) {
  if (event.key !== "Enter" || event.repeat || event.isComposing) return;
  const text = event.target;
  const plain = text.matches("textarea[data-send]") && !event.shiftKey;
  const forced = text.matches("textarea") && (event.ctrlKey || event.metaKey);
  if (plain || forced) {
    event.preventDefault();
    text.form.requestSubmit();
  }
}

export function isPlainClick(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
