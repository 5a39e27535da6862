"""The web shell: who is asking, in which language, and what every answer carries."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import regex
from flask import Flask, Response, abort, current_app, g, request, url_for
from flask_login import LoginManager, current_user
from lucide.jinja import lucide
from markupsafe import Markup
from sqlalchemy import text

from mixlite.app.assets import Assets
from mixlite.core import language as words
from mixlite.core.config import LANGUAGES, current_settings
from mixlite.core.db import db, write_trace
from mixlite.core.http import public, see_other
from mixlite.core.prose import plain, prose
from mixlite.core.rooms import current_house
from mixlite.core.text import first_character
from mixlite.people.circle import the_circle
from mixlite.people.members import Member, count_of_members
from mixlite.people.sessions import member_signed_in_by, trace_of_use

log = logging.getLogger(__name__)
HUES = 12
_PORT = regex.compile(r":[0-9]{1,5}\Z")
_BETWEEN_TAGS = regex.compile(r">\s+<")
_IMPERSONAL = ("static", "healthz", "readyz", "portraits.show")  # nobody is asked who they are

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


class Login(LoginManager):  # type: ignore[misc]
    """Flask-Login without its remember cookie: how long a session lives stands in its row.

    Looking for that cookie after every request would make each answer vary by cookie, the files too.
    """

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


def set_up(app: Flask) -> None:
    """Everything that holds for every page."""
    login = Login(app, add_context_processor=False)  # an error page must not load anybody
    login.session_protection = None  # a session is one row; an address that changes on a train is not an attack
    login.user_loader(_member_of_session)
    app.before_request(_refuse_foreign_hosts)
    app.before_request(_choose_language)
    app.before_request(_ask_for_sign_in)
    app.after_request(_seal)
    app.add_url_rule("/static/<version>/<path:name>", "static", public(_static))
    app.add_url_rule("/healthz", "healthz", public(_alive))
    app.add_url_rule("/readyz", "readyz", public(_ready))
    _dress_templates(app)


def _member_of_session(token: str) -> Member | None:
    found = member_signed_in_by(token)
    if found is None:
        return None
    member, session = found
    g.signed_in = (session.id, session.used_at, session.remembered)  # plain values: the row may be gone by the end
    return member


def _refuse_foreign_hosts() -> None:
    """Not by Flask's TRUSTED_HOSTS, which cuts a name at its first colon and so knows no IPv6 address."""
    if _PORT.sub("", request.host.lower()) not in current_settings().trusted_hosts:
        abort(400)


def _choose_language() -> None:
    """The member's own, else what this browser chose before, else what it asks for, else the site's."""
    if request.endpoint in _IMPERSONAL:
        return
    kept = request.cookies.get("mixlite-language")
    g.theme = request.cookies.get("mixlite-theme", "")
    if current_user.is_authenticated:
        g.language, g.theme, g.timezone = current_user.language, current_user.theme, current_user.timezone
    elif kept in LANGUAGES:
        g.language = kept
    else:
        g.language = request.accept_languages.best_match(LANGUAGES) or current_settings().language


def _ask_for_sign_in() -> Response | None:
    """Everything is for members, unless its view says otherwise; what exists and what does not answer alike."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_public", False) or current_user.is_authenticated:
        return None
    if request.method in ("GET", "HEAD"):
        return see_other(f"/sign-in?next={quote(request.full_path.rstrip('?'), safe='/@')}")
    return see_other("/sign-in")


def _seal(response: Response) -> Response:
    """What every answer carries, errors and files included; once it has gone out, the trace of the session's use."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if current_settings().is_https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if "signed_in" in g and request.method != "HEAD" and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        app, signed_in = current_app._get_current_object(), g.signed_in  # type: ignore[attr-defined]  # noqa: SLF001
        traces = g.get("traces", ()) if request.method == "GET" and response.status_code == 200 else ()
        response.call_on_close(lambda: _leave_traces(app, signed_in, traces))
    return response


def _leave_traces(app: Flask, signed_in: tuple[int, Any, Any], traces: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """That the session was used, and whatever else this visit leaves behind."""
    session_id, used_at, remembered = signed_in
    with app.app_context():
        trace_of_use(session_id, used_at, remembered=remembered)
        for name, facts in traces:
            statement = current_house().traces[name](**facts)
            if statement is not None:
                write_trace(statement)


def _static(version: str, name: str) -> Response:
    assets: Assets = current_app.extensions["mixlite.assets"]
    return assets.serve(version, name)


def _alive() -> Response:
    """The process answers."""
    return Response("alive\n", mimetype="text/plain")


def _ready() -> Response:
    """The database and the queue answer."""
    db.session.execute(text("SELECT 1"))
    is_heard = getattr(current_app.extensions["mixlite.bell"].queue, "is_heard", lambda: True)()
    return Response("ready\n" if is_heard else "no queue\n", 200 if is_heard else 503, mimetype="text/plain")


class Site:
    """What templates may say about the site. The count is asked only where it is shown."""

    @property
    def name(self) -> str:
        """What the hosts call it, else what the machine is set up for."""
        if "site_name" not in g:
            g.site_name = the_circle().name or current_settings().site_name
        return str(g.site_name)

    @property
    def member_count(self) -> int:
        if "member_count" not in g:
            g.member_count = count_of_members()
        return int(g.member_count)


@lru_cache(maxsize=512)
def icon(name: str, classes: str = "") -> Markup:
    """A drawing of lucide's, beside words or inside something that is labelled. Drawn once: each is an XML tree."""
    drawn = lucide(name, size=24, aria_hidden="true", focusable="false", **{"class": f"icon {classes}".strip()})
    return Markup(_BETWEEN_TAGS.sub("><", str(drawn)))  # noqa: S704 - lucide's own, and a name of ours


def _address(endpoint: str, **values: Any) -> str:
    """Flask's `url_for`, asked once for each address: a page has more than a hundred."""
    try:
        return _built(request.script_root, endpoint, tuple(values.items()))
    except TypeError:  # a value that cannot be a key
        return url_for(endpoint, **values)


@lru_cache(maxsize=8192)
def _built(_script_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))


def _dress_templates(app: Flask) -> None:
    env = app.jinja_env
    address = app.extensions["mixlite.assets"].address
    env.trim_blocks = env.lstrip_blocks = True
    env.policies["ext.i18n.trimmed"] = True
    env.constants = {"ui.icon": icon, "static_url": address}  # type: ignore[attr-defined]
    env.globals.update(
        current_user=current_user,
        drawn_icon=icon,
        url_for=_address,
        site=Site(),
        static_url=address,
        panels=lambda place, subject=None: current_house().panels_for(place, current_user, subject),
    )
    env.filters.update(
        day_heading=words.day_heading,
        day=words.day_words,
        local_date=lambda moment: words.local(moment).date(),
        month=words.month_words,
        month_name=words.month_name,
        year=words.year_words,
        date=words.date_words,
        moment=words.moment_words,
        courtesy=words.courtesy,
        language_of=words.language_of,
        polite=words.polite,
        time_of_day=words.time_words,
        iso=lambda moment: moment.isoformat(),
        prose=prose,
        plain=plain,
        initial=lambda name: first_character(name).upper() or "?",
        hue=lambda member: (member.id * 7) % HUES,
    )
    app.context_processor(lambda: {"language": words.current_language(), "theme": g.get("theme", "")})
