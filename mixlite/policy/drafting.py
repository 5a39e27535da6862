"""What every form that keeps drafts has besides its own fields. Beside the picker, for the same reason: everything that
is written is kept alike, and features do not know each other.
"""

from collections.abc import Callable, Collection
from typing import Any

from mixlite.core.db import begin_writing, db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.forms import NOT_VALUES, Form, OnceForm, Unseen, sent_fields
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.drafts import (
    WINDOW_LENGTH,
    Draft,
    Overtaken,
    draft_of,
    forget_draft,
    newest_draft,
    nonce_of_change,
)
from mixlite.people.members import Member

_NOT_KEPT = (*NOT_VALUES, "how_many", "preview", "files")  # buttons, and files, which are kept by their names
NO_DRAFT = "0"  # in an address: begin with an empty page


class Drafted(Form):
    """A form whose fields can be kept before it is sent. Given a `draft`, a page begins with what that holds.

    `entry_id` says which entry it changes; a form that makes something new is known by its nonce.
    """

    kind = ""

    draft_version = Unseen(default="0")
    draft_window = Unseen(default="")

    def __init__(self, *args: Any, draft: Draft | None = None, entry_id: int | None = None, **kwargs: Any):
        self.draft = None if self.is_submitted() else draft
        self.overtaken: Overtaken | None = None
        self.entry_id = entry_id
        if self.draft is not None:
            kwargs["formdata"] = _as_sent(self.draft)
        super().__init__(*args, **kwargs)

    @property
    def draft_nonce(self) -> str:
        """By which its draft is known."""
        if self.entry_id is not None:
            return nonce_of_change(self.entry_id)
        return self.usable_nonce() if isinstance(self, OnceForm) else ""

    def typed(self) -> dict[str, list[str]]:
        """What the fields say, as a browser would send it."""
        named = {name: field.data for name, field in self._fields.items() if name not in _NOT_KEPT}
        return {name: values for name, data in named.items() if (values := _values(data))}

    def draft_values(self) -> dict[str, Any]:
        """What is needed for keeping them."""
        version = self.draft_version.data or ""
        is_number = version.isascii() and version.isdigit() and len(version) < 10
        return {
            "kind": self.kind,
            "nonce": self.draft_nonce,
            "entry_id": self.entry_id,
            "typed": self.typed(),
            "version": int(version) if is_number else 0,
            "window": (self.draft_window.data or "")[:WINDOW_LENGTH],
        }

    def keep(self, verb: Callable[..., Draft | None], author: Member) -> Draft | None:
        """Keep what was typed, as `verb(author, **draft_values)` does, whether it could be sent or not.

        None where there was nothing to keep, and where it was refused: then `status` is not 200.
        """
        if any(field.process_errors for field in self):
            self.status = 422
            self.form_errors.append(_l("Some characters here cannot be saved. Please type it again."))
            return None
        values = self.draft_values()
        begin_writing()
        try:
            return verb(author, **values)
        except Refused as refusal:
            db.session.rollback()
            self.refuse(refusal)
            return None

    def refuse(self, refusal: Refused) -> None:
        """A draft that was overtaken is replaced knowingly by the next saving; one that is gone begins anew."""
        nonce = self["nonce"].data if "nonce" in self else None
        super().refuse(refusal)
        if not isinstance(refusal, Overtaken):
            return
        self.overtaken = refusal
        self.draft_version.data = str(refusal.kept.version if refusal.kept else 0)
        if refusal.kept and nonce is not None:
            self["nonce"].data = nonce

    def _perform(self, act: Any) -> Any:
        """Whatever was sent is no draft any more."""
        made = super()._perform(act)
        if made is not None and self.author_id is not None:
            forget_draft(self.author_id, self.draft_nonce)
        return made

    @property
    def author_id(self) -> int | None:
        """Whose drafts these are."""
        author: Member | None = getattr(self, "author", None)
        return author.id if author else None


def draft_to_open(author: Member, kind: str, wanted: str | None) -> Draft | None:
    """The draft with which a page for something new begins: the one that its address asks for, else the latest.

    Raises NotHere for a draft that is not the author's, or not of this kind.
    """
    if wanted is None:
        return newest_draft(author.id, kind)
    if wanted == NO_DRAFT:
        return None
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= 18):
        raise NotHere
    draft = draft_of(author.id, int(wanted))
    if draft.kind != kind or draft.entry_id is not None:
        raise NotHere
    return draft


def _as_sent(draft: Draft) -> Any:
    sent = {**draft.typed, "draft_version": [str(draft.version)]}
    return sent_fields(sent if draft.entry_id is not None else {**sent, "nonce": [draft.nonce]})


def _values(data: Any) -> list[str]:
    if isinstance(data, bool):
        return ["y"] if data else []
    if isinstance(data, list):
        return [str(each) for each in data]
    if isinstance(data, Collection) and not isinstance(data, str):
        return sorted(str(each) for each in data)
    return [str(data)] if data else []
