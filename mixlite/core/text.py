"""Text as people type it: made safe to keep, and counted as people count.

Kept text is NFC, with plain line feeds, without control characters, bidirectional overrides or invisible
characters, and with at most eight combining marks in a row (SECURITY.md, S42). NUL and lone surrogates are refused,
because PostgreSQL cannot keep them and nobody types them.
"""

import unicodedata

import regex

MOST_MARKS = 8
_REFUSED = regex.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
# C0 and C1 controls but tab and line feed; bidi embeddings, overrides and isolates; zero-width space, word joiner,
# byte order mark, soft hyphen, interlinear annotations, tag characters. ZWJ and ZWNJ stay: emoji and scripts need them.
_INVISIBLE = regex.compile(
    r"[\x01-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_MARKS = regex.compile(rf"(\p{{M}}{{{MOST_MARKS}}})\p{{M}}+")
# A flag is taken by itself: at each of them \X would count all flags before it, and long rows of flags take minutes.
_CHARACTER = regex.compile(r"\p{Regional_Indicator}{2}[\p{Grapheme_Extend}\p{Mc}\u200d]*+|\X")
_BLANK_LINES = regex.compile(r"\n{4,}")
_SPACES = regex.compile(r"\s+")
_BLANK = regex.compile(r"[\s\p{Cf}\u3164\u115f\u1160\uffa0\u2800]*")


class UnusableText(ValueError):
    """The text holds something that cannot be kept (NUL, a lone surrogate)."""


def clean_text(text: str) -> str:
    """Several lines, ready to be kept: trailing blanks gone, at most two empty lines in a row.

    Raises UnusableText.
    """
    text = _clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n\n", "\n".join(lines)).strip("\n ")


def clean_line(text: str) -> str:
    """One line, ready to be kept: any run of white space is one space. Raises UnusableText."""
    return _SPACES.sub(" ", _clean(_SPACES.sub(" ", text))).strip()


def is_blank(text: str) -> bool:
    """Whether nothing in it could be seen."""
    return _BLANK.fullmatch(text) is not None


def characters(text: str) -> int:
    """How many characters a person counts (grapheme clusters: a family emoji is one)."""
    return sum(1 for _ in _CHARACTER.finditer(text))


def first_character(text: str) -> str:
    """What a person calls the first character: a family of emoji whole; nothing of a blank text."""
    found = _CHARACTER.match(text.strip()[:64])
    return str(found[0]) if found else ""


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters as people count them, with an ellipsis in place of what was cut."""
    clusters: list[str] = _CHARACTER.findall(text[: limit * 16])
    if len(clusters) <= limit and len(text) <= limit * 16:
        return text
    return "".join(clusters[: limit - 1]).rstrip() + "…"


def _clean(text: str) -> str:
    if _REFUSED.search(text):
        raise UnusableText
    return _MARKS.sub(r"\1", unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))
