"""Opening and ending sessions; the address, the password and the second factor of an account."""

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from mixlite.core import clock, events
from mixlite.core.crypto import decrypted, encrypted, new_token, token_hash
from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.one_time import looks_like_paper, matching_step, new_paper_codes, new_secret, paper_hash
from mixlite.features.accounts import letters, queries
from mixlite.features.accounts.models import MailedCode
from mixlite.people import stewardship
from mixlite.people.members import Member
from mixlite.people.second_factor import RecoveryCode, take_away
from mixlite.people.sessions import SignedIn, begin_session, end_session, note_assured
from mixlite.people.stewardship import lift_if_over

_BOX = "second factor"


class LinkClosed(Refused):
    """A mailed link that does nothing any more; it is not said why."""

    def __init__(self) -> None:
        super().__init__(_l("This link does not work any more."))


# ---- coming and going


def sign_in(member: Member | None, *, device: str, remember: bool, is_new_device: bool, replaced: int | None) -> Member:
    """Let somebody in whose password was right. Raises Refused for anybody else.

    Without a session in the answer there is more to ask at the door: a code, or whether they come back.
    `replaced` is the session that this browser had until now.
    """
    if member is None or member.status == "gone":
        raise _unknown()
    stewardship.lift_if_over(member)
    _ask_for_standing(member)
    if member.totp_since is not None or not member.is_active:
        return member
    return _let_in(member, device=device, remember=remember, is_new_device=is_new_device, replaced=replaced)


def sign_in_with_code(member: Member, *, code: str, device: str, remember: bool, is_new_device: bool) -> Member:
    """The second step of the door. Raises Refused for a code that is wrong, or was used."""
    stewardship.lift_if_over(member)
    _ask_for_standing(member)
    _use_code(member, code)
    if not member.is_active:
        return member
    return _let_in(member, device=device, remember=remember, is_new_device=is_new_device, replaced=None)


def sign_out(member: Member) -> None:
    """End the session that this request came with; a copy of its cookie is dead from now on."""
    if member.session_id is not None:
        end_session(member.session_id)


def end_device(member: Member, session_id: int) -> None:
    """End one session of one's own. Raises NotHere for another's."""
    ended = db.session.execute(delete(SignedIn).where(SignedIn.id == session_id, SignedIn.member_id == member.id))
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise NotHere


def end_other_devices(member: Member) -> None:
    """End every session but the one at hand; links to a new password die too (S8)."""
    db.session.execute(delete(SignedIn).where(SignedIn.member_id == member.id, SignedIn.id != (member.session_id or 0)))
    letters.forget_codes(member, "reset")


def assure(member: Member, *, is_right: bool, code: str = "") -> Member:
    """The password, and a code where the second factor is on, were given again in this session. Raises Refused."""
    if not is_right:
        raise Refused(_l("This is not your password."), field="password")
    if member.totp_since is not None:
        _use_code(member, code)
    note_assured(member)
    return member


def _let_in(member: Member, *, device: str, remember: bool, is_new_device: bool, replaced: int | None) -> Member:
    if replaced is not None:
        end_session(replaced)
    begin_session(member, remember=remember, device=device)
    if is_new_device:
        letters.tell(member, "device", about_id=member.session_id or 0, device=queries.device_name(device))
    return member


def _unknown() -> Refused:
    return Refused(_l("That handle or e-mail and password do not match."))


def _ask_for_standing(member: Member) -> None:
    """Whose term is over comes in; who is suspended is refused."""
    lift_if_over(member)
    if member.status == "suspended":
        raise _suspension(member)


def _suspension(member: Member) -> Refused:
    """Who knows the password is told why; where nothing was said, they are nobody (S11)."""
    if not member.suspension_reason:
        return _unknown()
    return Refused(_l("Your account is suspended. The reason given: %(reason)s", reason=member.suspension_reason))


# ---- the address


def ask_for_confirmation(member: Member) -> None:
    """Mail the question again. Raises Refused when there is none."""
    if member.email_confirmed_at is not None:
        raise Refused(_l("Your address is confirmed already."))
    letters.mail_confirmation(member)


def ask_for_change(member: Member, *, email: str) -> Member:
    """Mail a link to the new address. Whether it is somebody's already is not said here (S11)."""
    if email == member.email and member.email_confirmed_at is not None:
        raise Refused(_l("This is your address already."), field="email")
    letters.mail_change(member, email)
    return member


def confirm(token: str, viewer: Member | None) -> MailedCode:
    """The owner of the address pressed the button. Raises LinkClosed.

    With a new address every other session ends, and the old address is told; `viewer` is who is signed in here.
    """
    code = _spend(token, "confirm", "change")
    member, before = code.member, code.member.email
    was_confirmed = member.email_confirmed_at is not None
    _settle(member, code.address)
    if code.purpose == "change":
        letters.forget_codes(member, "confirm", "change", "reset")
        _end_sessions(member, but=viewer.session_id if viewer is not None and viewer.id == member.id else None)
        if was_confirmed and before != code.address:
            letters.tell(member, "changed", about_id=code.id, address=before)
    return code


def _settle(member: Member, address: str) -> None:
    """The address is theirs and nobody else's; of two at once the second is too late."""
    owner = queries.member_with_confirmed_email(address)
    if owner is not None and owner.id != member.id:
        raise LinkClosed
    try:
        with db.session.begin_nested():
            member.email, member.email_confirmed_at = address, clock.now()
    except IntegrityError as error:
        raise LinkClosed from error


