"""Leaving, and coming back."""

import secrets

from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.mail import post_letter
from mixlite.people import leaving
from mixlite.people.members import Member


def leave(member: Member, *, is_right: bool) -> Member:
    """Delete one's own account. Raises Refused for a wrong password, and for the last host."""
    if not is_right:
        raise Refused(_l("This is not your password."), field="password")
    leaving.leave(member)
    if member.email_confirmed_at is not None:
        post_letter(
            "leaving/mail_left.txt",
            key=f"leaving:{member.id}:{secrets.token_urlsafe(6)}",
            about_id=member.id,
            address=member.email,
            language=member.language,
            handle=member.handle,
        )
    return member


def come_back(member: Member, *, remember: bool, device: str) -> Member:
    """Undo it, after the door asked for all it asks. Raises Refused once the seven days are over."""
    return leaving.come_back(member, remember=remember, device=device)
