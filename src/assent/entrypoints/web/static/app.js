// Everything works without this file; with it, what changes shows at once and the keys decide.
import { watch } from "./live.js";
import { applyChange, startInbox } from "./inbox.js";
import { refreshDetail, startDetail } from "./detail.js";
import { startKeys } from "./keys.js";
import { keepAges } from "./ages.js";

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
      const news = document.getElementById("news");
      if (news) news.hidden = false;
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

function showCount(waiting) {
  for (const count of document.querySelectorAll("[data-waiting]")) {
    count.textContent = waiting.toLocaleString("en");
    count.hidden = waiting === 0;
  }
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
}
