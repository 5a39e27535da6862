"""The law as a table: who reads what. One test for each cell, on both databases, in every direction the law is read.

`READS` is meant to be read by people. A row is how somebody stands to the author, a column is the audience of an entry,
a cell says whether they may read it. `chosen` is here the choice of all friends; what else can be chosen has a table of
its own (test_chosen_table.py). `community` and `public` are words that nothing grants yet.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import DeclarativeBase

from mixlite.core.db import Moment, db, writing
from mixlite.core.errors import NotHere
from mixlite.entries.audience import OFFERED, Audience
from mixlite.entries.entries import Entry
from mixlite.entries.selections import Choice
from mixlite.features.friends.verbs import ask_to_be_friends, block, decline_request, end_friendship, unblock
from mixlite.features.reading.verbs import delete_entry
from mixlite.people.friendships import Friendship, request_between
from mixlite.people.members import Member
from mixlite.people.participation import Participation
from mixlite.policy.visibility import (
    Guise,
    count_of_future_readers,
    count_of_readers,
    does_meet,
    feed_ids,
    meets,
    readers_of,
    sees,
    takes_part,
    visible_entry,
    visible_ids,
    visible_member,
    would_see,
)
from tests.support.site import PASSWORD, Site

READS = """
who reads                              only_me  chosen  friends  friends_of_friends  members  community  public

the author                             yes      yes     yes      yes                 yes      yes        yes
a friend                               -        yes     yes      yes                 yes      -          -
a friend of a friend                   -        -       -        yes                 yes      -          -
a friend of a friend of a friend       -        -       -        -                   yes      -          -
a stranger                             -        -       -        -                   yes      -          -
the host                               -        -       -        -                   yes      -          -
somebody who asked to be friends       -        -       -        -                   yes      -          -
somebody the author asked              -        -       -        -                   yes      -          -
somebody whom the author declined      -        -       -        -                   yes      -          -
a former friend                        -        -       -        -                   yes      -          -
a friend of a former friend            -        -       -        -                   yes      -          -
a friend of a suspended friend         -        -       -        -                   yes      -          -
a friend of a friend who is gone       -        -       -        -                   yes      -          -
somebody blocked by the author         -        -       -        -                   -        -          -
somebody who blocked the author        -        -       -        -                   -        -          -
a blocked friend of a friend           -        -       -        -                   -        -          -
a blocking friend of a friend          -        -       -        -                   -        -          -
somebody blocked once, not any more    -        -       -        -                   yes      -          -
a suspended friend                     -        -       -        -                   -        -          -
a friend who is gone                   -        -       -        -                   -        -          -
a friend of a suspended author         -        -       -        -                   -        -          -
a stranger to a suspended author       -        -       -        -                   -        -          -
a friend of an author who is gone      -        -       -        -                   -        -          -
a stranger to an author who is gone    -        -       -        -                   -        -          -
"""

# Who stands where. The handle behind each row, and whose entries are meant where it is not `author`.
WHO = {
    "the author": "author",
    "a friend": "friend",
    "a friend of a friend": "second",
    "a friend of a friend of a friend": "third",
    "a stranger": "stranger",
    "the host": "host",
    "somebody who asked to be friends": "asking",
    "somebody the author asked": "asked",
    "somebody whom the author declined": "declined",
    "a former friend": "former",
    "a friend of a former friend": "beyond_former",
    "a friend of a suspended friend": "beyond_suspended",
    "a friend of a friend who is gone": "beyond_gone",
    "somebody blocked by the author": "blocked",
    "somebody who blocked the author": "blocker",
    "a blocked friend of a friend": "blocked_second",
    "a blocking friend of a friend": "blocking_second",
    "somebody blocked once, not any more": "forgiven",
    "a suspended friend": "suspended",
    "a friend who is gone": "gone",
    "a friend of a suspended author": "friend",
    "a stranger to a suspended author": "stranger",
    "a friend of an author who is gone": "friend",
    "a stranger to an author who is gone": "stranger",
}
OTHER_AUTHORS = {
    "a friend of a suspended author": "away",
    "a stranger to a suspended author": "away",
    "a friend of an author who is gone": "left",
    "a stranger to an author who is gone": "left",
}
CANNOT_ASK = ("suspended", "gone", "away", "left")  # not signed in anywhere: they ask nothing, and read nothing
IN_FEED_OF = ("author", "friend")  # of these people, whose friends' feed the author's entries may stand in

MEETS = """
                    author  friend  second  stranger  host  blocked  blocker  forgiven  suspended  gone

