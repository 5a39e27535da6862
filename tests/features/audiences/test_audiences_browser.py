"""Exactly who can read this, in a browser: the picker by keys and by mouse, the list behind the badge, others' eyes,
many entries at once.
"""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.entries import Entry
from mixlite.entries.habits import forget_habits
from mixlite.features.friends.verbs import block, end_friendship
from mixlite.features.profiles.verbs import state_fact
from mixlite.features.reading import routes as reading
from mixlite.features.reading.verbs import add_comment
from mixlite.policy.visibility import readers_of, visible_entry
from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.live import come_in
from tests.support.site import Site

LINES = ("only_me", "chosen", "friends_except", "friends", "friends_of_friends", "members")
# The author's friends are Aki, Ken and Mia; Ken and Mia are the group "Choir". Second is a friend of Aki.
READERS = {
    "only_me": set(),
    "chosen": {"aki", "mia"},
    "friends_except": {"aki", "mia"},
    "friends": {"aki", "ken", "mia"},
    "friends_of_friends": {"aki", "ken", "mia", "second"},
    "members": {"aki", "ken", "mia", "second", "host", "stranger"},
}
SIZES = pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["390", "1280"])

LOOKS = pytest.mark.parametrize(
    ("viewport", "scheme", "javascript"),
    [(PHONE, "dark", True), (DESKTOP, "light", True), (PHONE, "light", False)],
    ids=["390", "1280", "390 without JavaScript"],
)


@pytest.fixture
def house(site: Site) -> Site:
    site.join("host")
    site.join("author", "host")
    site.join("stranger", "host")
    site.do(end_friendship, "author", "host")
    site.join("aki", "author", name="Aki Satō")
    site.join("ken", "author", name="Ken Mori")
    site.join("mia", "author", name="美亜")
    site.join("second", "aki")
    site.group("author", "Choir", "ken mia")
    return site


def looks_right(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    assert_accessible(page)


def readers(site: Site, page: Page) -> set[str]:
    """Of the entry whose page is open."""
    with site.inside():
        return {member.handle for member in readers_of(int(page.url.rpartition("/")[2]), limit=100)}


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """By the key alone."""
    for _ in range(60):
        if target.evaluate("found => found === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{target} is not reached by {key}")


def said_before(page: Page) -> int:
    """How many readers the bar at the lower edge and the picked line say; both say the same."""
    bar = page.locator(".end-bar .chosen-audience:visible")
    expect(bar).to_have_count(1)
    words = [each.inner_text() for each in (bar, page.locator(".audience-option:has(:checked)"))]
    found = [int(match[1]) if (match := re.search(r"(\d+) (?:person|people)", text)) else 0 for text in words]
    assert found[0] == found[1], words
    return found[0]


# ---- the picker


def pick_by_keys(page: Page, line: str) -> None:
    tab_to(page, page.locator("[name=audience]:checked"))
    for _ in range(len(LINES)):
        if page.evaluate("document.activeElement.value") == line:
            break
        page.keyboard.press("ArrowDown")
    expect(page.locator(f"[name=audience][value={line}]")).to_be_checked()
    if line == "chosen":
        tab_to(page, page.get_by_role("checkbox", name=re.compile("Choir")))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_role("combobox", name="Friends by name"))
        page.keyboard.type("sat")
        expect(page.get_by_role("option", name="Aki Satō")).to_be_visible()
        page.keyboard.press("Enter")
    if line in ("chosen", "friends_except"):
        box = page.get_by_role("combobox", name="Not these people")
        tab_to(page, box)
        page.keyboard.type("k")  # Ken and Aki
        expect(page.get_by_role("option")).to_have_count(2)
        page.keyboard.press("ArrowDown")
        if "Ken" not in page.locator("[role=option][aria-selected=true]").inner_text():
            page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(box).to_be_focused()


def pick_by_mouse(page: Page, line: str) -> None:
    page.locator(f".audience-option[data-audience={line}]").click()
    if line == "chosen":
        page.locator(".audience-groups label").click()
        page.get_by_role("combobox", name="Friends by name").type("aki")
        page.get_by_role("option", name="Aki Satō").click()
    if line in ("chosen", "friends_except"):
        box = page.get_by_role("combobox", name="Not these people")
        box.type("mi")
        page.get_by_role("option", name="美亜").click()
        page.get_by_role("button", name="Remove 美亜").click()
        box.type("ken")
        page.get_by_role("option", name="Ken Mori").click()


