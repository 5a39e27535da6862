"""Finding invitations."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import joinedload

from mixlite.core import clock
from mixlite.core.crypto import token_hash
from mixlite.core.db import db
from mixlite.core.paging import Position
from mixlite.features.invitations.models import Invitation
from mixlite.people.circle import is_founded
from mixlite.people.friendships import has_room_for_a_friend
from mixlite.people.members import Member, is_here
from mixlite.policy.visibility import meets

SHOWN_JOINED = 50
NEWCOMER_FOR = timedelta(days=7)


def is_open() -> ColumnElement[bool]:
    """Neither used up nor revoked nor expired."""
    return and_(Invitation.uses_left > 0, Invitation.revoked_at.is_(None), Invitation.expires_at > clock.now())


def open_invitation(token: str) -> Invitation | None:
    """The invitation that this link opens, if somebody could join through it now. Changes nothing."""
    query = (
        select(Invitation)
        .outerjoin(Member, Member.id == Invitation.inviter_id)
        .where(
            Invitation.token_hash == token_hash(token), is_open(), or_(Invitation.inviter_id.is_(None), is_here(Member))
        )
        .options(joinedload(Invitation.inviter))
    )
    invitation = db.session.scalars(query).one_or_none()
    return invitation if invitation is not None and _has_room(invitation) else None


def _has_room(invitation: Invitation) -> bool:
    if invitation.inviter_id is None:
        return not is_founded()
    return has_room_for_a_friend(invitation.inviter_id)


def invitations_by(inviter: Member, limit: int, after: Position | None = None) -> Sequence[Invitation]:
    """A member's own, the newest first."""
    query = select(Invitation).where(Invitation.inviter_id == inviter.id).order_by(Invitation.id.desc()).limit(limit)
    if after:
        query = query.where(Invitation.id < after[1])
    return db.session.scalars(query).all()


def joined_through(viewer: Member, invitation_ids: Sequence[int]) -> Mapping[int, list[Member]]:
    """Who joined through these invitations, as far as they exist for the viewer."""
    joined: dict[int, list[Member]] = {invitation_id: [] for invitation_id in invitation_ids}
    query = (
        select(Member)
        .where(Member.invitation_id.in_(invitation_ids), meets(viewer.id, Member))
        .order_by(Member.id)
        .limit(SHOWN_JOINED * max(1, len(invitation_ids)))
    )
    for member in db.session.scalars(query):
        joined[member.invitation_id or 0].append(member)
    return joined


def letter_to(member: Member) -> Invitation | None:
    """The invitation that brought this member here."""
    if member.invitation_id is None:
        return None
    query = select(Invitation).where(Invitation.id == member.invitation_id).options(joinedload(Invitation.inviter))
    return db.session.scalars(query).one_or_none()


def first_invitation() -> Invitation | None:
    """The open invitation of a circle that nobody has founded yet."""
    query = select(Invitation).where(Invitation.inviter_id.is_(None), is_open()).order_by(Invitation.id).limit(1)
    return db.session.scalars(query).one_or_none()


def letter_for_newcomer(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home, in a member's first week: the letter that brought them, and who wrote it."""
    if viewer.joined_at < clock.now() - NEWCOMER_FOR:
        return {}
    invitation = letter_to(viewer)
    if invitation is None:
        return {}
    inviter = invitation.inviter
    is_met = inviter is not None and db.session.scalar(
        select(exists().where(Member.id == inviter.id, meets(viewer.id, Member)))
    )
    return {None: {"letter": invitation.letter if is_met else "", "inviter": inviter if is_met else None}}
