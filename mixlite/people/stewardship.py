"""Site rights, and what only a host or the command line may do to an account."""

from mixlite.core import clock, events
from mixlite.core.db import db
from mixlite.people.members import Member
from mixlite.people.sessions import end_all_sessions


def promote(member: Member) -> None:
    """Make a member a host, from now on; a host stays one since when they were."""
    if not member.is_host:
        member.is_host, member.host_since = True, clock.now()
        events.record("member.promoted", actor_id=None, subject_id=member.id)
        db.session.flush()


def reset_password(member: Member, password_hash: str) -> None:
    """Replace the password and end every session (SECURITY.md, S8)."""
    member.password_hash = password_hash
    end_all_sessions(member.id)
    events.record("member.password_reset", actor_id=None, subject_id=member.id)
    db.session.flush()
