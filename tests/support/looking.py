"""What a browser can say about a page as it is drawn: does anything run over, is anything too small to hit or cut off,
what does the keyboard reach and in which order. Each answers a list of findings; an empty one is good."""

from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

COLOUR_RULES = ["color-contrast", "link-in-text-block"]
NARROW = 320
SMALLEST_TARGET = 24  # CSS pixels (WCAG 2.5.8)
_QUESTIONS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def axe(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds; only these rules if any are given."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = page.evaluate("(options) => axe.run(options)", options)["violations"]
    return [f"axe {rule['id']}: {node['html'][:160]} {_why(node)}" for rule in found for node in rule["nodes"]]


def _why(node: dict[str, Any]) -> str:
    return " ".join(check["message"] for check in node["any"])[:160]


def in_light(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Change the light, and wait until what fades has faded."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    _ask(page, "settle")


def runs_over(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    return _ask(page, "runsOver")


def cut_off(page: Page) -> list[str]:
    """Text that is hidden by its box."""
    return _ask(page, "cutOff")


def too_small(page: Page) -> list[str]:
    """What can be pressed and is smaller than `SMALLEST_TARGET`, links within sentences left out."""
    return _ask(page, "tooSmall", SMALLEST_TARGET)


def moving(page: Page) -> list[str]:
    """Animations and transitions that are longer than a blink."""
    return _ask(page, "moving")


def keyboard(page: Page, most: int = 200) -> list[str]:
    """Goes through the page by Tab: each stop is seen, outlined, uncovered, and comes after the one before."""
    _ask(page, "start")
    findings: list[str] = []
    stops: set[int] = set()
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate("() => __look.at()")
        if at is None or at["number"] in stops:
            break
        stops.add(at["number"])
        findings += [f"keyboard: {words}: {at['words']}" for words in _wrong_with(at)]
    return findings if len(stops) > 1 else ["the keyboard reaches nothing"]


def _wrong_with(stop: dict[str, Any]) -> list[str]:
    wrong = {
        "comes before the stop before it": not stop["after"],
        "cannot be seen": not stop["isShown"],
        "has no outline": not stop["isOutlined"],
        "is out of the window": not stop["isInWindow"],
        "is covered": stop["isCovered"],
    }
    return [words for words, is_so in wrong.items() if is_so]


def _ask(page: Page, question: str, given: Any = None) -> list[str]:
    if not page.evaluate("() => Boolean(window.__look)"):
        page.evaluate(_QUESTIONS)
    return [str(found) for found in page.evaluate(f"(given) => __look.{question}(given)", given) or ()]
