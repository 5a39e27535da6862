// Pictures one after the other. On a picture's own page: arrows, Home and End, Escape, a finger that wipes, and a touch
// that brings it near. From an album the same opens above the page, at the address of the picture, and the focus returns.
const WIPE = 60; // pixels

const near = (viewer) => viewer.classList.contains("near");
function bring(viewer, isNear) {
  const picture = viewer.querySelector(".print img");
  if (!picture) return;
  viewer.classList.toggle("near", isNear);
  picture.sizes = isNear ? "200vw" : "94vw";
}

// Where a key leads on this picture; nothing for other keys.
function wayOf(viewer, key) {
  const link = (rel) => viewer.querySelector(`a[rel=${rel}]`)?.href;
  return { ArrowLeft: link("prev"), ArrowRight: link("next"), Home: viewer.dataset.first, End: viewer.dataset.last }[key];
}

function listen(viewer, go) {
  let start;
  viewer.addEventListener("pointerdown", (event) => {
    start = event.pointerType !== "mouse" && event.isPrimary ? [event.clientX, event.clientY] : undefined;
  });
  viewer.addEventListener("pointerup", (event) => {
    if (!start || near(viewer) || window.visualViewport?.scale > 1.05) return;
    const [x, y] = [event.clientX - start[0], event.clientY - start[1]];
    const way = Math.abs(x) > WIPE && Math.abs(x) > 2 * Math.abs(y) && wayOf(viewer, x < 0 ? "ArrowRight" : "ArrowLeft");
    if (way) go(way);
  });
  viewer.addEventListener("click", (event) => event.target.closest(".print.whole img") && bring(viewer, !near(viewer)));
}

function press(event, viewer, go) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "+" || event.key === "-") return bring(viewer, event.key === "+");
  if (near(viewer) && event.key.startsWith("Arrow")) return;
  const way = wayOf(viewer, event.key);
  if (!way) return;
  event.preventDefault();
  if (way !== location.href) go(way);
}

// ---- on its own page

const own = document.querySelector("main [data-viewer]");
if (own) {
  const go = (address) => location.replace(address);
  listen(own, go);
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("input, textarea, select")) {
      if (near(own)) bring(own, false);
      else location.href = own.querySelector("a[rel=up]").href;
    } else press(event, own, go);
  });
  own.dataset.listens = "";
}

// ---- above a page with many

const sheet = document.querySelector(".prints-sheet");
let dialog, opener, wanted;

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "lightbox";
  dialog.setAttribute("aria-label", sheet.dataset.picture);
  const bar = Object.assign(document.createElement("p"), { className: "lightbox-bar" });
  const talk = Object.assign(document.createElement("a"), { className: "button small", textContent: sheet.dataset.talk });
  const close = Object.assign(document.createElement("button"), { className: "button small", type: "button", textContent: sheet.dataset.close });
  close.addEventListener("click", () => dialog.close());
  bar.append(talk, close);
  dialog.append(bar, document.createElement("div"));
  dialog.addEventListener("close", () => {
    dialog.lastElementChild.replaceChildren();
    if (history.state?.lightbox) history.back();
    const shown = document.getElementById(`p${/\d+$/.exec(wanted)}`);
    (shown ?? opener)?.focus();
  });
  dialog.addEventListener("keydown", (event) => {
    const viewer = dialog.querySelector("[data-viewer]");
    if (viewer) press(event, viewer, show);
  });
  dialog.addEventListener("cancel", (event) => {
    const viewer = dialog.querySelector(".near");
    if (!viewer) return;
    event.preventDefault();
    bring(viewer, false);
  });
  dialog.addEventListener("click", (event) => {
    const link = event.target.closest("a[rel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.rel === "up") dialog.close();
    else show(link.href);
  });
  document.body.append(dialog);
}

async function show(address) {
  wanted = address;
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const viewer = page.querySelector("[data-viewer]");
    if (!answer.ok || !viewer) throw new Error(answer.status);
    if (wanted !== address) return;
    viewer.querySelector("#pictures")?.removeAttribute("id");
    const held = dialog.lastElementChild.contains(document.activeElement) ? document.activeElement.rel : undefined;
    dialog.lastElementChild.replaceChildren(viewer);
    if (held !== undefined) (viewer.querySelector(`a[rel="${held}"]`) ?? dialog.querySelector("button")).focus();
    dialog.querySelector(".lightbox-bar a").href = address;
    dialog.setAttribute("aria-label", viewer.querySelector(".print img")?.alt || sheet.dataset.picture);
    listen(viewer, show);
    if (history.state?.lightbox) history.replaceState({ lightbox: true }, "", address);
    else history.pushState({ lightbox: true }, "", address);
    if (!dialog.open) dialog.showModal();
  } catch {
    location.href = address; // the plain page says what there is to say
  }
}

sheet?.parentElement.parentElement.addEventListener("click", (event) => {
  const link = event.target.closest?.(".prints-sheet a[id]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
  event.preventDefault();
  opener = link;
  if (!dialog) build();
  show(link.href);
});
if (sheet) sheet.dataset.listens = "";
addEventListener("popstate", () => {
  if (dialog?.open && !history.state?.lightbox) dialog.close();
  else if (!dialog?.open && history.state?.lightbox) location.reload();
});
