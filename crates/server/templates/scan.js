// Live scanning, where a browser has a camera. A browser that reads codes by itself (Barcode Detection API) lets no picture
// leave the page; for every other one the door that made the page, the phone or the terminal itself, reads what the camera
// shows and keeps nothing of it. Without a camera or this script the field for a picture stays, which opens a phone's camera too.
const one = (where) => document.querySelector(where);
const PAUSE = 120; // milliseconds between two looks
const SIDE = 800; // dots: the longer side of what is sent to be read

let stream = null;

const readsItself = async () => {
  if (!("BarcodeDetector" in window)) return false;
  return (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code");
};

// What reads the code in what the camera shows: a function from the film to a text, or to nothing.
const reader = async () => {
  if (await readsItself()) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (film) => (await detector.detect(film))[0]?.rawValue;
  }
  const canvas = document.createElement("canvas");
  return async (film) => {
    const scale = Math.min(1, SIDE / Math.max(film.videoWidth, film.videoHeight));
    canvas.width = Math.round(film.videoWidth * scale);
    canvas.height = Math.round(film.videoHeight * scale);
    canvas.getContext("2d").drawImage(film, 0, 0, canvas.width, canvas.height);
    const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    const answer = await fetch("/code/read", { method: "POST", headers: { "content-type": "image/jpeg" }, body });
    // A phone that has locked itself leads to where it is opened.
    if (answer.redirected) return location.reload();
    if (!answer.ok) throw answer.status;
    return (await answer.json()).code;
  };
};

const put = (away) => {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  const finder = one("[data-finder]");
  if (finder) finder.hidden = away;
};

const look = async (form) => {
  const trouble = form.querySelector("[data-camera-trouble]");
  trouble.hidden = true;
  const finder = form.querySelector("[data-finder]");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment" } });
    finder.srcObject = stream;
    finder.hidden = false;
    await finder.play();
    const read = await reader();
    while (stream && finder.isConnected) {
      const found = await read(finder);
      if (found && stream) {
        put(true);
        form.elements.code.value = found;
        return form.requestSubmit(form.querySelector("button:not([type=button])"));
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    put(true);
  } catch {
    // No camera, or it was not allowed: the other fields do the same.
    put(true);
    trouble.hidden = false;
  }
};

if (navigator.mediaDevices?.getUserMedia) {
  document.documentElement.dataset.sees = "";
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-camera]");
    if (!button) return;
    if (stream) put(true);
    else look(button.form);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && stream) put(true);
  });
  addEventListener("pagehide", () => put(true));
}
