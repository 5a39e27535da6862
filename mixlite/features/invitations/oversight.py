"""All open invitations, for hosts: whose they are and what is left of them; neither letters nor links nor addresses."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.features.invitations.models import Invitation
from mixlite.features.invitations.queries import is_open
from mixlite.features.invitations.verbs import take_letters_back
from mixlite.people.members import Member
from mixlite.people.stafflog import log_act
from mixlite.policy.permissions import require_host


def open_invitations(limit: int, before_id: int | None = None) -> Sequence[Invitation]:
    """Everybody's, the newest first."""
    query = select(Invitation).where(is_open()).options(joinedload(Invitation.inviter)).order_by(Invitation.id.desc())
    if before_id:
        query = query.where(Invitation.id < before_id)
    return db.session.scalars(query.limit(limit)).all()


def open_invitation_with_id(invitation_id: int) -> Invitation:
    """Raises NotHere for one that is not open."""
    query = select(Invitation).where(Invitation.id == invitation_id, is_open()).options(joinedload(Invitation.inviter))
    invitation = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if invitation is None:
        raise NotHere
    return invitation


def revoke(host: Member, invitation: Invitation, *, reason: str) -> Invitation:
    """From now on nobody can join through it, and a mail of it that still waits is not sent. Its maker reads why."""
    require_host(host)
    invitation = open_invitation_with_id(invitation.id)
    invitation.revoked_at = clock.now()
    take_letters_back([invitation.id])
    log_act(
        host,
        "invitation.revoked",
        member=invitation.inviter,
        subject="invitation",
        subject_id=invitation.id,
        reason=reason,
    )
    return invitation


def open_counts(_host: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For the host's first page: how many invitations are out, and for how many people."""
    count, uses = db.session.execute(select(func.count(), func.sum(Invitation.uses_left)).where(is_open())).one()
    return {None: {"count": count, "uses": uses or 0}}


def of_member(_host: Member, subjects: Sequence[Member]) -> Mapping[int, Any]:
    """For the host's page of a member: how many they have out."""
    ids = [member.id for member in subjects]
    query = (
        select(Invitation.inviter_id, func.count(), func.sum(Invitation.uses_left))
        .where(is_open(), Invitation.inviter_id.in_(ids))
        .group_by(Invitation.inviter_id)
    )
    found = {inviter_id: {"count": count, "uses": uses} for inviter_id, count, uses in db.session.execute(query)}
    return {member_id: found.get(member_id, {"count": 0, "uses": 0}) for member_id in ids}
