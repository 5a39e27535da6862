// Counts as people count: a family emoji is one character. <span data-counter="id" data-limit="300" data-left="{n} left" data-over="{n} too many">.
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
const characters = (text) => (segmenter ? [...segmenter.segment(text)].length : [...text].length);

for (const counter of document.querySelectorAll("[data-counter]")) {
  const input = document.getElementById(counter.dataset.counter);
  const before = counter.textContent;
  const count = () => {
    const left = counter.dataset.limit - characters(input.value.trim());
    counter.classList.toggle("over", left < 0);
    counter.setAttribute("aria-live", left <= 20 ? "polite" : "off");
    const words = left < 0 ? counter.dataset.over : counter.dataset.left;
    counter.textContent = input.value ? words.replace("{n}", Math.abs(left)) : before;
  };
  input.addEventListener("input", count);
  count();
}
