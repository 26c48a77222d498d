// How long a revision was on show, and whether the end of each of its files was: told to the server,
// which keeps it beside what the person then decides. A folded file was seen once it was opened.

const REPORT_MS = 15_000;
const SEEN_MS = 250; // what only flew past was not seen

export function startReading(main) {
  const { href, revision } = main.dataset;
  const files = [...main.querySelectorAll("section.file")];
  const unseen = new Set(files);
  let since = performance.now();
  let told = false;

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        target.dataset.atEnd = isIntersecting ? "yes" : "no";
        if (isIntersecting) setTimeout(() => see(target), SEEN_MS);
      }
    },
    { rootMargin: "0px 0px -48px 0px" },
  );
  for (const file of files) file.append(end(observer));

  function see(mark) {
    const file = mark.closest("section.file");
    if (mark.dataset.atEnd !== "yes" || file.dataset.folded === "yes") return;
    if (document.visibilityState !== "visible") return;
    observer.unobserve(mark);
    if (unseen.delete(file) && unseen.size === 0) report();
  }

  async function report({ last = false } = {}) {
    const now = performance.now();
    const shown = told ? now - since : 0;
    since = now;
    told = true;
    const body = new URLSearchParams({ revision, shown_ms: Math.round(shown) });
    if (unseen.size === 0 && files.length > 0) body.set("read", "yes");
    try {
      await fetch(`${href}/opened`, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body,
        keepalive: last,
      });
    } catch {
      // What was not told stays unknown; the next report counts from here.
    }
  }

  report();
  setInterval(() => document.visibilityState === "visible" && report(), REPORT_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") since = performance.now();
    else report({ last: true });
  });
  // A file that was opened where its end is on the screen already is seen by that.
  main.addEventListener("click", () => {
    setTimeout(() => {
      for (const mark of main.querySelectorAll('[data-at-end="yes"]')) see(mark);
    }, 2 * SEEN_MS);
  });
  // What is decided takes with it how long it was looked at.
  addEventListener("submit", (event) => event.target.matches("[data-decides]") && report({ last: true }), true);
}

function end(observer) {
  const mark = document.createElement("span");
  mark.className = "file-end";
  mark.ariaHidden = "true";
  observer.observe(mark);
  return mark;
}
