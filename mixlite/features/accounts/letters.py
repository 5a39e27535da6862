"""The room's mails, and the links in them.

They hold no words that somebody typed but the handle: whoever joins with a stranger's address must not be able to write
to them through us.
"""

import secrets
from datetime import timedelta

from sqlalchemy import delete, func, select

from mixlite.core import clock
from mixlite.core.crypto import derived_token, token_hash
from mixlite.core.db import db, writing
from mixlite.core.mail import post_letter
from mixlite.features.accounts.models import MailedCode
from mixlite.features.accounts.queries import bound_salt, member_with_confirmed_email
from mixlite.people.members import Member

LIVES = {"confirm": timedelta(days=7), "change": timedelta(days=1), "reset": timedelta(minutes=30)}
MOST_PER_ADDRESS = 6
COUNTED_OVER = timedelta(hours=24)
KEPT = timedelta(days=7)


def mail_confirmation(member: Member) -> None:
    """Ask a newcomer whether the address is theirs."""
    _mail_to_prove(member, "confirm", member.email)


def mail_change(member: Member, address: str) -> None:
    """Ask at a new address; an earlier question to another one is forgotten."""
    forget_codes(member, "change")
    _mail_to_prove(member, "change", address)


def mail_reset(member: Member) -> None:
    """A link to a new password, to the confirmed address and to no other (S7)."""
    if member.email_confirmed_at is None or _is_flooded(member.email):
        return
    code = _new_code(member, "reset", member.email)
    _mail_code("accounts/mail_reset.txt", code, member)


def tell(member: Member, what: str, *, about_id: int, address: str | None = None, **context: str) -> None:
    """Tell the owner of a confirmed address what happened to the account."""
    if address is None and member.email_confirmed_at is None:
        return
    post_letter(
        f"accounts/mail_{what}.txt",
        key=f"accounts:{what}:{about_id}:{secrets.token_urlsafe(6)}",
        about_id=about_id,
        address=address or member.email,
        language=member.language,
        handle=member.handle,
        **context,
    )


def forget_codes(member: Member, *purposes: str) -> None:
    """Links that were mailed for these purposes are dead."""
    db.session.execute(
        delete(MailedCode).where(
            MailedCode.member_id == member.id, MailedCode.purpose.in_(purposes), MailedCode.used_at.is_(None)
        )
    )


def forget_old_codes() -> None:
    """Housekeeping: a week after its end a link is forgotten."""
    with writing():
        db.session.execute(delete(MailedCode).where(MailedCode.expires_at < clock.now() - KEPT))


def _mail_to_prove(member: Member, purpose: str, address: str) -> None:
    """Whether the address is somebody's already is told to its owner and to nobody else (S11)."""
    is_flooded = _is_flooded(address)
    code = _new_code(member, purpose, address)
    if is_flooded:
        return
    owner = member_with_confirmed_email(address)
    if owner is None:
        _mail_code(f"accounts/mail_{purpose}.txt", code, member)
    elif owner.id != member.id:
        tell(owner, "taken", about_id=code.id)


def _is_flooded(address: str) -> bool:
    """Whether this address was written to often enough today, whoever asked for it."""
    query = select(func.count()).where(
        MailedCode.address == address, MailedCode.created_at > clock.now() - COUNTED_OVER
    )
    return (db.session.scalar(query) or 0) >= MOST_PER_ADDRESS


def _new_code(member: Member, purpose: str, address: str) -> MailedCode:
    salt = bound_salt(member, secrets.token_urlsafe(16))
    now = clock.now()
    code = MailedCode(
        purpose=purpose,
        member_id=member.id,
        salt=salt,
        token_hash=token_hash(derived_token(f"mailed.{purpose}", salt)),
        address=address,
        created_at=now,
        expires_at=now + LIVES[purpose],
    )
    db.session.add(code)
    db.session.flush()
    return code


def _mail_code(template: str, code: MailedCode, member: Member) -> None:
    post_letter(
        template,
        key=f"accounts:code:{code.id}",
        about_id=code.id,
        address=code.address,
        language=member.language,
        handle=member.handle,
        salt=code.salt,
    )
