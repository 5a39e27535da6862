"""Error pages. One for everything that is not there, one for everything else; never a trace, never a version."""

import logging
import secrets
from typing import Any

from flask import Flask, Response, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from mixlite.core.db import db, is_busy
from mixlite.core.errors import NotHere, NotYours, Refused
from mixlite.core.http import came_from, page
from mixlite.core.language import gettext as _
from mixlite.core.language import ngettext
from mixlite.core.security_log import noted
from mixlite.core.storage import StorageTrouble
from mixlite.core.throttle import TooOften

log = logging.getLogger(__name__)
RETRY_SECONDS = 5


def set_up(app: Flask) -> None:
    """Who answers when something goes wrong."""
    app.register_error_handler(NotHere, _hidden)
    for error in (NotFound, ObjectDeletedError):
        app.register_error_handler(error, _not_found)
    app.register_error_handler(NotYours, _not_yours)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(TooOften, _too_often)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(PoolTimeout, _database)
    app.register_error_handler(StorageTrouble, _storage)
    app.register_error_handler(Exception, _unforeseen)


def _not_found(_error: Exception) -> Response:
    """The same for what is hidden and what is missing: no form, no token, no number, not even the asked address."""
    return page("errors/not_found.html", 404)


def _hidden(error: NotHere) -> Response:
    """The law or the hosts' door said no, or nothing has this number: none can tell here. Who asked is noted (S61)."""
    _note("not there")
    return _not_found(error)


def _note(what: str) -> None:
    noted(f"{what}: {request.endpoint}", current_user.id if current_user.is_authenticated else None)


def _not_yours(error: NotYours) -> Response:
    log.info("not allowed: %s", error)
    _note("not theirs")
    return _problem(403, _("This is not yours to do"), _("You can see it, but this belongs to somebody else."))


def _refused(error: Refused) -> Response:
    return _problem(error.status, _("That did not work"), str(error.message))


def _too_often(error: TooOften) -> Response:
    minutes = -(-error.wait // 60)
    words = ngettext(
        "That was a little too often. Please wait %(num)s minute, then go back and send it again.",
        "That was a little too often. Please wait %(num)s minutes, then go back and send it again.",
        minutes,
    )
    response = _problem(429, _("A short rest"), words)
    response.headers["Retry-After"] = str(error.wait)
    return response


def _stale(_error: CSRFError) -> Response:
    return _problem(
        400,
        _("This page was open too long"),
        _("Nothing was changed. Go back, copy anything long to be safe, load the page again, and send it once more."),
    )


def _http(error: HTTPException) -> Response:
    if isinstance(error, MethodNotAllowed):
        response = _problem(405, _("This page cannot take that"), _("Use the buttons of the page."))
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
        return response
    if error.code == 413:
        return _problem(413, _("That was too much at once"), _("What you sent is larger than this place can take."))
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]
    if (error.code or 500) >= 500:
        return _unforeseen(error)
    return _problem(error.code or 400, _("That could not be understood"), _("Go back and try it once more."))


def _database(error: Exception) -> Response:
    """Busy or away for a moment: 503, try again. Anything else about the database is our mistake."""
    db.session.rollback()
    if isinstance(error, OperationalError) and not is_busy(error):
        return _unforeseen(error)
    log.warning("the database could not answer: %s", type(error).__name__)
    response = _problem(
        503,
        _("One moment, please"),
        _("Too much is being written right now. Nothing was lost; please try again in a few seconds."),
    )
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _storage(error: StorageTrouble) -> Response:
    """The place of the files is full or away; pages go on."""
    log.warning("the storage could not answer: %s", error)
    response = _problem(error.status, _("One moment, please"), _("Pictures cannot be kept or shown just now."))
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _unforeseen(error: Exception) -> Response:
    number = secrets.token_hex(4)
    log.error("error %s at %s %s", number, request.method, request.endpoint, exc_info=error)
    words = _("It is our mistake, not yours. If it happens again, tell your host this number.")
    return _problem(500, _("Something went wrong"), words, number=number)


def _problem(status: int, title: str, words: str, **more: Any) -> Response:
    more.setdefault("number", None)
    return page("errors/problem.html", status, code=status, title=title, words=words, back=came_from(""), **more)
