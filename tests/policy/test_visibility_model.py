"""Members do whatever occurs to them, through the real verbs; after every step the law says what `naive.World` says.

Hypothesis draws the acts. The normal run is short and the same every time; `make soak` draws new ones, many more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run
from sqlalchemy import select, update

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.errors import NotHere, NotYours, Refused
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact
from mixlite.entries.selections import Choice
from mixlite.features.diary.verbs import publish_diary, revise_diary
from mixlite.features.friends import verbs as friends
from mixlite.features.friends.queries import SUGGESTED, connection, suggestions
from mixlite.features.groups import verbs as groups
from mixlite.features.invitations.verbs import join_circle, write_invitation
from mixlite.features.profiles.queries import count_of_friends_seen, entries_by, favourites_of, friends_seen
from mixlite.features.reading import verbs as reading
from mixlite.features.reading.queries import FAVOURITES_ON_HOME, comments_on, friends_favourites, likers_of
from mixlite.features.voice.verbs import post_voice, revise_voice
from mixlite.people.friendships import FriendRequest, Friendship, friends_of, request_between, requests_to
from mixlite.people.groups import Group
from mixlite.people.members import Member
from mixlite.policy.showing import shown
from mixlite.policy.visibility import (
    count_of_future_readers,
    count_of_readers,
    feed_ids,
    new_in_feed,
    readers_of,
    sees,
    visible_entry,
    visible_ids,
    visible_member,
)
from tests.policy.naive import DONE, NOT_HERE, NOT_YOURS, REFUSED, Picked, World
from tests.support.site import Site

BEGINNING = datetime(2026, 4, 1, 9, tzinfo=UTC)
MOST_PEOPLE = 7
MOST_THINGS = 9
LOTS = 1000
AUDIENCES = ("only_me", "chosen", "friends", "friends_of_friends", "members")
MOST_GROUPS = 4

# Somebody, something: a position in whatever list there is at that moment.
SOMEBODY = st.integers(0, MOST_PEOPLE - 1)
SOMETHING = st.integers(0, MOST_THINGS - 1)
AUDIENCE = st.sampled_from(AUDIENCES)
MARK = st.sampled_from(("like", "favourite"))
PEOPLE = st.frozensets(SOMEBODY, max_size=3)
# Positions of groups, people and exceptions; a choice is made anew of whoever is there at that moment.
PICK = st.builds(Picked, st.booleans(), st.frozensets(st.integers(0, MOST_GROUPS - 1), max_size=2), PEOPLE, PEOPLE)
EVERYBODY = Picked(all_friends=True)


class Circle(RuleBasedStateMachine):
    """One circle of people, and the same circle in `World`."""

    def __init__(self, site: Site):
        super().__init__()
        self.site = site
        self.world = World(BEGINNING)
        self.handles: dict[int, str] = {}
        self.turn = self.acts = 0
        site.wipe()

    # --- joining, coming and going ------------------------------------------------------------------------------

    @initialize(audiences=st.permutations(AUDIENCES), order=st.permutations(range(5)))
    def a_circle_that_has_lived(self, audiences: list[str], order: list[int]) -> None:
        """A host who invited three people, the last of whom invited one more; each wrote something, and answered what
        they could read. So every act that is drawn has something to meet."""
        host = self._join(None)
        invited = [self._join(host) for _ in range(3)]
        self._join(invited[-1])
        for who, audience in zip(order, audiences, strict=False):
            self.publish(who, audience, "voice" if who % 2 else "diary", EVERYBODY)
        for who in order:
            for which in range(len(audiences)):
                self.comment(who, which)
                self.mark(who, which, "like" if who % 2 else "favourite")

    @precondition(lambda self: len(self.world.people) < MOST_PEOPLE)
    @rule(inviter=SOMEBODY)
    def join(self, inviter: int) -> None:
        self._join(self._somebody_here(inviter))

    def _join(self, inviter: int | None) -> int:
        handle = f"member{len(self.handles)}"
        with self._acting():
            invitation = write_invitation(_member(inviter) if inviter else None, letter="", uses=1, days=1)
            given = {"name": handle, "handle": handle, "email": f"{handle}@example.com", "password_hash": "none"}
            number = join_circle(None, invitation.token or "", language="en", device="", **given).id
        self.world.join(number, inviter)
        self.handles[number] = handle
        return number

    @precondition(lambda self: len(self.world.here()) > 2)
    @rule(who=SOMEBODY)
    def suspend(self, who: int) -> None:
        self._set_status(self._somebody_here(who), is_here=False)

    @precondition(lambda self: len(self.world.here()) < len(self.world.people))
    @rule(who=SOMEBODY)
    def come_back(self, who: int) -> None:
        away = sorted(set(self.world.people) - set(self.world.here()))
        self._set_status(_nth(away, who), is_here=True)

    def _set_status(self, who: int, *, is_here: bool) -> None:
        status = "active" if is_here else "suspended"
        with self._acting():
            db.session.execute(update(Member).where(Member.id == who).values(status=status))
        self.world.people[who].is_here = is_here

    @rule()
    def the_worker_comes_by(self) -> None:
        """What was deleted is erased; nobody can tell."""
        self.world.now += timedelta(minutes=1)
        with self.site.inside(), clock.at(self.world.now):
            build_workshop().sweep()

    # --- people -------------------------------------------------------------------------------------------------

    @rule(who=SOMEBODY, other=SOMEBODY)
    def ask(self, who: int, other: int) -> None:
        me, they = self._two(who, other)
        happened = self._act(lambda: friends.ask_to_be_friends(_member(me), self._met(me, they), message=""))
        assert happened == self.world.ask(me, they)

    @precondition(lambda self: self.world.requests)
    @rule(who=SOMEBODY, which=SOMETHING)
    def accept(self, who: int, which: int) -> None:
        self._answer(who, which, friends.accept_request, self.world.accept)

    @precondition(lambda self: self.world.requests)
    @rule(which=SOMETHING)
    def accept_as_asked(self, which: int) -> None:
        self._answer(None, which, friends.accept_request, self.world.accept)

    @precondition(lambda self: self.world.requests)
    @rule(who=SOMEBODY, which=SOMETHING)
    def decline(self, who: int, which: int) -> None:
        self._answer(who, which, friends.decline_request, self.world.decline)

    def _answer(self, who: int | None, which: int, verb: Callable[..., None], expected: Callable[..., str]) -> None:
        """By anybody who is here; `None` is the one who was asked."""
        pair = _nth(sorted(self.world.requests, key=sorted), which)
        asked = self.world.requests[pair]
        me = asked.asked if who is None else self._somebody_here(who)
        if not self.world.people[me].is_here:
            return
        request_id = self._request_id(asked.asker, asked.asked)
        assert self._act(lambda: verb(_member(me), request_id)) == expected(me, pair)

    @precondition(lambda self: self.world.requests)
    @rule(who=SOMEBODY, which=SOMETHING, is_asker=st.booleans())
    def withdraw(self, who: int, which: int, is_asker: bool) -> None:
        pair = _nth(sorted(self.world.requests, key=sorted), which)
        asked = self.world.requests[pair]
        me = asked.asker if is_asker else self._somebody_here(who)
        if self.world.people[me].is_here:
            request_id = self._request_id(asked.asker, asked.asked)
            happened = self._act(lambda: friends.withdraw_request(_member(me), request_id))
            assert happened == self.world.withdraw(me, pair)

    @rule(who=SOMEBODY, other=SOMEBODY, days=st.sampled_from((0, 1, 7)))
    def mute(self, who: int, other: int, days: int) -> None:
        me, they = self._two(who, other)
        happened = self._act(lambda: friends.mute(_member(me), self._met(me, they), days=days))
        assert happened == self.world.mute(me, they, days)

    @precondition(lambda self: self.world.mutes)
    @rule(which=SOMETHING)
    def unmute(self, which: int) -> None:
        me, they = _nth(sorted(self.world.mutes), which)
        if self.world.people[me].is_here:
            assert self._act(lambda: friends.unmute(_member(me), _member(they))) == self.world.unmute(me, they)

    @rule()
    def days_go_by(self) -> None:
        """Breaks end by themselves, and nothing can be taken back any more."""
        self.world.now += timedelta(days=2)

    @rule(who=SOMEBODY, audience=st.sampled_from(("only_me", "friends", "friends_of_friends", "members")))
    def show_friends_to(self, who: int, audience: str) -> None:
        me = self._somebody_here(who)
        with self._acting():
            db.session.query(Fact).filter_by(author_id=me).delete()
            db.session.add(Fact(author_id=me, kind="friends", audience=audience))
        self.world.lists[me] = audience

    # --- groups -------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.world.groups) < MOST_GROUPS)
    @rule(who=SOMEBODY)
    def make_group(self, who: int) -> None:
        me = self._somebody_here(who)
        with self._acting():
            number = groups.make_group(_member(me), name=f"group {self.acts}").id
        self.world.make_group(me, number)

    @precondition(lambda self: self.world.groups)
    @rule(which=SOMETHING, other=SOMEBODY)
    def put_in(self, which: int, other: int) -> None:
        number, they = _nth(sorted(self.world.groups), which), _nth(list(self.world.people), other)
        owner = self.world.groups[number][0]
        if self.world.people[owner].is_here:
            people = {self.handles[they]}
            happened = self._act(
                lambda: groups.put_in(_member(owner), db.session.get_one(Group, number), people=people)
            )
            assert happened == self.world.put_in(number, they)

    @precondition(lambda self: self.world.groups)
    @rule(which=SOMETHING, other=SOMEBODY)
    def take_out(self, which: int, other: int) -> None:
        number, they = _nth(sorted(self.world.groups), which), _nth(list(self.world.people), other)
        owner, people = self.world.groups[number]
        with self._acting():
            groups.take_out(_member(owner), db.session.get_one(Group, number), _member(they))
        people.discard(they)

    @precondition(lambda self: self.world.groups)
    @rule(which=SOMETHING)
    def delete_group(self, which: int) -> None:
        number = _nth(sorted(self.world.groups), which)
        with self._acting():
            groups.delete_group(_member(self.world.groups[number][0]), db.session.get_one(Group, number))
        del self.world.groups[number]

    def _picked(self, me: int, pick: Picked) -> tuple[Picked, Choice]:
        """The people and groups at these positions, as the naive rule keeps them and as the verb takes them."""
        numbers = sorted(self.world.groups)
        named = frozenset(_nth(numbers, position) for position in pick.groups if numbers)
        everybody = list(self.world.people)
        people, exceptions = (frozenset(_nth(everybody, n) for n in some) for some in (pick.people, pick.exceptions))
        meant = Picked(pick.all_friends, named, people, exceptions)
        return self.world.usable(me, meant), Choice(pick.all_friends, named, people, exceptions)

    @rule(who=SOMEBODY, other=SOMEBODY)
    def end_friendship(self, who: int, other: int) -> None:
        me, they = self._two(who, other)
        happened = self._act(lambda: friends.end_friendship(_member(me), self._met(me, they)))
        assert happened == self.world.end(me, they)

    @rule(who=SOMEBODY, other=SOMEBODY)
    def block(self, who: int, other: int) -> None:
        me, they = self._two(who, other)
        happened = self._act(lambda: friends.block(_member(me), self._met(me, they)))
        assert happened == self.world.block(me, they)

    @precondition(lambda self: self.world.requests)
    @rule(which=SOMETHING, is_asker=st.booleans())
    def block_instead_of_an_answer(self, which: int, is_asker: bool) -> None:
        asked = self.world.requests[_nth(sorted(self.world.requests, key=sorted), which)]
        me, they = (asked.asker, asked.asked) if is_asker else (asked.asked, asked.asker)
        if self.world.people[me].is_here:
            happened = self._act(lambda: friends.block(_member(me), self._met(me, they)))
            assert happened == self.world.block(me, they)

    @precondition(lambda self: any(person.blocks for person in self.world.people.values()))
    @rule(which=SOMETHING)
    def unblock(self, which: int) -> None:
        blocks = [(me, they) for me in self.world.here() for they in sorted(self.world.people[me].blocks)]
        if blocks:
            me, they = _nth(blocks, which)
            assert self._act(lambda: friends.unblock(_member(me), _member(they))) == self.world.unblock(me, they)

    # --- what they write ----------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.world.things) < MOST_THINGS)
    @rule(who=SOMEBODY, audience=AUDIENCE, kind=st.sampled_from(("diary", "voice")), pick=PICK)
    def publish(self, who: int, audience: str, kind: str, pick: Picked) -> None:
        me = self._somebody_here(who)
        picked, choice = self._picked(me, pick)
        made: list[int] = []

        def act() -> None:
            given: dict[str, Any] = {"body": "rain", "audience": audience, "choice": choice}
            if kind == "diary":
                made.append(publish_diary(_member(me), title="A day", excerpt="rain", **given).id)
            else:
                made.append(post_voice(_member(me), **given).id)

        is_nobody = audience == "chosen" and not (picked.all_friends or picked.groups or picked.people)
        assert self._act(act) == (REFUSED if is_nobody else DONE)
        if not is_nobody:
            self.world.publish(me, made[0], kind, audience, "rain", picked if audience == "chosen" else None)

    @precondition(lambda self: self.world.things)
    @rule(which=SOMETHING, audience=AUDIENCE, words=st.sampled_from(("rain", "sun")), pick=PICK)
    def revise(self, which: int, audience: str, words: str, pick: Picked) -> None:
        number = self._something(which)
        if self.world.people[self.world.things[number].author].is_here:
            self._revise(self.world.things[number].author, number, audience, words, pick)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING, audience=AUDIENCE)
    def revise_what_may_be_anybodys(self, who: int, which: int, audience: str) -> None:
        self._revise(self._somebody_here(who), self._something(which), audience, "sun", EVERYBODY)

    def _revise(self, me: int, number: int, audience: str, words: str, pick: Picked) -> None:
        picked, choice = self._picked(me, pick)

        def act() -> None:
            entry = visible_entry(_member(me), number)
            if entry.kind == "diary":
                given: dict[str, Any] = {"title": "A day", "excerpt": words}
                revise_diary(_member(me), entry, body=words, audience=audience, choice=choice, **given)
            else:
                revise_voice(_member(me), entry, body=words, audience=audience, choice=choice)

        kept = picked if audience == "chosen" else None
        assert self._act(act) == self.world.revise(me, number, audience, words, kept)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING)
    def delete(self, who: int, which: int) -> None:
        me, number = self._somebody_here(who), self._something(which)
        happened = self._act(lambda: reading.delete_entry(_member(me), visible_entry(_member(me), number)))
        assert happened == self.world.delete(me, number)

    @precondition(lambda self: any(thing.is_deleted for thing in self.world.things.values()))
    @rule(who=SOMEBODY, which=SOMETHING, is_author=st.booleans())
    def restore(self, who: int, which: int, is_author: bool) -> None:
        number = _nth([n for n, thing in self.world.things.items() if thing.is_deleted], which)
        me = self.world.things[number].author if is_author else self._somebody_here(who)
        if self.world.people[me].is_here:
            happened = self._act(lambda: reading.restore_entry(_member(me), number))
            assert happened == self.world.restore(me, number)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING)
    def comment(self, who: int, which: int) -> None:
        me, number = self._somebody_here(who), self._something(which)
        happened = self._act(lambda: reading.add_comment(_member(me), visible_entry(_member(me), number), body="so"))
        assert happened == self.world.remark(me, number)

    @precondition(lambda self: any(thing.remarks for thing in self.world.things.values()))
    @rule(who=SOMEBODY, which=SOMETHING)
    def remove_comment(self, who: int, which: int) -> None:
        remarks = [(number, n) for number, thing in self.world.things.items() for n in thing.remarks]
        me, (number, remark) = self._somebody_here(who), _nth(remarks, which)

        def act() -> None:
            reading.remove_comment(_member(me), visible_entry(_member(me), number), remark)

        assert self._act(act) == self.world.remove_remark(me, number, remark)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING, mark=MARK)
    def mark(self, who: int, which: int, mark: str) -> None:
        me, number = self._somebody_here(who), self._something(which)
        verb = reading.like if mark == "like" else reading.favour
        happened = self._act(lambda: verb(_member(me), visible_entry(_member(me), number)))
        assert happened == self.world.mark(me, number, mark)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING, mark=MARK)
    def unmark(self, who: int, which: int, mark: str) -> None:
        me, number = self._somebody_here(who), self._something(which)
        verb = reading.unlike if mark == "like" else reading.unfavour
        happened = self._act(lambda: verb(_member(me), visible_entry(_member(me), number)))
        assert happened == self.world.unmark(me, number, mark)

    # --- what must hold -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.handles)
    @invariant()
    def the_law_is_the_naive_rule(self) -> None:
        """Who sees what, and every feed, after every second step. After every sixth, through somebody else's eyes each
        time: what hangs on it, profiles and lists. At the end all of it for everybody."""
        self.turn += 1
        if self.turn % 2:
            return
        with self.site.inside(), clock.at(self.world.now):
            self._rows_are_right()
            self._everybody_sees_what_they_should()
            self._readers_are_right(self._something(self.turn // 2))
            if self.turn % 6 == 0:
                self._looks_right_to(_nth(self.world.here(), self.turn // 6))

    def teardown(self) -> None:
        if not self.handles:
            return
        with self.site.inside(), clock.at(self.world.now):
            for member in self.world.here():
                self._looks_right_to(member)
            for number in self.world.things:
                self._readers_are_right(number)

    def _rows_are_right(self) -> None:
        """Friendships are in both directions, requests are where they should be; times are what they say they are."""
        pairs = [(row.member_id, row.friend_id) for row in db.session.scalars(select(Friendship))]
        assert sorted(pairs) == sorted((a, b) for pair in self.world.friendships for a in pair for b in pair - {a})
        asked = db.session.scalars(select(FriendRequest))
        requests = {(r.asker_id, r.asked_id, r.declined_at is not None, r.withdrawn_at is not None) for r in asked}
        meant = self.world.requests.values()
        assert requests == {(one.asker, one.asked, one.is_declined, one.is_withdrawn) for one in meant}
        rows = {row.id: row for row in db.session.scalars(select(Entry))}
        for number, thing in self.world.things.items():
            if number in rows or not thing.is_deleted:  # what was deleted may be erased
                row = rows[number]
                assert (row.published_at, row.shown_at) == (thing.published_at, thing.shown_at)
                assert (row.edited_at is not None, row.last_number) == (thing.is_edited, thing.last_number)

    def _everybody_sees_what_they_should(self) -> None:
        world, ids = self.world, list(self.world.things)
        at_once = select(Member.id, Entry.id).where(Member.status == "active", sees(Member.id, Entry))
        assert {tuple(row) for row in db.session.execute(at_once)} == {
            (member, number) for member in world.here() for number in world.visible(member)
        }
        for member in world.here():
            assert visible_ids(_member(member), ids) == world.visible(member)
            feed = feed_ids(member, LOTS)
            assert feed == world.feed(member)
            by_others = [place for place in feed if world.things[place[1]].author != member]
            for since in feed[::3]:
                above = [place for place, _author in new_in_feed(member, LOTS, since)]
                assert above == [place for place in by_others if place > since]

    def _readers_are_right(self, number: int) -> None:
        """For the author's eyes; of a deleted entry and of an author who is away there are none."""
        expected = self.world.readers(number)
        assert [member.id for member in readers_of(number, LOTS)] == sorted(expected)
        assert count_of_readers(number) == len(expected)

    def _looks_right_to(self, me: int) -> None:
        world, viewer = self.world, _member(me)
        for number in world.things:
            assert _is_there(visible_entry, viewer, number) == (number in world.visible(me))
        for item in shown(viewer, sorted(world.visible(me))):
            number, thing = item.entry.id, world.things[item.entry.id]
            numbers = [comment.number for comment in comments_on(viewer, item.entry, LOTS, 0)]
            assert numbers == world.remarks_seen(me, number)
            assert item.comment_count == len(numbers)
            assert [member.id for member in likers_of(viewer, item.entry, LOTS)] == world.likers_seen(me, number)
            assert item.like_count == len(world.likers_seen(me, number))
            assert (item.liked, item.favourited) == (me in thing.likes, me in thing.favourites)
            assert item.is_mine == (thing.author == me)
            assert item.content.body == thing.words
        recommended = friends_favourites(viewer, []).get(None, {"items": []})["items"]
        assert [item.entry.id for item in recommended] == world.recommended_to(me)[:FAVOURITES_ON_HOME]
        for other, handle in self.handles.items():
            assert _is_there(visible_member, viewer, handle) == world.meets(me, other)
            if world.meets(me, other):
                self._profile_looks_right(viewer, _member(other))
        assert {friend.id for friend, _since in friends_of(me, LOTS)} == world.friends_seen(me, me)
        assert {request.asker_id for request in requests_to(me, LOTS)} == world.waiting_for(me)
        for audience in AUDIENCES:
            picked = Picked(all_friends=True, exceptions=frozenset(list(world.people)[:2]))
            choice = Choice(all_friends=True, exceptions=picked.exceptions)
            assert count_of_future_readers(viewer, audience, choice) == world.future_readers(me, audience, picked)
        found = [(each.member.id, each.count) for each in suggestions(viewer)]
        assert found == world.suggested_to(me)[:SUGGESTED]

    def _profile_looks_right(self, viewer: Member, member: Member) -> None:
        me, other = viewer.id, member.id
        assert entries_by(viewer, member, LOTS) == self.world.written_by(me, other)
        assert favourites_of(viewer, member, LOTS) == self.world.favourites_of(me, other)
        friends = {friend.id for friend, _since in friends_seen(viewer, member, LOTS)}
        assert friends == self.world.friends_seen(me, other)
        assert count_of_friends_seen(viewer, member) == len(friends)
        if me != other and not self.world.are_friends(me, other):
            assert [between.id for between in connection(viewer, member)] == self.world.way_to(me, other)

    # --- pieces -------------------------------------------------------------------------------------------------

    def _somebody_here(self, position: int) -> int:
        return _nth(self.world.here(), position)

    def _two(self, who: int, other: int) -> tuple[int, int]:
        """Somebody who is here, and anybody, who may be the same, or away."""
        return self._somebody_here(who), _nth(list(self.world.people), other)

    def _something(self, position: int) -> int:
        return _nth(list(self.world.things), position)

    def _met(self, me: int, other: int) -> Member:
        """As the address of a profile finds them."""
        return visible_member(_member(me), self.handles[other])

    def _request_id(self, asker: int, asked: int) -> int:
        with self.site.inside():
            request = request_between(asker, asked)
            assert request is not None
            assert (request.asker_id, request.asked_id) == (asker, asked)
            return request.id

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """In the application, in a writer's transaction. Time goes on, but some things happen at the same moment."""
        self.acts += 1
        if self.acts % 3:
            self.world.now += timedelta(seconds=1)
        with self.site.inside(), clock.at(self.world.now), writing():
            yield

    def _act(self, verb: Callable[[], object]) -> str:
        """Run a verb in a writer's transaction, and say what a person would see of it."""
        try:
            with self._acting():
                verb()
        except NotHere:
            return NOT_HERE
        except NotYours:
            return NOT_YOURS
        except Refused:
            return REFUSED
        return DONE


