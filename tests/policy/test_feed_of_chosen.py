"""The feed with entries for chosen people: both of its ways are the law, and what is for others costs nothing."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, select

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.paging import Position
from mixlite.entries.audience import Audience
from mixlite.entries.entries import Entry
from mixlite.entries.selections import Choice, selection_of
from mixlite.features.friends.verbs import block, end_friendship
from mixlite.people.friendships import Friendship
from mixlite.people.groups import GroupMember
from mixlite.people.members import Member
from mixlite.people.mutes import Mute, is_running, set_mute
from mixlite.policy import visibility as law
from tests.support.site import Site

READERS = "anna ken reader"
WRITERS = "one other muted ended blocked suspended"
PLAIN = (Audience.FRIENDS, Audience.MEMBERS, Audience.ONLY_ME)


def write(author_id: int, kinds: Sequence[tuple[str, int | None]], *, hours: int = 0) -> None:
    """An hour after the other: an audience and, if it is for chosen people, who."""
    for number, (audience, selection_id) in enumerate(kinds):
        at = clock.now() - timedelta(hours=hours + len(kinds) - number)
        db.session.add(
            Entry(
                kind="voice",
                author_id=author_id,
                audience=audience,
                selection_id=selection_id,
                created_at=at,
                shown_at=at,
                published_at=None if audience == Audience.ONLY_ME else at,
                deleted_at=clock.now() if number % 7 == 6 else None,
            )
        )
    db.session.flush()


@pytest.fixture(scope="module")
def place(lasting_site: Site) -> Site:
    """Six write for all friends and for chosen people in turns; then four of them become less of a friend."""
    site = lasting_site
    site.join("host")
    for handle in (*READERS.split(), *WRITERS.split()):
        site.join(handle, "host")
    for writer in WRITERS.split():
        for reader in READERS.split():
            site.befriend(writer, reader)
        close = site.group(writer, "close", "anna ken")
        choices = [
            site.choice("reader"),
            site.choice(groups=[close]),
            site.choice("reader anna", groups=[close], exceptions="ken"),
            site.choice(all_friends=True),
            site.choice(all_friends=True, exceptions="reader"),
        ]
        with site.inside(), writing():
            selections = [selection_of(site.ids[writer], choice) for choice in choices]
            words: list[tuple[str, int | None]] = [(str(word), None) for word in PLAIN]
            chosen: list[tuple[str, int | None]] = [(Audience.CHOSEN.value, made) for made in selections]
            mixed = [pair for one in chosen for pair in (one, *words)]
            write(site.ids[writer], mixed * 2 + chosen * 4)
    with site.inside(), writing():
        set_mute(site.ids["reader"], site.ids["muted"], None)
        set_mute(site.ids["anna"], site.ids["muted"], clock.now() - timedelta(days=1))
        db.session.get_one(Member, site.ids["suspended"]).status = "suspended"
    site.do(end_friendship, "ended", "reader")
    site.do(block, "blocked", "reader")
    return site


def by_the_law(viewer_id: int) -> list[Position]:
    muted = select(Mute.muted_id).where(Mute.member_id == viewer_id, is_running())
    friends = select(Friendship.friend_id).where(Friendship.member_id == viewer_id, Friendship.friend_id.not_in(muted))
    theirs = (Entry.author_id == viewer_id) | Entry.author_id.in_(friends)
    query = select(Entry.shown_at, Entry.id).where(law.sees(viewer_id, Entry), theirs)
    return [(at, number) for at, number in db.session.execute(query.order_by(Entry.shown_at.desc(), Entry.id.desc()))]


@pytest.mark.parametrize("many", [1, 4, 500])
@pytest.mark.parametrize("handle", READERS.split())
def test_s14_every_page_of_the_feed_is_the_law_whichever_way_it_goes(
    place: Site, monkeypatch: pytest.MonkeyPatch, handle: str, many: int
):
    """With one entry that is newer than the page's last the first way already gives up; with five hundred, never."""
    monkeypatch.setattr(law, "_MANY", many)
    with place.inside():
        viewer_id = place.ids[handle]
        expected = by_the_law(viewer_id)
        assert len(expected) > 30
        for limit in (1, 3, 8, 1000):
            paged: list[Position] = []
            while page := law.feed_ids(viewer_id, limit, paged[-1] if paged else None):
                paged += page
            assert paged == expected


def test_s23_a_narrower_group_is_right_on_the_next_page(any_site: Site):
    site = any_site
    site.join("host")
    site.join("anna", "host")
    close = site.group("host", "close", "anna")
    entry_id = site.voice("host", "chosen", choice=site.choice(groups=[close]))
    with site.inside():
        assert [found for _at, found in law.feed_ids(site.ids["anna"], 10)] == [entry_id]
    with site.inside(), writing():
        db.session.execute(delete(GroupMember).where(GroupMember.group_id == close))
    with site.inside():
        assert law.feed_ids(site.ids["anna"], 10) == []


@pytest.mark.parametrize("plain", [0, 3], ids=["page not full", "page full"])
@pytest.mark.parametrize("page", ["first", "later"])
def test_however_much_is_for_others_the_feed_takes_the_same_steps(
    site: Site, monkeypatch: pytest.MonkeyPatch, plain: int, page: str
):
    """Counted in instructions of SQLite, which are the same on every machine."""
    site.join("host")
    site.join("anna", "host")
    site.join("ken", "host")
    monkeypatch.setattr(law, "_MANY", 5)
    steps = []
    for turn in range(2):
        with site.inside(), writing():
            not_for_anna = selection_of(site.ids["host"], Choice(people=frozenset({site.ids["ken"]})))
            write(site.ids["host"], [(Audience.FRIENDS.value, None)] * plain * (not turn), hours=5000)
            write(site.ids["host"], [(Audience.CHOSEN.value, not_for_anna)] * (20 + 2000 * turn), hours=turn * 100)
        with site.inside():
            after = (clock.now() - timedelta(hours=1), 0) if page == "later" else None
            assert len(law.feed_ids(site.ids["anna"], 3, after)) == plain
            steps.append(_steps(partial(law.feed_ids, site.ids["anna"], 3, after)))
    assert steps[1] < steps[0] + 200


def _steps(question: Callable[[], Any]) -> int:
    counted = count()
    connection = db.session.connection().connection.driver_connection
    assert connection is not None
    connection.set_progress_handler(lambda: next(counted) < 0, 1)
    question()
    connection.set_progress_handler(None, 1)
    return next(counted)
