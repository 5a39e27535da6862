"""/portraits/<code>.svg and /settings/portrait."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.http import page, public, see_other
from mixlite.core.language import gettext as _
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.portraits import verbs
from mixlite.features.portraits.drawing import PARTS, THINGS, Face, drawing, face_of, faces_to_begin_with
from mixlite.features.portraits.forms import PortraitForm

bp = Blueprint("portraits", __name__)

OFFERED = 12
MOST_SETS = 500
A_YEAR = 365 * 24 * 3600
WORDS: dict[str, Any] = {
    "style": _l("Hair"),
    "hair": _l("Colour of the hair"),
    "skin": _l("Skin"),
    "clothes": _l("Clothes"),
    "ground": _l("Background"),
    "glasses": _l("Glasses"),
    "beard": _l("Beard"),
    "mouth": _l("Mouth"),
}


@dataclass(frozen=True)
class Row:
    """One part of the face that is being put together, with what else it could be."""

    words: Any
    codes: list[str]
    chosen: str


@bp.get("/portraits/<code>.svg")
@public
def show(code: str) -> Response:
    """The same code is always the same picture, and says nothing of anybody: it may be kept for ever."""
    picture = drawing(code)
    if picture is None:
        raise NotHere
    response = Response(picture, mimetype="image/svg+xml")
    response.cache_control.public = response.cache_control.immutable = True
    response.cache_control.max_age = A_YEAR
    return response


@bp.route("/settings/portrait", methods=["GET", "POST"])
def choose() -> Response:
    form = PortraitForm()
    if form.perform(verbs.choose_portrait, current_user):
        flash(_("This is how you look here from now on."), "done")
        return see_other(url_for("profiles.show", handle=current_user.handle))
    number = _number()
    return page(
        "portraits/choose.html",
        form.status,
        form=form,
        offered=[face.code for face in faces_to_begin_with(current_user.id * MOST_SETS + number, OFFERED)],
        more_url=url_for("portraits.choose", more=(number + 1) % MOST_SETS, _anchor="faces"),
        things=[f"t-{name}" for name in THINGS],
        made=_begun().code,
        rows=_rows(_begun()),
    )


def _begun() -> Face:
    """The face that is being put together: the one in the address, else one's own, else a first one."""
    given = face_of(request.args.get("face", ""))
    return given or face_of(current_user.portrait) or faces_to_begin_with(current_user.id, 1)[0]


def _rows(face: Face) -> list[Row]:
    return [
        Row(words, [replace(face, **{part: position}).code for position in range(PARTS[part])], face.code)
        for part, words in WORDS.items()
        if part in asdict(face)
    ]


def _number() -> int:
    value = request.args.get("more", "")
    return int(value) % MOST_SETS if value.isascii() and value.isdigit() and len(value) < 6 else 0
