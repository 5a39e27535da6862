"""Changing what one's profile says."""

from dataclasses import dataclass

from mixlite.core import events
from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.text import is_blank
from mixlite.entries.entries import selection_for
from mixlite.entries.facts import MOST_FREE, Fact, FactKind, count_of_free_facts, fact_of, free_fact_of
from mixlite.entries.selections import Choice
from mixlite.people.members import Member, lock_members
from mixlite.policy.permissions import Act, require


@dataclass(frozen=True)
class Said:
    """What became of a fact: itself, or None when it is gone."""

    fact: Fact | None


def describe_oneself(member: Member, *, name: str, introduction: str) -> Member:
    """The handle stays what it is."""
    member.name, member.introduction = name, introduction
    return member


def state_fact(member: Member, kind: str, *, value: str, audience: str, choice: Choice | None = None) -> Said:
    """Say one of the things of which there is one each. Without words it is gone; the list of friends never has any.

    `value` of a birthday is MM-DD or YYYY-MM-DD. Raises Refused for a choice of nobody.
    """
    _hold(member)
    fact = fact_of(member.id, kind) or Fact(author_id=member.id, kind=kind)
    if is_blank(value) and kind != FactKind.FRIENDS:
        return _take_away(fact)
    fact.month_day = value[-5:] if kind == FactKind.BIRTHDAY else None
    return Said(_keep(fact, value, audience, choice))


def add_free_fact(member: Member, *, label: str, value: str, audience: str, choice: Choice | None = None) -> Fact:
    """Say something under a name of one's own. Raises Refused when there are ten already."""
    _hold(member)
    if count_of_free_facts(member.id) >= MOST_FREE:
        raise Refused(_l("There is room for ten fields of your own. Please take one away first."))
    return _keep(Fact(author_id=member.id, kind=FactKind.FREE, label=label), value, audience, choice)


def revise_free_fact(
    member: Member, fact_id: int, *, label: str, value: str, audience: str, choice: Choice | None = None
) -> Said:
    """Change a free one; without words it is gone. Raises NotHere for anybody else's."""
    _hold(member)
    fact = free_fact_of(member.id, fact_id)
    if fact is None:
        raise NotHere
    if is_blank(value):
        return _take_away(fact)
    if is_blank(label):
        raise Refused(_l("Please fill this in."), "label")
    fact.label = label
    return Said(_keep(fact, value, audience, choice))


def _hold(member: Member) -> None:
    """One after the other, so that two sendings at once make no second birthday and no eleventh field."""
    lock_members(member.id)
    require(member, Act.DESCRIBE)


def _keep(fact: Fact, value: str, audience: str, choice: Choice | None) -> Fact:
    fact.selection_id = selection_for(fact.author_id, audience, choice)
    fact.value, fact.audience = value, audience
    db.session.add(fact)
    db.session.flush()
    events.record("fact.changed", actor_id=fact.author_id, subject_id=fact.id)
    return fact


def _take_away(fact: Fact) -> Said:
    """At once and for good: nothing hangs on it."""
    if fact.id is not None:
        events.record("fact.removed", actor_id=fact.author_id, subject_id=fact.id)
        db.session.delete(fact)
        db.session.flush()
    return Said(None)
