"""Who may read a thing: the words, and the columns of everything that has an audience."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from mixlite.core.language import lazy_gettext as _l
from mixlite.people.members import Member


class Audience(StrEnum):
    """From the narrowest to the widest. What the law does not know grants nothing."""

    ONLY_ME = "only_me"
    CHOSEN = "chosen"
    FRIENDS = "friends"
    FRIENDS_OF_FRIENDS = "friends_of_friends"
    MEMBERS = "members"
    COMMUNITY = "community"
    PUBLIC = "public"


# Beside the words of people: who reads it is asked of its parent (a photo in an album). To whatever looks at this
# column alone, feeds and lists among them, it grants nothing.
AS_PARENT = "parent"

# What a member can choose for what they publish themselves, from the narrowest to the widest.
OFFERED = (Audience.ONLY_ME, Audience.CHOSEN, Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS, Audience.MEMBERS)

# The name of each, and what it means in a few words.
WORDS: Mapping[str, tuple[Any, Any]] = {
    Audience.ONLY_ME: (_l("Only me"), _l("Nobody else can see that it is there.")),
    Audience.CHOSEN: (_l("Chosen people"), _l("Only the people and groups its author chose.")),
    Audience.FRIENDS: (_l("Friends"), _l("People its author is friends with.")),
    Audience.FRIENDS_OF_FRIENDS: (_l("Friends of friends"), _l("Friends, and their friends.")),
    Audience.MEMBERS: (_l("Everybody here"), _l("Everyone who was invited in; people you blocked are left out.")),
    Audience.COMMUNITY: (_l("The community"), _l("Those who can read the community.")),
    Audience.PUBLIC: (_l("Anybody"), _l("Anybody on the web.")),
    AS_PARENT: (_l("As its album"), _l("Those who can see the album.")),
}


class HasAudience:
    """The columns that `policy.visibility.sees` reads. The audience `chosen` has a selection, and no other has."""

    audience: Mapped[str] = mapped_column(String(20))
    deleted_at: Mapped[datetime | None]

    @declared_attr
    def selection_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy calls it with the class
        return mapped_column(ForeignKey("selections.id"))

    @declared_attr
    def author_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy calls it with the class
        return mapped_column(ForeignKey(Member.id))
