// A form is not sent a second time while the first answer is awaited.
const PATIENCE = 20_000; // milliseconds; then it may be tried again (the server makes one thing of two sendings)
const buttons = (form) => [...form.elements].filter((element) => element.type === "submit");
const release = (form) => {
  delete form.dataset.sent;
  for (const button of buttons(form)) button.removeAttribute("aria-disabled");
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  (event.submitter ?? buttons(form)[0])?.setAttribute("aria-disabled", "true");
  setTimeout(release, PATIENCE, form);
});

// back from the next page, out of the browser's memory
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
