"""Finding invitations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from mixlite.core import clock
from mixlite.core.crypto import token_hash
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.mail import letters_about
from mixlite.core.paging import Position
from mixlite.features.invitations.models import Invitation
from mixlite.people.circle import is_founded, the_circle
from mixlite.people.friendships import has_room_for_a_friend
from mixlite.people.members import Member, is_here
from mixlite.policy.visibility import meets

SHOWN_JOINED = 50
LETTER_TEMPLATE = "invitations/letter.txt"


@dataclass(frozen=True)
class Allowance:
    """How far somebody may invite now. `quota` and `left` are None where nobody counts: for hosts.

    `denial` is the host's reason for taking the right away; it is None for whoever has the right.
    """

    quota: int | None
    left: int | None
    waits_until: datetime | None
    denial: str | None
    is_full: bool

    @property
    def is_open(self) -> bool:
        """Whether one more invitation can be made now."""
        is_free = self.denial is None and self.waits_until is None and not self.is_full
        return is_free and (self.left is None or self.left > 0)


def allowance_of(member: Member) -> Allowance:
    """What is open counts against the quota, use by use; what was used, revoked or has expired does not.

    A quota of one's own also ends the waiting time: a host who gives one to a newcomer trusts them already.
    """
    is_full = not has_room_for_a_friend(member.id)
    if member.is_host:
        return Allowance(None, None, None, member.invite_denial, is_full)
    circle = the_circle()
    quota = circle.invite_quota if member.invite_quota is None else member.invite_quota
    open_uses = select(func.coalesce(func.sum(Invitation.uses_left), 0)).where(
        Invitation.inviter_id == member.id, is_open()
    )
    left = max(0, quota - int(db.session.scalar(open_uses) or 0))
    ends = member.joined_at + timedelta(hours=circle.invite_wait_hours)
    waits = member.invite_quota is None and ends > clock.now()
    return Allowance(quota, left, ends if waits else None, member.invite_denial, is_full)


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


def own_open_invitation(inviter: Member, invitation_id: int) -> Invitation:
    """Raises NotHere for one that is not theirs, or not open any more."""
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.inviter_id == inviter.id, is_open())
    invitation = db.session.scalars(query).one_or_none()
    if invitation is None:
        raise NotHere
    return invitation


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


def mails_of(invitations: Sequence[Invitation]) -> Mapping[int, str]:
    """How the mail of each went that has one: sending, sent, bounced, or opened, when somebody joined through it."""
    mailed = {invitation.id: invitation for invitation in invitations if invitation.mailed_to is not None}
    letters = letters_about(LETTER_TEMPLATE, list(mailed)) if mailed else {}
    words = {"waiting": "sending", "held": "sending", "sent": "sent", "failed": "bounced"}
    return {
        number: "opened" if invitation.uses_left < invitation.uses_total else words[letters[number].state]
        for number, invitation in mailed.items()
        if number in letters
    }


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
