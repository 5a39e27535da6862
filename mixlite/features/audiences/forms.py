"""Which entries, and for whom from now on."""

from datetime import date
from typing import Any

from wtforms import DateField, HiddenField
from wtforms.validators import AnyOf, Optional

from mixlite.core.forms import OnceForm, OneOf
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import OFFERED
from mixlite.features.audiences.queries import Which
from mixlite.policy.choosing import ForWhom

KINDS: Any = ["", "diary", "voice", "album"]
PRESENT: Any = ["", *(word.value for word in OFFERED)]


class Day(DateField):
    """A day of the calendar, between the years 1900 and 2999."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([value for value in valuelist if value])
        if self.data is not None and not date(1900, 1, 1) <= self.data <= date(2999, 12, 31):
            self.data = None
            raise ValueError(self.gettext("Not a valid date value."))


class ManyForm(ForWhom, OnceForm):
    """Many entries at once. `step` is look, or change once it was looked at."""

    which = OneOf(_l("Which"), choices=KINDS, default="")
    since = Day(_l("Written from"), validators=[Optional()])
    before = Day(_l("Written before"), validators=[Optional()])
    present = OneOf(_l("Readable now by"), choices=PRESENT, default="")
    step = HiddenField(validators=[AnyOf(["look", "change"])], default="look")

    def which_entries(self) -> Which:
        """As the queries take it."""
        return Which(self.which.data, self.before.data, self.since.data, self.present.data)

    def values(self) -> dict[str, Any]:
        given = super().values()
        return {"which": self.which_entries(), "audience": given["audience"], "choice": given["choice"]}


class DefaultForm(ForWhom):
    """The member's own default."""
