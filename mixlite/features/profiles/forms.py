"""What a member says of themselves."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel import Locale
from wtforms import Field, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.widgets import TextInput

from mixlite.core.forms import AtMost, Filled, Form, Line, OnceForm, OneOf, Words
from mixlite.core.language import current_language, today
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.facts import LABEL_LENGTH, NAMES, USUALLY_FOR, VALUE_LENGTH, Fact, FactKind
from mixlite.people.members import INTRODUCTION_LENGTH, NAME_LENGTH, Member
from mixlite.policy.choosing import ForWhom, data_of

EARLIEST_YEAR = 1900
ANY_YEAR = 2000  # a leap year: whoever was born on 29 February need not say when
_FROM_WIDE = str.maketrans("０１２３４５６７８９", "0123456789", "年月日 　")

HINTS: Mapping[str, Any] = {
    FactKind.READING: _l("As you would like to be called. It stands at your name."),
    FactKind.PLACE: _l("As exactly or as vaguely as you like: a town, a hill, a houseboat."),
    FactKind.SCHOOL: _l("Where people may know you from."),
    FactKind.WORK: _l("What you do all day, paid or not."),
    FactKind.INTERESTS: _l("What one can always talk with you about."),
    FactKind.FREE: _l("Whatever else you would like some of the people here to know."),
}


class ProfileForm(Form):
    """Name and introduction, for all members to read."""

    name = Line(_l("Name"), validators=[Filled(), AtMost(NAME_LENGTH)])
    introduction = Words(_l("About me"), validators=[AtMost(INTRODUCTION_LENGTH)])


class FactForm(ForWhom):
    """One fact in a line of words. Without words there is no such fact."""

    value = Line(_l("Words"), validators=[AtMost(VALUE_LENGTH)])


class LongFactForm(ForWhom):
    """One that may take several lines."""

    value = Words(_l("Words"), validators=[AtMost(VALUE_LENGTH)])


class FreeFactForm(FactForm):
    """A field of one's own, with its name."""

    label = Line(_l("What it is called"), validators=[AtMost(LABEL_LENGTH)])


class NewFreeFactForm(FreeFactForm, OnceForm):
    """One that is not there yet: it needs both."""

    label = Line(_l("What it is called"), validators=[Filled(), AtMost(LABEL_LENGTH)])
    value = Line(_l("Words"), validators=[Filled(), AtMost(VALUE_LENGTH)])


class FriendsListForm(ForWhom):
    """Who may see the list of one's friends: there is nothing else to say."""

    def values(self) -> dict[str, Any]:
        return {**super().values(), "value": ""}


class Figures(Field):
    """A number as people type it into a date: in wide figures too, and with the 年 or 日 behind it. None when empty."""

    widget = TextInput()
    typed = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0][:40] if valuelist else ""
        figures = self.typed.translate(_FROM_WIDE).strip()
        self.data: int | None = None
        if not figures:
            return
        if not (figures.isascii() and figures.isdigit() and len(figures) <= 4):
            raise ValueError(_l("Please enter a whole number."))
        self.data = int(figures)

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else str(self.data))


def months() -> list[tuple[str, str]]:
    """The months of the year in the reader's language; none of them is one of the choices."""
    names: Mapping[int, str] = Locale.parse(current_language()).months["stand-alone"]["wide"]
    return [("", "—"), *((str(number), name) for number, name in names.items())]


class BirthdayForm(ForWhom):
    """A day of the year, and the year only if the member wants it kept. Without a day there is no birthday."""

    month = OneOf(_l("Month"), choices=months, default="")
    day = Figures(_l("Day of the month"))
    with_year = RadioField(
        _l("The year"),
        choices=[
            SelectChoice("no", _l("Only the day: the year is not kept")),
            SelectChoice("yes", _l("The day and the year")),
        ],
        default="no",
    )
    year = Figures(_l("Year"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it is a day that has been. What is wrong stands at the part that is wrong."""
        if not super().validate(extra_validators):
            return False
        field, words = self._fault()
        if field is not None:
            field.errors = [*field.errors, words]
        return field is None

    def values(self) -> dict[str, Any]:
        """`value` is MM-DD, or YYYY-MM-DD where the year is wanted; empty when nothing was typed."""
        given = super().values()
        parts = {name: given.pop(name) for name in ("month", "day", "with_year", "year")}
        if not parts["month"]:
            return {**given, "value": ""}
        value = f"{int(parts['month']):02}-{parts['day']:02}"
        return {**given, "value": f"{parts['year']:04}-{value}" if parts["with_year"] == "yes" else value}

    def _fault(self) -> tuple[Field | None, Any]:
        is_wanted, year = self.with_year.data == "yes", self.year.data
        if not self.month.data and self.day.data is None:
            is_left_alone = not (is_wanted and year is not None)
            return (None, None) if is_left_alone else (self.month, _l("Please say the day as well."))
        if not self.month.data:
            return self.month, _l("Please choose a month.")
        if self.day.data is None:
            return self.day, _l("Please say the day as well.")
        if is_wanted and year is None:
            return self.year, _l("Please say the year, or choose to leave it out.")
        return self._fault_of_date(year if is_wanted else None)

    def _fault_of_date(self, year: Any) -> tuple[Field | None, Any]:
        if year is not None and year < EARLIEST_YEAR:
            return self.year, _l("Please look at the year again: it is longer ago than anybody lives.")
        if year is not None and year > today().year:
            return self.year, _l("This day has not come yet.")
        month, day = int(self.month.data), self.day.data or 0
        try:
            found = date(year or ANY_YEAR, month, day)
        except ValueError:
            return self.day, _l("There is no such day in that month.")
        is_ahead = year is not None and found > today()
        return (self.year, _l("This day has not come yet.")) if is_ahead else (None, None)


def fact_form(author: Member, kind: str, fact: Fact | None) -> ForWhom:
    """The form for one of the facts of which there is one each, filled with what it says now."""
    makers = {
        FactKind.BIRTHDAY: BirthdayForm,
        FactKind.INTERESTS: LongFactForm,
        FactKind.FRIENDS: FriendsListForm,
    }
    form = makers.get(FactKind(kind), FactForm)(
        author=author, data={"audience": USUALLY_FOR[FactKind(kind)].value, **_standing(fact)}
    )
    if "value" in form:
        form["value"].label.text = NAMES[kind]
    return form


def free_fact_form(author: Member, fact: Fact) -> FreeFactForm:
    """Filled with what it says now."""
    return FreeFactForm(author=author, data=_standing(fact))


def new_free_fact_form(author: Member) -> NewFreeFactForm:
    """Empty."""
    return NewFreeFactForm(author=author, data={"audience": USUALLY_FOR[FactKind.FREE].value})


def _standing(fact: Fact | None) -> dict[str, Any]:
    if fact is None:
        return {}
    given = {"label": fact.label, "value": fact.value, **data_of(fact)}
    if fact.kind == FactKind.BIRTHDAY:
        *year, month, day = (int(part) for part in fact.value.split("-"))
        given |= {"month": str(month), "day": day, "with_year": "yes" if year else "no"}
        given |= {"year": year[0]} if year else {}
    return given
