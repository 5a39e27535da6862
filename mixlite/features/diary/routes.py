"""/diary/new. Reading, changing and deleting happen at the entry's own address."""

from flask import Blueprint, Response, url_for
from flask_login import current_user

from mixlite.core.http import page, see_other
from mixlite.entries.entries import Entry
from mixlite.features.diary import verbs
from mixlite.features.diary.forms import DiaryForm
from mixlite.policy.choosing import picker

bp = Blueprint("diary", __name__, url_prefix="/diary")


@bp.route("/new", methods=["GET", "POST"])
def new() -> Response:
    form = DiaryForm(author=current_user)
    address = form.perform_once(verbs.publish_diary, current_user, address=_address)
    return (
        see_other(address)
        if address
        else page("diary/new.html", form.status, form=form, picker=picker(current_user, form))
    )


def _address(entry: Entry) -> str:
    return url_for("reading.show", entry_id=entry.id)
