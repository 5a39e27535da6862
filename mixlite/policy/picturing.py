"""Pictures that come with a form: as files of its own, or sent before it.

On the floor of the law, beside the picker and the drafts, for the same reason: albums, diaries and voices take pictures
alike, and features do not know each other.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from mixlite.core.errors import Refused
from mixlite.core.forms import Files, Form, Texts, Tokens
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.media import ALT_LENGTH, LARGEST_FILE, NAME_LENGTH, Media, give_up, take_in, waiting_of
from mixlite.entries.photos import MOST_AT_ONCE, Sent
from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom

ACCEPTED = (
    ".jpg,.jpeg,.png,.webp,.gif,.heic,.heif,.avif,image/jpeg,image/png,image/webp,image/gif,image/heic,image/avif"
)


class Pictured(Form):
    """A form of its `author` that takes pictures. Its `values()` have `pictures`.

    Its files are taken in before anything else is looked at, each in a transaction of its own: whatever becomes of the
    form, none needs to be sent again.
    """

    accepted = ACCEPTED
    most = MOST_AT_ONCE
    largest = LARGEST_FILE

    files = Files(_l("Pictures"))
    media = Tokens(limit=2 * MOST_AT_ONCE, default=list)
    alt = Texts(_l("What is to be seen"), limit=ALT_LENGTH, default=list)

    def __init__(self, *args: Any, author: Member | None = None, **kwargs: Any):
        super().__init__(*args, **({"author": author} if isinstance(self, ForWhom) else {}), **kwargs)
        self.author = author
        self._as_sent = {"media": list(self.media.data or []), "files": [_traits_of(file) for file in self._given()]}
        self._taken: list[str] = []

    @property
    def waiting(self) -> Sequence[tuple[Media, str]]:
        """What is here of them, in no place yet, with what was said of each."""
        here = waiting_of(self.author.id, self.media.data or []) if self.author else []
        return [(media, self._sent().alts.get(media.token, "")) for media in here]

    def values(self) -> dict[str, Any]:
        given = {name: value for name, value in super().values().items() if name not in ("files", "media", "alt")}
        return {**given, "pictures": self._sent()}

    def sent_values(self) -> dict[str, Any]:
        return {**super().sent_values(), **self._as_sent}

    def put_away_doubles(self) -> None:
        """After a form that an earlier sending had carried out already: what came with this one is not needed."""
        if getattr(self, "made", None) is None and self._taken and self.author:
            give_up(self.author.id, self._taken)

    def keep(self, *args: Any) -> Any:
        """A draft keeps the pictures' names."""
        return super().keep(*args) if self._has_taken_files() else None

    def _perform(self, act: Any) -> Any:
        return super()._perform(act) if self._has_taken_files() else None

    def _has_taken_files(self) -> bool:
        try:
            self._take_files()
        except Refused as refusal:
            self.refuse(refusal)
            return False
        return True

    def _take_files(self) -> None:
        given = self._given() if self.is_submitted() else []
        if len(given) + len(self.media.data or []) > self.most and given:
            raise Refused(_l("Send at most %(limit)s pictures at once.", limit=self.most), "files")
        for file in given if self.author else []:
            token = take_in(self.author.id, file.stream, file.filename or "")  # type: ignore[union-attr]
            self._taken.append(token)
            self.media.data = [*(self.media.data or []), token]
        self.files.data = []

    def _sent(self) -> Sent:
        tokens = self.media.data or []
        return Sent(tokens, dict(zip(tokens, self.alt.data or [], strict=False)))

    def _given(self) -> list[Any]:
        return [file for file in self.files.data or [] if getattr(file, "filename", "")]


def _traits_of(file: Any) -> tuple[str, str]:
    """What tells one file from another, for a form that is sent twice."""
    digest = hashlib.file_digest(file.stream, "sha256").hexdigest()
    file.stream.seek(0)
    return (file.filename or "")[:NAME_LENGTH], digest
