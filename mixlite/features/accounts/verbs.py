"""Opening and ending sessions."""

from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.members import Member
from mixlite.people.sessions import begin_session, end_session


def sign_in(member: Member | None, *, remember: bool, device: str) -> Member:
    """Open a session for a member whose password was right. Raises Refused for anybody else."""
    if member is None or not member.is_active:
        raise Refused(_l("That handle or e-mail and password do not match."))
    return begin_session(member, remember=remember, device=device)


def sign_out(member: Member) -> None:
    """End the session that this request came with; a copy of its cookie is dead from now on."""
    if member.session_id is not None:
        end_session(member.session_id)
