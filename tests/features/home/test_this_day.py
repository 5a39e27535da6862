"""A year ago today: out of one's own diary, for nobody else's eyes."""

from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core import clock

TODAY = datetime(2030, 11, 25, 12, tzinfo=UTC)


def home(site, who="author", now=TODAY):
    with clock.at(now):
        return site.sign_in(who).get("/").text


def write(site, at, title, who="author", audience="friends"):
    with clock.at(at):
        site.diary(who, audience, title=title)


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (datetime(2029, 11, 25, 1, tzinfo=UTC), "A year ago today"),
        (datetime(2027, 11, 25, 23, tzinfo=UTC), "3 years ago today"),
        (datetime(2029, 11, 28, 9, tzinfo=UTC), "A year ago this week"),
        (datetime(2028, 11, 22, 9, tzinfo=UTC), "2 years ago this week"),
        (datetime(2029, 11, 29, 0, tzinfo=UTC), None),
        (datetime(2030, 11, 25, 0, tzinfo=UTC), None),
    ],
)
def test_the_day_comes_back_in_later_years(site, cast, then, words):
    write(site, then, "Four persimmons", audience="only_me")
    text = home(site)
    assert ("this-day" in text) == (words is not None)
    assert words is None or words in text
    assert "this-day" not in home(site, "friend")


def test_the_nearest_day_comes_first_and_then_the_latest_year(site, cast):
    write(site, TODAY.replace(year=2028), "two years ago")
    write(site, TODAY.replace(year=2027), "three years ago")
    write(site, TODAY.replace(year=2029) + timedelta(days=1), "nearly a year ago")
    panel = home(site).split("this-day")[1]
    assert "two years ago" in panel
    assert "three years ago" not in panel


def test_the_twenty_ninth_of_february(site, cast):
    write(site, datetime(2028, 2, 29, 9, tzinfo=UTC), "a leap day")
    assert "A year ago today" in home(site, now=datetime(2029, 2, 28, 9, tzinfo=UTC))
    assert "4 years ago today" in home(site, now=datetime(2032, 2, 29, 9, tzinfo=UTC))
