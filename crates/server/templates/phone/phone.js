// What the phone's pages add where scripts run. Everything they do can be done without.
const one = (where, root = document) => root.querySelector(where);
const all = (where, root = document) => [...root.querySelectorAll(where)];
const digits = (text) => text.replace(/\D/g, "");

// Where typing begins. An attribute would do the same, but in a frame of another page browsers warn of it.
one("[data-first]")?.focus();

// Passkeys, on the pages that ask for one; a camera, where a code is scanned.
if (one("form[data-passkey]")) import("/assets/passkey.js");
if (one("[data-camera]")) import("/assets/scan.js");

// A code in cells: the field stays one field, its digits are shown in the cells behind it.
for (const field of all("[data-cells]")) {
  const cells = document.createElement("div");
  cells.className = "cells";
  cells.setAttribute("aria-hidden", "true");
  const count = Number(field.dataset.cells);
  for (let place = 0; place < count; place += 1) {
    if (place === count / 2) cells.append(Object.assign(document.createElement("i"), { textContent: "–" }));
    cells.append(document.createElement("b"));
  }
  const box = document.createElement("div");
  box.className = "cell-box";
  field.replaceWith(box);
  box.append(cells, field);
  const show = () => {
    const typed = digits(field.value).slice(0, count);
    if (field.value !== typed) field.value = typed;
    all("b", cells).forEach((cell, place) => {
      cell.textContent = typed[place] ?? "";
      cell.className = place === typed.length && document.activeElement === field ? "now" : "";
    });
  };
  for (const event of ["input", "focus", "blur"]) field.addEventListener(event, show);
  if (field.dataset.first !== undefined) field.focus();
  show();
}

// A passcode by keys on the screen. The digits are never spoken, only how many there are.
for (const field of all("[data-pin]")) {
  const keys = one(".keys");
  if (!keys) continue;
  keys.hidden = false;
  one(".plain-submit")?.remove();
  const places = document.createElement("div");
  places.className = "places";
  places.setAttribute("aria-hidden", "true");
  const count = document.createElement("p");
  count.className = "unseen";
  count.setAttribute("role", "status");
  field.after(places, count);
  field.classList.add("behind");
  const show = () => {
    const length = field.value.length;
    places.replaceChildren(...Array.from({ length: Math.max(Number(field.dataset.length ?? 6), length) }, (_, place) => {
      const tablet = document.createElement("i");
      if (place < length) tablet.className = "full";
      return tablet;
    }));
    count.textContent = field.dataset.pin.replace("#", length);
  };
  field.addEventListener("input", show);
  for (const key of all("[data-key]", keys)) {
    key.addEventListener("click", () => {
      const what = key.dataset.key;
      field.value = what === "back" ? field.value.slice(0, -1) : field.value + what;
      show();
    });
  }
  show();
  field.focus();
}

// The card number: groups of four, its check digit, its bank.
const valid = (number) => {
  let sum = 0;
  [...number].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return number.length >= 13 && number.length <= 19 && sum % 10 === 0;
};
for (const field of all("[data-card]")) {
  let asked = "";
  let known = null;
  const mark = (id, holds) => one(`#${id}`).classList.toggle("yes", holds);
  const look = async () => {
    const number = digits(field.value);
    const prefix = number.slice(0, 8);
    const wanted = prefix.length === 8 ? `${prefix} ${number.length >= 13 ? number.slice(-4) : ""}` : "";
    if (wanted === asked) return;
    asked = wanted;
    if (!wanted) {
      known = null;
      return show();
    }
    // Eight digits name the bank; the rest of the number stays here until the form is sent.
    const body = new URLSearchParams({ prefix, tail: wanted.slice(9) });
    const answer = await fetch("/cards/look", { method: "POST", body }).then((r) => r.json()).catch(() => null);
    if (asked !== wanted) return;
    known = answer?.known ? answer : null;
    if (answer?.art) one("#preview").innerHTML = answer.art;
    if (known) one("#check-bank span").textContent = answer.sentence;
    show();
  };
  const show = () => {
    const number = digits(field.value);
    mark("check-number", valid(number) && (!known || known.length === number.length));
    mark("check-bank", known !== null);
  };
  field.addEventListener("input", () => {
    const before = digits(field.value.slice(0, field.selectionStart)).length;
    const grouped = digits(field.value).slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 ");
    if (grouped !== field.value) {
      field.value = grouped;
      const place = before + Math.max(0, Math.ceil(before / 4) - 1);
      field.setSelectionRange(place, place);
    }
    show();
    look();
  });
  if (field.value) { show(); look(); }
}
for (const field of all("[data-expiry]")) {
  field.addEventListener("input", (event) => {
    const typed = digits(field.value).slice(0, 4);
    const shown = typed.length > 2 ? `${typed.slice(0, 2)} / ${typed.slice(2)}` : typed;
    if (event.inputType !== "deleteContentBackward") field.value = shown;
  });
}

