"""What this room does when something happened elsewhere in the house."""

from mixlite.core.db import db
from mixlite.core.events import Event
from mixlite.features.accounts import letters
from mixlite.people.members import Member


def greet(event: Event) -> None:
    """Somebody joined: ask whether the address is theirs."""
    member = db.session.get(Member, event.subject_id)
    if member is not None and member.is_active and member.email_confirmed_at is None:
        letters.mail_confirmation(member)


def mail_reset_link(event: Event) -> None:
    """A host asked for a reset ("member.reset_asked"): the link goes to the member's own address."""
    member = db.session.get(Member, event.subject_id)
    if member is not None and member.is_active:
        letters.mail_reset(member)


def password_was_replaced(event: Event) -> None:
    """Somebody other than the member set the password: what was mailed before is dead, and the member is told."""
    member = db.session.get(Member, event.subject_id)
    if member is not None:
        letters.forget_codes(member, "reset", "change")
        letters.tell(member, "password", about_id=member.id)


def factor_was_removed(event: Event) -> None:
    """A host, or the command line, switched the second factor off: the member is told."""
    member = db.session.get(Member, event.subject_id)
    if member is not None:
        letters.tell(member, "factor_removed", about_id=event.id)
