"""Site rights, and what only a host or the command line may do to an account. Every act stands in the staff's log.

`actor` is the host who acts; None is the command line. Each act holds the rows of all hosts and of the member until the
transaction ends, so that two hosts who demote each other at the same moment leave one (SECURITY.md, S25).
"""

from datetime import timedelta

from sqlalchemy import exists, or_, select

from mixlite.core import clock, events
from mixlite.core.db import db, writing
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.people import second_factor
from mixlite.people.members import Member, is_here, lock_members
from mixlite.people.sessions import end_all_sessions
from mixlite.people.stafflog import log_act

MOST_AT_ONCE = 100


def suspend(member: Member, *, reason: str, days: int | None = None, actor: Member | None = None) -> None:
    """Shut a member out for `days` days, or until somebody lifts it. Every session ends with it (S8, S10).

    A suspension that is there already gets the new term and reason. Raises Refused for a host: their right is taken
    first; the command line may suspend any but the last.
    """
    hold(actor, member)
    if member.status not in ("active", "suspended"):
        raise Refused(_l("This account is not in use any more."))
    if actor is not None:
        _must_not_be_host(member)
    must_leave_a_host(member)
    now = clock.now()
    member.status, member.suspension_reason = "suspended", reason
    member.suspended_until = now + timedelta(days=days) if days else None
    end_all_sessions(member.id)
    _note(actor, "member.suspended", member, reason)


def lift(member: Member, *, reason: str = "", actor: Member | None = None) -> None:
    """Let a suspended member in again. Raises Refused for one who is not suspended."""
    hold(actor, member)
    if member.status != "suspended":
        raise Refused(_l("This account is not suspended."))
    _let_back(member)
    _note(actor, "member.lifted", member, reason)


def lift_if_over(member: Member) -> None:
    """At the door: somebody whose term is over is let in again, before the housekeeping comes by."""
    if _is_over(member):
        lock_members(member.id)
        if _is_over(member):
            _let_back(member)
            _note(None, "member.lifted", member, "")


def lift_ended_suspensions() -> None:
    """Housekeeping: whose term is over is here again. One transaction each: whoever fails keeps nobody else waiting."""
    is_over = (Member.status == "suspended", Member.suspended_until <= clock.now())
    ids = db.session.scalars(select(Member.id).where(*is_over).order_by(Member.id).limit(MOST_AT_ONCE)).all()
    for member_id in ids:
        with writing():
            lift_if_over(db.session.get_one(Member, member_id))


def promote(member: Member, *, reason: str = "", actor: Member | None = None) -> None:
    """Make a member a host, from now on; a host stays one since when they were."""
    hold(actor, member)
    if not member.is_active:
        raise Refused(_l("Only somebody who is here can be a host."))
    if not member.is_host:
        member.is_host, member.host_since = True, clock.now()
        _note(actor, "member.promoted", member, reason)


def demote(member: Member, *, reason: str = "", actor: Member | None = None) -> None:
    """Take a host's right away. Raises Refused for the last one, also of two at the same moment."""
    hold(actor, member)
    if not member.is_host:
        raise Refused(_l("This member is not a host."))
    must_leave_a_host(member)
    member.is_host, member.host_since = False, None
    _note(actor, "member.demoted", member, reason)


def reset_password(
    member: Member, password_hash: str, *, reason: str = "", without_factor: bool = False, actor: Member | None = None
) -> bool:
    """Replace the password and end every session (SECURITY.md, S8).

    `without_factor`: they lost their second factor too, so it is switched off. Answers whether there was one to switch
    off; only then does it stand in the log.
    """
    hold(actor, member)
    member.password_hash = password_hash
    end_all_sessions(member.id)
    _note(actor, "member.password_reset", member, reason)
    return without_factor and _take_factor_away(member, reason=reason, actor=actor)


def ask_for_reset(
    member: Member, unusable_hash: str, *, reason: str, actor: Member, without_factor: bool = False
) -> None:
    """End every session, make the password useless and have a link to a new one mailed to the member's own address.

    `without_factor` as for `reset_password`. Raises Refused for a host, and for a member with no confirmed address:
    nothing would reach them.
    """
    hold(actor, member)
    _must_not_be_host(member)
    if not member.is_active:
        raise Refused(_l("Only somebody who is here can get a new password."))
    if member.email_confirmed_at is None:
        raise Refused(
            _l("No address of this member is confirmed, so no link can be mailed. `mixlite members reset` prints one.")
        )
    member.password_hash = unusable_hash
    end_all_sessions(member.id)
    _note(actor, "member.reset_asked", member, reason)
    if without_factor:
        _take_factor_away(member, reason=reason, actor=actor)


def _take_factor_away(member: Member, *, reason: str, actor: Member | None) -> bool:
    was_on = second_factor.take_away(member)
    if was_on:
        _note(actor, "member.factor_removed", member, reason)
    return was_on


def set_invitation_right(
    member: Member, *, quota: int | None, denial: str | None, reason: str, actor: Member | None = None
) -> None:
    """How many open uses this member may have (None: as all), and why they may not invite at all (None: they may)."""
    hold(actor, member)
    member.invite_quota, member.invite_denial = quota, denial
    _note(actor, "member.invitations_set", member, reason)


def hold(actor: Member | None, member: Member) -> None:
    """Read all hosts and the member anew, held. Raises NotHere when the actor is no host any more."""
    wanted = or_(Member.is_host, Member.id.in_({member.id, actor.id if actor else member.id}))
    query = select(Member).where(wanted).order_by(Member.id).with_for_update(key_share=True)
    db.session.scalars(query.execution_options(populate_existing=True)).all()
    if actor is not None and not (actor.is_host and actor.is_active):
        raise NotHere


def _must_not_be_host(member: Member) -> None:
    if member.is_host:
        raise Refused(_l("This member is a host. Take that right away first."))


def must_leave_a_host(member: Member) -> None:
    """Raises Refused for the last host who is here. The caller holds the rows (`hold`)."""
    others = exists(select(1).where(Member.is_host, is_here(Member), Member.id != member.id))
    if member.is_host and not db.session.scalar(select(others)):
        raise Refused(_l("This is the last host. Make somebody else a host first."))


def _is_over(member: Member) -> bool:
    until = member.suspended_until
    return member.status == "suspended" and until is not None and until <= clock.now()


def _let_back(member: Member) -> None:
    member.status, member.suspended_until, member.suspension_reason = "active", None, None


def _note(actor: Member | None, act: str, member: Member, reason: str) -> None:
    log_act(actor, act, member=member, reason=reason)
    events.record(act, actor_id=actor.id if actor else None, subject_id=member.id)
