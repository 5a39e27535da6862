// A like or a favourite shows at once, and is taken back with a word if the house did not hear of it.
import { announce, trouble } from "./announce.js";
import { post } from "./post.js";

const MARK = /\/(like|favourite)(\/remove)?$/;

const turn = (form, isOn) => {
  const button = form.querySelector("button");
  button.setAttribute("aria-pressed", String(isOn));
  form.action = form.action.replace(MARK, isOn ? "/$1/remove" : "/$1");
  const count = form.querySelector(".like-count");
  if (count) count.textContent = Math.max(0, Number(count.textContent) + (isOn ? 1 : -1)) || "";
};

// On the entry's own page the names beside the button are the server's to write.
const takeNames = (form, html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".likes");
  for (const part of [".faces", ".like-words"]) {
    form.parentElement.querySelector(part)?.remove();
    const names = fresh?.querySelector(part);
    if (names) form.parentElement.append(names);
  }
};

addEventListener("submit", async (event) => {
  const form = event.target;
  const button = form.querySelector("button[aria-pressed]");
  if (!button || !MARK.test(form.action)) return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  const { action } = form;
  const isOn = button.getAttribute("aria-pressed") !== "true";
  const hasNames = form.parentElement.classList.contains("likes");
  const sent = new URLSearchParams(new FormData(form));
  turn(form, isOn);
  try {
    if (hasNames) {
      const answer = await fetch(action, { method: "post", body: sent });
      if (!answer.ok || new URL(answer.url).pathname === "/sign-in") throw new Error(answer.status);
      takeNames(form, await answer.text());
    } else await post(action, sent);
  } catch {
    turn(form, !isOn);
    announce(trouble(), { isProblem: true });
  }
  delete form.dataset.sending;
}, true);
