// Pictures are dragged to their places: <ol data-order>. The buttons beside each do the same for keys and fingers.
import { post } from "./post.js";

const list = document.querySelector("[data-order]");
const said = document.getElementById("order-said");
let held, before;

async function save() {
  const body = new FormData();
  body.set("csrf_token", document.querySelector("[name=csrf_token]").value);
  for (const line of list.children) body.append("photo", line.dataset.photo);
  try {
    await post(list.dataset.order, body);
    said.textContent = list.dataset.saved;
  } catch {
    location.reload(); // as the house has it
  }
}

for (const line of list.children) {
  line.draggable = true;
  for (const picture of line.querySelectorAll("img")) picture.draggable = false;
}
list.addEventListener("dragstart", (event) => {
  held = event.target.closest("li");
  before = [...list.children].indexOf(held);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", held.dataset.photo);
  held.classList.add("held");
});
list.addEventListener("dragover", (event) => {
  const line = event.target.closest("li");
  if (!held) return;
  event.preventDefault();
  if (!line || line === held) return;
  const lines = [...list.children];
  line[lines.indexOf(held) < lines.indexOf(line) ? "after" : "before"](held);
});
list.addEventListener("dragend", () => {
  held.classList.remove("held");
  if ([...list.children].indexOf(held) !== before) save();
  held = undefined;
});
list.addEventListener("drop", (event) => event.preventDefault());
document.querySelector("[data-drag-words]").hidden = false;
