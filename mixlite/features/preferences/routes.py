"""/preferences: language, light, and the keys of the keyboard. The first two stand at the foot of every page, too."""

from flask import Blueprint, Response, current_app, request, url_for
from flask_login import current_user

from mixlite.core.config import LANGUAGES
from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import came_from, page, public, see_other
from mixlite.features.preferences import verbs

bp = Blueprint("preferences", __name__, url_prefix="/preferences")

THEMES = {"auto": "", "light": "light", "dark": "dark"}
KEPT_SECONDS = 400 * 24 * 3600


@bp.get("")
def show() -> Response:
    return page("preferences/show.html")


@bp.post("/shortcuts")
def shortcuts() -> Response:
    chosen = request.form.get("shortcuts", "")
    if chosen not in ("on", "off"):
        raise NotHere
    act(verbs.prefer, current_user, shortcuts=chosen == "on")
    return see_other(url_for("preferences.show", _anchor="shortcuts"))


@bp.post("/language")
@public
def language() -> Response:
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise NotHere
    if current_user.is_authenticated:
        act(verbs.prefer, current_user, language=chosen)
    return _remembered("language", chosen)


@bp.post("/theme")
@public
def theme() -> Response:
    chosen = request.form.get("theme", "")
    if chosen not in THEMES:
        raise NotHere
    if current_user.is_authenticated:
        act(verbs.prefer, current_user, theme=THEMES[chosen])
    return _remembered("theme", THEMES[chosen])


def _remembered(name: str, value: str) -> Response:
    answer = see_other(came_from(url_for("home.show")))
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(f"mixlite-{name}", value, max_age=KEPT_SECONDS, httponly=True, samesite="Lax", secure=secure)
    return answer
