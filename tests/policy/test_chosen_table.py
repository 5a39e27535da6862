"""The audience `chosen` as a table: groups, people, exceptions, and what became of them since.

All was chosen at the beginning. Then Former stopped being a friend, Again stopped and became one again, Blocked was
blocked, Moved was put into another group, and one group was deleted.
"""

import pytest
from sqlalchemy import delete, select, update

from mixlite.core.db import db, writing
from mixlite.core.errors import NotHere, Refused
from mixlite.entries.entries import Entry
from mixlite.entries.selections import Choice, Selection, choices_of
from mixlite.features.friends.verbs import block, end_friendship
from mixlite.people.groups import Group, GroupMember
from mixlite.policy.visibility import (
    count_of_future_readers,
    count_of_readers,
    feed_ids,
    readers_of,
    visible_entry,
    visible_ids,
)
from tests.policy.test_visibility_table import read_table
from tests.support.site import Site

READS = """
who reads    by_name  by_group  name_or_group  all  all_but_ken  group_but_ken  group_and_ken_twice  lost_group

author       yes      yes       yes            yes  yes          yes            yes                  yes
anna         yes      yes       yes            yes  yes          yes            yes                  -
ben          -        -         yes            yes  yes          -              -                    -
ken          -        yes       -              yes  -            -              -                    -
dora         -        -         yes            yes  yes          -              -                    yes
moved        -        -         yes            yes  yes          -              -                    -
former       -        -         -              -    -            -              -                    -
again        yes      -         -              yes  yes          -              -                    -
blocked      -        -         -              -    -            -              -                    -
suspended    -        -         -              -    -            -              -                    -
second       -        -         -              -    -            -              -                    -
stranger     -        -         -              -    -            -              -                    -
"""
CHOICES, READERS = read_table(READS)
FRIENDS = "anna ben ken dora moved former again blocked suspended"


class Place:
    """The site as the table means it."""

    def __init__(self, site: Site):
        self.site = site
        site.join("host")
        for handle in ("author", *FRIENDS.split(), "second", "stranger"):
            site.join(handle, "host")
            site.do(end_friendship, handle, "host")
        for handle in FRIENDS.split():
            site.befriend("author", handle)
        site.befriend("anna", "second")
        close = site.group("author", "close", "anna ken former again blocked suspended moved")
        work = site.group("author", "work", "ben dora")
        lost = site.group("author", "lost", "ben")
        named = "anna former again blocked suspended"
        self.choices = {
            "by_name": site.choice(named),
            "by_group": site.choice(groups=[close]),
            "name_or_group": site.choice("anna", groups=[work]),
            "all": site.choice(all_friends=True),
            "all_but_ken": site.choice(all_friends=True, exceptions="ken"),
            "group_but_ken": site.choice(groups=[close], exceptions="ken"),
            "group_and_ken_twice": site.choice("ken", groups=[close], exceptions="ken"),
            "lost_group": site.choice("dora", groups=[lost]),
        }
        self.entries = {name: site.voice("author", "chosen", choice=choice) for name, choice in self.choices.items()}
        site.do(end_friendship, "author", "former")
        site.do(end_friendship, "author", "again")
        site.befriend("author", "again")
        site.do(block, "author", "blocked")
        with site.inside(), writing():
            db.session.execute(delete(Group).where(Group.id == lost))
            moved = GroupMember.member_id == site.ids["moved"]
            db.session.execute(update(GroupMember).where(moved).values(group_id=work))
            db.session.execute(
                update(type(site.member("host"))).filter_by(handle="suspended").values(status="suspended")
            )


@pytest.fixture(scope="module")
def place(lasting_site: Site) -> Place:
    return Place(lasting_site)


@pytest.mark.parametrize(
    ("handle", "name", "reads"),
    [
        pytest.param(handle, name, reads, id=f"{handle}, {name}: {'reads' if reads else 'not there'}")
        for handle, cells in READERS.items()
        for name, reads in zip(CHOICES, cells, strict=True)
    ],
)
def test_s14_who_reads_what_was_chosen(place: Place, handle: str, name: str, reads: bool):
    entry_id = place.entries[name]
    with place.site.inside():
        listed = {member.handle for member in readers_of(entry_id, limit=100)}
        assert count_of_readers(entry_id) == len(listed)
        assert (handle in listed) == (reads and handle != "author")
        if handle == "suspended":
            return
        viewer = place.site.member(handle)
        assert (entry_id in visible_ids(viewer, [entry_id])) == reads
        assert (entry_id in [found for _at, found in feed_ids(viewer.id, limit=100)]) == reads
        if not reads:
            with pytest.raises(NotHere):
                visible_entry(viewer, entry_id)


@pytest.mark.parametrize("name", CHOICES)
def test_the_composer_counts_who_would_read(place: Place, name: str):
    """With the same choice made again now; what was lost meanwhile is lost for both."""
    with place.site.inside():
        author = place.site.member("author")
        now = count_of_future_readers(author, "chosen", place.choices[name])
        assert now == count_of_readers(place.entries[name])


def test_the_same_choice_is_the_same_row_and_reads_back_as_it_was(place: Place):
    site = place.site
    again = site.voice("author", "chosen", choice=site.choice(all_friends=True, exceptions="ken"))
    with site.inside():
        first, second = (
            db.session.get_one(Entry, entry_id).selection_id for entry_id in (place.entries["all_but_ken"], again)
        )
        assert first == second
        assert first is not None
        assert choices_of([first])[first] == place.choices["all_but_ken"]
        owners = db.session.scalars(select(Selection.owner_id)).all()
        assert set(owners) == {site.ids["author"]}


def test_what_is_not_ones_own_to_choose_is_left_out(any_site: Site):
    """Groups of others, strangers, people one is not friends with: nobody gets in by a forged form."""
    site = any_site
    site.join("host")
    for handle in ("author", "anna"):
        site.join(handle, "host")
    theirs = site.group("host", "theirs", "anna")
    with pytest.raises(Refused, match="at least one"):
        site.voice("author", "chosen", choice=site.choice("anna", groups=[theirs, 2**40]))
    with pytest.raises(Refused, match="at least one"):
        site.voice("author", "chosen", choice=Choice())
    with pytest.raises(Refused, match="at least one"):
        site.voice("author", "chosen", choice=site.choice("host", exceptions="host"))
    entry_id = site.voice("author", "chosen", choice=site.choice("anna host", groups=[theirs]))
    with site.inside():
        assert [member.handle for member in readers_of(entry_id, limit=10)] == ["host"]
