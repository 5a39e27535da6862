"""From kept text to safe HTML.

`prose` is the small Markdown of diaries; `plain` is for everything else that people type. Both end in the allowlist
of nh3, so that nothing before it needs to be trusted (SECURITY.md, S29-S31). Neither ever loads a picture.

`@aki` becomes a link where the caller says that this reader knows the handle; every other stays plain words. So what
is kept in the caches is the same for all readers of whom the same people are known.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import nh3
import regex
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.linkify import linkify
from markdown_it.token import Token
from markupsafe import Markup, escape

from mixlite.core.text import clean_line, shortened

_TAGS = {"p", "br", "em", "strong", "s", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "a", "h2", "h3", "h4"}
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_RELATIONS = "noopener nofollow ugc"
_HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_NESTING = 20
_LOOKS_LIKE_ADDRESS = regex.compile(r"[\p{L}\p{N}-]\.[\p{L}]{2,}")
# Japanese words stand directly before and after a handle; an address or another network's @aki@example is none.
_MENTION = r"(?<![A-Za-z0-9_@＠/])[@＠](?P<handle>[A-Za-z0-9_]{1,30}+)(?![A-Za-z0-9_@＠])"
_MENTIONS = regex.compile(_MENTION)
_SPACE_AFTER_FULL_STOP = regex.compile(r"(?<=[。！？」』…]) ")  # between paragraphs; Japanese has none in a line
_POINTERS = regex.compile(rf"(?<![>\w])>>(?P<number>[1-9][0-9]{{0,5}})(?![0-9])|{_MENTION}")
MOST_MENTIONS = 30  # handles that one text can turn into links
Handles = Collection[str]

_WHOLE = regex.compile(r"https?://|mailto:|#c[0-9]+\Z", regex.IGNORECASE)
_PERSON = regex.compile(r"/@[a-z0-9_]{1,30}\Z")

# Whatever has no blank in it; Japanese words stand directly before an address.
_RUN = regex.compile(r"(?:https?://)?+(?:(?!(?<=[^\x00-\x7f])https?://)\S)++")
_SCHEME_BEFORE = regex.compile(r"(?:^|[^a-z0-9.+-])(https?)$", regex.IGNORECASE)
LONGEST_ADDRESS = 2000
_LONG_RUN = -1  # a key in markdown-it's notes on positions, which are never negative


class _Linkify(LinkifyIt):  # type: ignore[misc]
    """Finds addresses in runs of letters no longer than an address may be: its time grows by the square of a run."""

    def match(self, text: str) -> list[Any] | None:
        found = []
        for run in _RUN.finditer(text):
            for match in (super().match(run[0]) if len(run[0]) <= LONGEST_ADDRESS else None) or ():
                match.index += run.start()
                match.last_index += run.start()
                found.append(match)
        return found or None

    def match_at_start(self, text: str) -> Any:
        run = _RUN.match(text[: LONGEST_ADDRESS + 1])
        return super().match_at_start(run[0]) if run and len(run[0]) <= LONGEST_ADDRESS else None


_linkify = _Linkify(options={"fuzzy_link": False, "fuzzy_email": False})
_markdown = MarkdownIt("zero", {"html": False, "breaks": True, "linkify": True, "maxNesting": _NESTING}).enable(
    [
        "heading",
        "list",
        "blockquote",
        "hr",
        "code",
        "fence",
        "emphasis",
        "strikethrough",
        "link",
        "autolink",
        "linkify",
        "newline",
        "escape",
        "backticks",
    ]
)
_markdown.linkify = _linkify


def _address_here(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it calls it so
    """markdown-it's own rule, asked only where it will find something: it reads all words before each `://`."""
    scheme = _SCHEME_BEFORE.search(state.pending[-8:]) if state.src.startswith("://", state.pos) else None
    if scheme is None or state.pos < state.cache.get(_LONG_RUN, 0):
        return False
    run = _RUN.match(state.src, state.pos - len(scheme[1]))
    if run is None:
        return False
    if len(run[0]) > LONGEST_ADDRESS:
        state.cache[_LONG_RUN] = run.end()
        return False
    return linkify(state, silent) if LinkifyIt.match_at_start(_linkify, run[0]) else False


_markdown.inline.ruler.at("linkify", _address_here)


def handles_in(text: str) -> frozenset[str]:
    """The handles that this text mentions, in lower case; the first thirty of them. Whether there is such a person,
    nobody has asked yet.
    """
    found: dict[str, None] = {}
    for match in _MENTIONS.finditer(text) if "@" in text or "＠" in text else ():
        found[match["handle"].lower()] = None
        if len(found) == MOST_MENTIONS:
            break
    return frozenset(found)


