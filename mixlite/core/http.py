"""What routes share: who may come in unasked, ids in addresses, pages, and where "back" is."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import regex
from flask import Response, current_app, g, make_response, redirect, render_template, request, session
from flask_login import current_user, login_user
from werkzeug.exceptions import SecurityError
from werkzeug.routing import BaseConverter, ValidationError

LARGEST_ID = 2**63 - 1
LARGEST_WITH_FILES = 256 * 1024 * 1024
View = TypeVar("View", bound=Callable[..., Any])
_SAME_SITE = regex.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


class IdConverter(BaseConverter):
    """An id of a row: 1 to 2^63-1 in plain ASCII digits. Everything else is an address that does not exist."""

    regex = r"[1-9][0-9]{0,18}"
    part_isolating = True

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number


class WordConverter(BaseConverter):
    """A short name in ASCII letters, digits and underscores. Everything else is an address that does not exist."""

    regex = r"[A-Za-z0-9_]{1,64}"
    part_isolating = True


def public(view: View) -> View:
    """Mark a view that people who are not signed in may use. Everything else asks for sign-in first."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def takes_files(view: View) -> View:
    """Mark a view whose form may carry files, as large as `LARGEST_WITH_FILES` together. All others take words only."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def make_way_for_files() -> None:
    """Before anything reads the body: a larger limit for the few views that are marked, and for members only (S40)."""
    view = current_app.view_functions.get(request.endpoint or "")
    has_files = request.method == "POST" and request.mimetype == "multipart/form-data"
    if has_files and getattr(view, "takes_files", False) and current_user.is_authenticated:
        request.max_content_length = LARGEST_WITH_FILES


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A whole page."""
    return make_response(render_template(template, **context), status)


def attachment(name: str) -> str:
    """The header that has a file kept under this name, in whatever script it is (RFC 6266): a header is ASCII."""
    plain = regex.sub(r"[^A-Za-z0-9 ._-]", "", name).strip()
    plain = plain if plain[:1].isalnum() else f"file{plain}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def see_other(address: str) -> Response:
    """The answer to a form that was carried out: go and look there (303)."""
    return make_response(redirect(address, 303))


def done(address: str) -> Response:
    """The answer to a small act: go and look there. A script that prefers the least (RFC 7240) is told it is done."""
    if request.headers.get("Prefer") == "return=minimal":
        return make_response("", 204)
    return see_other(address)


def safe_address(address: str | None, otherwise: str = "/") -> str:
    """`address` if it is a plain path on this site, else `otherwise` (SECURITY.md, S6)."""
    if not address or len(address) > 2000 or not _SAME_SITE.fullmatch(address):
        return otherwise
    parts = urlsplit(address)
    return otherwise if parts.scheme or parts.netloc or not parts.path.startswith("/") else address


def leave_trace(name: str, **facts: Any) -> None:
    """Have something noted about this visit once its page has gone out, by the trace of that name in the house.

    It is skipped when the database is busy, and never written for HEAD or a page that is only fetched ahead.
    """
    g.setdefault("traces", []).append((name, facts))


def leave_no_trace() -> None:
    """This request is no visit of a person: not even that the session was used is noted."""
    g.pop("signed_in", None)
    g.pop("traces", None)


def came_from(otherwise: str) -> str:
    """The page of this site that sent the person here, else `otherwise`."""
    try:
        referrer = urlsplit(request.referrer or "")
        if referrer.netloc != request.host:
            return otherwise
    except (ValueError, SecurityError):  # an address that is none, a host that is none
        return otherwise
    path = referrer.path + (f"?{referrer.query}" if referrer.query else "")
    return safe_address(path, otherwise)


def carry_session(user: Any, *, remember: bool) -> None:
    """Let this browser carry the session that `user` was just given; nothing of what it carried before stays (S5)."""
    session.clear()
    session.permanent = remember
    login_user(user)


def client_network() -> str:
    """Where this request comes from; of IPv6 the network of one household: single addresses cost nothing there."""
    given = request.remote_addr or ""
    try:
        address = ip_address(given.partition("%")[0])
    except ValueError:
        return given[:64]
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))
