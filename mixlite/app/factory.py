"""Puts an application together: settings, database, house, rooms, web shell."""

from datetime import timedelta

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_wtf import CSRFProtect

from mixlite.app import errors, web
from mixlite.app.assets import Assets
from mixlite.app.door import close_the_door
from mixlite.app.house import build_house
from mixlite.app.throttles import OTHERWISE, THROTTLES
from mixlite.core import mail, memory, throttle
from mixlite.core.config import LANGUAGES, ROOT, Settings, load_settings
from mixlite.core.db import db, engine_options
from mixlite.core.http import IdConverter, WordConverter, make_way_for_files
from mixlite.core.jobs import Bell, Queue, Silence
from mixlite.core.language import TRANSLATIONS, compile_catalogues, current_language
from mixlite.core.templates import SpeakingEnvironment
from mixlite.features.accounts.routes import bp as accounts
from mixlite.features.audiences.routes import bp as audiences
from mixlite.features.cupboard.routes import bp as cupboard
from mixlite.features.diary.routes import bp as diary
from mixlite.features.drafts.routes import bp as drafts
from mixlite.features.friends.routes import bp as friends
from mixlite.features.groups.routes import bp as groups
from mixlite.features.home.routes import bp as home
from mixlite.features.host.routes import bp as host
from mixlite.features.invitations.host_routes import bp as host_invitations
from mixlite.features.invitations.routes import bp as invitations
from mixlite.features.leaving.routes import bp as leaving
from mixlite.features.media.routes import bp as media
from mixlite.features.mentions.routes import bp as mentions
from mixlite.features.photos.routes import bp as photos
from mixlite.features.portraits.routes import bp as portraits
from mixlite.features.preferences.routes import bp as preferences
from mixlite.features.profiles.routes import bp as profiles
from mixlite.features.reading.routes import bp as reading
from mixlite.features.reports.routes import bp as reports
from mixlite.features.voice.routes import bp as voice

ROOMS = (
    home,
    accounts,
    invitations,
    friends,
    profiles,
    audiences,
    groups,
    portraits,
    reading,
    diary,
    voice,
    drafts,
    mentions,
    photos,
    media,
    preferences,
    leaving,
    reports,
    host,
    host_invitations,
    cupboard,
)
LARGEST_BODY = 1024 * 1024
LARGEST_FIELD = 512 * 1024
MOST_FIELDS = 200


class Mixlite(Flask):
    """Flask, with a door: every answer passes it, and what was written is committed there or nowhere."""

    jinja_environment = SpeakingEnvironment

    def dispatch_request(self) -> ResponseReturnValue:
        return close_the_door(lambda: self.make_response(super(Mixlite, self).dispatch_request()))


def create_app(settings: Settings | None = None, queue: Queue | None = None) -> Mixlite:
    """An application on one instance. `queue` carries rings to a worker; without one its sweep finds the work."""
    settings = settings or load_settings()
    app = Mixlite(
        "mixlite", root_path=str(ROOT / "mixlite"), template_folder=str(ROOT / "templates"), static_folder=None
    )
    app.config.update(_flask_config(settings))
    app.url_map.converters.update(id=IdConverter, word=WordConverter)
    app.extensions["mixlite.house"] = build_house()
    app.extensions["mixlite.bell"] = Bell(queue or Silence())
    app.extensions["mixlite.assets"] = Assets(ROOT / "static")
    compile_catalogues()
    db.init_app(app)
    memory.set_up(app)
    mail.set_up(app, settings)
    app.before_request(make_way_for_files)  # before the token is looked for, which reads the whole form
    CSRFProtect(app)
    Babel(
        app,
        default_translation_directories=str(TRANSLATIONS),
        default_timezone=settings.timezone,
        locale_selector=current_language,
    )
    for room in ROOMS:
        app.register_blueprint(room)
    web.set_up(app)
    throttle.set_up(app, settings, THROTTLES, OTHERWISE)
    errors.set_up(app)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "MIXLITE": settings,
        "TESTING": settings.testing,
        "SECRET_KEY": settings.secret_key,
        "DEBUG": False,  # whatever FLASK_DEBUG says: a debugger would be a door (SECURITY.md, S59)
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "__Host-mixlite" if settings.is_https else "mixlite",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=settings.session_days),
        "PREFERRED_URL_SCHEME": "https" if settings.is_https else "http",
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FIELD,
        "MAX_FORM_PARTS": MOST_FIELDS,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: nobody loses a long diary to a token that grew old
        "WTF_CSRF_SSL_STRICT": False,  # SameSite and the token decide; privacy tools strip the Referer that it wants
        "LANGUAGES": LANGUAGES,
    }