@pytest.mark.parametrize(
    ("pick", "viewport", "scheme"),
    [(pick_by_keys, DESKTOP, "light"), (pick_by_mouse, PHONE, "dark")],
    ids=["keys", "mouse on a phone"],
)
def test_each_audience_is_picked_its_readers_are_said_and_they_are_the_readers(
    house, address, new_context, pick, viewport, scheme
):
    page = come_in(new_context(viewport=viewport, color_scheme=scheme), address, "author")
    with house.inside():
        pass
    for line in LINES:
        with house.inside(), writing():
            forget_habits(house.ids["author"])  # every turn begins with the same
        page.goto(f"{address}/diary/new?draft=0")
        title = page.locator("[name=title]")
        title.focus()
        page.keyboard.type(f"For {line}")
        page.keyboard.press("Tab")
        page.keyboard.type("Rain.")
        pick(page, line)
        wanted = len(READERS[line])
        expect(page.locator(".end-bar .chosen-audience:visible")).to_contain_text(
            f"{wanted} people" if wanted else "Only me"
        )
        assert said_before(page) == wanted
        looks_right(page)
        button = page.get_by_role("button", name="Publish")
        if pick is pick_by_keys:
            tab_to(page, button)
            page.keyboard.press("Enter")
        else:
            button.click()
        expect(page.get_by_role("heading", name=f"For {line}")).to_be_visible()
        assert readers(house, page) == READERS[line], line
    assert_clean(page)


def test_what_was_picked_last_is_remembered_for_its_kind_and_else_the_default(house, address, new_context):
    page = come_in(new_context(viewport=PHONE), address, "author")
    page.goto(f"{address}/settings/privacy")
    page.get_by_role("link", name="For whom I usually write").click()
    page.locator(".audience-option[data-audience=friends_of_friends]").click()
    looks_right(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".flash, .note.done").first).to_contain_text("Saved.")
    page.goto(f"{address}/diary/new")
    expect(page.locator("[name=audience]:checked")).to_have_value("friends_of_friends")
    page.fill("[name=title]", "The choir")
    page.fill("[name=body]", "Rain.")
    pick_by_mouse(page, "chosen")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="The choir")).to_be_visible()
    page.goto(f"{address}/diary/new")
    expect(page.locator("[name=audience]:checked")).to_have_value("chosen")
    expect(page.get_by_role("checkbox", name=re.compile("Choir"))).to_be_checked()
    expect(page.locator(".audience-more:visible .chip")).to_have_count(2)
    assert said_before(page) == 2
    page.goto(f"{address}/voice/new")
    expect(page.locator("[name=audience]:checked")).to_have_value("friends_of_friends")
    assert_clean(page)


def test_a_bad_form_comes_back_with_everything_that_was_picked(house, address, new_context):
    page = come_in(new_context(viewport=PHONE, color_scheme="dark"), address, "author")
    page.goto(f"{address}/diary/new")
    page.fill("[name=body]", "Rain.")
    pick_by_mouse(page, "chosen")
    page.get_by_role("combobox", name="Friends by name").type("nobody_here")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("Not among your friends: @nobody_here")
    expect(page.locator("[name=body]")).to_have_value("Rain.")
    expect(page.locator("[name=audience]:checked")).to_have_value("chosen")
    expect(page.get_by_role("checkbox", name=re.compile("Choir"))).to_be_checked()
    expect(page.locator(".chip bdi")).to_have_text(["@aki", "@nobody_here", "@ken"])
    expect(page.get_by_role("combobox", name="Friends by name")).to_have_attribute("aria-invalid", "true")
    looks_right(page)
    page.get_by_role("alert").get_by_role("link", name="People").click()
    expect(page.get_by_role("combobox", name="Friends by name")).to_be_focused()
    page.get_by_role("button", name="Remove @nobody_here").click()
    page.fill("[name=title]", "After all")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="After all")).to_be_visible()
    assert readers(house, page) == READERS["chosen"]
    assert_clean(page)


def test_without_javascript_handles_are_typed_and_a_button_says_how_many(house, address, new_context):
    page = come_in(new_context(viewport=PHONE, javascript=False), address, "author")
    page.goto(f"{address}/diary/new")
    page.fill("[name=title]", "By hand")
    page.fill("[name=body]", "Rain.")
    page.locator(".audience-option[data-audience=friends_except]").click()
    expect(page.locator(".audience-more[data-for=chosen]")).to_be_hidden()
    page.get_by_label("Not these people").fill("@ken")
    page.get_by_role("button", name="How many people is that?").click()
    expect(page.locator(".audience-option:has(:checked) .count")).to_have_text("2 people")
    expect(page.locator("[name=title]")).to_have_value("By hand")
    page.locator(".audience-option[data-audience=chosen]").click()
    page.get_by_role("checkbox", name=re.compile("Choir")).check()
    page.get_by_role("textbox", name="Friends by name").fill("@aki")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="By hand")).to_be_visible()
    assert readers(house, page) == {"aki", "mia"}


