"""What hosts do. Each asks again, inside the writer's transaction, whether the actor is a host, and is logged.

What decides who may come in wants the host's password of the last ten minutes (SECURITY.md, S13): a browser that was
left open is not enough to make somebody a host, or to shut somebody out for good.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.errors import Conflict, NotHere
from mixlite.core.jobs import bell
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.host.queries import WORKED_ON, can_be_done, marks_of, member_with_id, settings_of
from mixlite.people import stewardship
from mixlite.people.circle import THE_CIRCLE, Circle
from mixlite.people.members import Member
from mixlite.people.sessions import require_assured
from mixlite.people.stafflog import log_act
from mixlite.policy.permissions import require_host


def suspend(host: Member, member: Member, *, reason: str, days: int | None) -> Member:
    """Shut a member out; every session ends. Raises NotAssured where no day is named for its end."""
    if days is None:
        require_assured(host)
    member = member_with_id(member.id)
    stewardship.suspend(member, reason=reason, days=days, actor=host)
    return member


def lift(host: Member, member: Member, *, reason: str) -> Member:
    """Let a member in again before the term is over."""
    member = member_with_id(member.id)
    stewardship.lift(member, reason=reason, actor=host)
    return member


def promote(host: Member, member: Member, *, reason: str) -> Member:
    """Make a member a host. Raises NotAssured."""
    require_assured(host)
    member = member_with_id(member.id)
    stewardship.promote(member, reason=reason, actor=host)
    return member


def demote(host: Member, member: Member, *, reason: str) -> Member:
    """Take a host's right away, one's own too; the last one stays. Raises NotAssured."""
    require_assured(host)
    member = member_with_id(member.id)
    stewardship.demote(member, reason=reason, actor=host)
    return member


def reset(host: Member, member: Member, *, reason: str, unusable_hash: str, without_factor: bool) -> Member:
    """End every session and have a link to a new password mailed to the member's own address. Raises NotAssured.

    `without_factor` also switches off a second factor that was lost.
    """
    require_assured(host)
    member = member_with_id(member.id)
    stewardship.ask_for_reset(member, unusable_hash, reason=reason, without_factor=without_factor, actor=host)
    return member


def set_invitation_right(host: Member, member: Member, *, reason: str, quota: int | None, denial: str | None) -> Member:
    """How many open uses this member may have, and whether they may invite at all."""
    member = member_with_id(member.id)
    stewardship.set_invitation_right(member, quota=quota, denial=denial, reason=reason, actor=host)
    return member


def change_settings(host: Member, *, seen: Mapping[str, str], **values: Any) -> Circle:
    """Change what the house says of itself, and how people may invite. The log says which settings, not the words.

    `seen` are marks (`queries.marks_of`) of the settings that the host had before their eyes; empty: nobody looked.
    Raises Conflict when another host has changed any of them since (SECURITY.md, R13).
    """
    require_host(host)
    query = select(Circle).where(Circle.id == THE_CIRCLE).with_for_update()
    circle = db.session.scalars(query.execution_options(populate_existing=True)).one()
    changed = sorted(name for name, value in values.items() if getattr(circle, name) != value)
    if changed and seen and seen != marks_of(settings_of(circle)):
        raise Conflict(_l("Meanwhile another host has saved these settings. Please look at both, and save once more."))
    for name in changed:
        setattr(circle, name, values[name])
    if "notice" in changed:
        circle.notice_at = clock.now()
    if changed:
        log_act(host, "settings.changed", subject="settings", subject_id=circle.id, reason=" ".join(changed))
    return circle


def retry(host: Member, kind: str, row_id: int) -> None:
    """Let the worker try once more what failed. Raises NotHere for what did not."""
    require_host(host)
    if kind not in WORKED_ON or not _wake(kind, row_id):
        raise NotHere
    log_act(host, "job.retried", subject=kind, subject_id=row_id)


def retry_all(host: Member, kind: str) -> None:
    """Let the worker try once more everything of one kind that failed."""
    require_host(host)
    if kind not in WORKED_ON:
        raise NotHere
    if _wake(kind, None):
        log_act(host, "job.retried", subject=kind)


def _wake(kind: str, row_id: int | None) -> bool:
    """As if it had not been tried yet. The sweep comes by within a minute; one alone is rung for."""
    row = WORKED_ON[kind]
    change = update(row).where(row.state == "failed", can_be_done(row))
    if row_id is not None:
        change = change.where(row.id == row_id)
        bell().ring_after_commit(kind, row_id)
    values = {"state": "waiting", "attempts": 0, "due_at": clock.now(), "leased_until": None, "error": None}
    return bool(db.session.execute(change.values(values)).rowcount)  # type: ignore[attr-defined]
