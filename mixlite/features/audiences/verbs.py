"""Changing the audience of many entries at once, taking that back, and the member's own default."""

from sqlalchemy import and_, func, insert, literal, select, update

from mixlite.core import clock, events
from mixlite.core.db import db
from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import Audience
from mixlite.entries.entries import Entry, selection_for
from mixlite.entries.habits import FOR_ALL_KINDS, keep_habit
from mixlite.entries.selections import Choice
from mixlite.features.audiences.models import AudienceChange, ChangedEntry
from mixlite.features.audiences.queries import Which, change_with_id, differs_from, entries_meant
from mixlite.people.members import Member


def change_many(author: Member, *, which: Which, audience: str, choice: Choice) -> AudienceChange:
    """Give all these entries this audience, in one transaction, and remember what they had.

    Three statements however many there are. Raises Refused when nothing would change.
    """
    selection_id = selection_for(author.id, audience, choice)
    meant = [*entries_meant(author, which), differs_from(audience, selection_id)]
    count = db.session.scalar(select(func.count()).select_from(Entry).where(*meant)) or 0
    if not count:
        raise Refused(_l("Nothing would change: these entries are for these people already, or there are none."))
    now = clock.now()
    change = AudienceChange(
        author_id=author.id, made_at=now, audience=audience, selection_id=selection_id, entry_count=count
    )
    db.session.add(change)
    db.session.flush()
    before = select(literal(change.id), Entry.id, Entry.audience, Entry.selection_id).where(*meant)
    columns = ["change_id", "entry_id", "audience", "selection_id"]
    db.session.execute(insert(ChangedEntry).from_select(columns, before))
    ours = select(ChangedEntry.entry_id).where(ChangedEntry.change_id == change.id)
    if audience != Audience.ONLY_ME:
        # The first moment anybody else could read them, as for one entry alone.
        first = update(Entry).where(Entry.id.in_(ours), Entry.published_at.is_(None))
        db.session.execute(first.values(published_at=now, shown_at=now), execution_options=_PLAIN)
    values = {"audience": audience, "selection_id": selection_id, "revision": Entry.revision + 1}
    db.session.execute(update(Entry).where(Entry.id.in_(ours)).values(values), execution_options=_PLAIN)
    events.record("entries.audience_changed", actor_id=author.id, subject_id=change.id)
    return change


_PLAIN = {"synchronize_session": False}


def undo_change(author: Member, change_id: int) -> None:
    """Give the entries back what they had, but for those whose audience somebody changed since. Raises NotHere."""
    change = change_with_id(author, change_id)
    same_choice = Entry.selection_id.is_not_distinct_from(change.selection_id)
    of_change = and_(ChangedEntry.change_id == change.id, ChangedEntry.entry_id == Entry.id)
    # A choice that is not there any more (nobody was left in it) can only become narrower: for its author alone.
    lost = and_(ChangedEntry.audience == Audience.CHOSEN, ChangedEntry.selection_id.is_(None))
    db.session.execute(
        update(Entry)
        .where(of_change, ~lost, Entry.author_id == author.id, Entry.audience == change.audience, same_choice)
        .values(audience=ChangedEntry.audience, selection_id=ChangedEntry.selection_id, revision=Entry.revision + 1),
        execution_options=_PLAIN,
    )
    change.undone_at = clock.now()
    events.record("entries.audience_changed", actor_id=author.id, subject_id=change.id)


def set_default(author: Member, *, audience: str, choice: Choice) -> Member:
    """For kinds of entries that the member has not written yet."""
    keep_habit(author.id, FOR_ALL_KINDS, audience, selection_for(author.id, audience, choice))
    return author
