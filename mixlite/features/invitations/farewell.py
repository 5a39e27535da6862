"""What somebody who has left for good leaves behind here: rows that say who came through them, and nothing else."""

from sqlalchemy import delete, func, or_, select, update

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.mail import Letter
from mixlite.features.invitations.models import ArrivalsSeen, Invitation
from mixlite.people.members import Member

LETTER_TEMPLATE = "invitations/letter.txt"


def erase(member: Member) -> None:
    """Their links are dead, their letters and the addresses they wrote to are gone; so is where they were invited."""
    db.session.execute(delete(ArrivalsSeen).where(ArrivalsSeen.member_id == member.id))
    theirs, brought_them = Invitation.inviter_id == member.id, Invitation.id == member.invitation_id
    about = select(Invitation.id).where(or_(theirs, brought_them))
    db.session.execute(delete(Letter).where(Letter.template == LETTER_TEMPLATE, Letter.about_id.in_(about)))
    revoked_at = func.coalesce(Invitation.revoked_at, clock.now())
    db.session.execute(update(Invitation).where(theirs).values(revoked_at=revoked_at, letter="", mailed_to=None))
    db.session.execute(update(Invitation).where(brought_them).values(mailed_to=None))
