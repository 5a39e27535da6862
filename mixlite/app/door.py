"""The door: answers go out here, and what they wrote is committed here or not at all.

It stands inside the dispatch of the request, so that a commit that fails still gets an error page. A GET never commits:
whatever it flushed by mistake is rolled back.
"""

from collections.abc import Callable

from flask import Response, request

from mixlite.core.db import db, is_writing

FIRST_FAILURE = 400


def close_the_door(answer: Callable[[], Response]) -> Response:
    """Make the answer; commit when it is below 400, else roll back."""
    try:
        response = answer()
        if is_writing() and response.status_code < FIRST_FAILURE and request.method == "POST":
            db.session.commit()
        else:
            db.session.rollback()
    except BaseException:
        db.session.rollback()
        raise
    return response
