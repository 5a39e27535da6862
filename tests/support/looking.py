"""What a browser can say about a page as it is drawn: does anything run over, is anything too small to hit or cut off,
what does the keyboard reach and in which order. Each answers a list of findings; an empty one is good."""

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

COLOUR_RULES = ["color-contrast", "link-in-text-block"]
NARROW = 320
SMALLEST_TARGET = 24  # CSS pixels (WCAG 2.5.8)

_HELPERS = """() => {
window.__shown ??= (element) => {
  if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  const box = element.getBoundingClientRect();
  if (box.width <= 1 || box.height <= 1) return false;
  for (let e = element; e; e = e.parentElement) if (getComputedStyle(e).clipPath === "inset(50%)") return false;
  return true;
};
window.__say ??= (element) => element.outerHTML.replace(/\\s+/g, " ").slice(0, 110);
}"""
_RUNS_OVER = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((e) => __shown(e) && e.getBoundingClientRect().right > most + 1 && !e.closest("pre, .face-grid, .postmark, svg"))
    .slice(-3).map((e) => `runs over by ${Math.round(e.getBoundingClientRect().right - most)} px: ${__say(e)}`)
    .concat(`the page is ${document.documentElement.scrollWidth} px wide`);
}"""
# Text whose end cannot be seen: a box that hides what overflows and holds more than it shows. Where lines are clamped
# or end in an ellipsis on purpose, the whole text is one press away.
_CUT = """() => [...document.body.querySelectorAll("*")].filter((e) => {
  const style = getComputedStyle(e);
  if (!__shown(e) || !e.textContent.trim() || e.matches("textarea, select, svg *, .face, .face *")) return false;
  if (style.webkitLineClamp !== "none" || style.textOverflow === "ellipsis") return false;
  const hides = (value) => value === "hidden" || value === "clip";
  return (hides(style.overflowX) && e.scrollWidth > e.clientWidth + 2) || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 2);
}).map((e) => `cut off: ${__say(e)}`)"""
# A link within a sentence is exempt, and so is what the browser draws itself beside a label that is large enough.
_TOO_SMALL = """(smallest) => [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden]), textarea, [role=button]")].filter((e) => {
  if (!__shown(e) || e.closest("[aria-hidden=true]") || e.classList.contains("skip")) return false;
  const target = e.matches("[type=checkbox], [type=radio]") ? e.closest("label") ?? e : e;
  const box = target.getBoundingClientRect();
  if (box.width >= smallest - .01 && box.height >= smallest - .01) return false;
  const inline = getComputedStyle(e).display === "inline";
  const around = [...e.parentElement.childNodes].some((n) => n !== e && n.nodeType === Node.TEXT_NODE && /[^\\s·、,]/.test(n.data))
    || e.closest(".prose, .spoken, .comment-text, .letter-text, .like-words, .item-body > p[lang], .item-body > p:not([class])");
  return !(inline && around);
}).map((e) => { const box = e.getBoundingClientRect(); return `too small (${Math.round(box.width)} x ${Math.round(box.height)}): ${__say(e)}`; })"""
_AT = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  e.__number ??= (window.__count = (window.__count ?? 0) + 1);
  const style = getComputedStyle(e), held = e.closest("label") && getComputedStyle(e.closest("label"));
  const outlined = (s) => s && s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
  const box = e.getBoundingClientRect();
  const at = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 2), Math.min(Math.max(box.top + Math.min(box.height / 2, 12), 1), innerHeight - 2));
  const over = at?.closest(".shelf, .end-bar");
  return {
    number: e.__number, words: __say(e), seen: __shown(e), outlined: outlined(style) || outlined(held),
    inside: box.bottom > 0 && box.top < innerHeight, covered: Boolean(over && !over.contains(e)),
    after: window.__last ? Boolean(window.__last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) : true,
    kept: (window.__last = e) && true,
  };
}"""
_MOVES = """() => document.getAnimations().map((a) => {
  const timing = a.effect.getComputedTiming();
  return { name: a.animationName ?? a.transitionProperty ?? "?", length: timing.duration, of: __say(a.effect.target) };
}).filter((a) => a.length > 20 && a.length < 6000).map((a) => `moves (${a.name}, ${a.length} ms): ${a.of}`)"""


def axe(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds; only these rules if any are given."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = page.evaluate("(options) => axe.run(options)", options)["violations"]
    return [
        f"axe {rule['id']} ({rule['impact']}): {node['html'][:160]} {_why(node)}"
        for rule in found
        for node in rule["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return " ".join(check["message"] for check in node["any"])[:160]


def in_light(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Change the light, and wait until what fades has faded."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(done), 30)))"
    )


def runs_over(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    return _ask(page, _RUNS_OVER)


def cut_off(page: Page) -> list[str]:
    """Text that is hidden by its box."""
    return _ask(page, _CUT)


def too_small(page: Page) -> list[str]:
    """What can be pressed and is smaller than `SMALLEST_TARGET`, links within sentences left out."""
    return _ask(page, _TOO_SMALL, SMALLEST_TARGET)


def moving(page: Page) -> list[str]:
    """Animations and transitions that are longer than a blink."""
    return _ask(page, _MOVES)


def keyboard(page: Page, most: int = 150) -> list[str]:
    """Goes through the page by Tab: each stop is seen, outlined, uncovered, and comes after the one before."""
    page.evaluate(_HELPERS)
    page.evaluate("() => { window.__last = null; document.activeElement?.blur(); scrollTo(0, 0); }")
    findings: list[str] = []
    seen: set[int] = set()
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(_AT)
        if at is None or at["number"] in seen:
            return findings if seen else ["the keyboard reaches nothing"]
        seen.add(at["number"])
        for bad, words in (
            (not at["after"], "comes before the stop before it"),
            (not at["seen"], "cannot be seen"),
            (not at["outlined"], "has no outline"),
            (not at["inside"], "is out of the window"),
            (at["covered"], "is covered"),
        ):
            if bad:
                findings.append(f"keyboard: {words}: {at['words']}")
    return findings


def _ask(page: Page, question: str, given: Any = None) -> list[str]:
    page.evaluate(_HELPERS)
    return [str(found) for found in page.evaluate(question, given)]
