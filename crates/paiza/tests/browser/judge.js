// Judges the page as it is looked at now, and nothing of it twice. See `judging.rs`.
const [judged] = arguments;
const done = arguments[arguments.length - 1];

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// The rules that read colours and letters, and those that read places and sizes. All others read what stands on the page.
const COLOURS = ["color-contrast", "link-in-text-block"];
const PLACES = ["target-size", "scrollable-region-focusable"];

const LETTERS = [
  "color", "background-color", "background-image", "opacity", "fill", "font-size", "font-weight", "font-style",
  "text-shadow", "text-decoration-line", "border-bottom", "outline-style",
];

// What each kind of rule reads, as text.
function read() {
  let stands = document.documentElement.lang, colours = `${innerWidth}`, places = `${innerWidth} ${innerHeight}`;
  for (const element of document.querySelectorAll("*")) {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const seen = element.checkVisibility({ visibilityProperty: true });
    const away = right + scrollX <= 0 || bottom + scrollY <= 0 || left === right || top === bottom;
    stands += `\n${element.cloneNode(false).outerHTML} ${seen} ${away}`;
    if (!seen) continue;
    const style = getComputedStyle(element);
    colours += `\n${element.localName}`;
    for (const name of LETTERS) colours += ` ${style.getPropertyValue(name)}`;
    const scrolls = element.scrollHeight > element.clientHeight || element.scrollWidth > element.clientWidth;
    places += `\n${element.localName} ${left} ${top} ${right} ${bottom} ${scrolls}`;
  }
  return { stands, colours, places };
}

async function mark([kind, text]) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const bytes = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return [kind, `${kind} ${bytes.join("")}`];
}

// A bar that sticks covers what comes into view by scrolling a little: while axe looks, bars lie where they are without that.
function letLoose() {
  const bars = [...document.body.querySelectorAll("*")].filter((it) => getComputedStyle(it).position === "sticky");
  for (const bar of bars) bar.style.position = "static";
  return () => bars.forEach((bar) => bar.removeAttribute("style"));
}

// What is pressed or typed into, and what of it moves money.
const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary";
const MOVES_MONEY = [
  "/sale", "/refund", "/void", "/complete", "/tap", "/code/show", "/code/pay", "/confirm", "/pin", "/bill", "/purse", "/debit",
].map((end) => `form[action$='${end}'] button`).join() + ", .metal";
const LEAST = 24, LEAST_FOR_MONEY = 48; // pixels, each way

// Which of them are too small to be hit: within a sentence a link is as high as its line (WCAG 2.2, 2.5.8).
function small() {
  const found = [];
  for (const target of document.querySelectorAll(TARGETS)) {
    const style = getComputedStyle(target);
    if (!target.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || target.closest(".unseen, iframe")) continue;
    if (style.display === "inline" && target.parentElement.textContent.trim() !== target.textContent.trim()) continue;
    // A link may lie over the row that it stands in.
    const row = getComputedStyle(target, "::after").position === "absolute" ? target.closest("tr") : null;
    const boxes = [target, row ?? target, ...(target.labels ?? [])].map((it) => it.getBoundingClientRect());
    const width = Math.max(...boxes.map((it) => it.width)), height = Math.max(...boxes.map((it) => it.height));
    const least = target.matches(MOVES_MONEY) ? LEAST_FOR_MONEY : LEAST;
    if (Math.min(width, height) + 0.5 < least) found.push(`small: ${Math.round(width)} x ${Math.round(height)} ${target.outerHTML.slice(0, 160)}`);
  }
  return found;
}

async function look() {
  const marks = Object.fromEntries(await Promise.all(Object.entries(read()).map(mark)));
  const fresh = (kind) => !judged.includes(marks[kind]);
  const some = [...(fresh("colours") ? COLOURS : []), ...(fresh("places") ? PLACES : [])];
  const others = [...COLOURS, ...PLACES].filter((rule) => !some.includes(rule));
  const how = { iframes: false, preload: false, reporter: "no-passes", resultTypes: ["violations"] };
  let wrong = [];
  const asItWas = letLoose();
  if (fresh("stands")) {
    const rules = Object.fromEntries(others.map((rule) => [rule, { enabled: false }]));
    wrong = (await axe.run(document, { ...how, runOnly: TAGS, rules })).violations;
  } else if (some.length > 0) {
    wrong = (await axe.run(document, { ...how, runOnly: { type: "rule", values: some } })).violations;
  }
  asItWas();
  const root = document.scrollingElement;
  return {
    marks: Object.values(marks),
    wrong: [
      ...wrong.map((it) => `${it.id}: ${it.nodes[0].html} ${it.nodes[0].failureSummary ?? ""}`),
      ...(fresh("places") ? small() : []),
    ],
    wider: root.scrollWidth - root.clientWidth,
    origins: performance.getEntriesByType("resource").map((it) => new URL(it.name).origin),
  };
}

look().then(done, (wrong) => done({ marks: [], wrong: [`not judged: ${wrong}`], wider: 0, origins: [] }));
