"""What can go wrong between a person and a page. Each says something safe; the private cause goes to the log."""

from typing import Any


class Refused(Exception):
    """The act is not possible now, and the person can be told why (422).

    `message` may be lazily translated. `field` names the form field it belongs to; None means the form as a whole.
    """

    status = 422

    def __init__(self, message: Any, field: str | None = None):
        super().__init__(str(message))
        self.message = message
        self.field = field


class Conflict(Refused):
    """Somebody, or the same person elsewhere, was faster (409)."""

    status = 409


class Stale(Conflict):
    """What was to be changed was changed meanwhile. `revision` is what it is now: sending that says one knows."""

    def __init__(self, message: Any, revision: int):
        super().__init__(message)
        self.revision = revision


class NotHere(Exception):
    """It does not exist, or it does not exist for this viewer. Both look alike (404)."""


class NotYours(Exception):
    """The viewer may know that it is there, but may not do this (403)."""
