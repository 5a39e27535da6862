"""The ties between the people of the demo: a real social network, as it was published.

Zachary, W. W., "An information flow model for conflict and fission in small groups", Journal of Anthropological
Research 33 (1977), pages 452-473: who met whom outside the lessons in a karate club of 34 people, before the club
split in two around its instructor (1) and its administrator (34), who do not talk to each other.
"""

from collections import deque
from collections.abc import Iterator

PEOPLE = 34
INSTRUCTOR, ADMINISTRATOR = 1, 34

# Everybody's friends with a higher number than their own: 78 ties in all.
_HIGHER_FRIENDS = {
    1: (2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 20, 22, 32),
    2: (3, 4, 8, 14, 18, 20, 22, 31),
    3: (4, 8, 9, 10, 14, 28, 29, 33),
    4: (8, 13, 14),
    5: (7, 11),
    6: (7, 11, 17),
    7: (17,),
    9: (31, 33, 34),
    10: (34,),
    14: (34,),
    15: (33, 34),
    16: (33, 34),
    19: (33, 34),
    20: (34,),
    21: (33, 34),
    23: (33, 34),
    24: (26, 28, 30, 33, 34),
    25: (26, 28, 32),
    26: (32,),
    27: (30, 34),
    28: (34,),
    29: (32, 34),
    30: (33, 34),
    31: (33, 34),
    32: (33, 34),
    33: (34,),
}
TIES: frozenset[tuple[int, int]] = frozenset((low, high) for low, highs in _HIGHER_FRIENDS.items() for high in highs)


def friends_of(seat: int) -> list[int]:
    """Everybody who has a tie with this one, in order."""
    return sorted({low if high == seat else high for low, high in TIES if seat in (low, high)})


def invitation_tree() -> Iterator[tuple[int, int]]:
    """Who invited whom, as (inviter, invited), in order: breadth first from the two leaders along the ties.

    The instructor founds the circle. That he invites the administrator is the one step that is no published tie.
    """
    yield INSTRUCTOR, ADMINISTRATOR
    invited = {INSTRUCTOR, ADMINISTRATOR}
    inviting = deque((INSTRUCTOR, ADMINISTRATOR))
    while inviting:
        inviter = inviting.popleft()
        for seat in friends_of(inviter):
            if seat not in invited:
                invited.add(seat)
                inviting.append(seat)
                yield inviter, seat
