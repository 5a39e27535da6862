// <button data-opens="id"> opens that <dialog>; Escape, its button and a touch beside it close it; the browser gives
// the focus back to where it was.
addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-opens]");
  if (opener) return document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target instanceof HTMLDialogElement) event.target.close();
});
for (const opener of document.querySelectorAll("[data-opens][hidden]")) opener.hidden = false;
