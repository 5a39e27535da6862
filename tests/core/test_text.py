"""S42: what is kept of what people type, and how it is counted."""

import gc
import time
import unicodedata

import pytest

from mixlite.core.text import UnusableText, characters, clean_line, clean_text, is_blank, shortened


@pytest.mark.parametrize("bad", ["\0", "a\0b", "\ud800", "x\ud83dy", "\ufffe", "\uffff"])
def test_s42_what_no_database_can_keep_is_refused(bad):
    for clean in (clean_text, clean_line):
        with pytest.raises(UnusableText):
            clean(bad)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x01\x08\x1b\x7f\x80\x9fb", "ab"),  # controls
        ("a\u202eb\u202cc\u2066d\u2069", "abcd"),  # bidirectional overrides and isolates
        ("a\u200bb\ufeffc\u2060d\u00ade", "abcde"),  # nothing to be seen
        ("a\U000e0041b", "ab"),  # tag characters
        ("e\u0301", "é"),  # composed
        ("か\u3099", "が"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),  # joiners make emoji
        ("\u0646\u200c\u0645", "\u0646\u200c\u0645"),  # and Persian
        ("ﬁ① Ａ", "ﬁ① Ａ"),  # compatibility characters are what was typed
        ("a" + "\u0301" * 50, "á" + "\u0301" * 8),  # no towers of marks
    ],
)
def test_s42_invisible_things_go_and_writing_stays(typed, kept):
    assert clean_text(typed) == unicodedata.normalize("NFC", kept)
    assert clean_line(typed) == unicodedata.normalize("NFC", kept)


def test_lines_are_kept_and_tidied():
    assert clean_text("\r\n a \t\r\nb\rc\n\n\n\n\n\nd\n\n ") == "a\nb\nc\n\n\nd"
    assert clean_text("  indented\n    code") == "indented\n    code"
    assert clean_line(" a\n\tb\u3000 c\u2028d ") == "a b c d"


@pytest.mark.parametrize("clean", [clean_text, clean_line])
@pytest.mark.parametrize(
    "text", ["a\u200b\u0301", "\u202e \u202e", "e\u00ad\u0301", "\r\r\n\n", "\u1100\u200b\u1161", "\u0344" * 9]
)
def test_cleaning_twice_is_cleaning_once(clean, text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u3000", "\u3164", "\u115f\u1160", "\u2800", "\uffa0", "\u200d", "\u00ad", "\u200e"]
)
def test_blank_is_what_nobody_can_see(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "\u3000柿", "👍", "\u0301a"])
def test_what_can_be_seen_is_not_blank(text):
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("柿の木", 3),
        ("👩\u200d👩\u200d👧\u200d👦", 1),
        ("e\u0301", 1),
        ("🇯🇵🇬🇷", 2),
        ("👍🏽", 1),
        ("が\n", 2),
        ("ﾊﾞ", 1),
    ],
)
def test_characters_are_counted_as_people_count_them(text, count):
    assert characters(text) == count


def test_shortening_never_cuts_a_character():
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"
    assert shortened("👩\u200d👩\u200d👧" * 3, 2) == "👩\u200d👩\u200d👧…"
    assert shortened("ab cd", 4) == "ab…"
    assert characters(shortened("x" * 100_000, 160)) == 160


CEILING_SECONDS = 2.0  # of processor time for one request (SECURITY.md, section 0)
PUMPS = [
    "\u0301",
    "a\u0301",
    " ",
    "\n",
    "\n \n",
    "\u200b",
    "\u200d",
    "\r",
    "👩\u200d",
    "\u3164",
    "が",
    "\u1100",
    "🇯",
    "x",
]


@pytest.mark.parametrize("pump", PUMPS)
def test_s45_cleaning_and_counting_take_time_in_proportion(pump):
    """50 kB well within the ceiling, and four times as much in not much more than four times the time."""
    for work in (clean_text, clean_line, is_blank, characters, lambda text: shortened(text, 160)):
        assert_linear(work, pump, 50_000)


def assert_linear(work, pump, size):
    """By the best of several looks: a neighbour can only make a look longer, and a square shows in the best one too."""
    small, large = (pump * (n // len(pump)) for n in (size // 4, size))
    quick = slow = float("inf")
    for _look in range(5):
        quick, slow = min(quick, _seconds(work, small)), min(slow, _seconds(work, large))
        if slow < CEILING_SECONDS and slow < quick * 9 + 0.05:
            return
    raise AssertionError(f"{work} on {pump[:20]!r}: {quick:.3f} s, four times as much {slow:.3f} s")


def _seconds(work, text):
    """Processor time, without what the collector does for everything else that this process holds."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        work(text)
        return time.process_time() - start
    finally:
        gc.enable()
