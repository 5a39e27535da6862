// Asks now and then whether there is something new, and says so as a link. Nothing is pushed, and no title counts.
const SOON = 60_000;
const LATEST = 15 * 60_000;
const place = document.querySelector("[data-new]");
let wait = SOON;
let tag = "";
let timer;
let asked = Date.now();

async function ask() {
  asked = Date.now();
  const answer = await fetch(place.dataset.new, {
    cache: "no-store",
    redirect: "manual",
    headers: tag ? { "If-None-Match": tag } : {},
  });
  if (answer.status === 304) return true;
  if (!answer.ok) return answer.status >= 500 || answer.status === 429; // signed out, or a new house: no more asking
  tag = answer.headers.get("ETag") ?? "";
  const { words } = await answer.json();
  const link = place.querySelector("a");
  link.hidden = !words;
  link.textContent = words;
  return true;
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    wait = Math.min(LATEST, document.hidden ? wait * 2 : wait * 1.2);
    const goesOn = await ask().catch(() => true);
    if (goesOn) plan();
    else place.removeAttribute("data-new");
  }, wait);
}

if (place) {
  plan();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !place.dataset.new) return;
    wait = Date.now() - asked > SOON ? 500 : SOON;
    plan();
    wait = SOON;
  });
}
