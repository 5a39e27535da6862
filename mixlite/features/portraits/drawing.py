"""The drawings. A portrait is a short code, the same code is always the same picture, and no code says whose it is.

A face is `f-` and one digit or letter for each part, in the order of `PARTS`; a thing is `t-` and its name. All shapes
are our own; every picture is 200 by 200 and stands on a persimmon-shaped ground that the page cuts out.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from mixlite.people.members import PORTRAIT_LENGTH

CODE_LENGTH = PORTRAIT_LENGTH

GROUNDS = ("#f7d9b0", "#c9d8c0", "#bcd0de", "#f4c98a", "#ecc9c4", "#f2dfa6", "#d5d2c4", "#d8c7e0", "#cfe0d0", "#f1d0a8")
SKINS = ("#f6d7ba", "#f3cba6", "#ecc7a2", "#e6b48a", "#d9a57a", "#b07a50", "#7c4a2e", "#5c3824")
HAIRS = ("#1d1614", "#2a1a14", "#4a2a1a", "#6b4226", "#a0562a", "#c98a3c", "#b9b4ac", "#e8e2d6", "#2f5a80", "#8a3226")
CLOTHES = ("#c94f2c", "#3f6b57", "#33506e", "#f2ead8", "#7a3d5c", "#d9772a", "#57503f", "#e0a03a", "#8a3226", "#4a5f86")
INK = "#1c0f09"


MOUTH, LIGHT_MOUTH = "#7a2c1c", "#d98a7c"
_LIGHT_MOUTHED = (6, 7)  # skins on which the other mouth would not be seen


@dataclass(frozen=True)
class Face:
    """The parts of a face, each a position in its list."""

    style: int = 0
    skin: int = 1
    hair: int = 1
    clothes: int = 0
    ground: int = 0
    glasses: int = 0
    beard: int = 0
    mouth: int = 0

    @property
    def code(self) -> str:
        """What is stored."""
        return "f-" + "".join(_DIGITS[getattr(self, part)] for part in PARTS)


_DIGITS = "0123456789"
_BEGINNING = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200">'
_BEHIND = (
    '<path d="M48 200V96q0-62 52-62t52 62v104z" fill="{h}"/>',
    '<path d="M44 138V96q0-60 56-60t56 60v42q-56 20-112 0z" fill="{h}"/>',
    "",
    '<circle cx="100" cy="30" r="22" fill="{h}"/><path d="M52 120V96q0-56 48-56t48 56v24z" fill="{h}"/>',
    "{curls}",
    "",
    "",
    '<path d="M40 150q-8-58 12-78 14-38 48-38t48 38q20 20 12 78-18 14-30-6V96H70v48q-12 20-30 6z" fill="{h}"/>',
    "",
)
_BEFORE = (
    '<path d="M55 100q-2-56 45-58q48 2 45 58q-10-30-30-38q-24 22-60 38z" fill="{h}"/>',
    '<path d="M54 98q-4-54 46-56q50 2 46 56q-6-22-16-28h-60q-10 6-16 28z" fill="{h}"/>',
    '<path d="M55 92q-8-56 45-58q56 0 45 58q-6-22-20-30q-30 12-54 4q-12 8-16 26z" fill="{h}"/>',
    '<path d="M56 94q0-52 44-54q44 2 44 54q-10-26-44-30q-34 4-44 30z" fill="{h}"/>',
    '<path d="M58 84q4-36 42-38q38 2 42 38q-20-18-42-18t-42 18z" fill="{h}"/>',
    '<path d="M52 84q0-46 48-46t48 46z" fill="{h}"/><path d="M96 84h74q-4-16-28-16z" fill="{h}" opacity=".8"/>',
    '<path d="M56 90q-6-30 10-40q14-16 34-14q20-2 34 14q16 10 10 40q-6-16-14-22q-30-10-60 0q-8 6-14 22z" fill="{h}"/>',
    '<path d="M54 100q-2-58 46-58q40 0 46 50q-40-4-62-28q-6 22-30 36z" fill="{h}"/>',
    '<path d="M60 70q14-22 40-22t40 22q-12-10-40-10t-40 10z" fill="{h}" opacity=".55"/>',
)
_MOUTHS = (
    '<path d="M88 122q12 10 24 0" stroke="{m}" stroke-width="4" fill="none" stroke-linecap="round"/>',
    '<path d="M86 120q14 18 28 0z" fill="{m}"/><path d="M90 121h20q-1 4-10 4t-10-4z" fill="#fff"/>',
    '<path d="M91 124h18" stroke="{m}" stroke-width="4" fill="none" stroke-linecap="round"/>',
)
_GLASSES = (
    "",
    '<circle cx="81" cy="99" r="15"/><circle cx="119" cy="99" r="15"/><path d="M96 98h8"/>',
    '<path d="M65 88h31v22H65zM104 88h31v22h-31zM96 97h8" stroke-linejoin="round"/>',
)
_BEARDS = (
    "",
    '<path d="M58 104q4 48 42 48t42-48q-6 18-22 18h-40q-16 0-22-18z" fill="{h}"/>',
    '<path d="M82 115q18-9 36 0q-6 7-18 4q-12 3-18-4z" fill="{h}"/>',
)

# For each part: how many there are to choose from.
PARTS: Mapping[str, int] = {
    "style": len(_BEFORE),
    "skin": len(SKINS),
    "hair": len(HAIRS),
    "clothes": len(CLOTHES),
    "ground": len(GROUNDS),
    "glasses": len(_GLASSES),
    "beard": len(_BEARDS),
    "mouth": len(_MOUTHS),
}

# Each is a file of its own; the order is the one in which they are offered.
THINGS = (
    *("cat", "dog", "bird", "fish", "mountain", "sea", "flower", "maple"),
    *("persimmon", "bread", "coffee", "tea", "camera", "books", "moon", "lantern"),
)
_FOLDER = Path(__file__).parent / "things"


@cache
def _thing(name: str) -> str:
    return (_FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def drawing(code: str) -> str | None:
    """The picture as an SVG document; None for a code that is none."""
    if code.startswith("t-"):
        name = code.removeprefix("t-")
        return _thing(name) if name in THINGS else None
    face = face_of(code)
    return None if face is None else _drawn(face)


def face_of(code: str) -> Face | None:
    """The parts of a face; None for anything that is not the code of one."""
    digits = code.removeprefix("f-")
    if not code.startswith("f-") or len(digits) != len(PARTS) or not set(digits) <= set(_DIGITS):
        return None
    parts = {part: int(digit) for part, digit in zip(PARTS, digits, strict=True)}
    return Face(**parts) if all(parts[part] < count for part, count in PARTS.items()) else None


def faces_to_begin_with(seed: int, count: int) -> Sequence[Face]:
    """Some faces to choose from, the same for the same seed, no two alike in hair and clothes."""
    dice = random.Random(seed)  # noqa: S311 - nothing secret: which drawings somebody is offered
    found: dict[tuple[int, int], Face] = {}
    while len(found) < count:
        face = Face(**{part: dice.randrange(number) for part, number in PARTS.items()})
        face = replace(
            face, beard=face.beard if dice.random() < 0.3 else 0, glasses=face.glasses if dice.random() < 0.4 else 0
        )
        found.setdefault((face.style, face.clothes), face)
    return list(found.values())


def _drawn(face: Face) -> str:
    hair, skin, clothes = HAIRS[face.hair], SKINS[face.skin], CLOTHES[face.clothes]
    pieces = [
        f'<rect width="200" height="200" fill="{GROUNDS[face.ground]}"/>',
        _BEHIND[face.style].format(h=hair, curls=_curls(hair)),
        f'<path d="M22 200q6-48 58-52h40q52 4 58 52z" fill="{clothes}"/>',
        f'<path d="M82 128h36v26q-18 18-36 0z" fill="{skin}"/>',
        '<path d="M82 136q18 14 36 0v8q-18 12-36 0z" opacity=".1"/>',
        f'<ellipse cx="100" cy="96" rx="43" ry="49" fill="{skin}"/>',
        _BEARDS[face.beard].format(h=hair),
        '<g fill="#e8604a" opacity=".22"><circle cx="72" cy="112" r="10"/><circle cx="128" cy="112" r="10"/></g>',
        f'<g fill="{INK}"><ellipse cx="82" cy="98" rx="4.4" ry="5.6"/>',
        '<ellipse cx="118" cy="98" rx="4.4" ry="5.6"/></g>',
        _MOUTHS[face.mouth].format(m=LIGHT_MOUTH if face.skin in _LIGHT_MOUTHED else MOUTH),
        _BEFORE[face.style].format(h=hair),
        f'<g fill="none" stroke="#3a2a22" stroke-width="4">{_GLASSES[face.glasses]}</g>',
    ]
    return f"{_BEGINNING}{''.join(pieces)}</svg>"


def _curls(hair: str) -> str:
    places = [(100 + 54 * math.cos(k * math.tau / 10), 84 + 50 * math.sin(k * math.tau / 10)) for k in range(10)]
    return "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="25" fill="{hair}"/>' for x, y in places)
