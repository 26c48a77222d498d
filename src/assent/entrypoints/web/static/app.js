// Everything works without this file; with it, what changes shows at once and the keys decide.
import { watch } from "./live.js";
import { applyChange, startInbox } from "./inbox.js";
import { refreshDetail, startDetail } from "./detail.js";
import { startKeys } from "./keys.js";
import { keepAges } from "./ages.js";
import { startReading } from "./reading.js";
import { startSigning } from "./signing.js";

startReading();
startSigning();
startDetail();
startInbox();
startKeys();
keepAges();

const light = document.getElementById("live");
if (light) {
  watch(Number(light.dataset.after), {
    status(word) {
      light.textContent = word;
      light.dataset.status = word;
    },
    change(data) {
      showCount(data.waiting);
      for (const request of data.requests) applyChange(request);
      refreshDetail(data.requests);
      showNews(data);
    },
    again() {
      const held = document.querySelector("[data-release]");
      if (held) {
        held.textContent = "Much has changed: load again";
        held.dataset.reload = "yes";
        held.parentElement.hidden = false;
      }
    },
  });
}

// The list of changes and the queue hear of changes; the activity of all that is recorded.
function showNews(data) {
  const news = document.getElementById("news");
  const isOfChanges = document.querySelector(".change-list, .tabs");
  if (news && (!isOfChanges || data.changes.length)) news.hidden = false;
  if (data.changes.length) refreshQueue();
}

async function refreshQueue() {
  const queue = document.getElementById("queue");
  if (!queue || queue.contains(document.activeElement)) return;
  const open = [...queue.querySelectorAll("details")].some((part) => part.open);
  if (open) return; // somebody reads a log
  const answer = await fetch("/queue", { headers: { "HX-Request": "true" } });
  if (answer.ok) queue.innerHTML = await answer.text();
}

function showCount(waiting) {
  for (const count of document.querySelectorAll("[data-waiting]")) {
    count.textContent = waiting.toLocaleString("en");
    count.hidden = waiting === 0;
  }
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
}
