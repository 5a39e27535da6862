"""/@<word:handle> and its tabs, /settings/profile and its facts."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import regex
from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.http import leave_trace, page, see_other
from mixlite.core.language import local, ruby_parts
from mixlite.core.paging import Cursors, Page, Position
from mixlite.entries.facts import MOST_FREE, NAMES, FactKind, fact_of, facts_of, free_fact_of
from mixlite.features.profiles import forms, queries, verbs
from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom, picker
from mixlite.policy.showing import Shown, shown
from mixlite.policy.visibility import visible_member

bp = Blueprint("profiles", __name__)

LATEST = 10
PER_PAGE = 30
ON_GRID = 9
FRIENDS_PER_PAGE = 60
RECOMMENDED = 4
ONE_EACH = tuple(kind for kind in FactKind if kind not in (FactKind.FREE, FactKind.FRIENDS))
_WHEN = regex.compile(r"(?P<year>[12][0-9]{3})(?:-(?P<month>0[1-9]|1[0-2]))?")


@bp.get("/@<word:handle>")
def show(handle: str) -> Response:
    member = visible_member(current_user, handle)
    if member.sponsor_id == current_user.id:
        leave_trace("arrivals.seen", member_id=current_user.id, newcomer_id=member.id)
    found = _page("entries", member, LATEST, lambda size, after: queries.entries_by(current_user, member, size, after))
    recommended = queries.favourites_of(current_user, member, RECOMMENDED)
    relation = queries.relation_to(current_user, member)
    items = _shown([*found.items, *recommended])
    return page(
        "profiles/show.html",
        member=member,
        relation=relation.name,
        friends_since=relation.since,
        request_id=relation.request_id,
        sponsor=queries.sponsor_of(current_user, member),
        items=items[: len(found.items)],
        favourites=items[len(found.items) :],
        older_url=_older("show", member, found),
        friends=[friend for friend, _since in queries.friends_seen(current_user, member, ON_GRID)],
        friend_count=queries.count_of_friends_seen(current_user, member),
        **_facts(member),
        **_almanac(member, None),
    )


@bp.get("/@<word:handle>/diary")
def diary(handle: str) -> Response:
    member, span = visible_member(current_user, handle), _span(request.args.get("when"))
    found = _page(
        "diary",
        member,
        PER_PAGE,
        lambda size, after: queries.entries_by(current_user, member, size, after, kind="diary", span=span),
    )
    months = [
        (month, list(group))
        for month, group in groupby(_shown(found.items), lambda item: local(item.entry.shown_at).date().replace(day=1))
    ]
    older_url = _older("diary", member, found, when=span.word if span else None)
    return page("profiles/diary.html", member=member, months=months, older_url=older_url, **_almanac(member, span))


@bp.get("/@<word:handle>/favourites")
def favourites(handle: str) -> Response:
    member = visible_member(current_user, handle)
    found = _page(
        "favourites", member, PER_PAGE, lambda size, after: queries.favourites_of(current_user, member, size, after)
    )
    return page(
        "profiles/favourites.html",
        member=member,
        items=_shown(found.items),
        older_url=_older("favourites", member, found),
    )


@bp.get("/@<word:handle>/friends")
def friends(handle: str) -> Response:
    member = visible_member(current_user, handle)
    cursors = Cursors(f"friends-of-{member.id}", current_user.id)
    rows = queries.friends_seen(current_user, member, FRIENDS_PER_PAGE + 1, cursors.read(request.args.get("after")))
    found = cursors.page(rows, FRIENDS_PER_PAGE, lambda row: (row[1], row[0].id))
    return page(
        "profiles/friends.html",
        member=member,
        friends=[friend for friend, _since in found.items],
        friend_count=queries.count_of_friends_seen(current_user, member),
        older_url=_older("friends", member, found),
    )


@bp.route("/settings/profile", methods=["GET", "POST"])
def edit() -> Response:
    form = forms.ProfileForm(obj=current_user)
    if form.perform(verbs.describe_oneself, current_user):
        return see_other(url_for("profiles.show", handle=current_user.handle))
    facts = facts_of(current_user.id)
    return page(
        "profiles/edit.html",
        form.status,
        form=form,
        rows=[(kind, NAMES[kind], _first(facts, kind)) for kind in ONE_EACH],
        free=[fact for fact in facts if fact.kind == FactKind.FREE],
        most_free=MOST_FREE,
        friends_list=_first(facts, FactKind.FRIENDS),
    )


@bp.route("/settings/profile/facts/<word:kind>", methods=["GET", "POST"])
def fact(kind: str) -> Response:
    if kind not in (*ONE_EACH, FactKind.FRIENDS):
        raise NotHere
    form = forms.fact_form(current_user, kind, fact_of(current_user.id, kind))
    if form.perform(verbs.state_fact, current_user, kind):
        return see_other(_facts_address())
    return _fact_page(kind, NAMES[kind], form)


@bp.route("/settings/profile/facts/free", methods=["GET", "POST"])
def new_fact() -> Response:
    form = forms.new_free_fact_form(current_user)
    address = form.perform_once(verbs.add_free_fact, current_user, address=lambda _fact: _facts_address())
    return see_other(address) if address else _fact_page("free", NAMES[FactKind.FREE], form)


@bp.route("/settings/profile/facts/free/<id:fact_id>", methods=["GET", "POST"])
def free_fact(fact_id: int) -> Response:
    fact = free_fact_of(current_user.id, fact_id)
    if fact is None:
        raise NotHere
    label, form = fact.label, forms.free_fact_form(current_user, fact)
    if form.perform(verbs.revise_free_fact, current_user, fact_id):
        return see_other(_facts_address())
    return _fact_page("free", label, form)


def _fact_page(kind: str, name: Any, form: ForWhom) -> Response:
    """The one form for one fact."""
    return page(
        "profiles/fact.html",
        form.status,
        kind=kind,
        name=name,
        hint=forms.HINTS.get(kind),
        form=form,
        picker=picker(current_user, form),
        back=_facts_address(),
    )


def _facts_address() -> str:
    return url_for("profiles.edit", _anchor="facts")


def _first(facts: Sequence[Any], kind: str) -> Any:
    return next((fact for fact in facts if fact.kind == kind), None)


def _facts(member: Member) -> dict[str, Any]:
    """What the viewer may read of them; a reading stands at the name, and among the rest only for whoever it is."""
    facts = queries.facts_seen(current_user, member)
    reading = next((fact.value for fact in facts if fact.kind == FactKind.READING), "")
    is_mine = member.id == current_user.id
    return {
        "facts": [fact for fact in facts if is_mine or fact.kind != FactKind.READING],
        "reading": reading,
        "ruby": ruby_parts(member.name, reading),
    }


def _almanac(member: Member, span: queries.Span | None) -> dict[str, Any]:
    """The years of a diary, and the months of one of them: of the one that is looked at, else of the newest."""
    months = queries.diary_months(current_user, member)
    open_year = span.first.year if span else months[0].first.year if months else 0
    return {
        "diary_years": queries.years_of(months),
        "diary_months": [month for month in months if month.first.year == open_year],
        "open_year": open_year,
        "span": span,
    }


def _span(word: str | None) -> queries.Span | None:
    """The month or the year that an address names. Raises NotHere for a word that is none."""
    if word is None:
        return None
    found = _WHEN.fullmatch(word)
    if found is None:
        raise NotHere
    year, month = int(found["year"]), int(found["month"] or 0)
    if not month:
        return queries.Span(date(year, 1, 1), date(year + 1, 1, 1))
    return queries.Span(date(year, month, 1), queries.month_after(date(year, month, 1)))


def _page(
    list_name: str, member: Member, size: int, rows: Callable[[int, Position | None], Sequence[Position]]
) -> Page[Position]:
    cursors = Cursors(f"{list_name}-of-{member.id}", current_user.id)
    found = rows(size + 1, cursors.read(request.args.get("after")))
    return cursors.page(found, size, lambda position: position)


def _shown(positions: Sequence[Position]) -> list[Shown]:
    return shown(current_user, [entry_id for _at, entry_id in positions])


def _older(tab: str, member: Member, found: Page[Any], **more: Any) -> str | None:
    return url_for(f"profiles.{tab}", handle=member.handle, after=found.cursor, **more) if found.cursor else None
