"""Facts of a profile: each with its own audience, said, changed and taken away one by one."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.language import date_words, ruby_parts, speaking
from mixlite.entries.facts import MOST_FREE, Fact, FactKind
from mixlite.features.friends.verbs import end_friendship
from mixlite.features.profiles import queries
from mixlite.features.profiles.verbs import add_free_fact, state_fact
from mixlite.features.reports.queries import report_with_id
from mixlite.features.reports.verbs import make_report, remove
from mixlite.people import leaving
from mixlite.people.mutes import set_mute
from mixlite.policy.choosing import data_of
from tests.app.everywhere import everything

PLACE, BIRTHDAY, FREE = (f"/settings/profile/facts/{kind}" for kind in ("place", "birthday", "free"))


def facts(site, handle="author"):
    with site.inside():
        rows = db.session.scalars(select(Fact).where(Fact.author_id == site.ids[handle]).order_by(Fact.id))
        return [(fact.kind, fact.label, fact.value, fact.month_day, fact.audience) for fact in rows]


def say(site, kind, value, audience="friends", who="author", choice=None):
    site.do(state_fact, who, kind, value=value, audience=audience, choice=choice)


# --- saying, changing, taking away ----------------------------------------------------------------------------------


def test_a_fact_is_said_changed_and_gone_when_it_is_emptied(site, cast):
    author = site.sign_in("author")
    answer = author.submit(PLACE, "Save", value="  Kobe,   by the sea ", audience="members")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/profile#facts")
    assert facts(site) == [("place", "", "Kobe, by the sea", None, "members")]
    assert 'value="Kobe, by the sea"' in author.get(PLACE).text
    author.submit(PLACE, "Save", value="Osaka", audience="only_me")
    assert facts(site) == [("place", "", "Osaka", None, "only_me")]
    author.submit(PLACE, "Save", value=" \u3000 ")
    assert facts(site) == []
    assert author.submit(PLACE, "Save", value="").status_code == 303, "gone is gone"


@pytest.mark.parametrize("kind", [kind.value for kind in FactKind if kind != "free"])
def test_every_kind_has_a_page_with_an_audience_of_its_own(site, cast, kind):
    author = site.sign_in("author")
    page = author.get(f"/settings/profile/facts/{kind}")
    assert page.status_code == 200
    assert 'name="audience"' in page.text
    usual = re.search(r'name="audience" value="(\w+)" checked', page.text)
    assert usual
    assert usual[1] == ("members" if kind in ("reading", "interests", "friends") else "friends")


def test_free_facts_have_names_and_there_is_room_for_ten(site, cast):
    author = site.sign_in("author")
    for number in range(MOST_FREE):
        answer = author.submit(FREE, "Save", label=f"Name {number}", value=f"Words {number}", audience="friends")
        assert answer.status_code == 303
    assert FREE + '"' not in author.get("/settings/profile").text
    refused = author.submit(FREE, "Save", label="Eleven", value="Too much of it.", audience="friends")
    assert refused.status_code == 422
    assert "Too much of it." in refused.text
    assert len(facts(site)) == MOST_FREE


def test_a_free_fact_sent_twice_is_one(site, cast):
    author = site.sign_in("author")
    form = next(form for form in author.forms(author.get(FREE)) if "Save" in form.buttons)
    sent = {**form.fields, "label": "Tea", "value": "Sencha"}
    for _ in range(2):
        assert author.http.post(FREE, data=sent).status_code == 303
    assert len(facts(site)) == 1


def test_a_free_fact_is_renamed_and_taken_away_and_needs_a_name(site, cast):
    author = site.sign_in("author")
    number = site.do(add_free_fact, "author", label="Tea", value="Sencha", audience="friends")
    assert author.submit(f"{FREE}/{number}", "Save", label="Coffee", value="Black").status_code == 303
    assert facts(site) == [("free", "Coffee", "Black", None, "friends")]
    before = everything(site)
    refused = author.submit(f"{FREE}/{number}", "Save", label="", value="Words to keep")
    assert refused.status_code == 422
    assert "Words to keep" in refused.text
    assert everything(site) == before
    author.submit(f"{FREE}/{number}", "Save", value="")
    assert facts(site) == []
    assert author.get(f"{FREE}/{number}").status_code == 404


def test_another_persons_fact_is_missing(site, cast):
    number = site.do(add_free_fact, "author", label="Tea", value="Sencha", audience="members")
    friend = site.sign_in("friend")
    assert friend.get(f"{FREE}/{number}").status_code == 404
    assert friend.post(f"{FREE}/{number}", {"label": "x", "value": "y", "audience": "friends"}).status_code == 404
    assert facts(site) == [("free", "Tea", "Sencha", None, "members")]


@pytest.mark.parametrize("kind", ["nothing", "FREE", "place2", "Place"])
def test_a_kind_that_is_none_is_missing(site, cast, kind):
    assert site.sign_in("author").get(f"/settings/profile/facts/{kind}").status_code == 404


def test_what_was_chosen_stands_in_the_form_again(site, cast):
    """Changing the words of a fact must not lose for whom it is."""
    site.befriend("author", "second")
    group = site.group("author", "Close", "friend second")
    say(site, "place", "Kobe", "chosen", choice=site.choice(groups=[group], exceptions="second"))
    say(site, "work", "Ropes", "chosen", choice=site.choice(all_friends=True, exceptions="second"))
    author = site.sign_in("author")
    for kind in ("place", "work"):
        answer = author.submit(f"/settings/profile/facts/{kind}", "Save", value="Other words")
        assert answer.status_code == 303, kind
    with site.inside():
        said = {fact.kind: data_of(fact) for fact in db.session.scalars(select(Fact))}
        assert {fact.value for fact in db.session.scalars(select(Fact))} == {"Other words"}
    nobody: frozenset[str] = frozenset()
    left_out = frozenset({"second"})
    assert said["place"] == {"audience": "chosen", "groups": {group}, "people": nobody, "exceptions": left_out}
    assert said["work"] == {"audience": "friends_except", "groups": nobody, "people": nobody, "exceptions": left_out}


# --- birthdays: what is typed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"month": "2", "day": "4"}, ("02-04", "02-04")),
        ({"month": "2", "day": "29"}, ("02-29", "02-29")),
        ({"month": "2", "day": "29", "year": "1992", "with_year": "yes"}, ("1992-02-29", "02-29")),
        ({"month": "12", "day": "31", "year": "1985", "with_year": "no"}, ("12-31", "12-31")),
        ({"month": "11", "day": "２７日", "year": "１９８０年", "with_year": "yes"}, ("1980-11-27", "11-27")),
    ],
)
def test_a_birthday_is_kept_with_or_without_its_year(site, cast, typed, kept):
    author = site.sign_in("author")
    assert author.submit(BIRTHDAY, "Save", **typed).status_code == 303
    assert [row[2:4] for row in facts(site)] == [kept]
    again = author.submit(BIRTHDAY, "Save")
    assert again.status_code == 303
    assert [row[2:4] for row in facts(site)] == [kept], "sent as it stands, it stays as it is"
    author.submit(BIRTHDAY, "Save", month="", day="", year="", with_year="no")
    assert facts(site) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"month": "2", "day": "30"}, "no such day"),
        ({"month": "4", "day": "31"}, "no such day"),
        ({"month": "2", "day": "29", "year": "1991", "with_year": "yes"}, "no such day"),
        ({"month": "1", "day": "1", "year": "2999", "with_year": "yes"}, "not come yet"),
        ({"month": "1", "day": "1", "year": "1066", "with_year": "yes"}, "longer ago"),
        ({"month": "1", "day": "1", "year": "", "with_year": "yes"}, "say the year"),
        ({"month": "", "day": "1"}, "choose a month"),
        ({"month": "1", "day": ""}, "say the day"),
        ({"month": "", "day": "", "year": "1980", "with_year": "yes"}, "say the day"),
        ({"month": "13", "day": "1"}, "valid choice"),
        ({"month": "1", "day": "0"}, "no such day"),
        ({"month": "1", "day": "-1"}, "whole number"),
        ({"month": "1", "day": "1.5"}, "whole number"),
        ({"month": "1", "day": "1e1"}, "whole number"),
        ({"month": "1", "day": "٣"}, "whole number"),
        ({"month": "1", "day": "9" * 5000}, "whole number"),
        ({"month": "1", "day": "1", "year": "\x00", "with_year": "yes"}, "whole number"),
    ],
)
def test_s43_days_that_are_none_are_refused_clearly_and_stay_typed(site, cast, typed, words):
    author = site.sign_in("author")
    before = everything(site)
    answer = author.submit(BIRTHDAY, "Save", **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{typed["day"][:40]}"' in answer.text
    assert everything(site) == before


def test_tomorrow_of_this_year_has_not_come_yet(site, cast):
    with clock.at(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        author = site.sign_in("author")
        for day, status in (("22", 303), ("23", 422)):
            typed = {"month": "11", "day": day, "year": "2026", "with_year": "yes"}
            assert author.submit(BIRTHDAY, "Save", **typed).status_code == status


def test_dates_are_written_as_each_language_writes_them(site):
    with site.app.app_context():
        for language, short, long in (("en", "29 February", "4 February 1985"), ("ja", "2月29日", "1985年2月4日")):
            with speaking(language):
                assert (date_words("02-29"), date_words("1985-02-04")) == (short, long)


# --- what others see ------------------------------------------------------------------------------------------------


def test_s14_each_fact_is_seen_by_its_audience_and_leaves_no_gap(site, cast):
    """Somebody who may see nothing sees the page of somebody who said nothing."""
    words = {"place": "only_me", "school": "friends", "work": "friends_of_friends", "interests": "members"}
    pages = {who: _page(site, who) for who in ("stranger", "friend")}
    for kind, audience in words.items():
        say(site, kind, f"said-{audience}", audience)
    say(site, "reading", "said-chosen", "chosen", choice=site.choice("friend"))
    for who, readers in {
        "author": {"only_me", "friends", "friends_of_friends", "members", "chosen"},
        "friend": {"friends", "friends_of_friends", "members", "chosen"},
        "second": {"friends_of_friends", "members"},
        "stranger": {"members"},
        "host": {"members"},
    }.items():
        assert set(re.findall(r"said-(\w+)", _page(site, who))) == readers, who
    for kind in (*words, "reading"):
        say(site, kind, "hidden", "only_me")
    assert {who: _page(site, who) for who in ("stranger", "friend")} == pages


def _page(site, who):
    text = site.sign_in(who).get("/@author").text
    return re.sub(r'(?:value|nonce)="[^"]{20,}"', "", text)


def test_only_the_owner_has_the_way_to_change(site, cast):
    say(site, "place", "Kobe", "members")
    assert f'href="{PLACE}"' in site.sign_in("author").get("/@author").text
    assert PLACE not in site.sign_in("friend").get("/@author").text


def test_a_fact_for_friends_ends_with_the_friendship(site, cast):
    say(site, "place", "Kobe", "friends")
    friend = site.sign_in("friend")
    assert "Kobe" in friend.get("/@author").text
    site.do(end_friendship, "friend", "author")
    assert "Kobe" not in friend.get("/@author").text


def test_a_reading_stands_over_a_name_in_ideographs_and_behind_any_other(site, cast):
    say(site, "reading", "さとう あき", "members")
    with site.inside(), writing():
        site.member("author").name = "佐藤 亜希"
    text = site.sign_in("stranger").get("/@author").text
    assert "<ruby>佐藤<rp>（</rp><rt>さとう</rt><rp>）</rp></ruby> <ruby>亜希<rp>（</rp><rt>あき</rt>" in text
    assert ruby_parts("佐藤亜希", "さとう あき") == [("佐藤亜希", "さとう あき")]
    assert ruby_parts("Siobhán", "shi-VAWN") == []
    with site.inside(), writing():
        site.member("author").name = "Siobhán"
    assert "(さとう あき)" in site.sign_in("stranger").get("/@author").text


def test_s19_months_and_years_count_what_the_viewer_can_list(any_site):
    site = any_site
    site.join("host")
    site.join("author", "host")
    site.join("other", "host")
    for year, month, audience in (
        (2024, 12, "friends"),
        (2025, 1, "only_me"),
        (2025, 1, "members"),
        (2025, 3, "friends"),
    ):
        with clock.at(datetime(year, month, 15, 12, tzinfo=UTC)):
            site.diary("author", audience, title=f"{year}-{month} {audience}")
            site.voice("author", audience)
    for who, expected in (
        ("author", {"2024": 1, "2025": 3, "2025-01": 2, "2025-03": 1}),
        ("host", {"2024": 1, "2025": 2, "2025-01": 1, "2025-03": 1}),
        ("other", {"2025": 1, "2025-01": 1}),
    ):
        client = site.sign_in(who)
        text = client.get("/@author/diary").text
        found = re.findall(r'when=([\d-]+)"[^>]*>[^<]*<span class="count"[^>]*>(\d+)', text)
        assert {word: int(count) for word, count in found} == expected, who
        for word, count in expected.items():
            month = client.get(f"/@author/diary?when={word}").text
            assert len(re.findall(r'class="diary-line"', month)) == count, (who, word)
    assert "2024-12 friends" in site.sign_in("host").get("/@author/diary?when=2024-12").text


def test_months_begin_on_the_readers_clock(site, cast):
    with clock.at(datetime(2025, 12, 31, 20, tzinfo=UTC)):
        site.diary("author", "members", title="Fireworks")
    for zone, when in (("UTC", "2025-12"), ("Asia/Tokyo", "2026-01")):
        with site.inside(), writing():
            site.member("friend").timezone = zone
        client = site.sign_in("friend")
        assert f"when={when}" in client.get("/@author").text, zone
        assert "Fireworks" in client.get(f"/@author/diary?when={when}").text


@pytest.mark.parametrize(
    "when", ["", "0", "26", "2026-13", "2026-00", "2026-1", "２０２６", "9" * 5000, "0999", "3000", "x"]
)
def test_s43_a_month_that_is_none_is_missing(site, cast, when):
    assert site.sign_in("author").get("/@author/diary", query_string={"when": when}).status_code == 404


def test_a_month_is_paged_within_itself(site, cast):
    for number in range(35):
        with clock.at(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)):
            site.diary("author", title=f"January {number}.")
    with clock.at(datetime(2025, 12, 30, tzinfo=UTC)):
        site.diary("author", title="December")
    client = site.sign_in("friend")
    text = client.get("/@author/diary?when=2026-01").text
    older = re.search(r'href="(/@author/diary\?[^"]*after=[^"]+)"', text)
    assert older
    rest = client.get(older[1].replace("&amp;", "&")).text
    assert rest.count('class="diary-line"') == 5
    assert "December" not in rest


# --- birthdays of the week ------------------------------------------------------------------------------------------

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def birthdays(site, viewer, at=NOON):
    with site.inside(), clock.at(at):
        panel = queries.birthdays(site.member(viewer), [])
        return [(each.member.handle, each.day) for each in panel[None]["birthdays"]] if panel else []


def test_birthdays_of_this_week_as_far_as_they_may_be_seen(any_site):
    site = any_site
    for handle, inviter in (
        ("host", None),
        ("author", "host"),
        ("friend", "author"),
        ("second", "friend"),
        ("far", "second"),
    ):
        site.join(handle, inviter)
    say(site, "birthday", "1980-11-24", "friends")
    say(site, "birthday", "11-28", "members", who="far")
    say(site, "birthday", "11-29", "members", who="second")
    say(site, "birthday", "11-22", "only_me", who="friend")
    assert birthdays(site, "friend") == [("author", date(2026, 11, 24)), ("far", date(2026, 11, 28))]
    assert birthdays(site, "second") == [("far", date(2026, 11, 28))]
    assert birthdays(site, "far") == []
    assert birthdays(site, "friend", NOON + timedelta(days=7))[0] == ("second", date(2026, 11, 29))
    with site.inside(), writing():
        set_mute(site.ids["friend"], site.ids["author"], None)
    assert birthdays(site, "friend") == [("far", date(2026, 11, 28))], "a break is a break"


def test_the_panel_says_the_day_and_never_the_year(site, cast):
    with clock.at(NOON):
        say(site, "birthday", "1980-11-24", "friends")
        home = site.sign_in("friend").get("/").text
    panel = home[home.index("Birthdays this week") :][:600]
    assert "Tuesday 24 November" in panel
    assert "1980" not in home


def test_the_week_begins_on_the_readers_clock(site, cast):
    say(site, "birthday", "11-22", "friends")
    late = datetime(2026, 11, 22, 20, tzinfo=UTC)
    for zone, is_there in (("UTC", True), ("Asia/Tokyo", False)):
        with site.inside(), writing():
            site.member("friend").timezone = zone
        with clock.at(late):
            assert ("Birthdays this week" in site.sign_in("friend").get("/").text) is is_there, zone


@pytest.mark.parametrize(
    ("today", "day"),
    [(date(2027, 2, 25), date(2027, 2, 28)), (date(2028, 2, 25), date(2028, 2, 29)), (date(2027, 3, 1), None)],
)
def test_29_february_is_kept_on_the_28th_where_there_is_none(site, cast, today, day):
    say(site, "birthday", "02-29", "friends")
    at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    assert birthdays(site, "friend", at) == ([("author", day)] if day else [])


def test_the_week_goes_over_the_end_of_the_year(site, cast):
    say(site, "birthday", "01-02", "friends")
    assert birthdays(site, "friend", datetime(2026, 12, 29, 12, tzinfo=UTC)) == [("author", date(2027, 1, 2))]


def test_friends_come_first_when_there_is_no_room_for_all(site, cast):
    for number in range(12):
        site.join(f"other{number}", "host")
        say(site, "birthday", "11-22", "members", who=f"other{number}")
    say(site, "birthday", "11-28", "friends")
    found = birthdays(site, "friend")
    assert len(found) == queries.BIRTHDAYS_ON_HOME
    assert found[-1] == ("author", date(2026, 11, 28))


# --- reports, leaving -----------------------------------------------------------------------------------------------


def test_s18_a_report_keeps_only_what_its_maker_saw_and_the_host_takes_the_words_away(site, cast):
    say(site, "place", "seen-by-members", "members")
    say(site, "work", "seen-by-friends", "friends")
    say(site, "school", "seen-by-me", "only_me")
    say(site, "birthday", "1980-11-24", "members")
    site.do(add_free_fact, "author", label="seen-label", value="seen-value", audience="members")
    report = site.do(make_report, "second", "member", site.ids["author"], reason="unkind", note="")
    page = site.sign_in("host").get(f"/host/reports/{report}").text
    found = set(re.findall(r"seen-[\w-]+", page))
    assert found == {"seen-by-members", "seen-label", "seen-value"}
    assert "11-24" not in page

    site.do(lambda host: remove(host, report_with_id(report), words="No."), "host")
    assert {row[0] for row in facts(site)} == {"birthday", "school"}


def test_s26_facts_are_erased_with_their_member(any_site):
    site = any_site
    site.join("host")
    site.join("author", "host")
    say(site, "place", "A kumquat orchard", "members")
    say(site, "work", "A kumquat press", "chosen", choice=site.choice("host"))
    site.do(add_free_fact, "author", label="Kumquats", value="kumquat", audience="only_me")
    with site.inside(), writing():
        leaving.leave(site.member("author"))
    assert "orchard" not in site.sign_in("host").get("/@author").text
    with site.app.app_context(), clock.at(clock.now() + timedelta(days=7, minutes=1)):
        workshop = build_workshop()
        for _ in range(2):
            workshop.sweep()
    assert "kumquat" not in repr(everything(site)).lower()
