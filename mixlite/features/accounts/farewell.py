"""What the account leaves behind: codes, and mails with its addresses."""

from datetime import timedelta

from sqlalchemy import delete, or_, select

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.events import Event
from mixlite.core.mail import Letter
from mixlite.features.accounts.models import MailedCode
from mixlite.people.members import Member
from mixlite.people.second_factor import RecoveryCode

A_DAY = timedelta(days=1)


def end_links(event: Event) -> None:
    """Somebody left or was shut out: what was mailed before is dead, also should they come back (S8)."""
    db.session.execute(
        delete(MailedCode).where(MailedCode.member_id == event.subject_id, MailedCode.created_at <= event.happened_at)
    )


def erase(member: Member) -> None:
    """Codes and links, and every mail to an address that was theirs.

    A mail that waits and is younger than their leaving is for somebody else with this address, who joins just now.
    """
    codes = select(MailedCode.address).where(MailedCode.member_id == member.id)
    addresses = {member.email, *db.session.scalars(codes)} - {""}
    is_old = Letter.created_at <= (member.leaving_since or clock.now()) + A_DAY
    theirs = delete(Letter).where(Letter.address.in_(addresses), or_(Letter.state != "waiting", is_old))
    db.session.execute(theirs)
    for table in (MailedCode, RecoveryCode):
        db.session.execute(delete(table).where(table.member_id == member.id))
