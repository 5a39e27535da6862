"""Leaving the circle: gone for everybody at once, undone within seven days by signing in, then erased.

What stays of somebody is an empty place: the row with its ids and dates, so that the tree of who invited whom holds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select

from mixlite.core import clock, events
from mixlite.core.db import db
from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.blocks import Block
from mixlite.people.dismissals import erase_dismissals
from mixlite.people.friendships import FriendRequest, Friendship
from mixlite.people.groups import erase_groups
from mixlite.people.handles import retire_handle
from mixlite.people.members import Member, lock_members
from mixlite.people.mutes import erase_mutes
from mixlite.people.sessions import begin_session, end_all_sessions
from mixlite.people.stewardship import hold, must_leave_a_host

GRACE = timedelta(days=7)
NO_HASH = ""


def leave(member: Member) -> None:
    """Invisible from now on, and signed out everywhere (S8, S10). Raises Refused for the last host (S25)."""
    hold(None, member)
    if not member.is_active:
        raise Refused(_l("This account is not in use any more."))
    must_leave_a_host(member)
    member.status, member.leaving_since = "leaving", clock.now()
    end_all_sessions(member.id)
    events.record("member.left", actor_id=member.id, subject_id=member.id)


def come_back(member: Member, *, remember: bool, device: str) -> Member:
    """As if nothing had been. Raises Refused once the seven days are over."""
    lock_members(member.id)
    if not can_come_back(member):
        raise Refused(_l("It is too late to come back."))
    member.status, member.leaving_since = "active", None
    events.record("member.came_back", actor_id=member.id, subject_id=member.id)
    return begin_session(member, remember=remember, device=device)


def can_come_back(member: Member) -> bool:
    """Whether they are leaving, and not for long enough."""
    until = back_until(member)
    return until is not None and clock.now() < until


def back_until(member: Member) -> datetime | None:
    """The moment from which on everything is erased; None for somebody who is not leaving."""
    if member.status != "leaving" or member.leaving_since is None:
        return None
    return member.leaving_since + GRACE


# ---- the end of it; `features.leaving.erasing` does one small step after the other


def _is_to_go() -> ColumnElement[bool]:
    return and_(Member.status == "leaving", Member.leaving_since <= clock.now() - GRACE)


def members_to_erase(limit: int) -> Sequence[int]:
    """Whose seven days are over."""
    query = select(Member.id).where(_is_to_go()).order_by(Member.leaving_since, Member.id).limit(limit)
    return db.session.scalars(query).all()


def held_for_erasing(member_id: int) -> Member | None:
    """The member, held until the transaction ends; None when there is nothing to erase (any more)."""
    query = select(Member).where(Member.id == member_id, _is_to_go()).with_for_update(key_share=True)
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def erase_ties(member_id: int) -> None:
    """Friendships, requests, groups, mutes and blocks, in both directions, and whatever sessions there are."""
    erase_groups(member_id)
    erase_mutes(member_id)
    erase_dismissals(member_id)
    for table, one, other in (
        (Friendship, Friendship.member_id, Friendship.friend_id),
        (FriendRequest, FriendRequest.asker_id, FriendRequest.asked_id),
        (Block, Block.blocker_id, Block.blocked_id),
    ):
        db.session.execute(delete(table).where(or_(one == member_id, other == member_id)))
    end_all_sessions(member_id)


def leave_an_empty_place(member: Member) -> None:
    """The last step: what the row says of the person goes; a keyed hash keeps the handle from being taken again."""
    retire_handle(member.handle)
    member.handle = f"gone-{member.id}"  # nobody can have a handle with a hyphen in it
    member.name = member.email = member.introduction = member.portrait = ""
    member.password_hash = NO_HASH
    member.language, member.theme, member.timezone, member.shortcuts = "en", "", "", True
    member.is_host, member.host_since, member.email_confirmed_at = False, None, None
    member.suspended_until = member.suspension_reason = None
    member.invite_quota = member.invite_denial = None
    member.totp_secret = member.totp_since = member.totp_step = None
    member.status = "gone"
    events.record("member.gone", actor_id=None, subject_id=member.id)
