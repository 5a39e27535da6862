"""Inviting and joining."""

import secrets
from datetime import timedelta

from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError

from mixlite.core import clock, events
from mixlite.core.crypto import derived_token, token_hash
from mixlite.core.db import begin_writing, db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.invitations.models import Invitation
from mixlite.features.invitations.queries import is_open, open_invitation
from mixlite.people.circle import found_circle
from mixlite.people.friendships import begin_friendship, has_room_for_a_friend
from mixlite.people.members import Member, lock_members, member_with_handle
from mixlite.people.sessions import begin_session
from mixlite.policy.permissions import Act, require


class InvitationClosed(Refused):
    """Nobody can join through this link; it is not said why (SECURITY.md, S1)."""

    def __init__(self) -> None:
        super().__init__(_l("This invitation cannot be used."))


def create_invitation(inviter: Member | None, *, letter: str, uses: int, days: int) -> Invitation:
    """Make a link that `uses` people can join through within `days` days.

    Without an inviter it is for the founder of an empty circle. The caller has checked the bounds.
    """
    if inviter is not None:
        require(inviter, Act.INVITE)
    salt = secrets.token_urlsafe(16)
    now = clock.now()
    invitation = Invitation(
        inviter_id=inviter.id if inviter else None,
        salt=salt,
        token_hash=token_hash(derived_token("invitation", salt)),
        letter=letter,
        uses_total=uses,
        uses_left=uses,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def revoke_invitation(inviter: Member, invitation_id: int) -> None:
    """From now on nobody can join through it. Raises NotHere unless it is the inviter's own."""
    revoke = (
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.inviter_id == inviter.id)
        .values(revoked_at=func.coalesce(Invitation.revoked_at, clock.now()))
    )
    if not db.session.execute(revoke).rowcount:  # type: ignore[attr-defined]
        raise NotHere


def join_circle(
    _visitor: object, token: str, *, name: str, handle: str, email: str, password_hash: str, language: str, device: str
) -> Member:
    """Make the member, the sponsorship, the friendship and the first session; all of it or nothing.

    A use is spent by a conditional update in the same transaction, so a link never makes more accounts than it says,
    and a failed sign-up spends nothing. Raises InvitationClosed, and Refused for a handle that is taken.
    """
    invitation = open_invitation(token)
    if invitation is None or not _spend_use(invitation):
        raise InvitationClosed
    is_founder = invitation.inviter_id is None
    if is_founder and not found_circle():
        raise InvitationClosed
    if invitation.inviter_id is not None:
        _hold_inviter(invitation.inviter_id)
    now = clock.now()
    member = Member(
        handle=handle,
        name=name,
        email=email,
        password_hash=password_hash,
        language=language,
        sponsor_id=invitation.inviter_id,
        invitation_id=invitation.id,
        joined_at=now,
        is_host=is_founder,
        host_since=now if is_founder else None,
    )
    _add(member)
    if invitation.inviter_id is not None:
        begin_friendship(invitation.inviter_id, member.id)
    events.record("member.joined", actor_id=member.id, subject_id=member.id)
    return begin_session(member, remember=True, device=device)


def _spend_use(invitation: Invitation) -> bool:
    spend = (
        update(Invitation).where(Invitation.id == invitation.id, is_open()).values(uses_left=Invitation.uses_left - 1)
    )
    return bool(db.session.execute(spend.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def _hold_inviter(inviter_id: int) -> None:
    """Asked again with the inviter's row held: they may have been suspended, or have made their thousandth friend."""
    lock_members(inviter_id)
    inviter = db.session.get_one(Member, inviter_id)
    if not inviter.is_active or not has_room_for_a_friend(inviter_id):
        raise InvitationClosed


def _add(member: Member) -> None:
    taken = Refused(_l("This handle is already taken."), field="handle")
    if member_with_handle(member.handle) is not None:
        raise taken
    try:
        with db.session.begin_nested():
            db.session.add(member)
    except IntegrityError as error:
        raise taken from error


def come_in_again(member: Member | None, *, device: str) -> Member:
    """The same sign-up sent twice: open a session for the member whom the first sending made."""
    if member is None:
        raise InvitationClosed
    begin_writing()
    return begin_session(member, remember=True, device=device)
