"""/voice/new. The same form stands on home, as a panel."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from mixlite.core.http import page, see_other, takes_files
from mixlite.entries.drafts import newest_draft
from mixlite.entries.entries import Entry
from mixlite.features.voice import verbs
from mixlite.features.voice.forms import VoiceForm, new_form
from mixlite.policy.choosing import picker
from mixlite.policy.drafting import NO_DRAFT, draft_to_open

bp = Blueprint("voice", __name__, url_prefix="/voice")


@bp.get("/new")
def new() -> Response:
    form = new_form(current_user, draft_to_open(current_user, "voice", request.args.get("draft")))
    return page("voice/new.html", form=form, picker=picker(current_user, form))


@bp.post("/new")
@takes_files
def create() -> Response:
    form = new_form(current_user)
    address = form.perform_once(verbs.post_voice, current_user, address=_address)
    if address:
        form.put_away_doubles()
        return see_other(address)
    return page("voice/new.html", form.status, form=form, picker=picker(current_user, form))


def composer(viewer: Any, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: the form itself, with the latest draft; without one where the address says so."""
    draft = None if request.args.get("draft") == NO_DRAFT else newest_draft(viewer.id, VoiceForm.kind)
    return {None: {"form": new_form(viewer, draft)}}


def _address(_entry: Entry) -> str:
    """Back home, where it stands on top."""
    return url_for("home.show")
