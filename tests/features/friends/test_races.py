"""R14: two people who do something about each other at the same moment. However it ends, it ends in one of the states
that could be: one request for each pair, both rows of a friendship or none, and nobody sees an error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

import pytest
from sqlalchemy import delete, func, or_, select

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.marks import Favourite, Like
from mixlite.features.friends.verbs import ask_to_be_friends
from mixlite.people.blocks import Block
from mixlite.people.friendships import MOST_FRIENDS, FriendRequest, Friendship, has_room_for_a_friend, request_between
from mixlite.people.members import Member
from mixlite.policy.showing import shown
from tests.people.races import Presser, give_friends, together
from tests.support.site import Site

DONE, NOT_HERE = 303, 404


def again(site: Site) -> int:
    """How often a race is run. SQLite lets one writer in at a time: there are only so many ways to come second."""
    return 6 if site.settings.is_sqlite else 15


@dataclass(frozen=True)
class State:
    """How ann and bob stand to each other. `asked` and `declined` name who asked, `withdrawn` who was declined and has
    nothing open any more, `blocks` who blocks.
    """

    friends: bool = False
    asked: str = ""
    declined: str = ""
    withdrawn: str = ""
    blocks: frozenset[str] = frozenset()


STRANGERS, FRIENDS = State(), State(friends=True)


@dataclass
class Pair:
    """Ann and bob, each with a page open, in front of their buttons."""

    site: Site
    pressers: dict[str, Presser]

    @classmethod
    def on(cls, site: Site) -> "Pair":
        site.without_throttles()
        site.join("host")
        for handle in ("ann", "bob"):
            site.join(handle, "host")
        return cls(site, {handle: Presser(site.sign_in(handle)) for handle in ("ann", "bob")})

    def start(self, state: State) -> None:
        """Put the two into a state, whatever they were in before."""
        one, other = self.site.ids["ann"], self.site.ids["bob"]
        with self.site.inside(), writing():
            for table, columns in TABLES.items():
                ours = (getattr(table, column).in_((one, other)) for column in columns)
                db.session.execute(delete(table).where(*ours))
            if state.friends:
                ways = ((one, other), (other, one))
                db.session.add_all([Friendship(member_id=here, friend_id=there) for here, there in ways])
        asker = state.asked or state.declined or state.withdrawn
        if asker:
            self.site.do(ask_to_be_friends, asker, _other(asker), message="")
        with self.site.inside(), writing():
            request = request_between(one, other)
            if request is not None and not state.asked:
                request.declined_at = clock.now()
                request.withdrawn_at = clock.now() if state.withdrawn else None

    def state(self) -> State:
        """Fails when the rows are in no state at all."""
        one, other = self.site.ids["ann"], self.site.ids["bob"]
        names = {one: "ann", other: "bob"}
        both = {(one, other), (other, one)}
        with self.site.inside():
            ties = select(Friendship).where(or_(Friendship.member_id == one, Friendship.friend_id == one))
            friends = {(row.member_id, row.friend_id) for row in db.session.scalars(ties)} & both
            assert friends in (set(), both), "half a friendship"
            request = request_between(one, other)  # fails if there are several
            blocks = frozenset(names[row.blocker_id] for row in db.session.scalars(select(Block)))
            asker = names[request.asker_id] if request else ""
            kind = _kind(request)
        assert not (friends and request), "friends with an open request"
        is_open = request is not None and kind != "withdrawn"
        assert not (blocks and (friends or is_open)), "blocked, but not without each other"
        return State(bool(friends), blocks=blocks, **{kind: asker} if request else {})

    def act(self, words: str) -> Callable[[], int]:
        """What pressing the button of "ann asks", "bob accepts" ... would do; the request is looked up now."""
        who, deed = words.split()
        other = _other(who)
        presser = self.pressers[who]
        if deed in ("accepts", "declines", "withdraws"):
            with self.site.inside():
                request = request_between(self.site.ids["ann"], self.site.ids["bob"])
                number = request.id if request else 4711
            return partial(presser.press, f"/friends/requests/{number}/{deed.removesuffix('s')}")
        paths = {"asks": "friend", "ends": "friend/end", "blocks": "block", "unblocks": "unblock"}
        return partial(presser.press, f"/@{other}/{paths[deed]}")


def _kind(request: FriendRequest | None) -> str:
    """The field of a state that names who asked."""
    if request is None or request.declined_at is None:
        return "asked"
    return "withdrawn" if request.withdrawn_at else "declined"


TABLES = {
    Friendship: ("member_id", "friend_id"),
    FriendRequest: ("asker_id", "asked_id"),
    Block: ("blocker_id", "blocked_id"),
}


def _other(handle: str) -> str:
    return "bob" if handle == "ann" else "ann"


BLOCKED = State(blocks=frozenset({"ann"}))
BLOCKED_BY_BOB = State(blocks=frozenset({"bob"}))
REMEMBERED = State(withdrawn="ann")
BLOCKED_AND_REMEMBERED = State(withdrawn="ann", blocks=frozenset({"ann"}))
RACES = [
    # what, from where, to one of these
    ("ann asks, bob asks", STRANGERS, [FRIENDS]),
    ("ann asks, ann asks", STRANGERS, [State(asked="ann")]),
    ("ann asks, ann asks, bob asks, bob asks", STRANGERS, [FRIENDS]),
    ("bob accepts, bob accepts", State(asked="ann"), [FRIENDS]),
    ("bob accepts, bob declines", State(asked="ann"), [FRIENDS, State(declined="ann")]),
    ("bob accepts, bob asks", State(asked="ann"), [FRIENDS]),
    ("bob accepts, ann asks", State(asked="ann"), [FRIENDS]),
    ("bob accepts, ann ends", State(asked="ann"), [FRIENDS, STRANGERS]),
    ("bob accepts, ann blocks", State(asked="ann"), [BLOCKED]),
    ("ann blocks, ann accepts", State(asked="bob"), [BLOCKED]),
    ("bob declines, ann blocks", State(asked="ann"), [BLOCKED, BLOCKED_AND_REMEMBERED]),
    ("ann withdraws, bob accepts", State(asked="ann"), [STRANGERS, FRIENDS]),
    ("ann withdraws, bob declines", State(asked="ann"), [STRANGERS, REMEMBERED]),
    ("ann withdraws, bob asks", State(asked="ann"), [State(asked="bob"), FRIENDS]),
    ("ann withdraws, ann asks", State(asked="ann"), [STRANGERS, State(asked="ann")]),
    ("ann withdraws, ann withdraws", State(declined="ann"), [REMEMBERED]),
    ("ann withdraws, ann asks", State(declined="ann"), [REMEMBERED, State(declined="ann")]),
    ("ann withdraws, bob asks", State(declined="ann"), [State(asked="bob"), FRIENDS]),
    ("ann withdraws, ann blocks", State(declined="ann"), [BLOCKED_AND_REMEMBERED]),
    ("ann asks, bob asks", REMEMBERED, [State(asked="bob"), FRIENDS]),
    ("ann asks, ann blocks", REMEMBERED, [BLOCKED_AND_REMEMBERED]),
    ("bob asks, ann blocks", STRANGERS, [BLOCKED]),
    ("ann ends, bob ends", FRIENDS, [STRANGERS]),
    ("ann ends, bob asks", FRIENDS, [STRANGERS, State(asked="bob")]),
    ("bob ends, ann blocks", FRIENDS, [BLOCKED]),
    ("ann blocks, ann blocks", FRIENDS, [BLOCKED]),
    ("ann blocks, bob blocks", FRIENDS, [BLOCKED, BLOCKED_BY_BOB]),
    ("ann blocks, bob blocks", STRANGERS, [BLOCKED, BLOCKED_BY_BOB]),
]


def race(pair: Pair, times: int, races: Sequence[tuple[str, State, list[State]]] = RACES) -> None:
    for deeds, before, possible in races:
        for _ in range(times):
            pair.start(before)
            statuses = together([pair.act(words) for words in deeds.split(", ")])
            assert set(statuses) <= {DONE, NOT_HERE}, deeds
            assert DONE in statuses, deeds
            assert pair.state() in possible, deeds


def mix(pair: Pair, times: int, dice: Random) -> None:
    """Four acts that nobody has thought of together; every end must be a state that there is."""
    can = ("asks", "accepts", "declines", "withdraws", "ends", "blocks", "unblocks")
    deeds = [f"{who} {deed}" for who in ("ann", "bob") for deed in can]
    for _ in range(times):
        pair.start(dice.choice([STRANGERS, FRIENDS, State(asked="ann"), State(asked="bob"), REMEMBERED]))
        drawn = dice.sample(deeds, 4)
        assert set(together([pair.act(words) for words in drawn])) <= {DONE, NOT_HERE}, drawn
        pair.state()


@pytest.mark.parametrize("third", range(3))
def test_r14_two_people_at_the_same_moment(any_site: Site, third: int):
    race(Pair.on(any_site), again(any_site), RACES[third::3])


def test_r14_everything_at_once(any_site: Site):
    mix(Pair.on(any_site), 2 * again(any_site), Random(14))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_r14_two_people_for_long(any_site: Site):
    pair = Pair.on(any_site)
    race(pair, 100)
    mix(pair, 1000, Random())


# ------------------------------------------------------------------------------------------------ likes and favourites


@pytest.mark.parametrize(("path", "table"), [("like", Like), ("favourite", Favourite)])
def test_r14_like_and_unlike(any_site: Site, path: str, table: type[Like] | type[Favourite]):
    any_site.join("host")
    any_site.join("ann", "host")
    entry_id = any_site.voice("host")
    one = Presser(any_site.sign_in("ann"))
    put, take = (partial(one.press, f"/entries/{entry_id}/{way}") for way in (path, f"{path}/remove"))
    races = [([put, take], {0, 1}), ([put, put], {1}), ([put, put, take, take], {0, 1}), ([take, take], {0})]
    for acts, possible in races:
        for _ in range(again(any_site) // 2):
            assert set(together(acts)) == {DONE}
            with any_site.inside():
                count = db.session.scalar(select(func.count()).select_from(table))
                assert count in possible
                item = shown(any_site.member("ann"), [entry_id])[0]
                counted = item.like_count if table is Like else int(item.favourited)
                assert counted == count


def test_r14_comments_at_once_get_different_numbers(any_site: Site):
    any_site.join("host")
    entry_id = any_site.voice("host")
    client = any_site.sign_in("host")
    page = client.get(f"/entries/{entry_id}")
    sendings = [partial(client.submit, page, "Comment", body=f"{n}", nonce=f"nonce-{n}") for n in range(12)]
    places = {answer.location for answer in together(sendings)}
    assert places == {f"/entries/{entry_id}#c{n}" for n in range(1, 13)}


# ------------------------------------------------------------------------------------------------------ a thousand


def count_of(site: Site, handle: str) -> int:
    with site.inside():
        mine = select(func.count()).select_from(Friendship).where(Friendship.member_id == site.ids[handle])
        theirs = select(func.count()).select_from(Friendship).where(Friendship.friend_id == site.ids[handle])
        count = db.session.scalar(mine) or 0
        assert db.session.scalar(theirs) == count
        return count


@pytest.mark.parametrize("who_asked", ["the fans", "pia"])
def test_r14_the_thousandth_friend_under_parallel_accepts(any_site: Site, who_asked: str):
    site = any_site
    site.join("host")
    fans = [f"fan{n}" for n in range(6)]
    for handle in ("pia", *fans):
        site.join(handle, "host")
    give_friends(site, "pia", MOST_FRIENDS - 2)  # and the host
    pia = Presser(site.sign_in("pia"))
    requests: dict[str, int] = {}
    for fan in fans:
        asker, asked = (fan, "pia") if who_asked == "the fans" else ("pia", fan)
        site.do(ask_to_be_friends, asker, asked, message="")
        with site.inside():
            requests[fan] = request_between(site.ids[fan], site.ids["pia"]).id  # type: ignore[union-attr]
    hands = {fan: pia if who_asked == "the fans" else Presser(site.sign_in(fan)) for fan in fans}
    acts = [partial(hands[fan].press, f"/friends/requests/{requests[fan]}/accept") for fan in fans]
    assert set(together(acts)) == {DONE}
    assert count_of(site, "pia") == MOST_FRIENDS
    with site.inside():
        assert not has_room_for_a_friend(site.ids["pia"])
        assert db.session.scalar(select(func.count()).select_from(FriendRequest)) == len(fans) - 1
        assert db.session.scalar(select(func.count()).select_from(Member)) == MOST_FRIENDS + len(fans)
    # The others are told why, and asking first does not help.
    late = next(fan for fan in fans if count_of(site, fan) == 1)
    answer = hands[late].client.submit("/friends/requests", "Accept")
    assert answer.status_code == DONE
    assert "1,000 friends already" in hands[late].client.get("/friends/requests").text
    assert count_of(site, "pia") == MOST_FRIENDS
