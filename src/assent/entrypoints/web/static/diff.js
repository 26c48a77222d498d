// The files of a difference: colours when a file comes into view, folded ones when they are asked
// for, and more lines around a hunk.

const MORE = 20; // lines that one press brings on each side
const AT_ONCE = 2; // files that are coloured at the same time
const AHEAD = "400px";

let home = null;
const waiting = [];
let working = 0;

export function startFiles(main) {
  home = main.dataset;
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watcher.unobserve(entry.target);
        if (entry.target.dataset.folded === "no") queueColours(entry.target);
      }
    },
    { rootMargin: AHEAD },
  );
  for (const file of main.querySelectorAll("section.file")) watcher.observe(file);
  main.addEventListener("click", (event) => {
    const link = event.target.closest("[data-show]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    unfold(link);
  });
}

async function unfold(link) {
  const file = link.closest("section.file");
  link.textContent = "Loading…";
  const answer = await fetch(
    `${home.href}/files/${file.dataset.file}/diff?revision=${home.revision}&view=${home.view}`,
  ).catch(() => null);
  if (!answer?.ok) {
    link.textContent = "This could not be loaded. Try again";
    return;
  }
  const place = document.createElement("template");
  place.innerHTML = await answer.text();
  file.dataset.folded = "no";
  link.closest("p").replaceWith(place.content);
  queueColours(file);
}

function queueColours(file) {
  waiting.push(file);
  colourNext();
}

async function colourNext() {
  while (working < AT_ONCE && waiting.length > 0) {
    working += 1;
    colour(waiting.shift()).finally(() => {
      working -= 1;
      colourNext();
    });
  }
}

async function colour(file) {
  const answer = await fetch(
    `${home.href}/files/${file.dataset.file}/colours?revision=${home.revision}`,
  ).catch(() => null);
  if (!answer?.ok) return;
  const colours = await answer.json();
  const number = file.dataset.file;
  for (const table of file.querySelectorAll(".patch table")) {
    for (const row of table.rows) {
      if (row.id) paint(row, number, colours);
    }
  }
}

function paint(row, file, colours) {
  const cells = row.cells;
  if (cells.length === 3) {
    const isOld = row.className === "d";
    const line = cells[isOld ? 0 : 1].dataset.n;
    const html = colours[isOld ? "old" : "new"][line];
    if (html !== undefined) put(cells[2], html);
  } else if (cells.length === 4) {
    const right = colours.new[cells[2].dataset.n];
    const left = cells[1].className === "d" ? colours.old[cells[0].dataset.n] : right;
    if (right !== undefined) put(cells[3], right);
    if (left !== undefined && cells[1].className !== "x") put(cells[1], left);
  }
}

// What the server adds after a line (`no line end`) stays.
function put(cell, html) {
  const fold = cell.querySelector(":scope > .fold");
  cell.innerHTML = html;
  if (fold) cell.append(" ", fold);
}

// More lines around a hunk: up to the hunk before it, down to the one after.

export async function showMore(body, rows, { href, revision, view }) {
  const file = body.closest("section.file").dataset.file;
  const first = rows[0];
  const last = rows.at(-1);
  if (!first) return;
  const top = numbers(first);
  const bottom = numbers(last);
  const before = above(body);
  const start = Math.max(before + 1, top.new - MORE);
  const next = below(last);
  const end = Math.min(next - 1, bottom.new + MORE);
  const ask = (from, to, back) =>
    fetch(
      `${href}/files/${file}/lines?start=${from}&end=${to}&back=${back}&revision=${revision}&view=${view}`,
    ).then((answer) => (answer.ok ? answer.text() : ""));
  if (start < top.new) {
    insert(await ask(start, top.new - 1, top.new - top.old), (row) => first.before(row));
  }
  if (end > bottom.new) {
    let place = last;
    insert(await ask(bottom.new + 1, end, bottom.new - bottom.old), (row) => {
      place.after(row);
      place = row;
    });
  }
}

function insert(html, put) {
  const place = document.createElement("template");
  place.innerHTML = `<table><tbody>${html}</tbody></table>`;
  for (const row of [...place.content.querySelectorAll("tr")]) put(row);
}

// The numbers of a row in both files; of the side it is not on, those of the line before it.
function numbers(row) {
  const isSplit = row.cells.length === 4;
  const old = Number(row.cells[0].dataset.n);
  const fresh = Number(row.cells[isSplit ? 2 : 1].dataset.n);
  if (old && fresh) return { old, new: fresh };
  return nearby(row, { old, fresh, isSplit });
}

// A hunk that begins or ends with a changed line lies at the edge of the file.
function nearby(row, { old, fresh }) {
  const isFirst = !row.previousElementSibling?.id;
  if (isFirst) return { old: old || 1, new: fresh || 1 };
  let [lastOld, lastNew] = [old, fresh];
  for (let one = row; one?.id && !(lastOld && lastNew); one = one.previousElementSibling) {
    const isSplit = one.cells.length === 4;
    lastOld ||= Number(one.cells[0].dataset.n);
    lastNew ||= Number(one.cells[isSplit ? 2 : 1].dataset.n);
  }
  return { old: lastOld || 0, new: lastNew || 0 };
}

function above(body) {
  const rows = [...body.closest("section.file").querySelectorAll(".patch tr[id]")];
  const at = rows.indexOf(body.querySelector("tr[id]"));
  return at > 0 ? numbers(rows[at - 1]).new : 0;
}

function below(last) {
  const rows = [...last.closest("section.file").querySelectorAll(".patch tr[id]")];
  const next = rows[rows.indexOf(last) + 1];
  return next ? numbers(next).new : Infinity;
}