// A picture that was chosen is named.
for (const field of all(".pick input")) {
  field.addEventListener("change", () => {
    if (field.files[0]) one("[data-picked]", field.parentElement).textContent = field.files[0].name;
  });
}

// A receipt that is handed on.
const slip = one("#slip");
if (slip) {
  const send = one("[data-share]");
  const copy = one("[data-copy]");
  send.hidden = !navigator.share;
  // Whoever changes their mind shares nothing; that is no error.
  send.addEventListener("click", () => navigator.share({ title: document.title, text: slip.textContent }).catch(() => {}));
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(slip.textContent);
      one("#copied").textContent = copy.dataset.copy;
    } catch { getSelection().selectAllChildren(slip); }
  });
}

// A form that asks somebody far away says so, and is sent once.
for (const form of all("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    const button = one(`[form="${form.id}"][data-busy]`);
    if (button) {
      button.textContent = button.dataset.busy;
      button.classList.add("busy");
    }
  });
}
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// The tap: the page changes by itself the moment the reader has its answer.
const tones = { paid: [660, 880], not: [330, 262], unknown: [440] };
const sound = (kind) => {
  try {
    const context = new AudioContext();
    tones[kind].forEach((pitch, place) => {
      const tone = context.createOscillator();
      const volume = context.createGain();
      volume.gain.value = 0.08;
      tone.frequency.value = pitch;
      tone.connect(volume).connect(context.destination);
      tone.start(context.currentTime + place * 0.14);
      tone.stop(context.currentTime + place * 0.14 + 0.12);
    });
    // Browsers call it an error where nobody has touched the page yet.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(kind === "not" ? [40, 60, 40] : 40);
  } catch { /* No sound is never the only sign. */ }
};
const tap = one("#tap");
const clock = () => {
  const left = one("[data-until]");
  if (!left) return;
  const end = Date.now() + Number(left.dataset.until) * 1000;
  const tick = () => {
    if (!left.isConnected) return;
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds > 0) setTimeout(tick, 500);
  };
  tick();
};
const follow = async () => {
  while (tap.dataset.waiting !== undefined) {
    let news;
    try {
      const answer = await fetch(`/tap/now?seen=${tap.dataset.seen}`);
      if (answer.redirected || !answer.ok) return location.reload();
      news = await answer.json();
    } catch {
      await new Promise((done) => setTimeout(done, 1000));
      continue;
    }
    if (news.seen === Number(tap.dataset.seen)) continue;
    tap.dataset.seen = news.seen;
    if (!news.waiting) delete tap.dataset.waiting;
    tap.innerHTML = news.inside;
    document.title = news.title;
    document.body.className = `phone${news.ground}`;
    if (news.sound) sound(news.sound);
    const heading = one("h1", tap);
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    clock();
  }
};
if (tap) {
  clock();
  follow();
}
