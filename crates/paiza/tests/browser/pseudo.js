// What a page in the pseudo-locale says without brackets, and where its words have no room. See `pseudo.rs`.
const [names, whole] = arguments;
const found = [];

// What is drawn, what people and machines write, and what each language calls itself, is no sentence of a page.
const DATA = "svg, code, .code, pre, option, time, textarea, .tile-icon, .face, [translate=no], [lang]:not(:root)";
const isSentence = (text) => {
  if (text.includes("⟦") || text.includes("⟧")) return false;
  // Neither names nor what holds a digit, an @ or a low line are words: addresses, identifiers, numbers, codes.
  const left = names.reduce((left, name) => left.replaceAll(name, ""), text).replace(/\S*[\d@_]\S*/g, "").trim();
  return !whole.includes(left) && /\p{L}{2,}/u.test(left);
};
const seen = (element) => element.checkVisibility({ visibilityProperty: true });
const place = (element) => `<${element.localName} class="${element.getAttribute("class") ?? ""}">`;

const texts = [];
const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  const parent = node.parentElement;
  if (!node.data.trim() || parent.closest("style, script, noscript")) continue;
  const isShown = parent.closest("title") !== null || seen(parent);
  if (isShown && !parent.closest(DATA) && isSentence(node.data)) found.push(`in no catalogue: ${node.data.trim()} ${place(parent)}`);
  if (isShown && !parent.closest("svg, .unseen, title")) texts.push({ node, parent });
}
for (const name of ["aria-label", "title", "placeholder", "alt"]) {
  for (const element of document.querySelectorAll(`[${name}]`)) {
    const said = element.getAttribute(name);
    if (!element.closest("svg") && isSentence(said)) found.push(`in no catalogue: ${name}="${said}" ${place(element)}`);
  }
}

// Bars that stick lie over what scrolls beneath them, as they are meant to.
const bars = [...document.body.querySelectorAll("*")].filter((it) => getComputedStyle(it).position === "sticky");
for (const bar of bars) bar.style.position = "static";

const SOME = 1.5; // pixels by which letters may stand out of their place unseen
for (const element of document.body.querySelectorAll("*")) {
  if (!seen(element) || element.closest("svg, .unseen, .skip, iframe") || element.matches("input, select, textarea, video")) continue;
  const style = getComputedStyle(element);
  const hides = (way) => style[`overflow-${way}`] === "hidden" || style[`overflow-${way}`] === "clip";
  const over = hides("x") && element.scrollWidth > element.clientWidth + SOME;
  const below = hides("y") && element.scrollHeight > element.clientHeight + SOME;
  if ((over || below) && element.innerText?.trim()) found.push(`cut off: ${element.innerText.trim().slice(0, 60)} ${place(element)}`);
}

const lines = texts.flatMap(({ node, parent }) => {
  const range = document.createRange();
  range.selectNodeContents(node);
  return [...range.getClientRects()].filter((it) => it.width > SOME && it.height > SOME).map((rect) => ({ rect, node, parent }));
});
// Letters lie in the middle half of their line; what is above and below it may touch a neighbour's.
const meets = (one, other) => {
  const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const down = Math.min(one.bottom - one.height / 4, other.bottom - other.height / 4)
    - Math.max(one.top + one.height / 4, other.top + other.height / 4);
  return across > SOME && down > SOME;
};
for (const [at, { rect, node, parent }] of lines.entries()) {
  for (const other of lines.slice(at + 1)) {
    if (other.node === node || !meets(rect, other.rect)) continue;
    found.push(`over one another: ${node.data.trim().slice(0, 40)} | ${other.node.data.trim().slice(0, 40)} ${place(parent)}`);
  }
  const held = parent.closest("a, button, .chip, .key, td, th, li");
  const box = held && getComputedStyle(held).display !== "inline" ? held.getBoundingClientRect() : null;
  const inside = box && (rect.right > box.right + SOME || rect.left < box.left - SOME);
  if (inside && !parent.closest(".scroll")) found.push(`out of its place: ${node.data.trim().slice(0, 60)} ${place(held)}`);
}
bars.forEach((bar) => bar.removeAttribute("style"));
return [...new Set(found)];
