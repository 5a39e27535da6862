"""Posting a voice."""

from mixlite.core.forms import AtMost, Filled, OnceForm, RevisedForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.entries import Entry
from mixlite.features.voice.models import VOICE_LENGTH, Voice
from mixlite.people.members import Member
from mixlite.policy.choosing import Written, data_of_entry


class _VoiceFields(Written):
    kind = "voice"

    body = Words(_l("How are things?"), validators=[Filled(_l("Please write something first.")), AtMost(VOICE_LENGTH)])


class VoiceForm(_VoiceFields, OnceForm):
    """A new one."""


class VoiceEditForm(_VoiceFields, RevisedForm):
    """One that is there already."""


def edit_form(author: Member, entry: Entry, voice: Voice) -> VoiceEditForm:
    """Filled with what it says now."""
    return VoiceEditForm(author=author, data={"body": voice.body, **data_of_entry(entry)})
