// Single keys, for those who did not switch them off: j and k go through a list, n writes, h goes home, ? tells.
// They rest while something is typed or chosen, with any other key held, and while a dialog is open.
const { shortcuts } = document.body.dataset;
const LIST = ".item, .comment";

const isBusy = (event) =>
  event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey ||
  event.target.closest?.("input, textarea, select, [contenteditable], dialog, [role=listbox]") ||
  document.querySelector("dialog[open]");

function step(by) {
  const items = [...document.querySelectorAll(LIST)];
  if (!items.length) return;
  const here = document.activeElement.closest?.(LIST);
  const seen = items.findIndex((each) => each.getBoundingClientRect().bottom > 80);
  const index = here ? items.indexOf(here) + by : by > 0 ? seen : seen - 1;
  const item = items[Math.min(items.length - 1, Math.max(0, index))];
  item.tabIndex = -1;
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

const go = (selector) => document.querySelector(selector)?.click();

function write() {
  const composer = document.querySelector(".voice-form textarea");
  if (composer) composer.focus();
  else go(".shelf .write");
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: write,
  h: () => go(".brand"),
  "?": () => document.getElementById("keys").showModal(),
};

if (shortcuts === "on") {
  addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || isBusy(event)) return;
    event.preventDefault();
    act();
  });
}
