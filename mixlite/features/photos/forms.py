"""Albums with files, photos with words."""

import hashlib
from typing import Any

import regex
from flask_login import current_user
from flask_wtf.file import MultipleFileField
from wtforms import Field, ValidationError

from mixlite.core.forms import AtMost, Filled, Form, Line, OnceForm, RevisedForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.text import UnusableText, characters, clean_text
from mixlite.entries.entries import Entry
from mixlite.entries.media import NAME_LENGTH, give_up, take_in
from mixlite.features.photos.models import ALT_LENGTH, BODY_LENGTH, CAPTION_LENGTH, MOST_AT_ONCE, TITLE_LENGTH
from mixlite.features.photos.queries import Print, ShownAlbum, ShownPhoto
from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom, data_of

_TOKEN = regex.compile(r"[a-z2-7]{26}")
ACCEPTED = (
    ".jpg,.jpeg,.png,.webp,.gif,.heic,.heif,.avif,image/jpeg,image/png,image/webp,image/gif,image/heic,image/avif"
)


class Tokens(Field):
    """Pictures that are here already, by their random names, in order and each once."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [value for value in dict.fromkeys(valuelist) if _TOKEN.fullmatch(value)][: 2 * MOST_AT_ONCE]


class _WithFiles(OnceForm):
    """Files that come with the form itself, beside pictures that came before it.

    What has been taken in stays with the form: when it is refused, nothing needs to be sent again.
    """

    files = MultipleFileField(_l("Pictures"))
    media = Tokens(default=list)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._as_sent = {"media": list(self.media.data or []), "files": [_traits_of(file) for file in self._given()]}
        self._taken: list[str] = []

    def validate_files(self, _field: Field) -> None:
        if len(self._given()) > MOST_AT_ONCE:
            raise ValidationError(_l("Send at most %(limit)s pictures at once.", limit=MOST_AT_ONCE))

    def values(self) -> dict[str, Any]:
        """With `media`, the tokens. The files are taken in here, each a transaction of its own, before the lock."""
        given = super().values()
        given.pop("files")
        for file in self._given():
            token = take_in(current_user.id, file.stream, file.filename or "")
            self._taken.append(token)
            self.media.data = [*self.media.data, token]
        return {**given, "media": self.media.data}

    def sent_values(self) -> dict[str, Any]:
        return {**super().sent_values(), **self._as_sent}

    def put_away_doubles(self) -> None:
        """After a form that an earlier sending had carried out already: what came with this one is not needed."""
        if self.made is None and self._taken:
            give_up(current_user.id, self._taken)

    def _given(self) -> list[Any]:
        return [file for file in self.files.data or [] if getattr(file, "filename", "")]


def _traits_of(file: Any) -> tuple[str, str]:
    """What tells one file from another, for a form that is sent twice."""
    digest = hashlib.file_digest(file.stream, "sha256").hexdigest()
    file.stream.seek(0)
    return (file.filename or "")[:NAME_LENGTH], digest


class _AlbumFields(ForWhom):
    kind = "album"

    title = Line(_l("Title"), validators=[Filled(), AtMost(TITLE_LENGTH)])
    body = Words(_l("Words"), validators=[AtMost(BODY_LENGTH)])


class AlbumForm(_AlbumFields, _WithFiles):
    """A new one."""


class AddForm(_WithFiles):
    """More pictures for one."""


class AlbumEditForm(_AlbumFields, RevisedForm):
    """One that is there already."""


class PhotoEditForm(RevisedForm):
    """The words of one photo."""

    body = Words(_l("Caption"), validators=[AtMost(CAPTION_LENGTH)])
    alt = Words(_l("What is to be seen"), validators=[AtMost(ALT_LENGTH)])


class _Alts(Field):
    """Descriptions, one for each photo on the page and in the same order."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            self.data = [clean_text(value) for value in valuelist]
        except UnusableText:
            self.data = []
            raise ValueError(_l("Some characters here cannot be saved. Please type it again.")) from None


class _Photos(Field):
    """The ids of the photos that are described."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [int(value) for value in valuelist if value.isascii() and value.isdigit() and len(value) <= 18]


class DescribeForm(Form):
    """What several photos show: `photo` and `alt`, once for each."""

    photo = _Photos(default=list)
    alt = _Alts(_l("What is to be seen"), default=list)

    def validate_alt(self, field: Field) -> None:
        if len(field.data) != len(self.photo.data):
            raise ValidationError(_l("This page has changed meanwhile. Please load it again."))
        if any(len(alt) > 4 * ALT_LENGTH or characters(alt) > ALT_LENGTH for alt in field.data):
            raise ValidationError(_l("A description can have up to %(limit)s characters.", limit=ALT_LENGTH))

    def values(self) -> dict[str, Any]:
        return {"alts": dict(zip(self.photo.data, self.alt.data, strict=True))}

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
