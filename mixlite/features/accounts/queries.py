"""Who somebody is by what they know, links in mails, devices."""

from collections.abc import Sequence
from hmac import compare_digest

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from mixlite.core import clock
from mixlite.core.crypto import fingerprint, password_matches, token_hash
from mixlite.core.db import db
from mixlite.core.passwords import LONGEST
from mixlite.features.accounts.models import MailedCode
from mixlite.people.members import Member, is_here, member_with_handle
from mixlite.people.second_factor import RecoveryCode
from mixlite.people.sessions import SignedIn

MOST_DEVICES = 200


def normal_login(login: str) -> str:
    """What was typed at the door, in the form in which it is looked up: one person is not many to a throttle."""
    return login.strip().lower().removeprefix("@")


def member_behind(login: str) -> Member | None:
    """The member with this handle (with or without @) or this address. An address counts once it is confirmed."""
    login = normal_login(login)
    return member_with_confirmed_email(login) if "@" in login else member_with_handle(login)


def member_with_confirmed_email(email: str) -> Member | None:
    """The one whose address this is, whatever their standing."""
    query = select(Member).where(Member.email == email.lower(), Member.email_confirmed_at.is_not(None))
    return db.session.scalars(query).one_or_none()


def knows_password(member: Member | None, password: str) -> bool:
    """Compares one password hash whatever was given, so that nobody learns which accounts exist (S11)."""
    usable = member if member is not None and member.status != "gone" and len(password) <= LONGEST else None
    return password_matches(password[:LONGEST], usable.password_hash if usable else None)


def bound_salt(member: Member, chance: str) -> str:
    """A salt that holds only as long as the member's password: `chance`, and a mark of the password it was made for."""
    return f"{chance}.{_password_mark(member)}"


def _password_mark(member: Member) -> str:
    return fingerprint("mailed", member.id, member.password_hash)[:12]


def usable_code(token: str, *purposes: str) -> MailedCode | None:
    """The code behind a mailed link, if it can still be used: not before, in time, by a member who is here, with the
    password that they had when it was mailed. Changes nothing.
    """
    query = (
        select(MailedCode)
        .join(MailedCode.member)
        .where(
            MailedCode.token_hash == token_hash(token),
            MailedCode.purpose.in_(purposes),
            MailedCode.used_at.is_(None),
            MailedCode.expires_at > clock.now(),
            is_here(Member),
        )
        .options(joinedload(MailedCode.member))
    )
    code = db.session.scalars(query).one_or_none()
    if code is None or (code.purpose == "confirm" and code.address != code.member.email):
        return None
    mark = code.salt.partition(".")[2]
    is_bound = code.purpose == "confirm" or compare_digest(mark, _password_mark(code.member))
    return code if is_bound else None


def awaited_address(member: Member) -> str | None:
    """The new address that waits to be confirmed."""
    query = (
        select(MailedCode.address)
        .where(
            MailedCode.member_id == member.id,
            MailedCode.purpose == "change",
            MailedCode.used_at.is_(None),
            MailedCode.expires_at > clock.now(),
        )
        .order_by(MailedCode.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def devices_of(member: Member) -> Sequence[SignedIn]:
    """Where a member is signed in; what was used last comes first."""
    query = (
        select(SignedIn)
        .where(SignedIn.member_id == member.id, SignedIn.expires_at > clock.now())
        .order_by(SignedIn.used_at.desc(), SignedIn.id.desc())
        .limit(MOST_DEVICES)
    )
    return db.session.scalars(query).all()


def is_remembered(member: Member) -> bool:
    """Whether this session outlives the browser."""
    return bool(db.session.scalar(select(SignedIn.remembered).where(SignedIn.id == member.session_id)))


def codes_left(member: Member) -> int:
    """How many recovery codes are still good."""
    query = select(func.count()).where(RecoveryCode.member_id == member.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(query) or 0


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """Such as "Firefox, Windows": names only, nothing of what else a browser says. Empty when it says nothing known."""
    found = (next((name for sign, name in table if sign in user_agent), None) for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in found if name)
