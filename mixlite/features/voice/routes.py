"""/voice/new. The same form stands on home, as a panel."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, url_for
from flask_login import current_user

from mixlite.core.http import page, see_other
from mixlite.entries.entries import Entry
from mixlite.features.voice import verbs
from mixlite.features.voice.forms import VoiceForm
from mixlite.policy.choosing import picker

bp = Blueprint("voice", __name__, url_prefix="/voice")


@bp.get("/new")
def new() -> Response:
    form = VoiceForm(author=current_user)
    return page("voice/new.html", form=form, picker=picker(current_user, form))


@bp.post("/new")
def create() -> Response:
    form = VoiceForm(author=current_user)
    address = form.perform_once(verbs.post_voice, current_user, address=_address)
    return (
        see_other(address)
        if address
        else page("voice/new.html", form.status, form=form, picker=picker(current_user, form))
    )


def composer(viewer: Any, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: the form itself."""
    return {None: {"form": VoiceForm(author=viewer)}}


def _address(_entry: Entry) -> str:
    """Back home, where it stands on top."""
    return url_for("home.show")