# ---- the badge and the list behind it


@LOOKS
def test_the_badge_opens_the_list_of_readers_paged_and_searched(
    house, address, new_context, monkeypatch, javascript, viewport, scheme
):
    monkeypatch.setattr(reading, "READERS_PER_PAGE", 5)
    for number in range(9):
        house.join(f"guest{number}", "stranger", name=f"Guest {number}")
    entry = house.voice("author", "members", body="For the whole house.")
    page = come_in(new_context(viewport=viewport, color_scheme=scheme, javascript=javascript), address, "author")
    badge = page.locator(f"#e{entry}").get_by_role("link", name="Who can read this: Everybody here")
    badge.click()
    expect(page.locator(".reader-count")).to_contain_text("15 people can read this")
    seen: list[str] = []
    while True:
        seen += page.locator("main .people li .small-text").all_inner_texts()
        if javascript:
            looks_right(page)
        if not page.get_by_role("link", name="More people").count():
            break
        page.get_by_role("link", name="More people").click()
    assert len(seen) == len(set(seen)) == 15
    assert "@author" not in seen
    page.get_by_role("searchbox").fill("美")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("main .people li")).to_have_count(1)
    expect(page.locator("main .people")).to_contain_text("@mia")
    page.get_by_role("searchbox").fill("GUEST")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("main .people li")).to_have_count(5)
    page.get_by_role("link", name="More people").click()
    expect(page.locator("main .people li")).to_have_count(4)
    expect(page.get_by_role("searchbox")).to_have_value("GUEST")
    page.get_by_role("searchbox").fill("nobody")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("Nobody of this name can read it.")).to_be_visible()
    if javascript:
        looks_right(page)
        assert_clean(page)


def test_others_are_told_in_words_and_led_to_no_list(house, address, new_context):
    entry = house.voice("author", "friends", body="For friends.")
    page = come_in(new_context(viewport=PHONE), address, "aki")
    expect(page.locator(f"#e{entry}")).to_be_visible()
    expect(page.locator(f"a[href$='/entries/{entry}/readers']")).to_have_count(0)
    page.goto(f"{address}/entries/{entry}")
    summary = page.locator("details.readers summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Only friends of")).to_be_visible()
    looks_right(page)
    assert_clean(page)


# ---- through others' eyes


@pytest.fixture
def shared(house: Site) -> Site:
    """Something for everybody whom the picker knows: entries and facts."""
    for audience in ("only_me", "friends", "friends_of_friends", "members"):
        house.diary("author", audience, title=f"entry {audience}")
    house.diary("author", "chosen", title="entry for Aki", choice=house.choice("aki"))
    house.do(state_fact, "author", "place", value="Kawagoe", audience="friends")
    house.do(state_fact, "author", "interests", value="Long ropes", audience="members")
    return house


ALL_FRIENDS = {"friends", "friends_of_friends", "members"}
EYES: tuple[tuple[str, set[str]], ...] = (
    ("aki", ALL_FRIENDS | {"for Aki"}),
    ("ken", ALL_FRIENDS),
    ("a friend of a friend", {"friends_of_friends", "members"}),
    ("somebody here you do not know", {"members"}),
    ("somebody who is not signed in", set()),
)


@LOOKS
def test_the_page_is_looked_at_through_others_eyes_and_there_is_a_way_back(
    shared, address, new_context, javascript, viewport, scheme
):
    page = come_in(new_context(viewport=viewport, color_scheme=scheme, javascript=javascript), address, "author")
    page.goto(f"{address}/@author")
    page.get_by_role("link", name="See my page through others").click()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
    for who, entries in EYES:
        if len(who) == 3:
            box = page.get_by_role("combobox" if javascript else "textbox", name="A certain friend")
            box.fill(who)
            if javascript:
                expect(page.get_by_role("option")).to_have_count(1)
            box.press("Enter")
        else:
            page.get_by_role("button", name=who).click()
        eyes = page.get_by_role("status").filter(has_text="through the eyes of")
        expect(eyes).to_be_visible()
        found = set(page.locator("main .item-title").all_inner_texts())
        assert found == {f"entry {each}" for each in entries}, who
        assert all(
            box > 200
            for box in page.locator("main .item-body").evaluate_all("all => all.map((each) => each.clientWidth)")
        )
        assert page.get_by_text("Kawagoe").count() == (len(who) == 3)
        assert page.get_by_text("Long ropes").count() == bool(entries)
        assert page.locator("main form[method=post]").count() == 0
        if javascript:
            looks_right(page)
    assert sent == []
    page.get_by_role("button", name="a friend of a friend").click()
    page.get_by_role("link", name="entry members").click()
    expect(page.get_by_role("status").filter(has_text="through the eyes of")).to_contain_text("a friend of a friend")
    page.go_back()
    page.get_by_role("link", name="With my own eyes again").click()
    page.wait_for_url(f"{address}/@author")
    expect(page.get_by_text("through the eyes of")).to_have_count(0)
    if javascript:
        assert_clean(page)


