"""S20: cursors are signed, and bound to one list and one viewer."""

from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core.paging import Cursors

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_cursor_leads_back_to_its_position(site):
    with site.inside():
        cursors = Cursors("home", 7)
        assert cursors.read(cursors.after((NOON, 2**62))) == (NOON, 2**62)


@pytest.mark.parametrize(("list_name", "viewer"), [("friends", 7), ("home", 8), ("home:7", 7), ("home", 77)])
def test_s20_a_cursor_of_another_list_or_person_is_the_first_page(site, list_name, viewer):
    with site.inside():
        cursor = Cursors("home", 7).after((NOON, 1))
        assert Cursors(list_name, viewer).read(cursor) is None


def test_s20_a_changed_cursor_is_the_first_page(site):
    with site.inside():
        cursors = Cursors("home", 7)
        cursor = cursors.after((NOON, 1))
        for at in range(0, len(cursor), 3):
            changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
            assert cursors.read(changed) in (None, (NOON, 1))  # the last letter has bits that say nothing
        for false in ("", "x", ".", "a.b", "e30.x", "\0", "é", "." * 5000, cursor[:-5], cursor + "AAAA", None):
            assert cursors.read(false) is None


def test_pages_join_without_gap_or_repetition(site):
    rows = [(NOON - timedelta(minutes=n // 3), 100 - n) for n in range(10)]
    with site.inside():
        cursors, after = Cursors("home", 7), None
        seen: list[tuple[datetime, int]] = []
        while True:
            left = [row for row in rows if after is None or row < after]
            page = cursors.page(left[:4], 3, lambda row: row)
            seen += page.items
            if page.cursor is None:
                break
            after = cursors.read(page.cursor)
    assert seen == rows


def test_a_full_last_page_has_no_next(site):
    with site.inside():
        assert Cursors("home", 7).page([(NOON, 1), (NOON, 2)], 2, lambda row: row).cursor is None
        assert Cursors("home", 7).page([], 2, lambda row: row).items == []
