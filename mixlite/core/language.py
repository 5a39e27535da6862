"""Languages: which one this person reads, dates as people write them, and the catalogues.

English is the message id; Japanese stands in `translations/ja/LC_MESSAGES/messages.po`. Catalogues are compiled when
the application is made; the English one holds only what gets a printer's quotes.
`python -m mixlite.core.language --check` fails on anything missing, unused or unsure; `--update` writes new messages
into the catalogue.
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import regex
from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from flask import g, has_app_context, has_request_context
from flask_babel import force_locale, gettext, lazy_gettext, lazy_ngettext, ngettext

from mixlite.core import clock
from mixlite.core.config import LANGUAGES, ROOT, current_settings

__all__ = [
    "courtesy",
    "current_language",
    "date_words",
    "day_heading",
    "day_words",
    "gettext",
    "lazy_gettext",
    "lazy_ngettext",
    "local",
    "local_zone",
    "midnight",
    "moment_words",
    "month_name",
    "month_words",
    "ngettext",
    "polite",
    "ruby_parts",
    "speaking",
    "time_words",
    "today",
    "year_words",
]

TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_IDEOGRAPH = regex.compile(r"\p{Han}")
_A_LEAP_YEAR = 2000  # for a day of no year: 29 February is one of them
TITLES = ("さん", "ちゃん", "くん", "君", "さま", "様", "先生", "先輩", "氏", "殿")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "_l": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "_ln": (1, 2),
    "lazy_ngettext": (1, 2),
}
_METHODS = [("mixlite/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
_OPTIONS = {"templates/**.html": {"silent": "false", "trimmed": "true"}}


_spoken: ContextVar[str | None] = ContextVar("mixlite_spoken", default=None)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within the block everything is said in `language`: a mail is read in its reader's, whoever caused it."""
    token = _spoken.set(language)
    try:
        with force_locale(language):
            yield
    finally:
        _spoken.reset(token)


def current_language() -> str:
    """The language of the page or mail being made; outside of both, the site's own."""
    if (spoken := _spoken.get()) is not None:
        return spoken
    if has_request_context() and "language" in g:
        return str(g.language)
    return current_settings().language if has_app_context() else "en"


def local_zone() -> ZoneInfo:
    """The reader's time zone; the site's own outside of a page."""
    name = g.get("timezone") if has_request_context() else None
    return ZoneInfo(name or current_settings().timezone)


def local(moment: datetime) -> datetime:
    """`moment` on the reader's clock."""
    return moment.astimezone(local_zone())


def midnight(day: date) -> datetime:
    """The moment at which `day` begins on the reader's clock."""
    return datetime.combine(day, time(), local_zone())


def today() -> date:
    """The reader's date."""
    return local(clock.now()).date()


def day_heading(day: date) -> str:
    """Such as "Today, Sunday", "Friday 20 November"; the year when it is not this one."""
    weekday = _format(day, "EEEE")
    if day == today():
        return str(gettext("Today, %(weekday)s", weekday=weekday))
    if day == today() - timedelta(days=1):
        return str(gettext("Yesterday, %(weekday)s", weekday=weekday))
    same_year = day.year == today().year
    if current_language() == "ja":
        return _format(day, "M月d日 EEEE" if same_year else "y年M月d日 EEEE")
    return _format(day, "EEEE d MMMM" if same_year else "EEEE d MMMM y")


def day_words(day: date | datetime) -> str:
    """Such as "22 November 2026", 「2026年11月22日」; without the year when it is this one."""
    if isinstance(day, datetime):
        day = local(day).date()
    same_year = day.year == today().year
    if current_language() == "ja":
        return _format(day, "M月d日" if same_year else "y年M月d日")
    return _format(day, "d MMMM" if same_year else "d MMMM y")


def date_words(text: str) -> str:
    """A calendar date, MM-DD or YYYY-MM-DD: "4 February 1985", 「1985年2月4日」, without a year where it has none."""
    *year, month, day = (int(part) for part in text.split("-"))
    found = date(year[0] if year else _A_LEAP_YEAR, month, day)
    if current_language() == "ja":
        return _format(found, "y年M月d日" if year else "M月d日")
    return _format(found, "d MMMM y" if year else "d MMMM")


def month_words(day: date) -> str:
    """Such as "November 2026", 「2026年11月」."""
    return _format(day, "y年M月" if current_language() == "ja" else "MMMM y")


def month_name(day: date) -> str:
    """Such as "Nov", 「11月」, where the year is known."""
    return _format(day, "M月" if current_language() == "ja" else "MMM")


def year_words(day: date) -> str:
    """Such as "2026", 「2026年」."""
    return _format(day, "y年" if current_language() == "ja" else "y")


def time_words(moment: datetime) -> str:
    """Such as "21:40" on the reader's clock."""
    return str(format_time(local(moment), "H:mm", locale=current_language()))


def moment_words(moment: datetime) -> str:
    """Such as "Sunday 22 November, 21:40", 「11月22日（日）21:40」; the year when it is not this one."""
    day = local(moment).date()
    same_year = day.year == today().year
    if current_language() == "ja":
        words = _format(day, "M月d日（E）" if same_year else "y年M月d日（E）")
        return f"{words}{time_words(moment)}"
    words = _format(day, "EEEE d MMMM" if same_year else "EEEE d MMMM y")
    return f"{words}, {time_words(moment)}"


