// The review of a change: everything works without this file; with it, by keys and at once.
import { watch } from "./live.js";
import { closePanels, openPanel, startDetail } from "./detail.js";
import { startKeys } from "./keys.js";
import { keepAges } from "./ages.js";
import { showMore, startFiles } from "./diff.js";
import { startSigning } from "./signing.js";
import { startReading } from "./change_reading.js";

const main = document.querySelector("main.review");
const { href } = main.dataset;
let version = Number(main.dataset.version);
let hunk = null; // where the keys are
let line = null;

startSigning();
startDetail();
startFiles(main);
startReading(main);
keepAges();

// Moving

const hunks = () => [...main.querySelectorAll("tbody.hunk")];
const files = () => [...main.querySelectorAll("section.file")];

function go(step) {
  const all = hunks();
  if (all.length === 0) return;
  const at = hunk ? all.indexOf(hunk) : beside(all, step);
  stand(all[Math.min(all.length - 1, Math.max(0, at + step))]);
}

// Before any was chosen, the next hunk is the first that begins below the top of what is on show.
function beside(all, step) {
  if (scrollY < 8) return -1;
  const below = all.findIndex((one) => one.getBoundingClientRect().top > 48);
  if (below < 0) return all.length - 1;
  return step > 0 ? below - 1 : below;
}

function stand(next) {
  hunk?.classList.remove("is-current");
  off();
  hunk = next;
  hunk.classList.add("is-current");
  hunk.scrollIntoView({ block: "start" });
}

function goFile(step) {
  const all = files();
  const here = hunk?.closest("section.file");
  const at = here ? all.indexOf(here) : -1;
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  const first = next?.querySelector("tbody.hunk");
  if (first) stand(first);
  next?.scrollIntoView({ block: "start" });
}

// Long files go on in another table, whose rows belong to the same hunk until the next begins.
function rowsOf(body) {
  const rows = [];
  for (let part = body; part; part = after(part)) {
    if (part !== body && part.classList.contains("hunk")) break;
    rows.push(...part.rows);
  }
  return rows.filter((row) => row.id);
}

function after(part) {
  if (part.nextElementSibling) return part.nextElementSibling;
  const next = part.closest(".patch")?.nextElementSibling;
  return next?.matches(".patch") ? next.querySelector("tbody") : null;
}

function goLine(step) {
  if (!hunk) go(1);
  if (!hunk) return;
  const rows = rowsOf(hunk);
  const at = line ? rows.indexOf(line) : step > 0 ? -1 : rows.length;
  point(rows[Math.min(rows.length - 1, Math.max(0, at + step))]);
}

function point(row) {
  off();
  line = row ?? null;
  line?.classList.add("is-at");
  line?.scrollIntoView({ block: "nearest" });
}

function off() {
  line?.classList.remove("is-at");
  line = null;
}

function hunkOf(row) {
  let part = row.closest("tbody");
  while (part && !part.classList.contains("hunk")) {
    const before = part.closest(".patch")?.previousElementSibling;
    part = part.previousElementSibling ?? (before?.matches(".patch") ? before.querySelector("tbody:last-of-type") : null);
  }
  return part;
}

// Marks

async function mark(value, reason = "") {
  const form = new FormData(document.getElementById("marks"));
  form.set("mark", value);
  if (reason) form.set("reason", reason);
  const told = await post(`${href}/marks`, form);
  if (!told) return false;
  for (const body of hunks()) show(body, told.stances[body.dataset.hunk] ?? "");
  document.getElementById("bar").innerHTML = told.bar;
  stepped(told.version);
  return true;
}

// What this page did is one step. Where there were more, others did something that is not on show,
// and nothing is decided over it: the forms keep the version that was looked at.
function stepped(now) {
  if (now === version + 1) version = now;
  else complain("Somebody else did something here as well.");
  for (const field of document.querySelectorAll('#bar input[name="version"]')) {
    field.value = String(version);
  }
}

function show(body, stance) {
  if (body.dataset.stance === stance) return;
  body.dataset.stance = stance;
  for (const button of body.querySelectorAll(".marks button")) {
    const [word] = button.value.split("-");
    button.setAttribute("aria-pressed", String((stance || "undecide") === word));
  }
}

async function post(address, form) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams(form),
    });
    const told = await answer.json().catch(() => ({ message: "" }));
    if (answer.ok) return told;
    complain(told.message || told.error?.message || "This was not taken. Load the page again.");
  } catch {
    complain("Assent does not answer, so nothing was recorded. Is it running?");
  }
  return null;
}

