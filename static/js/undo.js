// Undo is offered for ten seconds; then the button goes, since it would find nothing.
for (const note of document.querySelectorAll("[data-undo]")) {
  setTimeout(() => note.querySelector("form")?.remove(), note.dataset.undo * 1000);
}
