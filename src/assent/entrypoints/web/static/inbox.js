// The list: moving in it, selecting, and what arrives while somebody looks. Nothing in it ever
// moves by itself: new rows wait until they are asked for.

/* global htmx */

import { isPlainClick, load, shown } from "./detail.js";
import { release as unlockKeys } from "./lock.js";

const wide = matchMedia("(min-width: 56rem)");
const held = new Map();
let untouched = true;

const main = () => document.querySelector("main.inbox");
const list = () => document.getElementById("rows");
const rows = () => [...(list()?.querySelectorAll(".row") ?? [])];
const numbersOf = (row) => row.dataset.numbers.split(" ");
const rowOf = (number) => rows().find((row) => numbersOf(row).includes(String(number)));

export const selected = () => list()?.querySelector(".row.is-selected") ?? null;

export function startInbox() {
  if (!main()) return;
  const first = shown() && rowOf(shown().dataset.row);
  if (first && wide.matches) mark(first);
  for (const kind of ["keydown", "pointerdown", "wheel", "touchmove"]) {
    addEventListener(kind, () => (untouched = false), { passive: true });
  }
  document.addEventListener("click", clicked);
  list().addEventListener("change", showPicked);
}

function clicked(event) {
  const title = event.target.closest(".rows .title");
  if (title && wide.matches && isPlainClick(event)) {
    event.preventDefault();
    open(title.closest(".row"), { focus: event.detail === 0 });
  }
  if (event.target.closest("[data-release]")) showHeld();
  if (event.target.closest("[data-unpick]")) unpick();
  const together = event.target.closest("[data-together]");
  if (together && wide.matches && isPlainClick(event)) {
    event.preventDefault();
    unlockKeys();
    load(together.href, { focus: true });
  }
}

// Moving and opening

export function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const index = all.indexOf(selected());
  const next = all[Math.min(all.length - 1, Math.max(0, index + step))] ?? all[0];
  if (next === selected() && shown()) {
    next.querySelector(".title").focus();
    unlockKeys();
    return;
  }
  mark(next);
  next.querySelector(".title").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  if (wide.matches) open(next, { focus: false });
}

export function openSelected() {
  const title = selected()?.querySelector(".title");
  if (!title) return;
  if (wide.matches) open(selected(), { focus: true });
  else location.href = title.href;
}

function open(row, { focus }) {
  mark(row);
  unlockKeys();
  const number = numbersOf(row)[0];
  history.replaceState(null, "", row.closest("#rows") ? `/?at=REQ-${number}` : location.href);
  load(row.querySelector(".title").href, { focus });
}

function mark(row) {
  selected()?.classList.remove("is-selected");
  list().querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
  row.classList.add("is-selected");
  row.querySelector(".title").setAttribute("aria-current", "true");
}

// Selecting several

export function togglePick() {
  const box = selected()?.querySelector(".pick");
  if (!box || box.disabled) return;
  box.checked = !box.checked;
  showPicked();
}

export function unpick() {
  const boxes = [...list().querySelectorAll(".pick:checked")];
  for (const box of boxes) box.checked = false;
  showPicked();
  return boxes.length > 0;
}

function showPicked() {
  const numbers = [...list().querySelectorAll(".pick:checked")].flatMap((box) =>
    numbersOf(box.closest(".row")),
  );
  const bar = document.getElementById("picked");
  bar.hidden = numbers.length === 0;
  bar.querySelector("[data-picked]").textContent = `${numbers.length} selected`;
  bar.querySelector("[data-together]").href = `/together?${numbers
    .map((number) => `n=${number}`)
    .join("&")}`;
}

// What arrives

export function applyChange(request) {
  if (!main()) return;
  const row = rowOf(request.number);
  if (row) change(row, request);
  else if (request.waits) arrive(request);
  else drop(request.number);
}

function change(row, request) {
  const numbers = numbersOf(row);
  if (numbers.length === 1) {
    const fresh = parse(request.row);
    const isSelected = row.classList.contains("is-selected");
    const hadFocus = row.contains(document.activeElement);
    row.replaceWith(fresh);
    if (isSelected) mark(fresh);
    if (hadFocus) fresh.querySelector(".title").focus({ preventScroll: true });
  } else if (!request.waits) {
    shrink(row, numbers.filter((number) => number !== String(request.number)));
  }
  showPicked();
}

function shrink(row, numbers) {
  row.dataset.numbers = numbers.join(" ");
  row.querySelector("[data-times]").textContent = numbers.length > 1 ? `×${numbers.length}` : "";
  row.querySelector(".name").textContent = `REQ-${numbers[0]}`;
  row.querySelector(".title").href =
    numbers.length > 1
      ? `/together?${numbers.map((number) => `n=${number}`).join("&")}`
      : `/requests/REQ-${numbers[0]}`;
}

function arrive(request) {
  if (list().dataset.last !== "yes") return; // it belongs to a later page
  if (rows().length === 0 || (untouched && main().dataset.arriving === "yes")) {
    main().dataset.arriving = "yes";
    append(request.row);
  } else {
    held.set(request.number, request.row);
    showHeldCount();
  }
}

function drop(number) {
  if (held.delete(number)) showHeldCount();
}

function showHeldCount() {
  const place = document.getElementById("held");
  place.hidden = held.size === 0;
  place.querySelector("button").textContent = `${held.size} new`;
}

export function showHeld() {
  const button = document.querySelector("[data-release]");
  if (button?.dataset.reload === "yes") location.assign("/");
  if (held.size === 0) return;
  for (const html of held.values()) append(html);
  held.clear();
  showHeldCount();
}

function append(html) {
  list().append(parse(html));
  main().dataset.empty = "no";
}

function parse(html) {
  const place = document.createElement("template");
  place.innerHTML = html;
  const row = place.content.querySelector(".row");
  htmx.process(row);
  return row;
}
