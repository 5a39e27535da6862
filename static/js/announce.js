// Says something without moving anything: to those who listen, and as a note at the foot of the window.
let board;
let clearing;

export function announce(words, { isProblem = false } = {}) {
  if (!board) {
    board = document.createElement("div");
    board.className = "announcement";
    board.setAttribute("role", "status");
    document.body.append(board);
  }
  clearTimeout(clearing);
  board.replaceChildren();
  board.classList.toggle("problem", isProblem);
  board.classList.toggle("visually-hidden", !isProblem);
  requestAnimationFrame(() => (board.textContent = words)); // an empty place that fills is spoken
  clearing = setTimeout(() => board.replaceChildren(), 8000);
}

export const trouble = () => document.body.dataset.trouble;