def language_of(text: str) -> str:
    """Guesses what somebody wrote in, so that it is drawn and spoken rightly: kana is Japanese, neither kana nor
    ideographs is taken for English, and ideographs alone may be anything ("").
    """
    start = text[:160]
    if _KANA.search(start):
        return "ja"
    return "" if _IDEOGRAPH.search(start) else "en"


def ruby_parts(name: str, reading: str) -> list[tuple[str, str]]:
    """A name in ideographs with its reading above, word by word where both have as many words. Other names: nothing."""
    if not reading or not _IDEOGRAPH.search(name):
        return []
    words, readings = name.split(), reading.split()
    return list(zip(words, readings, strict=True)) if len(words) == len(readings) else [(name, reading)]


def courtesy(name: str) -> str:
    """What a Japanese sentence adds to this name: さん, unless the name ends in a title. Nothing in English."""
    return "さん" if current_language() == "ja" and not name.endswith(TITLES) else ""


def polite(name: str) -> str:
    """The name as it is spoken of in a sentence."""
    return name + courtesy(name)


def _format(day: date, pattern: str) -> str:
    return str(format_date(day, pattern, locale=current_language()))


def compile_catalogues() -> None:
    """Make the binary catalogue of every language, unless it is newer than its text already."""
    for language in TRANSLATED:
        _compile(language, _po(language), _read)
    _compile("en", _po(TRANSLATED[0]), lambda _language: _printed_english())


def _compile(language: str, source: Path, read: Callable[[str], Catalog]) -> None:
    target = _po(language).with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        write_mo(file, read(language))
    Path(file.name).replace(target)
    os.utime(target)


def _printed_english() -> Catalog:
    """The English messages that are printed otherwise than a keyboard types them: with curly quotes."""
    printed = Catalog(locale="en", domain="messages", fuzzy=False)
    for message in _read(TRANSLATED[0]):
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        curly = tuple(as_printed(text) for text in ids)
        if message.id and curly != ids:
            printed.add(message.id, curly[0] if isinstance(message.id, str) else curly)
    return printed


_TAG = regex.compile(r"(<[^>]*>)")
_STRAIGHT = regex.compile("['\"]")
_CURLY = {"'": ("’", "‘"), '"': ("”", "“")}  # closing, opening


def as_printed(text: str) -> str:
    """English with the quotes of a printer: the host’s, “so”. Quotes inside tags stay."""
    parts = _TAG.split(text)  # every second one is a tag
    parts[::2] = [_STRAIGHT.sub(lambda found: _CURLY[found[0]][_opens(found)], part) for part in parts[::2]]
    return "".join(parts)


def _opens(found: regex.Match[str]) -> bool:
    before = found.string[: found.start()]
    return not before or before[-1] in " (“‘\n"


def problems() -> list[str]:
    """What is wrong with the catalogues: messages that miss, are unsure, are not used, or change a placeholder."""
    used = _extracted()
    found: list[str] = []
    for language in TRANSLATED:
        catalogue = _read(language)
        for message in used:
            if not message.id:
                continue
            translated = catalogue.get(message.id if isinstance(message.id, str) else message.id[0])
            if translated is None or not (
                all(translated.string) if isinstance(translated.string, tuple) else translated.string
            ):
                found.append(f"{language}: missing: {message.id!r}")
            elif translated.fuzzy:
                found.append(f"{language}: unsure: {message.id!r}")
            else:
                found += [f"{language}: {error}: {message.id!r}" for error in translated.check(catalogue)]
        ids = {message.id if isinstance(message.id, str) else message.id[0] for message in used}
        found += [
            f"{language}: not used: {m.id!r}"
            for m in catalogue
            if m.id and (m.id if isinstance(m.id, str) else m.id[0]) not in ids
        ]
    return found


def update_catalogues() -> None:
    """Write new messages into the catalogues, empty, and drop what is no longer used."""
    used = _extracted()
    for language in TRANSLATED:
        catalogue = _read(language)
        written = catalogue.creation_date
        catalogue.update(used, no_fuzzy_matching=True)
        catalogue.creation_date = written  # a file without a new string looks unchanged
        catalogue.obsolete.clear()
        text = io.BytesIO()
        write_po(
            text, catalogue, width=120, ignore_obsolete=True, omit_header=False, no_location=True, sort_output=True
        )
        _po(language).write_bytes(text.getvalue())


def _po(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def _read(language: str) -> Catalog:
    with _po(language).open("rb") as file:
        return read_po(file, locale=language, domain="messages", abort_invalid=True)


def _extracted() -> Catalog:
    catalogue = Catalog(project="mixlite", fuzzy=False)
    rows = extract_from_dir(
        ROOT, method_map=_METHODS, options_map=_OPTIONS, keywords=KEYWORDS, directory_filter=_is_ours
    )
    for filename, line, message, _comments, _context in rows:
        catalogue.add(message, locations=[(filename, line)])
    return catalogue


def _is_ours(path: str | os.PathLike[str]) -> bool:
    return Path(path).name not in {"instance", "tests", "static", "node_modules"} and not Path(path).name.startswith(
        "."
    )


if __name__ == "__main__":
    if "--update" in sys.argv:
        update_catalogues()
    wrong = problems()
    print("\n".join(wrong) or "translations: complete")  # noqa: T201 - a command's answer
    sys.exit(1 if wrong and "--check" in sys.argv else 0)
