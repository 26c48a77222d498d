// Passkeys as the browser has them: options come as JSON, answers go as JSON.

const encoded = (buffer) => {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const decoded = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
};

const described = (list) => (list ?? []).map((one) => ({ ...one, id: decoded(one.id) }));

// Not every browser can, and none can on a page that it does not trust or that has no name.
export const canUse = () => window.isSecureContext && Boolean(window.PublicKeyCredential);

export async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decoded(options.challenge),
      user: { ...options.user, id: decoded(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  return answer(made, {
    attestationObject: encoded(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

export async function use(options) {
  const used = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: decoded(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
  });
  return answer(used, {
    authenticatorData: encoded(used.response.authenticatorData),
    signature: encoded(used.response.signature),
    userHandle: used.response.userHandle ? encoded(used.response.userHandle) : null,
  });
}

function answer(credential, response) {
  return {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: encoded(credential.response.clientDataJSON), ...response },
  };
}

// From base64url to the base64 that envelopes are written in.
export function plain64(text) {
  const padding = "=".repeat((4 - (text.length % 4)) % 4);
  return text.replaceAll("-", "+").replaceAll("_", "/") + padding;
}

export function inWords(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "It was cancelled, or it took too long, or the device did not know who you are.";
    case "InvalidStateError":
      return "This device has a passkey of yours for Assent already.";
    case "SecurityError":
      return "Passkeys do not work at this address. Open the one that `assent status` prints.";
    case "NotSupportedError":
    case "ConstraintError":
      return "This device makes no passkey that Assent can check. Choose another one.";
    case "Told":
      return error.message;
    default:
      return "Assent does not answer. Is it running?";
  }
}

export async function post(address, fields) {
  const sent = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
  const told = await sent.json().catch(() => ({}));
  if (sent.ok) return told;
  const { message, hint } = told.error ?? {};
  const error = new Error([message, hint].filter(Boolean).join(" ") || "This was not taken.");
  error.name = "Told";
  throw error;
}