author              yes     yes     yes     yes       yes   -        -        yes       -          -
friend              yes     yes     yes     yes       yes   yes      yes      yes       -          -
second              yes     yes     yes     yes       yes   yes      yes      yes       -          -
stranger            yes     yes     yes     yes       yes   yes      yes      yes       -          -
host                yes     yes     yes     yes       yes   yes      yes      yes       -          -
blocked             -       yes     yes     yes       yes   yes      yes      yes       -          -
blocker             -       yes     yes     yes       yes   yes      yes      yes       -          -
forgiven            yes     yes     yes     yes       yes   yes      yes      yes       -          -
"""


def read_table(text: str) -> tuple[list[str], dict[str, list[bool]]]:
    """The words of the first line, and for each row its name and its cells."""
    first, *lines = [line for line in text.splitlines() if line.strip()]
    columns = first.removeprefix("who reads").split()
    rows = {}
    for line in lines:
        words = line.split()
        name, cells = " ".join(words[: -len(columns)]), words[-len(columns) :]
        assert set(cells) <= {"yes", "-"}, line
        rows[name] = [cell == "yes" for cell in cells]
    return columns, rows


ALL_FRIENDS = Choice(all_friends=True)
AUDIENCES, READERS = read_table(READS)
MET, MEETING = read_table(MEETS)


def test_the_tables_are_complete():
    assert [word.value for word in Audience] == AUDIENCES
    assert set(READERS) == set(WHO)
    assert set(MET) - set(MEETING) == {"suspended", "gone"}


@dataclass
class Place:
    """The site as the tables mean it. `entries` and `deleted` are ids by author and audience."""

    site: Site
    entries: dict[tuple[str, str], int] = field(default_factory=dict)
    deleted: dict[tuple[str, str], int] = field(default_factory=dict)

    def member(self, handle: str) -> Member:
        return self.site.member(handle)


@pytest.fixture(scope="module")
def place(lasting_site: Site) -> Place:
    site = lasting_site
    people = {*WHO.values(), *OTHER_AUTHORS.values()}
    site.join("host")
    for handle in sorted(people - {"host"}):
        site.join(handle, "host")
        site.do(end_friendship, handle, "host")
    ties = """author friend, friend second, second third, author former, former beyond_former, author suspended,
              suspended beyond_suspended, author gone, gone beyond_gone, friend blocked_second, friend blocking_second,
              author forgiven, away friend, left friend"""
    for tie in ties.split(","):
        site.befriend(*tie.split())
    site.do(ask_to_be_friends, "asking", "author", message="")
    site.do(ask_to_be_friends, "author", "asked", message="")
    site.do(ask_to_be_friends, "declined", "author", message="")
    with site.inside():
        request = request_between(site.ids["declined"], site.ids["author"])
        assert request is not None
        request_id = request.id
    site.do(decline_request, "author", request_id)
    site.do(end_friendship, "author", "former")
    for blocker, blocked in (
        ("author", "blocked"),
        ("blocker", "author"),
        ("author", "blocked_second"),
        ("blocking_second", "author"),
        ("author", "forgiven"),
    ):
        site.do(block, blocker, blocked)
    site.do(unblock, "author", "forgiven")
    place = Place(site)
    for author in ("author", "away", "left"):
        for audience in AUDIENCES:
            place.entries[author, audience] = site.voice(author, audience, choice=ALL_FRIENDS)
    for audience in AUDIENCES:
        place.deleted["author", audience] = site.voice("author", audience, choice=ALL_FRIENDS)
        _delete(place, place.deleted["author", audience])
    for handle, status in (("suspended", "suspended"), ("away", "suspended"), ("gone", "gone"), ("left", "gone")):
        _set_status(site, handle, status)
    return place


def _delete(place: Place, entry_id: int) -> None:
    with place.site.inside():
        entry = db.session.get_one(Entry, entry_id)
    place.site.do(delete_entry, "author", entry)


def _set_status(site: Site, handle: str, status: str) -> None:
    with site.inside(), writing():
        db.session.execute(update(Member).where(Member.handle == handle).values(status=status))


# ------------------------------------------------------------------------------------------------------- who reads

CELLS = [
    pytest.param(row, audience, reads, id=f"{row}, {audience}: {'reads' if reads else 'not there'}")
    for row, cells in READERS.items()
    for audience, reads in zip(AUDIENCES, cells, strict=True)
]


@pytest.mark.parametrize(("row", "audience", "reads"), CELLS)
def test_s14_who_reads_what(place: Place, row: str, audience: str, reads: bool):
    handle, author = WHO[row], OTHER_AUTHORS.get(row, "author")
    entry_id = place.entries[author, audience]
    with place.site.inside():
        assert is_listed_as_reader(entry_id, handle) == (reads and handle != author)
        if handle in CANNOT_ASK:
            return
        viewer = place.member(handle)
        assert (entry_id in visible_ids(viewer, [entry_id])) == reads
        assert finds(viewer, entry_id) == reads
        assert (entry_id in feed_of(viewer)) == (reads and handle in IN_FEED_OF)


@pytest.mark.parametrize("row", [row for row in READERS if row not in OTHER_AUTHORS])
def test_s26_nobody_reads_what_is_deleted(place: Place, row: str):
    """The row for deleted entries is empty, for every audience and for the author as well."""
    deleted = set(place.deleted.values())
    assert len(deleted) == len(AUDIENCES)
    with place.site.inside():
        assert not any(is_listed_as_reader(entry_id, WHO[row]) for entry_id in deleted)
        if WHO[row] in CANNOT_ASK:
            return
        viewer = place.member(WHO[row])
        assert visible_ids(viewer, list(deleted)) == set()
        assert not any(finds(viewer, entry_id) for entry_id in deleted)
        assert not deleted & set(feed_of(viewer))


def is_listed_as_reader(entry_id: int, handle: str) -> bool:
    """Whether the author would be shown this name, by the list and by the count alike."""
    listed = readers_of(entry_id, limit=1000)
    assert count_of_readers(entry_id) == len(listed)
    return handle in {member.handle for member in listed}


def finds(viewer: Member, entry_id: int) -> bool:
    try:
        return visible_entry(viewer, entry_id).id == entry_id
    except NotHere:
        return False


def feed_of(viewer: Member) -> list[int]:
    return [entry_id for _at, entry_id in feed_ids(viewer.id, limit=1000)]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_list_of_readers_is_exactly_the_column_of_the_table(place: Place, audience: str):
    meant = [row for row in READERS if row not in OTHER_AUTHORS and row != "the author"]
    column = AUDIENCES.index(audience)
    expected = {WHO[row] for row in meant if READERS[row][column]}
    if audience == Audience.MEMBERS:
        assert expected, "everybody who is here is somewhere in the table"
    with place.site.inside():
        assert {member.handle for member in readers_of(place.entries["author", audience], limit=1000)} == expected


def test_the_list_of_readers_goes_on_where_a_page_ended(place: Place):
    entry_id = place.entries["author", "members"]
    with place.site.inside():
        whole = [member.id for member in readers_of(entry_id, limit=1000)]
        paged: list[int] = []
        while page := readers_of(entry_id, limit=3, after_id=paged[-1] if paged else 0):
            paged += [member.id for member in page]
    assert len(whole) > 3
    assert paged == whole


@pytest.mark.parametrize("audience", OFFERED)
def test_the_composer_counts_the_readers_that_there_will_be(place: Place, audience: str):
    with place.site.inside():
        expected = count_of_readers(place.entries["author", audience])
        assert count_of_future_readers(place.member("author"), audience, ALL_FRIENDS) == expected
        assert (expected > 0) == (audience != Audience.ONLY_ME)


@pytest.mark.parametrize("audience", [Audience.COMMUNITY, Audience.PUBLIC])
def test_the_composer_does_not_guess_about_words_that_grant_nothing_yet(place: Place, audience: str):
    with place.site.inside(), pytest.raises(ValueError, match="not known"):
        count_of_future_readers(place.member("author"), audience)


@pytest.mark.parametrize("handle", sorted({*WHO.values()} - {*CANNOT_ASK}))
def test_the_folded_feed_is_the_law_for_friends_and_oneself(place: Place, handle: str):
    with place.site.inside():
        viewer = place.member(handle)
        friends = set(db.session.scalars(select(Friendship.friend_id).where(Friendship.member_id == viewer.id)))
        by_the_law = (
            select(Entry.shown_at, Entry.id)
            .where(sees(viewer.id, Entry), Entry.author_id.in_({viewer.id, *friends}))
            .order_by(Entry.shown_at.desc(), Entry.id.desc())
        )
        expected = [tuple(row) for row in db.session.execute(by_the_law)]
        assert feed_ids(viewer.id, limit=1000) == expected
        paged: list[tuple[datetime, int]] = []
        while page := feed_ids(viewer.id, limit=2, after=paged[-1] if paged else None):
            paged += page
        assert paged == expected


def test_all_viewers_at_once_are_the_same_as_one_by_one(place: Place):
    """The viewer may be a column of ids: the third direction is the same sentence."""
    with place.site.inside():
        ids = list(place.entries.values())
        at_once = select(Member.id, Entry.id).where(sees(Member.id, Entry), Entry.id.in_(ids))
        pairs = {tuple(row) for row in db.session.execute(at_once)}
        one_by_one = {
            (viewer.id, entry_id)
            for viewer in db.session.scalars(select(Member))
            for entry_id in visible_ids(viewer, ids)
        }
    assert pairs == one_by_one
    assert len(pairs) > 20


@pytest.mark.parametrize("handle", ["suspended", "gone"])
def test_s10_whoever_is_not_here_cannot_ask(place: Place, handle: str):
    client = place.site.client()
    answer = client.submit("/sign-in", "Sign in", login=handle, password=PASSWORD)
    assert answer.status_code == 422
    answer = client.get(f"/entries/{place.entries['author', 'members']}")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize(("guise", "handle"), [(Guise.FRIEND_OF_FRIEND, "second"), (Guise.STRANGER, "stranger")])
def test_view_as_somebody_is_what_somebody_who_stands_so_sees(place: Place, guise: Guise, handle: str):
    with place.site.inside():
        of_author = Entry.author_id == place.member("author").id
        through_their_eyes = set(db.session.scalars(select(Entry.id).where(of_author, would_see(guise, Entry))))
        seen = set(db.session.scalars(select(Entry.id).where(of_author, sees(place.member(handle).id, Entry))))
    assert through_their_eyes == seen
    assert len(seen) in (1, 2)


def test_view_as_nobody_shows_nothing(place: Place):
    with place.site.inside():
        assert db.session.scalars(select(Entry.id).where(would_see(Guise.NOBODY, Entry))).all() == []


# ------------------------------------------------------------------------------------------------------- who meets


@pytest.mark.parametrize(
    ("viewer", "other", "exists"),
    [
        pytest.param(viewer, other, exists, id=f"{viewer}, {other}: {'meets' if exists else 'not there'}")
        for viewer, cells in MEETING.items()
        for other, exists in zip(MET, cells, strict=True)
    ],
)
def test_s14_who_exists_for_whom(place: Place, viewer: str, other: str, exists: bool):
    with place.site.inside():
        me, they = place.member(viewer), place.member(other)
        assert does_meet(me, they.id) == exists
        listed = db.session.scalars(select(Member.handle).where(meets(me.id, Member)))
        assert (other in set(listed)) == exists
        if exists:
            assert visible_member(me, other.upper()).id == they.id
        else:
            with pytest.raises(NotHere):
                visible_member(me, other)


def test_nobody_meets_somebody_who_was_never_there(place: Place):
    with place.site.inside():
        me = place.member("author")
        assert not does_meet(me, 2**62)
        with pytest.raises(NotHere):
            visible_member(me, "nobody_at_all")


# -------------------------------------------------------------------------------------------------- who takes part


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 12, tzinfo=UTC)


class OnlyHere(DeclarativeBase):
    """Tables that the site does not have."""

    type_annotation_map = {datetime: Moment}  # noqa: RUF012 - as SQLAlchemy wants it


class Talk(Participation, OnlyHere):
    """Who was in a conversation, and when: what a room with conversations will have."""

    __tablename__ = "test_talks"


SPANS = {1: (day(10), None), 2: (day(12), None), 3: (day(10), day(15)), 4: (day(12), day(12))}

TAKES_PART = """
                          day9  day10  day11  day12  day14  day15  day20

