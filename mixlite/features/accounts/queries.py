"""Who somebody is, by what they know."""

from mixlite.core.crypto import password_matches
from mixlite.core.passwords import LONGEST
from mixlite.people.members import Member, member_with_handle, members_with_email


def member_with_credentials(login: str, password: str) -> Member | None:
    """The active member behind a handle (with or without @) or an e-mail address, and their password.

    Compares one password hash whatever was given, so that nobody learns which accounts exist (S11). An address that
    several people gave, and none has confirmed, signs nobody in.
    """
    member = _member_behind(login.strip())
    usable = member if member is not None and member.is_active and len(password) <= LONGEST else None
    matches = password_matches(password[:LONGEST], usable.password_hash if usable else None)
    return usable if matches else None


def _member_behind(login: str) -> Member | None:
    handle = login.removeprefix("@")
    if "@" not in handle:
        return member_with_handle(handle)
    found = members_with_email(handle)
    return found[0] if len(found) == 1 else None
