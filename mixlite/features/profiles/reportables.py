"""A member's page, as somebody may report it to the host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import delete, select

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.rooms import Reportable
from mixlite.entries.audience import Audience
from mixlite.entries.facts import Fact, FactKind
from mixlite.features.profiles.queries import facts_seen
from mixlite.people.members import Member
from mixlite.policy.visibility import meets


@dataclass(frozen=True)
class Seen:
    """A member's page as one viewer sees it."""

    member: Member
    facts: Sequence[Fact]


def seen_page(viewer: Member, member_id: int) -> Seen:
    """The page of the person with this id. Raises NotHere when they do not exist for the viewer."""
    member = db.session.scalars(select(Member).where(Member.id == member_id, meets(viewer.id, Member))).one_or_none()
    if member is None:
        raise NotHere
    return Seen(member, facts_seen(viewer, member))


def snapshot_of_page(seen: Seen) -> Mapping[str, Any]:
    """What the page said to whoever reported it. A birthday is no words, and nothing that a host has to know."""
    said = [f"{fact.name}: {fact.value}" for fact in seen.facts if fact.kind != FactKind.BIRTHDAY]
    return {"title": seen.member.name, "text": "\n".join([seen.member.introduction, *said]).strip()}


def empty_page(_host: Member, member_id: int) -> bool:
    """Take the words off their page; the person stays, and so does what only they can read or what is no words."""
    member = db.session.get(Member, member_id, populate_existing=True)
    is_words = Fact.kind.not_in((FactKind.BIRTHDAY, FactKind.FRIENDS))
    words = delete(Fact).where(Fact.author_id == member_id, is_words, Fact.audience != Audience.ONLY_ME)
    has_facts = bool(db.session.execute(words.returning(Fact.id)).all())
    if member is None or not (member.introduction or has_facts):
        return False
    member.introduction = ""
    return True


MEMBER = Reportable(
    name="member",
    label=_l("Member"),
    removal=_l("Empty the page: introduction and facts"),
    load=seen_page,
    maker_id=lambda seen: seen.member.id,
    address=lambda seen: url_for("profiles.show", handle=seen.member.handle),
    snapshot=snapshot_of_page,
    remove=empty_page,
)
