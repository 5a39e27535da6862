"""Choosing a portrait."""

from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.portraits.drawing import drawing
from mixlite.people.members import Member


def choose_portrait(member: Member, *, portrait: str) -> Member:
    """Have this drawing stand beside one's name; none for an empty code. Raises Refused for what is no drawing."""
    if portrait and drawing(portrait) is None:
        raise Refused(_l("There is no such portrait. Please choose one of these."), "portrait")
    member.portrait = portrait
    return member
