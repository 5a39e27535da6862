"""When things happened, seen from whatever day the demo is built on."""

from datetime import date, datetime, time, timedelta

import pytest

from mixlite.app.demo.script import Day, Line, Piece, read_cast
from mixlite.app.demo.times import TOWN, Calendar

NOON = time(12)
NOWS = [
    datetime(2026, 11, 22, 23, 59, tzinfo=TOWN),
    datetime(2026, 11, 23, 0, 5, tzinfo=TOWN),
    datetime(2026, 11, 18, 12, 0, tzinfo=TOWN),
    datetime(2027, 1, 3, 9, 30, tzinfo=TOWN),
    datetime(2028, 2, 29, 15, 0, tzinfo=TOWN),
    datetime(2027, 7, 21, 6, 10, tzinfo=TOWN),
]


def calendar(year: int, month: int, day: int, hour: int, minute: int = 0) -> Calendar:
    return Calendar(datetime(year, month, day, hour, minute, tzinfo=TOWN))


def piece(month: int, day: int, at: time = NOON, *lines: Line) -> Piece:
    return Piece("ken", Day(month, day, at), "", "Fog.", "friends", None, ("leo", "goro"), ("maya",), lines)


def test_the_last_week_of_the_script_is_the_week_that_ends_today():
    seen = calendar(2027, 3, 10, 9)
    assert seen.moment(Day(11, 22, NOON)).date() == date(2027, 3, 10)
    assert seen.moment(Day(11, 21, NOON)).date() == date(2027, 3, 9)
    assert seen.moment(Day(11, 15, NOON)).date() == date(2027, 3, 3)


def test_every_other_day_is_the_latest_of_its_name_that_has_passed():
    seen = calendar(2027, 3, 10, 9)
    assert seen.moment(Day(3, 9, NOON)).date() == date(2027, 3, 9)
    assert seen.moment(Day(3, 10, NOON)).date() == date(2026, 3, 10)
    assert seen.moment(Day(12, 31, NOON)).date() == date(2026, 12, 31)
    assert seen.moment(Day(2, 29, NOON)).date() == date(2027, 2, 28)


def test_the_town_keeps_its_own_clock():
    assert calendar(2026, 11, 23, 9).moment(Day(1, 12, time(6))).utcoffset() == timedelta(hours=9)


def test_what_is_not_due_yet_today_is_left_out():
    assert calendar(2026, 11, 23, 11, 50).timed(piece(11, 22)) is None
    assert calendar(2026, 11, 23, 13, 0).timed(piece(11, 22)) is not None


@pytest.mark.parametrize("now", NOWS, ids=str)
def test_answers_come_after_the_piece_in_order_and_never_tomorrow(now):
    seen = Calendar(now)
    timed = [found for person in read_cast().values() for one in person.pieces if (found := seen.timed(one))]
    assert len(timed) > 580
    for found in timed:
        moments = [found.at, *found.comments, now]
        assert moments == sorted(moments), found.piece.name
        assert len(set(moments)) == len(moments), found.piece.name
        assert all(found.at < moment < now for moment in (*found.likes, *found.favourites)), found.piece.name


def test_a_comment_is_at_the_moment_that_the_script_names_and_those_before_it_are_earlier():
    lines = [Line("leo", "One.", None), Line("goro", "Two.", None), Line("ken", "Wait.", Day(1, 2, time(0, 10)))]
    found = calendar(2027, 3, 10, 9).timed(piece(12, 31, time(23, 50), *lines))
    assert found is not None
    assert found.at == datetime(2026, 12, 31, 23, 50, tzinfo=TOWN)
    assert found.comments[2] == datetime(2027, 1, 2, 0, 10, tzinfo=TOWN)
    assert found.at < found.comments[0] < found.comments[1] < found.comments[2]


def test_most_people_sleep_at_night():
    seen = calendar(2026, 11, 23, 12)
    for person in read_cast().values():
        for one in person.pieces:
            found = seen.timed(one)
            lines = zip(one.comments, found.comments, strict=True) if found and one.when.month != 11 else ()
            written = [at for line, at in lines if line.by in ("michiko", "sachi", "kana") and line.when is None]
            assert not [at for at in written if 1 <= at.hour < 6], one.name


def test_the_dice_fall_the_same_way_every_time():
    one, other = (
        [Calendar(NOWS[0]).timed(found) for person in read_cast().values() for found in person.pieces] for _ in "ab"
    )
    assert one == other
