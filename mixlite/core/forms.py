"""The base of all forms. WTForms checks shape, the verb checks truth, and both speak in the same place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import regex
from flask import flash
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import StopValidation

from mixlite.core import once
from mixlite.core.crypto import fingerprint
from mixlite.core.db import begin_writing, db
from mixlite.core.errors import Conflict, Refused, Stale
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.language import ngettext
from mixlite.core.memory import new_nonce
from mixlite.core.text import UnusableText, characters, clean_line, clean_text, is_blank

# What a form carries besides its values; so a draft that was saved between two sendings makes them no others.
NOT_VALUES = ("csrf_token", "nonce", "draft_version", "draft_window")
_TOKEN = regex.compile(r"[a-z2-7]{26}")
_HANDLE = regex.compile(r"[A-Za-z0-9_]+")
_NONCE = regex.compile(rf"[A-Za-z0-9_-]{{1,{once.NONCE_LENGTH}}}")


class Line(StringField):
    """One line of text, cleaned as `core.text` says."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _cleaned(self, clean_line, valuelist)


class Words(TextAreaField):
    """Several lines of text, cleaned as `core.text` says."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _cleaned(self, clean_text, valuelist)


def _cleaned(field: Field, clean: Callable[[str], str], valuelist: list[str]) -> str:
    typed = valuelist[0] if valuelist else ""
    try:
        return clean(typed)
    except UnusableText:
        field.data = ""
        raise ValueError(_l("Some characters here cannot be saved. Please type it again.")) from None


class Filled:
    """Something that can be seen must be there."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it as a plain attribute

    def __init__(self, message: Any = None):
        self.message = message or _l("Please fill this in.")

    def __call__(self, _form: Any, field: Field) -> None:
        if is_blank(field.data or ""):
            raise StopValidation(self.message) if not field.errors else StopValidation()


class AtMost:
    """No more than `limit` characters as people count them, nor four times as many code points."""

    def __init__(self, limit: int):
        self.limit = limit

    def __call__(self, _form: Any, field: Field) -> None:
        text = field.data or ""
        count = len(text) if len(text) > 4 * self.limit else characters(text)
        if count > self.limit or len(text) > 4 * self.limit:
            over = max(count - self.limit, 1)
            raise ValidationError(
                ngettext(
                    "At most %(limit)s characters; this is %(num)s too many.",
                    "At most %(limit)s characters; this is %(num)s too many.",
                    over,
                    limit=self.limit,
                )
            )


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose `perform` runs a verb. `status` is what the page should answer if it is shown again."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.status = 200

    def values(self) -> dict[str, Any]:
        """What the verb receives by name. Costly work (hashing a password) belongs here, before the writer's lock."""
        return {name: field.data for name, field in self._fields.items() if name not in NOT_VALUES}

    def perform(self, verb: Callable[..., Any], *args: Any) -> Any:
        """Check the shape, open the writer's transaction, run `verb(*args, **values)`; None if it was refused."""
        return self._perform(lambda: verb(*args, **self._ready()))

    def _ready(self) -> dict[str, Any]:
        values = self.values()
        begin_writing()
        return values

    def _perform(self, act: Callable[[], Any]) -> Any:
        if not self.is_submitted():
            return None
        if not self.validate():
            self.status = 422
            return None
        try:
            return act()
        except Refused as refusal:
            db.session.rollback()
            self.refuse(refusal)
            return None

    def refuse(self, refusal: Refused) -> None:
        """Show what the verb said where it belongs."""
        self.status = refusal.status
        field = self._fields.get(refusal.field) if refusal.field else None
        if field is None:
            self.form_errors.append(refusal.message)
        else:
            field.errors = [*field.errors, refusal.message]


class OnceForm(Form):
    """A form that makes something, and makes it once however often it is sent."""

    nonce = HiddenField(default=new_nonce)
    made: Any = None  # what the verb made just now; None when an earlier sending had made it

    def perform_once(
        self, verb: Callable[..., Any], actor: Any, *args: Any, address: Callable[[Any], str]
    ) -> str | None:
        """Like `perform`, and answers the address of what was made, now or by an earlier sending of the same form."""
        return self._perform(lambda: self._once(verb, actor, args, address))  # type: ignore[no-any-return]

    def refuse(self, refusal: Refused) -> None:
        super().refuse(refusal)
        if isinstance(refusal, Conflict):
            self.nonce.data = new_nonce()

    def _once(self, verb: Callable[..., Any], actor: Any, args: tuple[Any, ...], address: Callable[[Any], str]) -> str:
        values = self.values()
        nonce = self.usable_nonce()
        begin_writing()
        sent = fingerprint(type(self).__name__, [getattr(arg, "id", arg) for arg in args], self.sent_values())
        if earlier := once.earlier_result(actor.id, nonce, sent):
            return earlier
        self.made = verb(actor, *args, **values)
        where = address(self.made)
        once.keep_result(actor.id, nonce, where)
        return where

    def usable_nonce(self) -> str:
        """The nonce that was sent; a new one in place of something that is none."""
        given = self.nonce.data or ""
        return given if _NONCE.fullmatch(given) else new_nonce()

    def sent_values(self) -> dict[str, Any]:
        """What tells one sending from another."""
        return {name: field.data for name, field in self._fields.items() if name not in NOT_VALUES}


