"""Reporting something, and deciding about a report."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from mixlite.core.forms import AtMost, Filled, Form, OnceForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.reports.models import DECISIONS
from mixlite.people.members import REASON_LENGTH

_REASONS = [
    SelectChoice("unkind", _l("It is unkind or hurtful")),
    SelectChoice("private", _l("It shows something private")),
    SelectChoice("unwanted", _l("It pesters or advertises")),
    SelectChoice("unlawful", _l("It is against the law")),
    SelectChoice("other", _l("Something else")),
]
_TERMS = [
    SelectChoice("1", _l("for a day")),
    SelectChoice("3", _l("for three days")),
    SelectChoice("7", _l("for a week")),
    SelectChoice("30", _l("for thirty days")),
    SelectChoice("", _l("until a host lifts it")),
]


class ReportForm(OnceForm):
    """Why, and in one's own words."""

    reason = RadioField(
        _l("What is wrong with it"), choices=_REASONS, validators=[InputRequired(_l("Please choose one."))]
    )
    note = Words(_l("In your own words"), validators=[AtMost(REASON_LENGTH)])


class DecisionForm(Form):
    """What a host does about it, and what both sides read about that."""

    decision = RadioField(
        _l("What you do"),
        choices=[SelectChoice(word) for word in DECISIONS],
        validators=[InputRequired(_l("Please choose one."))],
    )
    days = SelectField(_l("How long"), choices=_TERMS, default="7")
    take_away = BooleanField(_l("and remove it as well"))
    words = Words(_l("Words to both of them"), validators=[AtMost(REASON_LENGTH)])

    def validate_words(self, field: Words) -> None:
        if self.decision.data != "dismissed":
            Filled(_l("Please say why; it goes into the log, too."))(self, field)

    def values(self) -> dict[str, Any]:
        """What the verb of this decision takes."""
        words: dict[str, Any] = {"words": self.words.data}
        if self.decision.data != "suspended":
            return words
        return {
            **words,
            "days": int(self.days.data) if self.days.data else None,
            "take_away": bool(self.take_away.data),
        }
