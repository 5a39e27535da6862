"""/mentions for an entry that is being written, /entries/<id>/mentions for a comment under one."""

from collections.abc import Sequence

from flask import Blueprint, Response, jsonify, request
from flask_login import current_user

from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom
from mixlite.policy.mentioning import friends_to_mention, readers_to_mention
from mixlite.policy.visibility import visible_entry

bp = Blueprint("mentions", __name__)

LONGEST_QUESTION = 60


@bp.get("/mentions")
def for_whom() -> Response:
    """Friends who could read what the picker says now."""
    form = ForWhom(formdata=request.args, meta={"csrf": False})
    return _people(friends_to_mention(current_user, _words(), form.word, form.choice))


@bp.get("/entries/<id:entry_id>/mentions")
def readers(entry_id: int) -> Response:
    """Readers of this entry, as far as whoever comments knows of them."""
    return _people(readers_to_mention(current_user, visible_entry(current_user, entry_id), _words()))


def _words() -> str:
    return request.args.get("q", "")[:LONGEST_QUESTION]


def _people(found: Sequence[Member]) -> Response:
    return jsonify(people=[{"handle": member.handle, "name": member.name} for member in found])
