"""Posting a voice."""

from wtforms import SelectField

from mixlite.core.forms import AtMost, Filled, Form, OnceForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import OFFERED_WORDS, Audience
from mixlite.entries.entries import Entry
from mixlite.features.voice.models import VOICE_LENGTH, Voice


class _VoiceFields(Form):
    body = Words(_l("How are things?"), validators=[Filled(_l("Please write something first.")), AtMost(VOICE_LENGTH)])
    audience = SelectField(_l("Who can read this"), choices=OFFERED_WORDS, default=Audience.FRIENDS.value)


class VoiceForm(_VoiceFields, OnceForm):
    """A new one."""


class VoiceEditForm(_VoiceFields):
    """One that is there already."""


def edit_form(entry: Entry, voice: Voice) -> VoiceEditForm:
    """Filled with what it says now."""
    return VoiceEditForm(data={"body": voice.body, "audience": entry.audience})
