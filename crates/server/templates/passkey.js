// Passkeys: a form that asks the browser for one, and sends what it says. Where the browser knows none, the form stays
// hidden, and the other way in stands beside it.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const named = (list) => (list ? list.split(" ").map((id) => ({ type: "public-key", id: bytes(id) })) : []);
const salted = (salt) => (salt ? { prf: { eval: { first: bytes(salt) } } } : {});
const secret = (credential) => {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first ? text(first) : null;
};

const use = (told, challenge, allowed) =>
  navigator.credentials.get({
    publicKey: {
      challenge,
      rpId: location.hostname,
      allowCredentials: allowed,
      userVerification: "required",
      extensions: salted(told.salt),
    },
  });

const show = async (told) => {
  const used = await use(told, bytes(told.challenge), named(told.credentials));
  return {
    id: text(used.rawId),
    client: text(used.response.clientDataJSON),
    data: text(used.response.authenticatorData),
    signature: text(used.response.signature),
    secret: secret(used),
  };
};

const make = async (told) => {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(told.challenge),
      rp: { id: location.hostname, name: "Paiza" },
      user: { id: bytes(told.user), name: told.name, displayName: told.name },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      excludeCredentials: named(told.credentials),
      authenticatorSelection: { residentKey: told.resident, userVerification: "required" },
      attestation: "none",
      extensions: salted(told.salt),
    },
  });
  let computed = secret(made);
  if (told.salt && !computed && made.getClientExtensionResults().prf?.enabled) {
    // Most authenticators compute their secret only when a passkey is used. Nobody checks this signature.
    const challenge = crypto.getRandomValues(new Uint8Array(32));
    computed = secret(await use(told, challenge, [{ type: "public-key", id: made.rawId }]));
  }
  return {
    client: text(made.response.clientDataJSON),
    object: text(made.response.attestationObject),
    secret: computed,
  };
};

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.asking) return;
      // What was chosen in the form beside it goes with the passkey instead of the passcode.
      const beside = document.getElementById(form.dataset.with)?.elements;
      if (beside?.amount && !beside.amount.reportValidity()) return delete form.dataset.sent;
      form.dataset.asking = "1";
      const trouble = form.querySelector("[data-trouble]");
      trouble.hidden = true;
      try {
        const said = await (form.dataset.passkey === "make" ? make : show)(form.dataset);
        form.elements.proof.value = JSON.stringify(said);
        for (const name of ["card", "amount"]) if (beside?.[name]) form.elements[name].value = beside[name].value;
        form.submit();
      } catch {
        // Put away, not known here, or taken too long: the person may try again, or go the other way.
        trouble.hidden = false;
        delete form.dataset.asking;
        delete form.dataset.sent;
      }
    });
  }
  for (const without of document.querySelectorAll("[data-without-passkey]")) without.hidden = true;
}
