// The console while somebody looks at it: "/" leads to the search, and the live page follows what happens.
// Without this script a page is as it was when it was asked for.

addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  document.getElementById("q").focus();
});

// Passkeys, on the page that asks for one.
if (document.querySelector("form[data-passkey]")) import("/assets/passkey.js");

const LOOKED_AT_MOST_EVERY = 1000; // milliseconds

const content = document.getElementById("content");
if (content.dataset.follow !== undefined && content.dataset.last !== undefined) {
  const following = document.getElementById("following");
  const stream = new EventSource(`/events?after=${content.dataset.last}`);
  let wanted = false;
  let busy = false;

  async function look() {
    if (busy) return;
    busy = true;
    wanted = false;
    const answer = await fetch(location.href);
    // Who is no longer let in is shown the porter.
    if (answer.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("content");
    // Whoever reads or selects something in the page is not disturbed: the next change brings it up to date.
    const held = content.contains(document.activeElement) || !getSelection().isCollapsed;
    if (fresh && !held) content.replaceChildren(...document.adoptNode(fresh).childNodes);
    setTimeout(() => {
      busy = false;
      if (wanted) look();
    }, LOOKED_AT_MOST_EVERY);
  }

  stream.onopen = () => (following.hidden = false);
  stream.onerror = () => (following.hidden = true);
  stream.onmessage = () => {
    wanted = true;
    look();
  };
}
