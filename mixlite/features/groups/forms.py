"""A group's name, and who shall be in it."""

from mixlite.core.forms import AtMost, Filled, Form, Handles, Ids, Line, OnceForm
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.selections import MOST_PEOPLE
from mixlite.people.groups import MOST_GROUPS, NAME_LENGTH


class GroupForm(OnceForm):
    """A new one."""

    name = Line(_l("Name of the group"), validators=[Filled(), AtMost(NAME_LENGTH)])


class RenameForm(Form):
    """Another name."""

    name = Line(_l("Name of the group"), validators=[Filled(), AtMost(NAME_LENGTH)])


class PeopleForm(Form):
    """Friends by their handles."""

    people = Handles(_l("Friends by name"), limit=MOST_PEOPLE, default=frozenset())


class SortForm(Form):
    """One friend, and in which groups they stand."""

    groups = Ids(_l("Groups"), limit=MOST_GROUPS, default=frozenset())
