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
from sqlalchemy import select, text, update

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import Base, db, writing
from mixlite.core.errors import NotHere, NotYours
from mixlite.entries.entries import Entry
from mixlite.features.diary.verbs import publish_diary, revise_diary
from mixlite.features.friends import verbs as friends
from mixlite.features.invitations.verbs import join_circle, write_invitation
from mixlite.features.profiles.queries import count_of_friends_seen, entries_by, favourites_of, friends_seen
from mixlite.features.reading import verbs as reading
from mixlite.features.reading.queries import FAVOURITES_ON_HOME, comments_on, friends_favourites, likers_of
from mixlite.features.voice.verbs import post_voice, revise_voice
from mixlite.people.friendships import FriendRequest, Friendship, friends_of, request_between, requests_to
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
from tests.policy.naive import DONE, NOT_HERE, NOT_YOURS, World
from tests.support.site import Site

BEGINNING = datetime(2026, 4, 1, 9, tzinfo=UTC)
MOST_PEOPLE = 7
MOST_THINGS = 9
LOTS = 1000
AUDIENCES = ("only_me", "friends", "friends_of_friends", "members")

# Somebody, something: a position in whatever list there is at that moment.
SOMEBODY = st.integers(0, MOST_PEOPLE - 1)
SOMETHING = st.integers(0, MOST_THINGS - 1)
AUDIENCE = st.sampled_from(AUDIENCES)
MARK = st.sampled_from(("like", "favourite"))


class Circle(RuleBasedStateMachine):
    """One circle of people, and the same circle in `World`."""

    def __init__(self, site: Site):
        super().__init__()
        self.site = site
        self.world = World(BEGINNING)
        self.handles: dict[int, str] = {}
        self.turn = self.acts = 0
        _wipe(site)

    # --- joining, coming and going ------------------------------------------------------------------------------

    @initialize(audiences=st.permutations(AUDIENCES), order=st.permutations(range(5)))
    def a_circle_that_has_lived(self, audiences: list[str], order: list[int]) -> None:
        """A host who invited three people, the last of whom invited one more; each wrote something, and answered what
        they could read. So every act that is drawn has something to meet."""
        host = self._join(None)
        invited = [self._join(host) for _ in range(3)]
        self._join(invited[-1])
        for who, audience in zip(order, audiences, strict=False):
            self.publish(who, audience, "voice" if who % 2 else "diary")
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
    @rule(who=SOMEBODY, audience=AUDIENCE, kind=st.sampled_from(("diary", "voice")))
    def publish(self, who: int, audience: str, kind: str) -> None:
        me = self._somebody_here(who)
        with self._acting():
            if kind == "diary":
                number = publish_diary(_member(me), title="A day", body="rain", excerpt="rain", audience=audience).id
            else:
                number = post_voice(_member(me), body="rain", audience=audience).id
        self.world.publish(me, number, kind, audience, "rain")

    @precondition(lambda self: self.world.things)
    @rule(which=SOMETHING, audience=AUDIENCE, words=st.sampled_from(("rain", "sun")))
    def revise(self, which: int, audience: str, words: str) -> None:
        number = self._something(which)
        if self.world.people[self.world.things[number].author].is_here:
            self._revise(self.world.things[number].author, number, audience, words)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING, audience=AUDIENCE)
    def revise_what_may_be_anybodys(self, who: int, which: int, audience: str) -> None:
        self._revise(self._somebody_here(who), self._something(which), audience, "sun")

    def _revise(self, me: int, number: int, audience: str, words: str) -> None:
        def act() -> None:
            entry = visible_entry(_member(me), number)
            if entry.kind == "diary":
                revise_diary(_member(me), entry, title="A day", body=words, excerpt=words, audience=audience)
            else:
                revise_voice(_member(me), entry, body=words, audience=audience)

        assert self._act(act) == self.world.revise(me, number, audience, words)

    @precondition(lambda self: self.world.things)
    @rule(who=SOMEBODY, which=SOMETHING)
    def delete(self, who: int, which: int) -> None:
        me, number = self._somebody_here(who), self._something(which)
        happened = self._act(lambda: reading.delete_entry(_member(me), visible_entry(_member(me), number)))
        assert happened == self.world.delete(me, number)

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
        requests = {(row.asker_id, row.asked_id, row.declined_at is not None) for row in asked}
        assert requests == {(row.asker, row.asked, row.is_declined) for row in self.world.requests.values()}
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
            assert count_of_future_readers(viewer, audience) == world.future_readers(me, audience)

    def _profile_looks_right(self, viewer: Member, member: Member) -> None:
        me, other = viewer.id, member.id
        assert entries_by(viewer, member, LOTS) == self.world.written_by(me, other)
        assert favourites_of(viewer, member, LOTS) == self.world.favourites_of(me, other)
        friends = {friend.id for friend, _since in friends_seen(viewer, member, LOTS)}
        assert friends == self.world.friends_seen(me, other)
        assert count_of_friends_seen(viewer, member) == len(friends)

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


def _wipe(site: Site) -> None:
    """An empty circle again, in the same database: quicker than a new one. Ids go on; they never come back."""
    tables = [table for table in reversed(Base.metadata.sorted_tables) if table.name != "circle"]
    with site.inside(), writing():
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)} CASCADE"))
        else:
            for table in tables:
                db.session.execute(table.delete())
        db.session.execute(text("UPDATE circle SET founded_at = NULL"))


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
