"""Publishing and changing a diary entry."""

from mixlite.core.db import db
from mixlite.entries.entries import Entry, change_audience, publish, touch
from mixlite.entries.selections import Choice
from mixlite.features.diary.models import Diary
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def publish_diary(
    author: Member, *, title: str, body: str, excerpt: str, audience: str, choice: Choice | None = None
) -> Entry:
    """`body` is Markdown as typed; `excerpt` its first words without marks; `choice` spells out a `chosen` audience."""
    entry = publish(author, kind="diary", audience=audience, choice=choice)
    db.session.add(Diary(entry_id=entry.id, title=title, body=body, excerpt=excerpt))
    db.session.flush()
    return entry


def revise_diary(
    author: Member,
    entry: Entry,
    *,
    title: str,
    body: str,
    excerpt: str,
    audience: str,
    choice: Choice | None = None,
) -> Entry:
    """Raises NotHere or NotYours for anybody but the author."""
    entry = visible_entry(author, entry.id)
    require(author, Act.REVISE, entry)
    diary = db.session.get_one(Diary, entry.id)
    is_changed = (diary.title, diary.body) != (title, body)
    diary.title, diary.body, diary.excerpt = title, body, excerpt
    change_audience(entry, audience, choice)
    touch(entry, words_changed=is_changed)
    return entry