@SIZES
def test_an_entry_is_looked_at_through_others_eyes_with_its_comments(shared, address, new_context, viewport, scheme):
    entry = shared.diary("author", "friends_of_friends", title="The rope", body="Who has it?")
    for who, words in (("ken", "I do."), ("second", "So it is there.")):
        shared.do(lambda member, text=words: add_comment(member, visible_entry(member, entry), body=text), who)
    shared.do(block, "aki", "ken")
    page = come_in(new_context(viewport=viewport, color_scheme=scheme), address, "author")
    page.goto(f"{address}/entries/{entry}")
    page.get_by_role("link", name="Through others").click()
    expect(page.get_by_role("heading", name="The rope")).to_have_count(0)  # nobody's eyes yet
    looks_right(page)
    for who in ("aki", "mia"):
        page.get_by_role("combobox", name="A certain friend").fill(who)
        page.get_by_role("option").click()
        expect(page.get_by_role("heading", name="The rope")).to_be_visible()
        # As the author sees them: Aki's eyes do not tell that she blocked Ken.
        expect(page.locator(".comment-text")).to_have_text(["I do.", "So it is there."])
        assert page.locator("main form[method=post], main textarea").count() == 0
        looks_right(page)
    page.get_by_role("button", name="a friend of a friend").click()
    expect(page.get_by_role("heading", name="The rope")).to_be_visible()
    page.get_by_role("button", name="somebody here you do not know").click()
    expect(page.get_by_text("For them this does not exist")).to_be_visible()
    expect(page.get_by_text("Who has it?")).to_have_count(0)
    looks_right(page)
    page.get_by_role("link", name="With my own eyes again").click()
    page.wait_for_url(f"{address}/entries/{entry}")
    assert_clean(page)


# ---- many entries at once


@LOOKS
def test_everything_before_2024_becomes_mine_alone_and_comes_back(
    house, address, new_context, javascript, viewport, scheme
):
    before = {2022: "members", 2023: "friends", 2024: "friends", 2025: "only_me"}
    ids = {}
    for year, audience in before.items():
        with clock.at(datetime(year, 6, 1, 12, tzinfo=UTC)):
            ids[year] = house.diary("author", audience, title=f"Of {year}")

    def audiences() -> dict[int, str]:
        with house.inside():
            return {year: str(db.session.get_one(Entry, entry_id).audience) for year, entry_id in ids.items()}

    page = come_in(new_context(viewport=viewport, color_scheme=scheme, javascript=javascript), address, "author")
    page.goto(f"{address}/settings/privacy")
    page.get_by_role("link", name="Change many entries at once").click()
    page.get_by_label("Written before").fill("2024-01-01")
    page.locator(".audience-option[data-audience=only_me]").click()
    if javascript:
        looks_right(page)
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".reader-count")).to_contain_text("2 entries would be for: Only me")
    expect(page.get_by_role("link", name="Of 2023")).to_be_visible()
    expect(page.get_by_role("link", name="Of 2024")).to_have_count(0)
    assert audiences() == before
    if javascript:
        looks_right(page)
    page.get_by_role("link", name="Leave everything as it is").click()
    expect(page.get_by_label("Written before")).to_have_value("")
    page.get_by_label("Written before").fill("2025-01-01")
    page.locator(".audience-option[data-audience=only_me]").click()
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".reader-count")).to_contain_text("3 entries")
    page.get_by_role("button", name="Choose differently").click()
    expect(page.get_by_label("Written before")).to_have_value("2025-01-01")
    expect(page.locator("[name=audience]:checked")).to_have_value("only_me")
    page.get_by_label("Written before").fill("2024-01-01")
    page.get_by_role("button", name="See what would change").click()
    assert audiences() == before
    page.get_by_role("button", name="Change 2 entries").click()
    expect(page.get_by_text("Done. You can take it back for seven days.")).to_be_visible()
    assert audiences() == {**before, 2022: "only_me", 2023: "only_me"}
    if javascript:
        looks_right(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Everything is as it was before")).to_be_visible()
    assert audiences() == before
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    if javascript:
        assert_clean(page)