there from the start      -     yes    yes    yes    yes    yes    yes
added on day 12           -     -      -      yes    yes    yes    yes
left on day 15            -     yes    yes    yes    yes    -      -
added and gone at once    -     -      -      -      -      -      -
never there               -     -      -      -      -      -      -
"""
DAYS, TALKING = read_table(TAKES_PART)


@pytest.fixture(scope="module")
def talk(lasting_site: Site) -> Site:
    with lasting_site.inside():
        OnlyHere.metadata.create_all(db.engine)
        with writing():
            for member_id, (joined, left) in SPANS.items():
                db.session.add(Talk(conversation_id=7, member_id=member_id, joined_at=joined, left_at=left))
    return lasting_site


@pytest.mark.parametrize(
    ("member_id", "moment", "is_there"),
    [
        pytest.param(number, moment, cell, id=f"{row}, {moment}: {'there' if cell else 'not there'}")
        for number, (row, cells) in enumerate(TALKING.items(), start=1)
        for moment, cell in zip(DAYS, cells, strict=True)
    ],
)
def test_s24_who_takes_part_when(talk: Site, member_id: int, moment: str, is_there: bool):
    with talk.inside():
        at = day(int(moment.removeprefix("day")))
        found = db.session.scalars(select(Talk.conversation_id).where(takes_part(member_id, Talk, at))).all()
        assert found == ([7] if is_there else [])
        participants = set(db.session.scalars(select(Talk.member_id).where(takes_part(Talk.member_id, Talk, at))))
        assert (member_id in participants) == is_there


def test_s24_the_moment_may_be_a_column(talk: Site):
    """As it will be: the moment a message was written."""
    with talk.inside():
        spans = select(Talk.member_id).where(takes_part(Talk.member_id, Talk, Talk.joined_at))
        assert set(db.session.scalars(spans)) == {1, 2, 3}
