// Logging in with a passkey, and registering one.
import { canUse, inWords, make, post, use } from "./webauthn.js";

const say = (form, text) => {
  const place = form.querySelector("[data-told]");
  place.textContent = text;
  place.hidden = !text;
};

async function logIn(form) {
  const answer = await use(await post("/api/login/begin", {}));
  await post("/api/login", { answer: JSON.stringify(answer) });
  location.assign(form.dataset.next);
}

// A copied cookie adds no keys: one of those that are there has to be used for it.
async function prove() {
  return JSON.stringify(await use(await post("/api/proof/begin", {})));
}

// Forms that change who may decide, or with what: the server says where it wants a passkey used.
const PROVEN = 'form[method="post"]:is([action^="/account"], [action="/people"], [action^="/people/"])';
const WANTED = 428;

async function change(form, submitter) {
  const send = (headers) =>
    fetch(form.action, {
      method: "POST",
      headers,
      body: new URLSearchParams(new FormData(form, submitter)),
    });
  let sent = await send({});
  if (sent.status === WANTED) sent = await send({ "X-Assent-Proof": await prove() });
  if (sent.redirected) {
    location.assign(sent.url);
    return;
  }
  const page = new DOMParser().parseFromString(await sent.text(), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  scrollTo(0, 0);
  start();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(PROVEN) || !canUse()) return;
  event.preventDefault();
  if (form.dataset.sent === "yes") return;
  form.dataset.sent = "yes";
  try {
    await change(form, event.submitter);
  } catch (error) {
    complain(form, inWords(error));
  } finally {
    delete form.dataset.sent;
  }
});

function complain(form, text) {
  form.querySelector("[data-told]")?.remove();
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.role = "alert";
  notice.dataset.told = "";
  notice.textContent = `${text} Nothing was changed.`;
  form.append(notice);
}

async function register(form) {
  const label = form.elements.label.value;
  const proof = form.dataset.prove === "yes" ? await prove() : "";
  const answer = await make(await post("/api/passkeys/begin", { proof }));
  await post("/api/passkeys", { answer: JSON.stringify(answer), label });
  location.assign(form.dataset.next);
}

function start() {
  enable("passkey-login", logIn);
  enable("passkey-add", register);
}

function enable(id, deed) {
  const form = document.getElementById(id);
  if (!form) return;
  const button = form.querySelector("button");
  if (!canUse()) {
    say(form, "This browser cannot use passkeys at this address.");
    return;
  }
  button.disabled = false;
  if (button.autofocus) button.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    say(form, "");
    try {
      await deed(form);
    } catch (error) {
      say(form, inWords(error));
    } finally {
      button.disabled = false;
    }
  });
}

start();
