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

async function register(form) {
  const label = form.elements.label.value;
  const proof = form.dataset.prove === "yes" ? await prove() : "";
  const answer = await make(await post("/api/passkeys/begin", { proof }));
  await post("/api/passkeys", { answer: JSON.stringify(answer), label });
  location.assign(form.dataset.next);
}

for (const [id, deed] of [
  ["passkey-login", logIn],
  ["passkey-add", register],
]) {
  const form = document.getElementById(id);
  if (!form) continue;
  const button = form.querySelector("button");
  if (!canUse()) {
    say(form, "This browser cannot use passkeys at this address.");
    continue;
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
