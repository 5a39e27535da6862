"""Posting a voice."""

from mixlite.core.forms import AtMost, Filled, OnceForm, RevisedForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.drafts import Draft, draft_of_change
from mixlite.entries.entries import Entry
from mixlite.features.voice.models import VOICE_LENGTH, Voice
from mixlite.people.members import Member
from mixlite.policy.choosing import Written, data_of_entry
from mixlite.policy.picturing import Pictured


class _VoiceFields(Written):
    kind = "voice"

    body = Words(_l("How are things?"), validators=[Filled(_l("Please write something first.")), AtMost(VOICE_LENGTH)])


class VoiceForm(Pictured, _VoiceFields, OnceForm):
    """A new one."""


class VoiceEditForm(_VoiceFields, RevisedForm):
    """One that is there already."""


def new_form(author: Member, draft: Draft | None = None) -> VoiceForm:
    """Empty, or with what a draft holds."""
    return VoiceForm(author=author, draft=draft)


def edit_form(author: Member, entry: Entry, voice: Voice) -> VoiceEditForm:
    """Filled with what it says now, or with the draft of a change of it."""
    draft = draft_of_change(author.id, entry.id)
    return VoiceEditForm(
        author=author, draft=draft, entry_id=entry.id, data={"body": voice.body, **data_of_entry(entry)}
    )
