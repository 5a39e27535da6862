"""Between the password and the house: a sign-in that is half open, kept in the signed session for ten minutes.

It names who knew the password and how it goes on, and dies with that password. And the browsers that have been in
before: a cookie of its own says whose, so that a mail about a new device is sent only for a new one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from flask import Response, current_app, request, session
from itsdangerous import BadData, URLSafeSerializer

from mixlite.core import clock
from mixlite.core.crypto import fingerprint, key_for

HALF_OPEN_FOR = timedelta(minutes=10)
KNOWN_COOKIE = "mixlite-known"
KNOWN_SECONDS = 400 * 24 * 3600
MOST_KNOWN = 20
_KEY = "half-open"


@dataclass(frozen=True)
class HalfOpen:
    """Who stands at the door, and what is still asked: `stage` is "code" or "return"."""

    member_id: int
    stage: str
    remember: bool
    next: str
    proof: str

    def is_of(self, member: Any) -> bool:
        """Whether this is the member, with the password that was given."""
        return member is not None and member.id == self.member_id and compare_digest(self.proof, _proof(member))


def keep_half_open(member: Any, stage: str, *, remember: bool, next_address: str = "") -> None:
    """The password was right; nothing of what this browser carried before stays (S5)."""
    session.clear()
    until = (clock.now() + HALF_OPEN_FOR).isoformat()
    session[_KEY] = [member.id, stage, remember, next_address, _proof(member), until]


def half_open(stage: str) -> HalfOpen | None:
    """Who stands at this stage of the door in this browser."""
    try:
        *values, until = session[_KEY]
        found = HalfOpen(*values)
        is_over = datetime.fromisoformat(until) <= clock.now()
    except (KeyError, TypeError, ValueError):
        return None
    return None if is_over or found.stage != stage else found


def forget_half_open() -> None:
    """They went away again."""
    session.pop(_KEY, None)


def _proof(member: Any) -> str:
    return fingerprint("half-open", member.id, member.password_hash)[:24]


def has_been_here(member_id: int) -> bool:
    """Whether this member was signed in with this browser before."""
    return member_id in _known()


def remember_browser(response: Response, member_id: int) -> Response:
    """From now on it is not a new device for this member."""
    others = [known for known in _known() if known != member_id]
    value = str(_serializer().dumps([member_id, *others][:MOST_KNOWN]))
    response.set_cookie(
        _cookie_name(),
        value,
        max_age=KNOWN_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )
    return response


def _cookie_name() -> str:
    return f"__Host-{KNOWN_COOKIE}" if current_app.config["SESSION_COOKIE_SECURE"] else KNOWN_COOKIE


def _known() -> list[int]:
    try:
        found = _serializer().loads(request.cookies.get(_cookie_name(), ""))
    except BadData:
        return []
    return [known for known in found if isinstance(known, int)] if isinstance(found, list) else []


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(key_for("known browsers"))
