// A page that waits for news looks again, a while, and is shown anew once it says something else.
const waits = document.querySelector("[data-follow]");
const LOOKS_MOST = 90;
const look = async (looks) => {
  const text = await fetch(location.href).then((answer) => answer.text()).catch(() => null);
  if (text !== null && !text.includes(`data-follow="${waits.dataset.follow}"`)) return location.reload();
  if (looks < LOOKS_MOST) setTimeout(() => look(looks + 1), 2000);
};
if (waits) setTimeout(() => look(1), 1500);
