"""Many entries at once: what would change is said first; then it does, and for seven days it can be taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.entries.entries import Entry
from tests.support.site import Cast, Client, Site, gather

YEARS = {2022: "members", 2023: "friends", 2024: "friends", 2025: "only_me"}


@pytest.fixture
def old(site: Site, cast: Cast) -> dict[int, int]:
    """One diary of each year, by the author."""
    found = {}
    for year, audience in YEARS.items():
        with clock.at(datetime(year, 6, 1, 12, tzinfo=UTC)):
            found[year] = site.diary("author", audience, title=f"Of {year}")
    return found


def audiences(site: Site, entries: dict[int, int]) -> dict[int, str]:
    with site.inside():
        return {year: str(db.session.get_one(Entry, entry_id).audience) for year, entry_id in entries.items()}


def look(author: Client, **fields: str):
    return author.submit("/settings/audiences", "See what would change", **fields)


def test_everything_before_2024_to_only_me_and_back(site: Site, old: dict[int, int]):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    seen = look(author, before="2024-01-01", audience="only_me")
    assert seen.status_code == 200
    assert "2 entries" in seen.text
    assert "Of 2023" in seen.text
    assert "Of 2024" not in seen.text
    assert audiences(site, old) == YEARS, "looking changes nothing"
    assert author.submit(seen, "Change 2 entries").status_code == 303
    assert audiences(site, old) == {2022: "only_me", 2023: "only_me", 2024: "friends", 2025: "only_me"}
    assert friend.get(f"/entries/{old[2022]}").status_code == 404
    author.submit(f"/entries/{old[2022]}/edit", "Save", audience="members")  # changed since: stays as it is
    author.submit("/settings/audiences", "Undo")
    assert audiences(site, old) == YEARS
    assert friend.get(f"/entries/{old[2023]}").status_code == 200


def test_chosen_audiences_come_back_as_they_were(site: Site, old: dict[int, int]):
    choice = site.choice("friend")
    chosen = site.diary("author", "chosen", title="For one", choice=choice)
    author, friend = site.sign_in("author"), site.sign_in("friend")
    author.submit(look(author, audience="members", present="chosen"), "Change 1 entry")
    assert site.sign_in("stranger").get(f"/entries/{chosen}").status_code == 200
    author.submit("/settings/audiences", "Undo")
    assert site.sign_in("stranger").get(f"/entries/{chosen}").status_code == 404
    assert friend.get(f"/entries/{chosen}").status_code == 200
    seen = look(author, audience="friends_except", exceptions="friend", present="friends")
    author.submit(seen, "Change 2 entries")
    assert friend.get(f"/entries/{old[2023]}").status_code == 404


def test_what_was_never_shown_is_announced_as_new(site: Site, old: dict[int, int]):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    seen = look(author, audience="friends", since="2025-01-01")
    assert "never shown to anybody" in seen.text
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with clock.at(now):
        author = site.sign_in("author")
        author.submit(look(author, audience="friends", since="2025-01-01"), "Change 1 entry")
        assert "Of 2025" in site.sign_in("friend").get("/").text
    with site.inside():
        entry = db.session.get_one(Entry, old[2025])
        assert entry.published_at == entry.shown_at == now
    assert friend.get(f"/entries/{old[2025]}").status_code == 200


def test_r12_pressed_twice_is_one_change(site: Site, old: dict[int, int]):
    author = site.sign_in("author")
    seen = look(author, before="2024-01-01", audience="only_me")
    (form,) = [form for form in author.forms(seen) if "Change 2 entries" in form.buttons]
    for _ in range(2):
        answer = author.http.post("/settings/audiences", data={**form.fields, "step": "change"})
        assert answer.status_code == 303
    assert author.get("/settings/audiences").text.count("/undo") == 1


def test_after_seven_days_and_by_anybody_else_it_is_not_there(site: Site, old: dict[int, int]):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    author.submit(look(author, before="2024-01-01", audience="only_me"), "Change 2 entries")
    missing = friend.post("/settings/audiences/4711/undo")
    theirs = friend.post("/settings/audiences/1/undo")
    assert (theirs.status_code, theirs.data) == (404, missing.data)
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        author = site.sign_in("author")
        assert author.post("/settings/audiences/1/undo").status_code == 404
        assert "/undo" not in author.get("/settings/audiences").text


@pytest.mark.parametrize(
    "fields",
    [
        {"before": "yesterday"},
        {"before": "0001-01-01"},
        {"before": "99999-01-01"},
        {"since": "2024-02-30"},
        {"which": "poll"},
        {"present": "everybody"},
        {"audience": "public"},
        {"audience": "chosen"},
        {"step": "whatever"},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(site: Site, old: dict[int, int], fields: dict[str, str]):
    answer = look(site.sign_in("author"), **{"audience": "only_me", **fields})
    assert answer.status_code == 422
    assert audiences(site, old) == YEARS


def test_when_nothing_would_change_there_is_nothing_to_press(site: Site, old: dict[int, int]):
    author = site.sign_in("author")
    seen = look(author, audience="members", since="2026-01-01")
    assert "Nothing would change" in seen.text
    answer = author.submit(
        "/settings/audiences", "See what would change", audience="members", since="2026-01-01", step="change"
    )
    assert answer.status_code == 422


def test_it_works_on_both_databases(any_site: Site):
    gather(any_site)
    ids = {number: any_site.voice("author", "friends") for number in range(3)}
    author = any_site.sign_in("author")
    author.submit(look(author, audience="chosen", people="friend", which="voice"), "Change 3 entries")
    assert set(audiences(any_site, ids).values()) == {"chosen"}
    author.submit("/settings/audiences", "Undo")
    assert set(audiences(any_site, ids).values()) == {"friends"}


def test_whatever_was_refused_or_taken_back_the_next_step_is_to_look_again(site: Site, old: dict[int, int]):
    author = site.sign_in("author")
    seen = look(author, before="2024-01-01", audience="only_me")
    again = author.submit(seen, "Change 2 entries", how_many="yes")
    assert "2024-01-01" in again.text
    refused = author.submit(seen, "Change 2 entries", before="yesterday")
    assert (again.status_code, refused.status_code) == (200, 422)
    for page in (again, refused):
        assert author.submit(page, "See what would change", before="2024-01-01").status_code == 200
    assert audiences(site, old) == YEARS
