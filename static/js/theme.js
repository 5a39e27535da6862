// The lamp: light, dark, or as the device says, without loading the page again.
const lamp = document.querySelector(".lamp-form");
lamp?.addEventListener("submit", (event) => {
  const chosen = event.submitter;
  if (!chosen) return;
  event.preventDefault();
  if (chosen.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen.value;
  for (const button of lamp.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === chosen));
  const sent = new FormData(lamp);
  sent.set(chosen.name, chosen.value);
  fetch(lamp.action, { method: "post", body: sent, redirect: "manual" });
});
