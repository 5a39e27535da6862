"""Posting and changing a voice."""

from mixlite.core.db import db
from mixlite.entries.entries import Entry, change_audience, publish, touch
from mixlite.entries.selections import Choice
from mixlite.features.voice.models import Voice
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def post_voice(author: Member, *, body: str, audience: str, choice: Choice | None = None) -> Entry:
    """`body` is plain text of at most 300 characters as people count them; `choice` spells out a `chosen` audience."""
    entry = publish(author, kind="voice", audience=audience, choice=choice)
    db.session.add(Voice(entry_id=entry.id, body=body))
    db.session.flush()
    return entry


def revise_voice(author: Member, entry: Entry, *, body: str, audience: str, choice: Choice | None = None) -> Entry:
    """Raises NotHere or NotYours for anybody but the author."""
    entry = visible_entry(author, entry.id)
    require(author, Act.REVISE, entry)
    voice = db.session.get_one(Voice, entry.id)
    is_changed, voice.body = voice.body != body, body
    change_audience(entry, audience, choice)
    touch(entry, words_changed=is_changed)
    return entry
