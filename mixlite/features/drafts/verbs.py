"""Keeping a draft, and throwing it away."""

from mixlite.core.db import db
from mixlite.entries.drafts import Draft, Typed, draft_of, save_draft
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def keep_draft(
    author: Member, *, kind: str, nonce: str, entry_id: int | None, typed: Typed, version: int, window: str
) -> Draft | None:
    """Keep what a form holds; None where it has no words. `entry_id` is the entry that the form changes.

    Raises Overtaken when another window saved it since `version`, Refused when there is no room, NotHere or NotYours
    for an entry that is not the author's.
    """
    if entry_id is not None:
        require(author, Act.REVISE, visible_entry(author, entry_id))
    return save_draft(author.id, kind=kind, nonce=nonce, entry_id=entry_id, typed=typed, version=version, window=window)


def throw_away(author: Member, draft_id: int) -> None:
    """It is gone at once. Raises NotHere for what is not the author's."""
    db.session.delete(draft_of(author.id, draft_id))
