"""/media: a small protocol for uploads that can be resumed, and the bytes of every picture.

An upload: `POST /media` with `size` and `name` answers a token and the length of a part. `POST /media/<token>/parts/n`
brings the bytes that begin at n; the last part ends it. `GET` or `HEAD /media/<token>/upload` says how far it is, after
a broken connection or while the picture is made ready. `POST /media/<token>/cancel` ends it. Answers are JSON.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_login import current_user

from mixlite.core.errors import NotHere, Refused
from mixlite.core.http import page
from mixlite.core.language import gettext as _
from mixlite.entries import media
from mixlite.entries.media import Media, Progress
from mixlite.features.media.forms import UploadForm
from mixlite.features.media.queries import visible_media

bp = Blueprint("media", __name__, url_prefix="/media")

_SEALED = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Content-Disposition": "inline",
    "Cache-Control": "private, no-cache",  # a browser may keep it, and asks the law each time before it shows it
    "Accept-Ranges": "bytes",
}


@bp.post("")
def begin() -> Response:
    form = UploadForm()
    if not form.validate():
        return _said({"error": _("Say how long the file is, in bytes.")}, 422)
    return _told(lambda: media.expect(current_user.id, form.size.data or 0, form.name.data or ""), 201)


@bp.post("/<word:token>/parts/<int:offset>")
def part(token: str, offset: int) -> Response:
    content = request.get_data(cache=False)
    return _told(lambda: media.take_part(current_user.id, token, offset, content))


@bp.get("/<word:token>/upload")
def progress(token: str) -> Response:
    return _told(lambda: media.progress_of(current_user.id, token))


@bp.post("/<word:token>/cancel")
def cancel(token: str) -> Response:
    media.progress_of(current_user.id, token)
    media.give_up(current_user.id, [token])
    return Response(status=204)


@bp.get("/<word:token>/<word:variant>")
def show(token: str, variant: str) -> Response:
    found = visible_media(current_user, token)
    length = found.length_of(variant)
    if length is None:
        raise NotHere
    return _picture(found, variant, length)


def _told(act: Callable[[], Progress], status: int = 200) -> Response:
    try:
        upload = act()
    except Refused as refusal:
        return _said({"error": str(refusal.message)}, refusal.status)
    reason = {"error": str(upload.reason)} if upload.reason else {}
    response = _said(
        {
            "token": upload.token,
            "state": upload.state,
            "received": upload.received,
            "size": upload.size,
            "part": media.PART_BYTES,
            **reason,
        },
        status,
    )
    response.headers["Upload-Offset"] = str(upload.received)
    return response


def _said(what: dict[str, Any], status: int) -> Response:
    response = jsonify(what)
    response.status_code = status
    return response


def _picture(found: Media, variant: str, length: int) -> Response:
    """The bytes, or as many as were asked for; none for HEAD, nor when the browser has them already."""
    response = Response(mimetype="image/webp", headers=_SEALED)
    response.set_etag(f"{found.token[:12]}-{found.attempts}-{variant}")
    etag = response.get_etag()[0] or ""
    if request.if_none_match.contains_weak(etag):
        response.status_code = 304
        return response
    start, stop = _asked_for(response, etag, length)
    if stop == 0:
        return _out_of_range(length)
    if request.method == "HEAD":
        response.content_length = stop - start
    else:
        response.data = media.content_of(found, variant, start, stop - start)
    return response


def _asked_for(response: Response, etag: str, length: int) -> tuple[int, int]:
    """From where to where; (0, 0) when there is no such place. One range is answered as such, several as the whole."""
    wanted = request.range
    is_same = request.if_range.etag in (None, etag) and request.if_range.date is None
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or not is_same:
        return 0, length
    found = wanted.range_for_length(length)
    if found is None:
        return 0, 0
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {found[0]}-{found[1] - 1}/{length}"
    return found


def _out_of_range(length: int) -> Response:
    response = page(
        "errors/problem.html", 416, title=_("That could not be understood"), words=_("Go back and try it once more.")
    )
    response.headers["Content-Range"] = f"bytes */{length}"
    return response
