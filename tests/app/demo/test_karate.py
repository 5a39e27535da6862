"""The network is the published one, and the invitation tree grows along it."""

from mixlite.app.demo.karate import ADMINISTRATOR, INSTRUCTOR, PEOPLE, TIES, friends_of, invitation_tree

# How many friends each of the 34 has, in the order of the published matrix.
PUBLISHED_DEGREES = [
    *(16, 9, 10, 6, 3, 4, 4, 4, 5, 2, 3, 1, 2, 5, 2, 2, 2),
    *(2, 2, 3, 2, 2, 2, 5, 3, 3, 2, 4, 3, 4, 4, 6, 12, 17),
]


def test_there_are_78_ties_between_34_people():
    assert len(TIES) == 78
    assert {seat for tie in TIES for seat in tie} == set(range(1, PEOPLE + 1))
    assert all(low < high for low, high in TIES)
    assert [len(friends_of(seat)) for seat in range(1, PEOPLE + 1)] == PUBLISHED_DEGREES


def test_the_two_leaders_have_no_tie():
    assert (INSTRUCTOR, ADMINISTRATOR) not in TIES


def test_everybody_but_the_instructor_is_invited_once_by_somebody_who_is_there():
    there = [INSTRUCTOR]
    for inviter, guest in invitation_tree():
        assert inviter in there
        assert guest not in there
        there.append(guest)
    assert sorted(there) == list(range(1, PEOPLE + 1))


def test_every_invitation_follows_a_tie_but_the_one_between_the_leaders():
    first, *others = invitation_tree()
    assert first == (INSTRUCTOR, ADMINISTRATOR)
    assert {(min(pair), max(pair)) for pair in others} <= TIES


def test_the_tree_is_breadth_first_from_both_leaders():
    depth = {INSTRUCTOR: 0, ADMINISTRATOR: 0}
    for inviter, guest in list(invitation_tree())[1:]:
        depth[guest] = depth[inviter] + 1
    assert depth == distances_from_the_leaders()
    assert list(depth.values()) == sorted(depth.values())


def distances_from_the_leaders() -> dict[int, int]:
    found, distance = {INSTRUCTOR: 0, ADMINISTRATOR: 0}, 0
    while len(found) < PEOPLE:
        distance += 1
        edge = {friend for seat in found for friend in friends_of(seat)} - set(found)
        found |= dict.fromkeys(edge, distance)
    return found
