// Whoever has looked at the end of what is new for a moment has read it: the button there is pressed for them.
import { post } from "./post.js";

const MOMENT = 1500; // milliseconds
let waiting;

async function press(form) {
  try {
    await post(form.action, new URLSearchParams(new FormData(form)));
  } catch {
    return; // the button is still there
  }
  const said = document.createElement("span");
  said.className = "soft small-text";
  said.setAttribute("role", "status");
  form.replaceWith(said);
  said.textContent = form.dataset.done;
}

const watcher = new IntersectionObserver(([seen]) => {
  clearTimeout(waiting);
  const form = seen.target;
  if (!seen.isIntersecting) return;
  waiting = setTimeout(() => {
    if (document.hidden || !form.isConnected) return;
    watcher.disconnect();
    press(form);
  }, MOMENT);
}, { threshold: 1 });

const watch = () => {
  watcher.disconnect();
  const form = document.querySelector("[data-read-mark]");
  if (form) watcher.observe(form);
};

addEventListener("feed:grown", watch);
document.addEventListener("visibilitychange", () => document.hidden || watch());
watch();
