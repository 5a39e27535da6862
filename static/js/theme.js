// The lamp: light, dark, or as the device says, without loading the page again.
const lamp = document.querySelector(".lamp-form");
lamp?.addEventListener("submit", (event) => {
  const chosen = event.submitter;
  if (!chosen) return;
  event.preventDefault();
  if (chosen.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen.value;
  const cloth = chosen.value === "dark" ? "#6b3410" : "#ff9933"; // what the phone paints around the page
  for (const each of document.querySelectorAll("meta[name=theme-color]")) {
    each.dataset.own ??= each.content;
    each.content = chosen.value === "auto" ? each.dataset.own : cloth;
  }
  for (const button of lamp.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === chosen));
  const sent = new FormData(lamp);
  sent.set(chosen.name, chosen.value);
  fetch(lamp.action, { method: "post", body: sent, redirect: "manual" });
});
