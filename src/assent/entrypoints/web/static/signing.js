// A form that says a decision is signed before it is sent: the server writes the statement, the
// passkey signs it, and the form goes its way with the envelope. Nothing that was typed is lost.
import { canUse, inWords, plain64, use } from "./webauthn.js";
import { release } from "./lock.js";

const TYPE = "application/vnd.in-toto+json";
let isSigning = false;

export function startSigning() {
  // Before htmx, and before anything that keeps a form from being sent twice.
  addEventListener("submit", intercept, true);
  // Nobody answered, so the form stays: the next try signs anew.
  document.addEventListener("htmx:error", () => {
    for (const field of document.querySelectorAll('form[data-sign] [name="envelope"]')) {
      field.value = "";
    }
  });
}

function intercept(event) {
  const form = event.target;
  if (!form.matches("form[data-sign]") || form.elements.envelope.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!isSigning) sign(form, event.submitter);
}

async function sign(form, submitter) {
  isSigning = true;
  say(form, "");
  form.dataset.signing = "yes";
  try {
    if (!canUse()) throw told("This browser cannot use passkeys at this address.");
    form.elements.envelope.value = await envelope(await statement(form));
    form.requestSubmit(submitter?.isConnected ? submitter : null);
  } catch (error) {
    say(form, `${inWords(error)} Nothing was decided.`);
    release();
  } finally {
    isSigning = false;
    delete form.dataset.signing;
  }
}

async function statement(form) {
  const sent = await fetch(form.dataset.sign, {
    method: "POST",
    headers: { "HX-Request": "true" },
    body: new URLSearchParams(new FormData(form)),
  });
  const found = await sent.json().catch(() => ({}));
  if (sent.status === 401) throw told("You are not logged in here any more.");
  if (!sent.ok) throw told(found.error?.message || "This cannot be signed now. Load the page again.");
  return found;
}

async function envelope({ payload, challenge, passkeys }) {
  const mine = passkeys.filter((one) => one.rp_id === location.hostname);
  const answer = await use({
    challenge,
    rpId: location.hostname,
    allowCredentials: mine.map(({ id }) => ({ type: "public-key", id })),
    userVerification: "required",
    timeout: 120_000,
  });
  const { clientDataJSON, authenticatorData, signature } = answer.response;
  const made = {
    kind: "webauthn",
    keyid: answer.id,
    sig: plain64(signature),
    clientDataJSON: plain64(clientDataJSON),
    authenticatorData: plain64(authenticatorData),
  };
  return JSON.stringify({ payload, payloadType: TYPE, signatures: [made] });
}

function told(message) {
  const error = new Error(message);
  error.name = "Told";
  return error;
}

function say(form, text) {
  const place = form.querySelector("[data-told]");
  place.textContent = text;
  place.hidden = !text;
}
