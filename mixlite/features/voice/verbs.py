"""Posting and changing a voice."""

from mixlite.core.db import db
from mixlite.entries.entries import Entry, change_audience, hold, publish, touch
from mixlite.entries.photos import NONE_SENT, Sent, put_photos
from mixlite.entries.selections import Choice
from mixlite.entries.versions import keep_version
from mixlite.features.voice.models import Voice
from mixlite.people.members import Member
from mixlite.policy.mentioning import note_mentions
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def post_voice(
    author: Member,
    *,
    body: str,
    audience: str,
    choice: Choice | None = None,
    needs_no_answer: bool = False,
    pictures: Sent = NONE_SENT,
) -> Entry:
    """`body` is plain text of at most 300 characters as people count them; `choice` spells out a `chosen` audience."""
    entry = publish(author, kind="voice", audience=audience, choice=choice, needs_no_answer=needs_no_answer)
    db.session.add(Voice(entry_id=entry.id, body=body))
    db.session.flush()
    put_photos(author, entry, pictures)
    note_mentions(author, entry, body)
    return entry


def revise_voice(
    author: Member,
    entry: Entry,
    *,
    body: str,
    audience: str,
    choice: Choice | None = None,
    needs_no_answer: bool | None = None,
    revision: int | None = None,
) -> Entry:
    """Raises NotHere or NotYours for anybody but the author, and Stale when it is not at `revision` any more."""
    entry = visible_entry(author, entry.id)
    require(author, Act.REVISE, entry)
    entry = hold(entry, revision)
    voice = db.session.get_one(Voice, entry.id, populate_existing=True)
    is_changed = voice.body != body
    if is_changed:
        keep_version(entry, {"body": voice.body})
    if needs_no_answer is not None:
        entry.needs_no_answer = needs_no_answer
    voice.body = body
    change_audience(entry, audience, choice)
    touch(entry, words_changed=is_changed)
    note_mentions(author, entry, body)
    return entry
