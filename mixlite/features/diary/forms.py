"""Writing a diary entry."""

from typing import Any

from mixlite.core.forms import AtMost, Filled, Line, OnceForm, RevisedForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.prose import excerpt
from mixlite.entries.entries import Entry
from mixlite.features.diary.models import BODY_LENGTH, EXCERPT_LENGTH, TITLE_LENGTH, Diary
from mixlite.people.members import Member
from mixlite.policy.choosing import Written, data_of_entry


class _DiaryFields(Written):
    kind = "diary"

    title = Line(_l("Title"), validators=[Filled(), AtMost(TITLE_LENGTH)])
    body = Words(_l("Words"), validators=[Filled(), AtMost(BODY_LENGTH)])

    def values(self) -> dict[str, Any]:
        """With the excerpt, which is made here, before the writer's lock."""
        return {**super().values(), "excerpt": excerpt(self.body.data or "", EXCERPT_LENGTH)}


class DiaryForm(_DiaryFields, OnceForm):
    """A new one."""


class DiaryEditForm(_DiaryFields, RevisedForm):
    """One that is there already."""


def edit_form(author: Member, entry: Entry, diary: Diary) -> DiaryEditForm:
    """Filled with what it says now."""
    return DiaryEditForm(author=author, data={"title": diary.title, "body": diary.body, **data_of_entry(entry)})
