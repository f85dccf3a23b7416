// The terminal's screen while somebody looks at it: lights and sounds in their order, the next face without a reload,
// keys of a keyboard. Without this script everything works too: forms post, and a page that waits asks again by itself.

const SHOWN_AT_LEAST = 140; // milliseconds: lights that come on together are still seen one after another

// Frequencies in hertz, and seconds. The first two are the reader's (EMV Contactless Book A, 9.3).
const TONES = {
  card_read_ok: [[1500, 0.5]],
  processing_error: [[750, 0.2], [0, 0.2], [750, 0.2]],
  done: [[880, 0.09], [1320, 0.16]],
  "not-done": [[330, 0.16], [0, 0.06], [262, 0.22]],
  unknown: [[520, 0.2]],
};

const screen = () => document.getElementById("terminal");
// Statuses of this payment that were heard already: a reader says once that it has read a card.
const heard = new Set();
let sound = null;
let soundFreeAt = 0;

// A browser lets a page sound only after somebody touched it.
for (const touch of ["pointerdown", "keydown"]) {
  addEventListener(touch, () => {
    if (screen().dataset.silent !== undefined) return;
    sound ??= new AudioContext();
    sound.resume();
  });
}

function play(name) {
  const tones = TONES[name];
  if (!tones || !sound || sound.state !== "running" || screen().dataset.silent !== undefined) return;
  let at = Math.max(sound.currentTime, soundFreeAt);
  for (const [frequency, seconds] of tones) {
    if (frequency) {
      const tone = sound.createOscillator();
      const loudness = sound.createGain();
      loudness.gain.setValueAtTime(0.12, at);
      loudness.gain.linearRampToValueAtTime(0, at + seconds);
      tone.frequency.value = frequency;
      tone.connect(loudness).connect(sound.destination);
      tone.start(at);
      tone.stop(at + seconds);
    }
    at += seconds;
  }
  soundFreeAt = at;
}

// Puts another page's screen in place of this one.
function swap(html, address) {
  const found = new DOMParser().parseFromString(html, "text/html");
  const next = found.getElementById("terminal");
  if (!next) return location.reload();
  const kept = document.activeElement?.closest("button[name=key]")?.value;
  screen().replaceWith(document.adoptNode(next));
  document.title = found.title;
  if (address) history.replaceState(null, "", address);
  if (kept) document.querySelector(`button[name=key][value="${kept}"]`)?.focus();
  ready();
}

async function fetched(address, how) {
  const answer = await fetch(address, how);
  swap(await answer.text(), answer.url);
}

// One after another: a key is pressed upon what the key before it led to.
let turn = Promise.resolve();
const then = (step) => (turn = turn.then(step).catch(() => location.reload()));

addEventListener("submit", (event) => {
  const form = event.target;
  if (!screen().contains(form) || form.action.endsWith("/settings")) return;
  event.preventDefault();
  const { name, value } = event.submitter ?? {};
  const action = new URL(form.action);
  then(() => {
    // What the form holds when its turn comes, not when the button was pressed.
    const now = form.isConnected ? form : document.querySelector(`form[action="${form.getAttribute("action")}"]`);
    if (!now) return;
    // A photograph is sent as it is.
    if (now.enctype === "multipart/form-data") return fetched(action, { method: "POST", body: new FormData(now) });
    const sent = new URLSearchParams(new FormData(now));
    if (name) sent.set(name, value);
    if (now.method === "get") return fetched(`${action.pathname}?${sent}`);
    return fetched(action, { method: "POST", body: sent });
  });
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  const named = { Backspace: "back", Delete: "clear" }[event.key] ?? event.key;
  const key = document.querySelector(`button[name=key][value="${CSS.escape(named)}"]`);
  if (event.key === "Escape") return document.querySelector('form[action="/cancel"] button')?.click();
  if (event.key === "Enter" && !event.target.closest("a, button")) {
    return document.querySelector("[data-enter]")?.click();
  }
  if (key) key.click();
});

addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  const share = event.target.closest("[data-share]");
  // Whoever changes their mind shares nothing; that is no error.
  if (share) navigator.share({ title: share.dataset.share, text: document.querySelector(".paper").innerText }).catch(() => {});
});

addEventListener("change", (event) => {
  const [chosen] = event.target.closest(".pick input")?.files ?? [];
  if (chosen) event.target.parentElement.querySelector("[data-picked]").textContent = chosen.name;
});

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function show(event) {
  if (event.kind === "face") return fetched("/");
  document.querySelectorAll(".light").forEach((light, place) => light.classList.toggle("on", place < event.on));
  const instruct = document.getElementById("instruct");
  if (instruct) instruct.textContent = event.text;
  if (!heard.has(event.status)) play(event.status);
  heard.add(event.status);
  await wait(SHOWN_AT_LEAST);
}

let stream = null;
function ready() {
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
  for (const button of document.querySelectorAll("[data-share]")) button.hidden = !navigator.share;
  document.querySelector("[data-first]")?.focus();
  if (document.querySelector("[data-camera]")) import("/assets/scan.js");
  const { live, last, tone } = screen().dataset;
  if (tone) play(tone);
  if (live === undefined || stream) return;
  heard.clear();
  stream = new EventSource(`/events?after=${last}`);
  stream.onerror = () => {
    // A browser asks again by itself, unless it was refused: then the page is asked for instead.
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(() => then(() => fetched("/")), 1000);
  };
  stream.onmessage = (message) => {
    const event = JSON.parse(message.data);
    then(() => show(event));
    if (event.kind === "face") {
      stream.close();
      stream = null;
    }
  };
}

ready();
