// Runs an operation of the reference against this very machine, and shows what comes back. Without it the page is whole:
// the same call stands beside it for a shell.
const form = document.querySelector("#try");

/** The newest thing of a list, for a field that names one. */
async function newest(list, member) {
  try {
    const answer = await fetch(list, { headers: authorisation() });
    const found = (await answer.json()).data?.[0]?.[member];
    return typeof found === "string" ? found : null;
  } catch {
    return null;
  }
}

function authorisation() {
  return { Authorization: `Bearer ${form.elements.namedItem("key").value}` };
}

/** Fills what can be known only now: names of things that exist. */
async function fill() {
  for (const field of form.querySelectorAll("[data-list]")) {
    const found = await newest(field.dataset.list, field.dataset.member);
    if (found === null) continue;
    if (field.matches("textarea")) field.value = field.value.replace(field.dataset.placeholder, found);
    else if (field.value === field.defaultValue) field.value = found;
  }
}

/** JSON as text in which names and texts have a colour of their own. */
function coloured(text) {
  const whole = document.createElement("code");
  const pieces = /("(?:[^"\\]|\\.)*")(\s*:)?/g;
  let read = 0;
  for (const piece of text.matchAll(pieces)) {
    whole.append(text.slice(read, piece.index));
    const word = document.createElement("span");
    word.className = piece[2] ? "json-name" : "json-text";
    word.textContent = piece[1];
    whole.append(word, piece[2] ?? "");
    read = piece.index + piece[0].length;
  }
  whole.append(text.slice(read));
  return whole;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function address() {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[data-in]")) {
    const value = field.value.trim();
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    else if (value !== "" && field.name === "metadata") query.append(`metadata[${value.split("=")[0]}]`, value.split("=").slice(1).join("="));
    else if (value !== "") query.append(field.name, value);
  }
  const asked = query.toString();
  return asked === "" ? path : `${path}?${asked}`;
}

const shown = {
  status: document.querySelector("#try-status"),
  time: document.querySelector("#try-time"),
  head: document.querySelector("#try-head"),
  answer: document.querySelector("#try-answer"),
  result: document.querySelector("#try-result"),
};

function show(answer, text, taken) {
  shown.status.className = `chip code ${answer.ok ? "ok" : "bad"}`;
  shown.status.textContent = `${answer.status} ${answer.statusText}`.trim();
  shown.time.textContent = `${Math.round(taken)} ms, here, just now`;
  const head = [...answer.headers].filter(([name]) => name !== "date").map(([name, value]) => `${name}: ${value}`);
  shown.head.replaceChildren(head.join("\n"));
  shown.answer.replaceChildren(coloured(pretty(text)));
  shown.result.hidden = false;
}

let listening = null;

/** Shows a stream as it comes, until it is stopped. */
async function listen(answer, button) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const words = button.textContent;
  button.textContent = "Stop";
  let text = "";
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      text = (text + decoder.decode(piece.value, { stream: true })).slice(-8000);
      shown.answer.replaceChildren(text);
    }
  } catch {
    // It was stopped.
  }
  button.textContent = words;
  listening = null;
}

async function run(event) {
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  if (listening !== null) {
    listening.abort();
    return;
  }
  const headers = { ...authorisation() };
  const key = form.elements.namedItem("request-key");
  const body = form.elements.namedItem("body");
  const seen = form.elements.namedItem("if-match");
  if (key !== null) headers["Idempotency-Key"] = key.value;
  if (seen !== null && seen.value.trim() !== "") headers["If-Match"] = seen.value.trim();
  if (body !== null) headers["Content-Type"] = "application/json";
  const stop = new AbortController();
  const begun = performance.now();
  button.setAttribute("aria-busy", "true");
  try {
    const sent = { method: form.dataset.method, headers, body: body === null ? undefined : body.value, signal: stop.signal };
    const answer = await fetch(address(), sent);
    if (answer.headers.get("content-type")?.startsWith("text/event-stream")) {
      listening = stop;
      show(answer, "", performance.now() - begun);
      void listen(answer, button);
    } else {
      const text = await answer.text();
      show(answer, text, performance.now() - begun);
      // The same key would get the same answer; the next run is another request.
      if (key !== null && answer.ok && key.value === key.dataset.fresh) refresh(key);
    }
  } catch (error) {
    shown.status.className = "chip code bad";
    shown.status.textContent = "no answer";
    shown.time.textContent = String(error);
  }
  button.removeAttribute("aria-busy");
}

/** A request key that was not used. */
function refresh(key) {
  key.value = `try-${crypto.randomUUID()}`;
  key.dataset.fresh = key.value;
}

if (form !== null) {
  const key = form.elements.namedItem("request-key");
  if (key !== null) refresh(key);
  form.addEventListener("submit", run);
  form.hidden = false;
  void fill();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const panel = [...document.querySelectorAll(".tabs .panel")].find((panel) => panel.offsetParent !== null);
    await navigator.clipboard.writeText(panel.textContent);
    const words = button.lastChild;
    const before = words.textContent;
    words.textContent = "Copied";
    setTimeout(() => (words.textContent = before), 1500);
  });
}