def _member(number: int) -> Member:
    return db.session.get_one(Member, number, populate_existing=True)


def _is_there(look: Callable[..., object], *what: object) -> bool:
    try:
        look(*what)
    except NotHere:
        return False
    return True


def _nth(things: list[Any], position: int) -> Any:
    return things[position % len(things)]


def _plan(examples: int, steps: int, **more: Any) -> settings:
    """Every step is checked against the whole rule, so few examples are slow and none is too large."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    given = {"deadline": None, "database": None, "suppress_health_check": quiet, "report_multiple_bugs": False, **more}
    return settings(max_examples=examples, stateful_step_count=steps, **given)


@pytest.mark.parametrize("chapter", range(5))
def test_members_do_whatever_occurs_to_them(lasting_site: Site, chapter: int):
    """The same acts every time, so that a change is judged by what it changed. What fails is told at once, as it
    was found; `make soak` looks for the shortest way to it."""
    plan = _plan(examples=3 if lasting_site.settings.is_sqlite else 1, steps=60, phases=[Phase.generate])
    run(seed(chapter)(lambda: Circle(lasting_site)), settings=plan)  # type: ignore[arg-type]


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_members_do_whatever_occurs_to_them_for_long(lasting_site: Site):
    """Other acts every time; at least ten thousand, however few of them an example happens to take."""
    steps = 0

    class Counted(Circle):
        def teardown(self) -> None:
            nonlocal steps
            steps += self.turn
            super().teardown()

    while steps < 10_000:
        run(lambda: Counted(lasting_site), settings=_plan(examples=50, steps=60))  # type: ignore[arg-type]