class RevisedForm(Form):
    """A form that changes something which may be open in two windows. It says which revision it began with."""

    revision = HiddenField(default="")
    is_stale = False

    def values(self) -> dict[str, Any]:
        given = super().values()
        typed = given["revision"] or ""
        return {**given, "revision": int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None}

    def refuse(self, refusal: Refused) -> None:
        """Show what the verb said; a second sending then knows what it replaces."""
        super().refuse(refusal)
        if isinstance(refusal, Stale):
            self.is_stale = True
            self.revision.data = str(refusal.revision)


def act(verb: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    """Run the verb of a button in the writer's transaction; whether it worked. A refusal is told on the next page."""
    begin_writing()
    try:
        verb(*args, **kwargs)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal.message), "problem")
        return False
    return True


def sent_fields(values: Mapping[str, Sequence[str]]) -> MultiDict[str, str]:
    """As if a browser had sent these values: a form that gets them as its `formdata` reads them by its own rules."""
    return MultiDict((name, value) for name, each in values.items() for value in each)


def flash_undo(words: str, address: str) -> None:
    """Tell on the next page what was done, with a button that takes it back; it works for ten seconds."""
    flash([words, address], "undo")  # type: ignore[arg-type]


class WholeNumber(IntegerField):
    """A number in plain digits; no signs, blanks, underscores or other scripts' digits."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = (valuelist[0] if valuelist else "").strip()
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            self.data = None
            raise ValueError(_l("Please enter a whole number."))
        self.data = int(typed)


class OneOf(SelectField):
    """One of a few words; anything else is told to be none of them."""


class Unseen(HiddenField):
    """A value that the page carries. A browser that loads the page again does not bring back an old one."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"render_kw": {"autocomplete": "off"}, **kwargs})


class Ticked(BooleanField):
    """A box that is ticked or not."""


class Ids(Field):
    """Ticked boxes: a set of ids. What is no id is left out; there are never more than `limit`."""

    def __init__(self, *args: Any, limit: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.limit = limit

    def process_formdata(self, valuelist: list[str]) -> None:
        given = {value for value in valuelist if value.isascii() and value.isdigit() and len(value) <= 18}
        self.data = frozenset(sorted(int(value) for value in given)[: self.limit])


class Tokens(Field):
    """Random names of things that were made before: a list of them in order, each once. More than `limit` are refused,
    and none left out without a word.
    """

    def __init__(self, *args: Any, limit: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.limit = limit

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [value for value in dict.fromkeys(valuelist) if _TOKEN.fullmatch(value)][: self.limit + 1]

    def pre_validate(self, _form: Any) -> None:
        if len(self.data or []) > self.limit:
            raise ValidationError(_l("At most %(limit)s at once.", limit=self.limit))


class Texts(Field):
    """Several texts under one name, in order, each cleaned and of at most `limit` characters as people count them."""

    def __init__(self, *args: Any, limit: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.limit = limit

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = []
        self.data = [_cleaned(self, clean_text, [value]) for value in valuelist]

    def pre_validate(self, _form: Any) -> None:
        if any(len(text) > 4 * self.limit or characters(text) > self.limit for text in self.data or []):
            raise ValidationError(_l("Each can have up to %(limit)s characters.", limit=self.limit))


class Files(MultipleFileField):  # type: ignore[misc]
    """Files from a browser."""


class Handles(Field):
    """Handles, typed into one line or sent one by one: "@aki, @ben". A set of them in lower case, at most `limit`."""

    def __init__(self, *args: Any, limit: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.limit = limit

    def process_formdata(self, valuelist: list[str]) -> None:
        handles = dict.fromkeys(handle.lower() for value in valuelist for handle in _HANDLE.findall(value))
        self.data = frozenset(list(handles)[: self.limit])
