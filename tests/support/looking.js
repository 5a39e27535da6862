// What a page can be asked about itself (see looking.py). Each question answers a list of findings.
(() => {
  const styleOf = (element) => getComputedStyle(element);
  const say = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 110);
  const everything = () => [...document.body.querySelectorAll("*")];

  const isShown = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) return false;
    for (let each = element; each; each = each.parentElement) {
      if (styleOf(each).clipPath === "inset(50%)") return false;
    }
    return true;
  };

  // What makes the page scroll sideways. Strips that are pushed along by themselves are meant to be longer.
  const runsOver = () => {
    const most = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= most) return [];
    const over = (element) => Math.round(element.getBoundingClientRect().right - most);
    return everything()
      .filter((e) => isShown(e) && over(e) > 1 && !e.closest("pre, .face-grid, .postmark, svg"))
      .slice(-3)
      .map((e) => `runs over by ${over(e)} px: ${say(e)}`)
      .concat(`the page is ${document.documentElement.scrollWidth} px wide`);
  };

  // Text whose end cannot be seen: its box hides what overflows, and holds more than it shows. Where lines are clamped
  // or end in an ellipsis on purpose, the whole text is one press away.
  const cutOff = () => {
    const hides = (value) => value === "hidden" || value === "clip";
    return everything()
      .filter((e) => {
        if (!isShown(e) || !e.textContent.trim() || e.matches("textarea, select, svg *, .face, .face *")) return false;
        const style = styleOf(e);
        if (style.webkitLineClamp !== "none" || style.textOverflow === "ellipsis") return false;
        return (hides(style.overflowX) && e.scrollWidth > e.clientWidth + 2)
          || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 2);
      })
      .map((e) => `cut off: ${say(e)}`);
  };

  // A link within a sentence may be as small as its letters. A box to tick is as large as its label.
  const TARGETS = "a[href], button, summary, select, input:not([type=hidden]), textarea, [role=button]";
  const SENTENCES = ".prose, .spoken, .comment-text, .letter-text, .like-words, .item-body > p[lang], .item-body > p:not([class])";
  const isInSentence = (element) =>
    styleOf(element).display === "inline"
    && (element.closest(SENTENCES)
      || [...element.parentElement.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && /[^\s·、,/]/.test(n.data)));
  const tooSmall = (smallest) =>
    [...document.querySelectorAll(TARGETS)]
      .filter((e) => isShown(e) && !e.closest("[aria-hidden=true], .skip"))
      .map((e) => {
        const target = e.matches("[type=checkbox], [type=radio]") ? (e.closest("label") ?? e) : e;
        return [e, target.getBoundingClientRect()];
      })
      .filter(([e, box]) => (box.width < smallest - 0.01 || box.height < smallest - 0.01) && !isInSentence(e))
      .map(([e, box]) => `too small (${Math.round(box.width)} x ${Math.round(box.height)}): ${say(e)}`);

  const moving = () =>
    document
      .getAnimations()
      .filter((a) => a.effect.getComputedTiming().duration > 20 && a.effect.getComputedTiming().duration < 6000)
      .map((a) => `moves (${a.animationName ?? a.transitionProperty ?? "?"}): ${say(a.effect.target)}`);

  // Where the keyboard is. `after`: whether that comes after the place asked about before.
  let last = null;
  const numbers = new Map();
  const start = () => {
    last = null;
    numbers.clear();
    document.activeElement?.blur();
    scrollTo(0, 0);
  };
  const isOutlined = (element) => {
    const style = element && styleOf(element);
    return Boolean(style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  };
  const at = () => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    if (!numbers.has(here)) numbers.set(here, numbers.size);
    const box = here.getBoundingClientRect();
    const within = (value, most) => Math.min(Math.max(value, 1), most - 2);
    const top = document.elementFromPoint(
      within(box.left + box.width / 2, innerWidth), within(box.top + Math.min(box.height / 2, 12), innerHeight));
    const over = top?.closest(".shelf, .end-bar");
    const after = !last || Boolean(last.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING);
    last = here;
    return {
      number: numbers.get(here), words: say(here), after, isShown: isShown(here),
      isOutlined: isOutlined(here) || isOutlined(here.closest("label")),
      isInWindow: box.bottom > 0 && box.top < innerHeight,
      isCovered: Boolean(over && !over.contains(here)),
    };
  };

  // Colours fade; what is looked at must have faded.
  const settle = () =>
    new Promise((done) =>
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          for (const animation of document.getAnimations()) {
            if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish();
          }
          requestAnimationFrame(() => done([]));
        })));

  window.__look = { runsOver, cutOff, tooSmall, moving, start, at, settle };
})
