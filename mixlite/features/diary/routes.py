"""/diary/new. Reading, changing and deleting happen at the entry's own address."""

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from mixlite.core.http import page, see_other, takes_files
from mixlite.entries.entries import Entry
from mixlite.features.diary import verbs
from mixlite.features.diary.forms import new_form
from mixlite.policy.choosing import picker
from mixlite.policy.drafting import draft_to_open

bp = Blueprint("diary", __name__, url_prefix="/diary")


@bp.route("/new", methods=["GET", "POST"])
@takes_files
def new() -> Response:
    form = new_form(current_user, draft_to_open(current_user, "diary", request.args.get("draft")))
    address = form.perform_once(verbs.publish_diary, current_user, address=_address)
    if address:
        form.put_away_doubles()
        return see_other(address)
    return page("diary/new.html", form.status, form=form, picker=picker(current_user, form))


def _address(entry: Entry) -> str:
    return url_for("reading.show", entry_id=entry.id)
