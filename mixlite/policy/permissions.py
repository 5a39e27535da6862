"""Who may do what to a thing they see. One table; what it does not know is not allowed.

Each act lists ways to be allowed; each way is a list of predicates that must all hold. Seeing comes first: a thing that
the viewer does not see is NotHere before anybody asks what may be done with it.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from mixlite.core import clock
from mixlite.core.errors import NotHere, NotYours
from mixlite.entries.comments import EDITABLE_FOR, Comment
from mixlite.entries.entries import Entry
from mixlite.entries.photos import contributors_to
from mixlite.people.friendships import are_friends
from mixlite.people.members import Member

Predicate = Callable[[Member, Any], bool]


class Act(Enum):
    """What somebody may or may not do."""

    COMMENT = "comment on an entry"
    MARK = "like an entry or make it a favourite"
    REVISE = "change an entry's words or audience"
    DELETE = "delete an entry"
    ADD_PHOTOS = "add photos to an entry"
    LIST_READERS = "see the exact readers of an entry"
    SEE_VERSIONS = "see earlier versions of an entry, and remove one"
    CLOSE_COMMENTS = "close an entry to new comments, or open it again"
    EDIT_COMMENT = "change the words of a comment"
    REMOVE_COMMENT = "remove a comment"
    INVITE = "invite people"
    DESCRIBE = "say something of oneself on one's profile"
    REPORT = "tell the host about something"
    KEEP_HOUSE = "keep the house: everything below /host"


def is_active(member: Member, _thing: Any) -> bool:
    """They can sign in."""
    return member.is_active


def is_host(member: Member, _thing: Any) -> bool:
    """They are one of the hosts."""
    return member.is_host


def wrote_entry(member: Member, entry: Entry) -> bool:
    """It is theirs."""
    return entry.author_id == member.id


def wrote_place(member: Member, entry: Entry) -> bool:
    """It stands in something of theirs, whoever put it there."""
    return entry.parent is not None and entry.parent.author_id == member.id


def has_no_parent(_member: Member, entry: Entry) -> bool:
    """It stands by itself."""
    return entry.parent_id is None


def is_no_guests(_member: Member, entry: Entry) -> bool:
    """It stands in nothing of somebody else: who reads that is not for its author to know."""
    return not entry.is_guests


def contributes(member: Member, entry: Entry) -> bool:
    """They were named by its author, who is still a friend of theirs."""
    is_named = entry.kind == "album" and member.id in contributors_to(entry.id)
    return is_named and are_friends(entry.author_id, member.id)


def wrote_comment(member: Member, on: tuple[Entry, Comment]) -> bool:
    """The comment is theirs."""
    return on[1].author_id == member.id


def is_fresh_comment(_member: Member, on: tuple[Entry, Comment]) -> bool:
    """It was written so lately that few have answered it."""
    return on[1].created_at > clock.now() - EDITABLE_FOR


def wrote_entry_below(member: Member, on: tuple[Entry, Comment]) -> bool:
    """The comment stands under an entry of theirs."""
    return on[0].author_id == member.id


ALLOWED: Mapping[Act, Sequence[Sequence[Predicate]]] = {
    Act.COMMENT: [[is_active]],
    Act.MARK: [[is_active]],
    Act.REVISE: [[is_active, wrote_entry]],
    Act.DELETE: [[is_active, wrote_entry], [is_active, wrote_place]],
    Act.ADD_PHOTOS: [[is_active, wrote_entry, has_no_parent], [is_active, contributes]],
    Act.LIST_READERS: [[is_active, wrote_entry, is_no_guests]],
    Act.SEE_VERSIONS: [[is_active, wrote_entry]],
    Act.CLOSE_COMMENTS: [[is_active, wrote_entry]],
    Act.EDIT_COMMENT: [[is_active, wrote_comment, is_fresh_comment]],
    Act.REMOVE_COMMENT: [[is_active, wrote_comment], [is_active, wrote_entry_below]],
    Act.INVITE: [[is_active]],
    Act.DESCRIBE: [[is_active]],
    Act.REPORT: [[is_active]],
    Act.KEEP_HOUSE: [[is_active, is_host]],
}


def may(member: Member, act: Act, thing: Any = None) -> bool:
    """Whether `member` may do `act` to `thing`, which they are known to see."""
    return any(all(holds(member, thing) for holds in way) for way in ALLOWED.get(act, ()))


def require(member: Member, act: Act, thing: Any = None) -> None:
    """Raises NotYours unless `may`."""
    if not may(member, act, thing):
        raise NotYours(f"{act.value}: member {member.id}")


def require_host(member: Member) -> None:
    """Raises NotHere for everybody else: to them the host's rooms do not exist."""
    if not may(member, Act.KEEP_HOUSE):
        raise NotHere
