// Live scanning, where a browser has a camera and reads codes by itself (Barcode Detection API). Everywhere else the field for
// a picture stays, which opens a phone's camera too. No picture leaves the page: only the text of a code that was found.
const one = (where) => document.querySelector(where);
const PAUSE = 120; // milliseconds between two looks

let stream = null;

const sees = async () => {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  return (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code");
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
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    while (stream && finder.isConnected) {
      const [found] = await detector.detect(finder);
      if (found?.rawValue) {
        put(true);
        form.elements.code.value = found.rawValue;
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

if (await sees()) {
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
