"""Writing a diary entry."""

from typing import Any

from mixlite.core.forms import AtMost, Filled, Line, OnceForm, RevisedForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.prose import excerpt
from mixlite.entries.drafts import Draft, draft_of_change
from mixlite.entries.entries import Entry
from mixlite.features.diary.models import BODY_LENGTH, EXCERPT_LENGTH, TITLE_LENGTH, Diary
from mixlite.people.members import Member
from mixlite.policy.choosing import Written, data_of_entry
from mixlite.policy.picturing import Pictured


class _DiaryFields(Written):
    kind = "diary"

    title = Line(_l("Title"), validators=[Filled(), AtMost(TITLE_LENGTH)])
    body = Words(_l("Words"), validators=[Filled(), AtMost(BODY_LENGTH)])

    def values(self) -> dict[str, Any]:
        """With the excerpt, which is made here, before the writer's lock."""
        return {**super().values(), "excerpt": excerpt(self.body.data or "", EXCERPT_LENGTH)}


class DiaryForm(Pictured, _DiaryFields, OnceForm):
    """A new one."""


class DiaryEditForm(_DiaryFields, RevisedForm):
    """One that is there already."""


def new_form(author: Member, draft: Draft | None = None) -> DiaryForm:
    """Empty, or with what a draft holds."""
    return DiaryForm(author=author, draft=draft)


def edit_form(author: Member, entry: Entry, diary: Diary) -> DiaryEditForm:
    """Filled with what it says now, or with the draft of a change of it."""
    draft = draft_of_change(author.id, entry.id)
    return DiaryEditForm(
        author=author,
        draft=draft,
        entry_id=entry.id,
        data={"title": diary.title, "body": diary.body, **data_of_entry(entry)},
    )
