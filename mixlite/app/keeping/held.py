"""What a restored copy does not go on with.

It wakes up in the past: since the backup was made, sessions were ended, links used, letters sent, and the house that
made it may still be running. So nothing of the following goes on by itself.

**Every kind of row that a worker acts on has a line in `HOLDS`**, and every event whose reactions stay inside the house
and may safely run a second time is named in `RUN_ON`. What is not named is held: a new event that sends something out
is safe from its first day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Executable, and_, delete, update

from mixlite.core import clock
from mixlite.core.events import Event
from mixlite.core.mail import Letter
from mixlite.features.accounts.models import MailedCode
from mixlite.features.invitations.models import Invitation
from mixlite.people.sessions import SignedIn

HELD = "held"

# What was deleted must be erased in the copy too, and links that died with somebody's leaving or suspension stay dead.
RUN_ON = frozenset({"entry.deleted", "comment.removed", "member.left", "member.suspended"})


@dataclass(frozen=True)
class Held:
    """How much was set aside, by what it is."""

    sessions: int
    invitations: int
    links: int
    jobs: int


def hold(connection: Connection) -> Held:
    """End every session and mailed link, revoke open invitations, set aside whatever could leave the house."""
    return Held(
        sessions=_count(connection, delete(SignedIn)),
        invitations=_count(connection, _revoke_open_invitations()),
        links=_count(connection, delete(MailedCode)),
        jobs=sum(hold_kind(connection) for hold_kind in HOLDS.values()),
    )


def _revoke_open_invitations() -> Executable:
    now = clock.now()
    is_open = and_(Invitation.revoked_at.is_(None), Invitation.uses_left > 0, Invitation.expires_at > now)
    return update(Invitation).where(is_open).values(revoked_at=now)


def _hold_events(connection: Connection) -> int:
    is_unsafe = and_(Event.state == "waiting", Event.name.not_in(RUN_ON))
    return _count(connection, update(Event).where(is_unsafe).values(state=HELD, leased_until=None))


def _hold_letters(connection: Connection) -> int:
    return _count(connection, update(Letter).where(Letter.state == "waiting").values(state=HELD, leased_until=None))


def _goes_on(_connection: Connection) -> int:
    """Who left is erased in the copy too, and pictures are made ready; nothing of it leaves the house."""
    return 0


def _count(connection: Connection, statement: Executable) -> int:
    return connection.execute(statement).rowcount


# By the kind of job (`app.worker.build_workshop`).
HOLDS: Mapping[str, Callable[[Connection], int]] = {
    "event": _hold_events,
    "letter": _hold_letters,
    "erasing": _goes_on,
    "media": _goes_on,
}
