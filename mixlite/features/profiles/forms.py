"""What a member says of themselves."""

from mixlite.core.forms import AtMost, Filled, Form, Line, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.members import INTRODUCTION_LENGTH, NAME_LENGTH


class ProfileForm(Form):
    """Name and introduction, for all members to read."""

    name = Line(_l("Name"), validators=[Filled(), AtMost(NAME_LENGTH)])
    introduction = Words(_l("About me"), validators=[AtMost(INTRODUCTION_LENGTH)])
