"""The one picker of who can read, as a form sees it.

A form on the floor of the law: everything that is published asks the same question in the same words, and features do
not know each other. `ForWhom` is mixed into each of their forms; the templates draw it with `fields.audience_picker`.
"""

from typing import Any

from mixlite.core.forms import Form, Handles, Ids, OneOf
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import Audience
from mixlite.entries.selections import MOST_PEOPLE, Choice
from mixlite.people.groups import MOST_GROUPS
from mixlite.people.members import ids_of_handles

EXCEPT = "friends_except"  # a line of the picker of its own; to the law it is `chosen`
LINES: Any = ["only_me", "chosen", "friends", EXCEPT, "friends_of_friends", "members"]


class ForWhom(Form):
    """Who can read what this form makes. `values()` has `audience`, a word, and `choice`, which spells out `chosen`."""

    audience = OneOf(_l("Who can read this"), choices=LINES, default=Audience.FRIENDS.value)
    groups = Ids(_l("Groups"), limit=MOST_GROUPS, default=frozenset())
    people = Handles(_l("People"), limit=MOST_PEOPLE, default=frozenset())
    exceptions = Handles(_l("Not these"), limit=MOST_PEOPLE, default=frozenset())

    def values(self) -> dict[str, Any]:
        given = super().values()
        groups, people, exceptions = (given.pop(name) or frozenset() for name in ("groups", "people", "exceptions"))
        line = given["audience"]
        is_except = line == EXCEPT
        given["audience"] = Audience.CHOSEN.value if is_except else line
        ids = ids_of_handles(people | exceptions)
        given["choice"] = Choice(
            all_friends=is_except,
            groups=frozenset() if is_except else groups,
            people=frozenset() if is_except else frozenset(ids[handle] for handle in people if handle in ids),
            exceptions=frozenset(ids[handle] for handle in exceptions if handle in ids),
        )
        return given
