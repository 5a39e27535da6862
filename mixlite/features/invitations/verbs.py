"""Inviting and joining."""

import secrets
from datetime import timedelta

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from mixlite.core import clock, events
from mixlite.core.crypto import derived_token, token_hash
from mixlite.core.db import begin_writing, db, writing
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.language import ngettext
from mixlite.core.mail import Letter, post_letter
from mixlite.features.invitations.models import Invitation
from mixlite.features.invitations.queries import LETTER_TEMPLATE, Allowance, allowance_of, is_open, open_invitation
from mixlite.people.circle import found_circle
from mixlite.people.friendships import begin_friendship, has_room_for_a_friend
from mixlite.people.handles import is_retired
from mixlite.people.members import Member, lock_members, member_with_handle
from mixlite.people.sessions import begin_session
from mixlite.policy.permissions import Act, require

MAILED_LETTER = 4000  # code points of the letter that a mail carries; the link shows the whole
MAILS_PER_DAY = 20
MAILS_TO_ONE_PER_DAY = 3
ONE_DAY = timedelta(hours=24)
ADDRESS_KEPT = timedelta(days=7)  # after the end of an invitation; the page says so where an address is typed


class InvitationClosed(Refused):
    """Nobody can join through this link; it is not said why (SECURITY.md, S1)."""

    def __init__(self) -> None:
        super().__init__(_l("This invitation cannot be used."))


def create_invitation(inviter: Member | None, *, letter: str, uses: int, days: int, email: str = "") -> Invitation:
    """Make a link that `uses` people can join through within `days` days, and mail it if `email` says to whom.

    Without an inviter it is for the founder of an empty circle. The caller has checked the bounds. Raises Refused when
    the inviter has no right to it now: their row is held, so that several at once never make more than the quota.
    """
    if inviter is not None:
        require(inviter, Act.INVITE)
        lock_members(inviter.id)
        _must_be_allowed(inviter, uses)
        _must_not_flood(inviter, email)
    invitation = write_invitation(inviter, letter=letter, uses=uses, days=days, mailed_to=email or None)
    if inviter is not None and email:
        _mail(invitation, inviter, email)
    return invitation


def write_invitation(
    inviter: Member | None, *, letter: str, uses: int, days: int, mailed_to: str | None = None
) -> Invitation:
    """The row alone; whoever calls this has asked whether the inviter may."""
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
        mailed_to=mailed_to,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def _must_be_allowed(inviter: Member, uses: int) -> None:
    if not inviter.is_active:
        raise Refused(_l("You cannot invite anybody now."))
    allowance = allowance_of(inviter)
    _must_have_the_right(allowance)
    if allowance.left is not None and uses > allowance.left:
        raise Refused(
            ngettext(
                "You have room for %(num)s more. What ends unanswered comes back to you.",
                "You have room for %(num)s more. What ends unanswered comes back to you.",
                allowance.left,
            ),
            field="uses",
        )


def _must_have_the_right(allowance: Allowance) -> None:
    if allowance.denial is not None:
        raise Refused(_l("The host has taken the right to invite away from you for now."))
    if allowance.waits_until is not None:
        raise Refused(_l("You have only just come in. In a little while you can invite people too."))
    if allowance.is_full:
        raise Refused(_l("You have a thousand friends. There is no room for one more."))


def _must_not_flood(inviter: Member, email: str) -> None:
    """Revoking gives a use back, so the quota alone would not keep somebody from mailing all day long."""
    if not email:
        return
    lately = (Invitation.inviter_id == inviter.id, Invitation.created_at > clock.now() - ONE_DAY)
    mailed = list(db.session.scalars(select(Invitation.mailed_to).where(*lately, Invitation.mailed_to.is_not(None))))
    if mailed.count(email) >= MAILS_TO_ONE_PER_DAY:
        raise Refused(_l("You have written to this address often enough for today."), field="email")
    if len(mailed) >= MAILS_PER_DAY:
        raise Refused(_l("That is enough mail for today. The link itself can still be passed on."), field="email")


def _mail(invitation: Invitation, inviter: Member, email: str) -> None:
    """To the address that the row holds; the link's secret is made when the mail is."""
    letter = invitation.letter
    post_letter(
        LETTER_TEMPLATE,
        key=f"invitation:{invitation.id}",
        about_id=invitation.id,
        address=email,
        language=_language_of(letter, inviter),
        name=inviter.name,
        letter=letter if len(letter) <= MAILED_LETTER else letter[: MAILED_LETTER - 1].rstrip() + "…",
        salt=invitation.salt,
        days=(invitation.expires_at - invitation.created_at).days,
    )


def _language_of(letter: str, inviter: Member) -> str:
    """What the guest reads is not known; most likely it is what the letter is written in."""
    is_japanese = any("\u3040" <= character <= "\u30ff" for character in letter)
    return "ja" if is_japanese else inviter.language


def revoke_invitation(inviter: Member, invitation_id: int) -> None:
    """From now on nobody can join through it. Raises NotHere unless it is the inviter's own."""
    revoke = (
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.inviter_id == inviter.id)
        .values(revoked_at=func.coalesce(Invitation.revoked_at, clock.now()))
    )
    if not db.session.execute(revoke).rowcount:  # type: ignore[attr-defined]
        raise NotHere
    take_letters_back([invitation_id])


def close_invitations_of(inviter_id: int) -> None:
    """Every link of somebody who was shut out, or has gone, is dead, and stays dead should they come back."""
    theirs = (Invitation.inviter_id == inviter_id, is_open())
    ids = list(db.session.scalars(select(Invitation.id).where(*theirs)))
    if ids:
        db.session.execute(update(Invitation).where(Invitation.id.in_(ids)).values(revoked_at=clock.now()))
        take_letters_back(ids)


def take_letters_back(invitation_ids: list[int]) -> None:
    """A mail that still waits is not sent; one that the worker has in hand goes out, and its link is dead."""
    waiting = (Letter.state == "waiting", Letter.leased_until.is_(None))
    about = (Letter.template == LETTER_TEMPLATE, Letter.about_id.in_(invitation_ids))
    db.session.execute(delete(Letter).where(*about, *waiting))


def forget_guests() -> None:
    """Housekeeping: a week after an invitation was used, revoked or expired, the address it went to is forgotten."""
    before = clock.now() - ADDRESS_KEPT
    was_used = exists().where(Member.invitation_id == Invitation.id, Member.joined_at < before)
    has_ended = or_(
        Invitation.revoked_at < before, Invitation.expires_at < before, and_(Invitation.uses_left == 0, was_used)
    )
    with writing():
        db.session.execute(
            update(Invitation)
            .where(Invitation.mailed_to != "", has_ended)
            .values(mailed_to="")
            .execution_options(synchronize_session=False)
        )


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
            db.session.flush()
            if is_retired(member.handle):
                raise taken
    except IntegrityError as error:
        raise taken from error


def come_in_again(member: Member | None, *, device: str) -> Member:
    """The same sign-up sent twice: open a session for the member whom the first sending made."""
    if member is None:
        raise InvitationClosed
    begin_writing()
    return begin_session(member, remember=True, device=device)
