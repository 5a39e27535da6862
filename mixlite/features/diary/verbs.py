"""Publishing and changing a diary entry."""

from mixlite.core.db import db
from mixlite.entries.entries import Entry, change_audience, hold, publish, touch
from mixlite.entries.photos import NONE_SENT, Sent, put_photos
from mixlite.entries.selections import Choice
from mixlite.entries.versions import keep_version
from mixlite.features.diary.models import Diary
from mixlite.people.members import Member
from mixlite.policy.mentioning import note_mentions
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def publish_diary(
    author: Member,
    *,
    title: str,
    body: str,
    excerpt: str,
    audience: str,
    choice: Choice | None = None,
    needs_no_answer: bool = False,
    pictures: Sent = NONE_SENT,
) -> Entry:
    """`body` is Markdown as typed; `excerpt` its first words without marks; `choice` spells out a `chosen` audience."""
    entry = publish(author, kind="diary", audience=audience, choice=choice, needs_no_answer=needs_no_answer)
    db.session.add(Diary(entry_id=entry.id, title=title, body=body, excerpt=excerpt))
    db.session.flush()
    put_photos(author, entry, pictures)
    note_mentions(author, entry, body)
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
    needs_no_answer: bool | None = None,
    revision: int | None = None,
) -> Entry:
    """Raises NotHere or NotYours for anybody but the author, and Stale when it is not at `revision` any more."""
    entry = visible_entry(author, entry.id)
    require(author, Act.REVISE, entry)
    entry = hold(entry, revision)
    diary = db.session.get_one(Diary, entry.id, populate_existing=True)
    is_changed = (diary.title, diary.body) != (title, body)
    if is_changed:
        keep_version(entry, {"title": diary.title, "body": diary.body})
    if needs_no_answer is not None:
        entry.needs_no_answer = needs_no_answer
    diary.title, diary.body, diary.excerpt = title, body, excerpt
    change_audience(entry, audience, choice)
    touch(entry, words_changed=is_changed)
    note_mentions(author, entry, body)
    return entry
