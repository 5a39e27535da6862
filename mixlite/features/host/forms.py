"""What hosts fill in."""

from typing import Any

from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import NumberRange, Optional

from mixlite.core.crypto import hash_password, new_token
from mixlite.core.errors import Conflict, Refused
from mixlite.core.forms import AtMost, Filled, Form, Line, WholeNumber, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.host.queries import SETTINGS, marks_of, settings_of
from mixlite.people.circle import NAME_LENGTH, NOTICE_LENGTH, WORDS_LENGTH, Circle, the_circle
from mixlite.people.members import REASON_LENGTH, Member

MOST_OPEN_USES = 1000
LONGEST_WAIT_HOURS = 24 * 60
_TERMS = [
    SelectChoice("1", _l("for a day")),
    SelectChoice("3", _l("for three days")),
    SelectChoice("7", _l("for a week")),
    SelectChoice("30", _l("for thirty days")),
    SelectChoice("", _l("until a host lifts it")),
]


class ReasonForm(Form):
    """An act on a member's account, and why."""

    reason = Words(_l("Why"), validators=[Filled(_l("Please say why.")), AtMost(REASON_LENGTH)])


class SuspendForm(ReasonForm):
    """For how long."""

    days = SelectField(_l("How long"), choices=_TERMS, default="7")

    def values(self) -> dict[str, Any]:
        return {"reason": self.reason.data, "days": int(self.days.data) if self.days.data else None}


class ResetForm(ReasonForm):
    """The old password ends; a second factor that was lost too, if the member has one."""

    without_factor = BooleanField(_l("Switch off the second factor too, because they lost it"))

    @classmethod
    def of(cls, member: Member) -> "ResetForm":
        """Asks about a second factor only where there is one."""
        form = cls()
        if member.totp_since is None:
            del form.without_factor
        return form

    def values(self) -> dict[str, Any]:
        """A hash that no password belongs to, made before the writer's lock."""
        return {
            "reason": self.reason.data,
            "unusable_hash": hash_password(new_token()),
            "without_factor": "without_factor" in self and bool(self.without_factor.data),
        }


class InvitationRightForm(ReasonForm):
    """One member's right to invite."""

    quota = WholeNumber(
        _l("Open uses at a time"),
        validators=[Optional(), NumberRange(0, MOST_OPEN_USES, _l("Between 0 and 1000."))],
        description=_l("Empty: as everybody."),
    )
    may_invite = BooleanField(_l("May invite"), default=True)

    @classmethod
    def of(cls, member: Member) -> "InvitationRightForm":
        """As it stands now."""
        return cls(data={"quota": member.invite_quota, "may_invite": member.invite_denial is None})

    def values(self) -> dict[str, Any]:
        """A denial is the reason that the member reads."""
        denial = None if self.may_invite.data else self.reason.data
        return {"reason": self.reason.data, "quota": self.quota.data, "denial": denial}


class SettingsForm(Form):
    """What the house says of itself, and how people may invite.

    `seen` goes along with the page: marks of what stood there when the host began. `theirs` is, after a conflict, what
    another host has saved in the fields that this one has changed as well.
    """

    seen = HiddenField()

    name = Line(_l("Name of the house"), validators=[AtMost(NAME_LENGTH)])
    notice = Words(_l("Notice on everybody's home"), validators=[AtMost(NOTICE_LENGTH)])
    welcome = Words(_l("Letter of welcome"), validators=[AtMost(WORDS_LENGTH)])
    rules = Words(_l("Rules of the house"), validators=[AtMost(WORDS_LENGTH)])
    invite_quota = WholeNumber(
        _l("Open uses at a time"), validators=[NumberRange(0, MOST_OPEN_USES, _l("Between 0 and 1000."))]
    )
    invite_wait_hours = WholeNumber(
        _l("Hours before the first invitation"),
        validators=[NumberRange(0, LONGEST_WAIT_HOURS, _l("Between 0 and 1440."))],
    )

    def __init__(self, circle: Circle, **kwargs: Any):
        super().__init__(obj=circle, **kwargs)
        self.theirs: dict[str, Any] = {}
        if not self.is_submitted():
            self._look_at(circle)

    def values(self) -> dict[str, Any]:
        return {**{name: self[name].data for name in SETTINGS}, "seen": self._marks()}

    def refuse(self, refusal: Refused) -> None:
        """After a conflict: what this host did not touch is as it is now, what both changed is shown both ways."""
        super().refuse(refusal)
        if not isinstance(refusal, Conflict):
            return
        circle, before = the_circle(), self._marks()
        now, typed = settings_of(circle), marks_of({name: self[name].data for name in SETTINGS})
        for name, value in now.items():
            if typed[name] == before.get(name):
                self[name].data = value
            elif self[name].data != value and marks_of(now)[name] != before.get(name):
                self.theirs[name] = value
        self._look_at(circle)

    def _look_at(self, circle: Circle) -> None:
        self.seen.data = " ".join(marks_of(settings_of(circle)).values())

    def _marks(self) -> dict[str, str]:
        marks = (self.seen.data or "").split()
        return dict(zip(SETTINGS, marks, strict=True)) if len(marks) == len(SETTINGS) else {}