@lru_cache(maxsize=1024)
def prose(text: str, known: Handles = frozenset()) -> Markup:
    """A diary's Markdown as HTML: headings below the page's own, links that say where they lead, no pictures.

    `known`, hashable, are the handles in it that lead to somebody.
    """
    tokens = _markdown.parse(text)
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
        if token.children:
            token.children = list(_with_mentions(_honest_links(token.children), known))
    return Markup(_sanitised(_markdown.renderer.render(tokens, _markdown.options, {})))  # noqa: S704 - sanitised


@lru_cache(maxsize=4096)
def plain(text: str, known: Handles = frozenset()) -> Markup:
    """Comments, voices and letters: links, line breaks, `>>12` pointing at comment 12 of the same page, and `@aki`
    leading to Aki where `known`, hashable, has her handle.
    """
    pieces, end = [], 0
    for match in _linkify.match(text) or ():
        if not match.url.startswith(("http://", "https://")):
            continue
        pieces += [
            _pointers(text[end : match.index], known),
            Markup('<a href="{}">{}</a>').format(match.url, match.raw),
        ]
        end = match.last_index
    pieces.append(_pointers(text[end:], known))
    html = str(Markup("").join(pieces)).replace("\n", "<br>")
    return Markup(_sanitised(html))  # noqa: S704 - sanitised


def excerpt(text: str, limit: int = 160) -> str:
    """The first words of a diary without its marks, on one line, for a card."""
    words = clean_line(" ".join(_words(_markdown.parse(text[: limit * 20]))))
    return shortened(_SPACE_AFTER_FULL_STOP.sub("", words), limit)


def _words(tokens: Sequence[Token]) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if token.children:
            found.append(
                "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in token.children)
            )
        elif token.type in ("fence", "code_block"):
            found.append(token.content)
    return found


def _pointers(text: str, known: Handles) -> Markup:
    pieces, end = [], 0
    for match in _POINTERS.finditer(text):
        number, handle = match["number"], (match["handle"] or "").lower()
        if handle and handle not in known:
            continue
        address = f"/@{handle}" if handle else f"#c{number}"
        link = Markup('<a href="{}">{}</a>').format(address, match[0])
        pieces += [escape(text[end : match.start()]), link]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])


def _with_mentions(tokens: Sequence[Token], known: Handles) -> Iterator[Token]:
    """Handles in plain words, but not in the words of a link or in code."""
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        if not known or depth or token.type != "text":
            yield token
            continue
        end = 0
        for match in _MENTIONS.finditer(token.content):
            handle = match["handle"].lower()
            if handle in known:
                yield Token("text", "", 0, content=token.content[end : match.start()])
                yield Token("link_open", "a", 1, attrs={"href": f"/@{handle}"})
                yield Token("text", "", 0, content=match[0])
                yield Token("link_close", "a", -1)
                end = match.end()
        yield Token("text", "", 0, content=token.content[end:])


def _honest_links(tokens: list[Token]) -> list[Token]:
    """A link whose words look like another address, or like a person, shows its true one (SECURITY.md, S30)."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type != "link_open":
            result.append(token)
            at += 1
            continue
        end = next(i for i in range(at, len(tokens)) if tokens[i].type == "link_close")
        if not _WHOLE.match(str(token.attrGet("href") or "")):
            token.attrs.pop("href", None)  # a person is named by their handle, not behind other words
        result += [token, *_honest_words(str(token.attrGet("href") or ""), tokens[at + 1 : end]), tokens[end]]
        at = end + 1
    return result


def _honest_words(target: str, words: list[Token]) -> list[Token]:
    shown = "".join(token.content for token in words)
    host = urlsplit(target).hostname if target.startswith(("http://", "https://")) else None
    is_claim = _LOOKS_LIKE_ADDRESS.search(shown) or _MENTIONS.search(shown)
    if not target or not is_claim or (host and _same_place(shown, target, host)):
        return words
    return [Token("text", "", 0, content=target)]


def _same_place(shown: str, target: str, host: str) -> bool:
    if shown.strip() == target:
        return True
    named = shown.strip() if "://" in shown else f"https://{shown.strip()}"
    try:
        parts = urlsplit(named)
        return parts.hostname == host and "@" not in parts.netloc
    except ValueError:
        return False


def _sanitised(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=_RELATIONS,
        attribute_filter=_whole_address,
    )


def _whole_address(_tag: str, attribute: str, value: str) -> str | None:
    """Links lead to a whole address, a comment of the same page or a person: another relative one would lead to our
    own buttons.
    """
    return value if attribute != "href" or _WHOLE.match(value) or _PERSON.match(value) else None