def _spend(token: str, *purposes: str) -> MailedCode:
    """Use a mailed code, once."""
    code = queries.usable_code(token, *purposes)
    if code is None:
        raise LinkClosed
    use = update(MailedCode).where(MailedCode.id == code.id, MailedCode.used_at.is_(None)).values(used_at=clock.now())
    if not db.session.execute(use.execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        raise LinkClosed
    return code


# ---- the password


def change_password(member: Member, *, is_right: bool, password_hash: str) -> Member:
    """Set a new password: every other session ends, this one goes on under a new secret. Raises Refused."""
    if not is_right:
        raise Refused(_l("This is not your password."), field="password")
    _replace_password(member, password_hash)
    _end_sessions(member, but=member.session_id)
    if member.totp_since is None:  # else a password alone would open what wants a code as well
        note_assured(member)
    return renew_session(member)


def ask_for_reset(_visitor: object, *, login: str) -> bool:
    """Mail a link to a new password, if there is somebody and a confirmed address. The answer is always the same."""
    member = queries.member_behind(login)
    if member is not None and member.is_active:
        letters.mail_reset(member)
    return True


def reset_password(token: str, *, password_hash: str, device: str) -> Member:
    """Set a new password through a mailed link; every session ends. Raises LinkClosed.

    The member comes back signed in, unless a second factor is to be asked first.
    """
    member = _spend(token, "reset").member
    _replace_password(member, password_hash)
    _end_sessions(member, but=None)
    if member.totp_since is None:
        begin_session(member, remember=False, device=device)
    return member


def renew_session(member: Member) -> Member:
    """This session goes on under a new secret: a copy of its cookie is dead (S5)."""
    token = new_token()
    db.session.execute(update(SignedIn).where(SignedIn.id == member.session_id).values(token_hash=token_hash(token)))
    member.session_token = token
    return member


def _replace_password(member: Member, password_hash: str) -> None:
    member.password_hash = password_hash
    letters.forget_codes(member, "reset", "change")
    event = events.record("password.changed", actor_id=member.id, subject_id=member.id)
    letters.tell(member, "password", about_id=event.id)


def _end_sessions(member: Member, *, but: int | None) -> None:
    db.session.execute(delete(SignedIn).where(SignedIn.member_id == member.id, SignedIn.id != (but or 0)))


# ---- the second factor


def begin_second_factor(member: Member) -> None:
    """Make a secret for an authenticator app; nothing is asked for it until a code was given."""
    if member.totp_since is not None:
        raise Refused(_l("The second factor is on already."))
    member.totp_secret, member.totp_step = encrypted(new_secret(), _BOX), None


def secret_of(member: Member) -> str | None:
    """The secret as the app gets it; None when it was made with another key of this instance: then only paper helps."""
    try:
        return decrypted(member.totp_secret, _BOX) if member.totp_secret else None
    except InvalidToken:
        return None


def switch_on(member: Member, *, code: str) -> list[str]:
    """The app gives right codes: from now on one is asked at the door. Answers ten codes for paper."""
    if member.totp_since is not None or member.totp_secret is None:
        raise Refused(_l("The second factor is on already."))
    _use_step(member, code)
    member.totp_since = clock.now()
    _end_sessions(member, but=member.session_id)
    note_assured(member)
    renew_session(member)
    letters.tell(member, "factor_on", about_id=member.id)
    return _new_codes(member)


def switch_off(member: Member) -> None:
    """No code is asked any more, and those on paper are worth nothing."""
    take_away(member)
    letters.tell(member, "factor_off", about_id=member.id)


def renew_codes(member: Member) -> list[str]:
    """Ten new codes for paper; the old ones are worth nothing."""
    if member.totp_since is None:
        raise NotHere
    return _new_codes(member)


def _new_codes(member: Member) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    codes = new_paper_codes()
    db.session.add_all(RecoveryCode(member_id=member.id, code_hash=paper_hash(member.id, code)) for code in codes)
    db.session.flush()
    return codes


def _use_code(member: Member, code: str) -> None:
    """A code from the app or from paper, each once. Raises Refused."""
    if looks_like_paper(code):
        _use_paper(member, code)
    else:
        _use_step(member, code)


def _use_step(member: Member, code: str) -> None:
    secret = secret_of(member)
    step = matching_step(secret, code) if secret else None
    if step is None:
        raise _wrong_code()
    is_new = or_(Member.totp_step.is_(None), Member.totp_step < step)
    use = update(Member).where(Member.id == member.id, is_new).values(totp_step=step)
    if not db.session.execute(use).rowcount:  # type: ignore[attr-defined]
        raise _wrong_code()


def _use_paper(member: Member, code: str) -> None:
    use = (
        update(RecoveryCode)
        .where(
            RecoveryCode.member_id == member.id,
            RecoveryCode.code_hash == paper_hash(member.id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    if not db.session.execute(use).rowcount:  # type: ignore[attr-defined]
        raise _wrong_code()


def _wrong_code() -> Refused:
    return Refused(_l("This code is not right, or it was used before. Take the one that the app shows now."), "code")


# ---- language, time zone, theme


def choose(member: Member, *, language: str, timezone: str, theme: str) -> Member:
    """How the site speaks, which clock it reads, and how bright it is."""
    member.language, member.timezone, member.theme = language, timezone, theme
    return member
