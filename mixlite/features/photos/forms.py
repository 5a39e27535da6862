"""Albums with files, photos with words."""

from typing import Any

from wtforms import Field, ValidationError
from wtforms.validators import InputRequired

from mixlite.core.forms import (
    AtMost,
    Filled,
    Form,
    Handles,
    Ids,
    Line,
    OnceForm,
    RevisedForm,
    Texts,
    WholeNumber,
    Words,
)
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.entries import Entry
from mixlite.entries.media import ALT_LENGTH
from mixlite.entries.photos import CAPTION_LENGTH, MOST_CONTRIBUTORS, MOST_PHOTOS, Print
from mixlite.features.photos.models import BODY_LENGTH, TITLE_LENGTH
from mixlite.features.photos.queries import ShownAlbum, ShownPhoto
from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom, data_of
from mixlite.policy.picturing import Pictured


class _AlbumFields(ForWhom):
    kind = "album"

    title = Line(_l("Title"), validators=[Filled(), AtMost(TITLE_LENGTH)])
    body = Words(_l("Words"), validators=[AtMost(BODY_LENGTH)])


class AlbumForm(Pictured, _AlbumFields, OnceForm):
    """A new one."""


class AddForm(Pictured, OnceForm):
    """More pictures for something that is there."""


class AlbumEditForm(_AlbumFields, RevisedForm):
    """One that is there already."""


class PhotoEditForm(RevisedForm):
    """The words of one photo."""

    body = Words(_l("Caption"), validators=[AtMost(CAPTION_LENGTH)])
    alt = Words(_l("What is to be seen"), validators=[AtMost(ALT_LENGTH)])


class _Photos(Field):
    """The ids of the photos that are described."""

    def process_formdata(self, valuelist: list[str]) -> None:
        sent = [int(value) for value in valuelist if value.isascii() and value.isdigit() and len(value) <= 18]
        self.data = sent[:MOST_PHOTOS]


class OrderForm(Form):
    """Photos of one place in the order that they shall have: `photo`, once for each."""

    photo = _Photos(default=list)

    def values(self) -> dict[str, Any]:
        return {"order": list(dict.fromkeys(self.photo.data))}


class ShareForm(Form):
    """Who else may add to an album: friends, by their handles."""

    people = Handles(_l("Friends who can add pictures"), limit=MOST_CONTRIBUTORS, default=frozenset())


class MoveForm(Form):
    """Photos of one place that shall go to the album `to`."""

    chosen = Ids(_l("Pictures"), limit=MOST_PHOTOS, default=frozenset())
    to = WholeNumber(_l("Album"), validators=[InputRequired(_l("Choose an album."))])

    def values(self) -> dict[str, Any]:
        return {"chosen": self.chosen.data, "to": self.to.data}


class DescribeForm(Form):
    """What several photos show: `photo`, `was` (what the page found there) and `alt`, once for each."""

    photo = _Photos(default=list)
    was = Texts(_l("What is to be seen"), limit=ALT_LENGTH, default=list)
    alt = Texts(_l("What is to be seen"), limit=ALT_LENGTH, default=list)

    def validate_alt(self, field: Field) -> None:
        if not len(field.data) == len(self.was.data) == len(self.photo.data):
            raise ValidationError(_l("This page has changed meanwhile. Please load it again."))

    def values(self) -> dict[str, Any]:
        return {"alts": dict(zip(self.photo.data, zip(self.was.data, self.alt.data, strict=True), strict=True))}

    def alt_for(self, photo: Print) -> str:
        """What stands in the field of one photo: what was typed just now, else what is known."""
        typed = dict(zip(self.photo.data or [], self.alt.data or [], strict=False))
        return str(typed.get(photo.id, photo.alt))


def edit_album(author: Member, entry: Entry, album: ShownAlbum) -> AlbumEditForm:
    """Filled with what it says now."""
    words = {"title": album.title, "body": album.body, "revision": str(entry.revision)}
    return AlbumEditForm(author=author, data={**words, **data_of(entry)})


def edit_photo(_author: Member, entry: Entry, photo: ShownPhoto) -> PhotoEditForm:
    """Filled with what it says now."""
    return PhotoEditForm(data={"body": photo.body, "alt": photo.print.alt, "revision": str(entry.revision)})