function complain(text) {
  const place = document.getElementById("moved-on");
  place.querySelector("[data-moved]").textContent = text;
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

async function setMark(stance) {
  const button = hunk?.querySelector(`.marks button[value^="${stance}-"]`);
  if (!button) return;
  if (stance === "reject") await reject(button.value);
  else await mark(button.value);
}

async function reject(value) {
  if (!(await mark(value))) return;
  const panel = document.getElementById("panel-why");
  if (!panel) return;
  panel.elements.mark.value = value;
  panel.querySelector("[data-which]").textContent = nameOf(value);
  openPanel("panel-why");
}

// `session.py −34,6 +37,5`, or the file alone.
function nameOf(value) {
  const place = document.getElementById(value.split("-")[1]);
  const path = place?.closest("section.file").querySelector(".file-head").dataset.path ?? "";
  const where = place?.querySelector(".where")?.textContent ?? "";
  return value.includes("-H") ? `${path.split("/").at(-1)} ${where}` : path;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest('button[name="mark"]');
  if (!button || button.disabled) return;
  event.preventDefault();
  const body = button.closest("tbody.hunk");
  if (body && body !== hunk) {
    hunk?.classList.remove("is-current");
    hunk = body;
    hunk.classList.add("is-current");
  }
  if (button.value.startsWith("reject-")) reject(button.value);
  else mark(button.value);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.matches("[data-why]")) {
    event.preventDefault();
    const { mark: value, reason } = form.elements;
    closePanels();
    await mark(value.value, reason.value);
    return;
  }
  if (form.matches("[data-say-form]")) {
    event.preventDefault();
    send(form);
    return;
  }
  // The same decision is not sent twice.
  if (form.matches("[data-decides]")) {
    if (form.dataset.sent === "yes") event.preventDefault();
    form.dataset.sent = "yes";
  }
});

// Comments

function say() {
  const row = line ?? (hunk && rowsOf(hunk).find((one) => one.matches(".a, .d") || one.querySelector(".a, .d")));
  if (row) sayAt(row);
}

function sayAt(row) {
  if (!document.querySelector("[data-say]")) return;
  unsay();
  const form = document.getElementById("say-template").content.firstElementChild.cloneNode(true);
  const place = placeOf(row);
  form.elements.path.value = place.path;
  form.elements.line.value = place.line;
  form.elements.side.value = place.side;
  form.querySelector("[data-place]").textContent =
    `${place.path}:${place.line}${place.side === "old" ? ", as it was" : ""}`;
  const under = document.createElement("tr");
  under.className = "between is-form";
  const cell = under.insertCell();
  cell.colSpan = row.cells.length;
  cell.append(form);
  row.after(under);
  form.elements.text.focus();
}

function placeOf(row) {
  const found = /^F(\d+)([LO])(\d+)$/.exec(row.id);
  const file = document.getElementById(`F${found[1]}`);
  return {
    path: file.querySelector(".file-head").dataset.path,
    line: found[3],
    side: found[2] === "O" ? "old" : "new",
  };
}

function unsay() {
  const open = document.querySelector(".between.is-form");
  open?.remove();
  return Boolean(open);
}

async function send(form) {
  const told = await post(form.action, new FormData(form));
  if (!told) return;
  stepped(told.version);
  const cell = form.closest("td");
  if (!cell) return;
  cell.parentElement.classList.remove("is-form");
  cell.innerHTML = told.html;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-unsay]")) unsay();
  const link = event.target.closest("[data-say]");
  if (link) {
    event.preventDefault();
    stand(link.closest("tbody.hunk"));
    say();
  }
  const number = event.target.closest("td[data-n]");
  const row = number?.closest(".unified tr, .split tr");
  if (row?.id) {
    history.replaceState(null, "", `#${row.id}`);
    const body = hunkOf(row);
    if (body && body !== hunk) {
      hunk?.classList.remove("is-current");
      hunk = body;
      hunk.classList.add("is-current");
    }
    point(row);
  }
});

// Elsewhere

function openFile() {
  const section = hunk?.closest("section.file");
  const whole = section?.querySelector(".whole");
  if (!whole) return;
  const row = line ?? rowsOf(hunk).find((one) => one.id.includes("L"));
  const number = row ? (/L(\d+)$/.exec(row.id)?.[1] ?? "") : "";
  location.assign(number ? `${whole.href}#L${number}` : whole.href);
}

function act(name) {
  const button = document.querySelector(`#bar [data-act="${name}"]`);
  if (!button) return;
  if (button.dataset.panel) openPanel(button.dataset.panel);
  else button.form.requestSubmit();
}

function leave() {
  if (closePanels() || unsay()) return;
  off();
}

startKeys({
  keys: {
    n: () => go(1),
    p: () => go(-1),
    j: () => goLine(1),
    k: () => goLine(-1),
    "]": () => goFile(1),
    "[": () => goFile(-1),
    y: () => setMark("accept"),
    u: () => setMark("undecide"),
    "-": () => setMark("reject"),
    c: say,
    e: () => hunk && showMore(hunk, rowsOf(hunk), main.dataset),
    o: openFile,
    a: () => act("accept"),
    r: () => act("return"),
  },
  repeating: ["n", "p", "j", "k", "[", "]"],
  escape: leave,
});

// What others do

const light = document.getElementById("live");
watch(Number(light.dataset.after), {
  status(word) {
    light.textContent = word;
    light.dataset.status = word;
  },
  change(data) {
    for (const count of document.querySelectorAll("[data-waiting]")) {
      count.textContent = data.waiting.toLocaleString("en");
      count.hidden = data.waiting === 0;
    }
    const moved = data.changes.find((one) => String(one.number) === main.dataset.change);
    if (moved && moved.version > version) movedOn(moved);
  },
  again() {
    complain("Much has changed.");
  },
});

// What this page itself did comes back as news as well, so a moment passes before it is told.
const SETTLE_MS = 1_000;
let pending = 0;

function movedOn(moved) {
  clearTimeout(pending);
  pending = setTimeout(() => {
    if (moved.version <= version) return;
    const isNew = moved.revision > Number(main.dataset.revision);
    complain(
      isNew
        ? `${moved.name} has a new revision: ${moved.revision}.`
        : `${moved.name} moved on since this page was loaded: it is ${moved.words}.`,
    );
  }, SETTLE_MS);
}
