"""Dates as people write them, on the reader's clock, in both languages; and catalogues that are complete."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import g

from mixlite.core import clock, language
from mixlite.core.language import day_heading, day_words, local, moment_words, month_words, time_words, today

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)  # a Sunday; in Tokyo it is Monday already


@pytest.fixture(params=["en", "ja"])
def reader(request, site):
    with site.app.test_request_context(), clock.at(NOW):
        g.language, g.timezone = request.param, "UTC"
        yield request.param


def _say(words, reader):
    return words[reader == "ja"]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), ("Today, Sunday", None)),
        (date(2026, 11, 21), ("Yesterday, Saturday", None)),
        (date(2026, 11, 20), ("Friday 20 November", "11月20日 金曜日")),
        (date(2026, 11, 23), ("Monday 23 November", "11月23日 月曜日")),
        (date(2025, 12, 31), ("Wednesday 31 December 2025", "2025年12月31日 水曜日")),
    ],
)
def test_days_above_the_feed(reader, day, words):
    expected = _say(words, reader)
    if expected is not None:
        assert day_heading(day) == expected
    else:  # today and yesterday have words of their own
        assert "11月" not in day_heading(day)
        assert "曜日" in day_heading(day)


def test_moments_days_months_times(reader):
    late = datetime(2026, 11, 20, 21, 5, tzinfo=UTC)
    old = datetime(2024, 2, 29, 9, 7, tzinfo=UTC)
    assert time_words(late) == "21:05"
    assert time_words(old) == "9:07"
    assert moment_words(late) == _say(("Friday 20 November, 21:05", "11月20日（金）21:05"), reader)
    assert moment_words(old) == _say(("Thursday 29 February 2024, 9:07", "2024年2月29日（木）9:07"), reader)
    assert day_words(late) == _say(("20 November", "11月20日"), reader)
    assert day_words(old) == day_words(old.date()) == _say(("29 February 2024", "2024年2月29日"), reader)
    assert month_words(old.date()) == _say(("February 2024", "2024年2月"), reader)


def test_the_day_is_the_readers_own(site):
    with site.app.test_request_context(), clock.at(NOW):
        g.language = "en"
        for zone, day in (("UTC", 22), ("Asia/Tokyo", 23), ("Pacific/Honolulu", 22), ("Pacific/Kiritimati", 23)):
            g.timezone = zone
            assert today() == date(2026, 11, day)
            assert local(NOW).date() == today()


def test_summer_time_is_counted(site):
    with site.app.test_request_context():
        g.language, g.timezone = "en", "Europe/Berlin"
        before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
        assert (time_words(before), time_words(before + timedelta(minutes=1))) == ("1:59", "3:00")


def test_the_clock_can_stand_still_for_a_while():
    with clock.at(NOW):
        assert clock.now() == NOW
        with clock.at(NOW + timedelta(days=1)):
            assert clock.now() == NOW + timedelta(days=1)
        assert clock.now() == NOW
    assert clock.now() != NOW
    with pytest.raises(ValueError, match="time zone"), clock.at(datetime(2026, 1, 1)):  # noqa: DTZ001 - that is the point
        pass


CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Post"
msgstr "{post}"

#{flag}
msgid "Hello %(name)s"
msgstr "{hello}"

{more}
"""


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({}, []),
        ({"post": ""}, ["missing: 'Post'"]),
        ({"flag": ", fuzzy"}, ["unsure: 'Hello %(name)s'"]),
        ({"hello": "やあ、%(nome)sさん"}, ["'Hello %(name)s'"]),
        ({"more": 'msgid "Old"\nmsgstr "古い"'}, ["not used: 'Old'"]),
    ],
)
def test_the_check_finds_what_is_missing_unsure_broken_or_unused(tmp_path, monkeypatch, parts, wrong):
    folder = tmp_path / "ja" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    given = {"post": "投稿", "flag": "", "hello": "やあ、%(name)sさん", "more": "", **parts}
    (folder / "messages.po").write_text(CATALOGUE.format(**given), encoding="utf-8")
    source = tmp_path / "mixlite"
    source.mkdir()
    (source / "x.py").write_text('_("Post"); _("Hello %(name)s", name=1)', encoding="utf-8")
    monkeypatch.setattr(language, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(language, "ROOT", tmp_path)
    found = language.problems()
    assert len(found) == len(wrong), found
    for words, problem in zip(wrong, found, strict=True):
        assert words in problem


def test_the_page_is_in_the_language_that_the_browser_asks_for_until_one_is_chosen(site):
    client = site.client()
    assert 'lang="ja"' in client.get("/", headers={"Accept-Language": "ja,en;q=0.5"}).text
    assert 'lang="en"' in client.get("/", headers={"Accept-Language": "fr, de;q=0.3"}).text
    client.post("/preferences/language", {"language": "ja"})
    assert 'lang="ja"' in client.get("/", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("The host's word", "The host’s word"),
        ("their writers' own", "their writers’ own"),
        ('She said "so" (and "no").', "She said “so” (and “no”)."),
        ("""<a href="/x" title='y'>it's</a>""", """<a href="/x" title='y'>it’s</a>"""),
        ("10 o'clock, 'twice'", "10 o’clock, ‘twice’"),
    ],
)
def test_english_is_printed_with_a_printers_quotes(typed, printed):
    assert language.as_printed(typed) == printed


def test_pages_use_them(reader):
    words = language.gettext("Take the host's right away")
    assert words == _say(("Take the host’s right away", "世話役を降りてもらう"), reader)
