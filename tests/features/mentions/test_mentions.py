"""What "@aki" does: it leads to Aki for whoever may know of her, and completing it tells nobody anything new."""

from datetime import timedelta

import pytest

from mixlite.core import clock, memory
from mixlite.core.db import db, writing
from mixlite.core.events import Event
from mixlite.entries.facts import Fact
from mixlite.entries.mentions import Mention, forget_mentions_of
from mixlite.features.friends.verbs import block
from mixlite.features.reading.verbs import add_comment, like
from mixlite.policy.visibility import visible_entry
from tests.app.everywhere import MISSING_ID, everything, plainly
from tests.core.corpus import HOSTILE_TEXTS
from tests.features.drafts.test_drafts import Page
from tests.support.site import Cast, Client, Site


@pytest.fixture
def author(site: Site, cast: Cast) -> Client:
    return site.sign_in("author")


def mentioned(site: Site) -> set[tuple[str, bool]]:
    """Whom, and whether in a comment."""
    names = {number: handle for handle, number in site.ids.items()}
    columns = [column.name for column in Mention.__table__.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in everything(site)["mentions"]]
    return {(names[row["member_id"]], row["comment_id"] is not None) for row in rows}


def told(site: Site) -> int:
    position = [column.name for column in Event.__table__.columns].index("name")
    return sum(row[position] == "member.mentioned" for row in everything(site)["events"])


def comment(site: Site, who: str, entry: int, words: str) -> None:
    site.do(lambda member: add_comment(member, visible_entry(member, entry), body=words), who)


# --- drawn ------------------------------------------------------------------------------------------------------------


def test_a_mention_leads_to_the_person_wherever_it_stands(site: Site, author: Client):
    diary = site.diary("author", "friends", body="With @Friend and 今日は@secondと **@stranger**.")
    voice = site.voice("author", "friends", body="＠friend came, @nobody did not.")
    comment(site, "friend", diary, "Thanks, @author!")
    page = site.sign_in("friend").get(f"/entries/{diary}").text
    for handle, words in (
        ("friend", "@Friend"),
        ("second", "@second"),
        ("stranger", "@stranger"),
        ("author", "@author"),
    ):
        assert f'<a href="/@{handle}" rel="noopener nofollow ugc">{words}</a>' in page, handle
    for address in (f"/entries/{voice}", "/"):
        page = site.sign_in("friend").get(address).text
        assert '<a href="/@friend" rel="noopener nofollow ugc">＠friend</a>' in page
        assert "@nobody did not." in page


def test_s18_for_whom_a_person_does_not_exist_their_handle_is_plain_words(site: Site, author: Client):
    entry = site.voice("stranger", "members", body="See @blocked, @author, @nobody.")
    comment(site, "stranger", entry, "Or @blocker.")
    link = 'href="/@{}" rel="noopener'
    for who, unknown in (("author", "blocked"), ("blocked", "author")):
        page = site.sign_in(who).get(f"/entries/{entry}").text
        assert link.format(unknown) not in page
        assert f"@{unknown}" in page
        assert link.format(who) in page
    assert link.format("blocker") not in author.get(f"/entries/{entry}").text
    host = site.sign_in("host").get(f"/entries/{entry}").text
    assert all(link.format(handle) in host for handle in ("blocked", "author", "blocker"))


def test_who_left_is_plain_words(site: Site, author: Client):
    entry = site.voice("author", "members", body="See @stranger.")
    assert 'href="/@stranger" rel' in author.get(f"/entries/{entry}").text
    with site.inside(), writing():
        site.member("stranger").status = "suspended"
    assert 'href="/@stranger" rel' not in author.get(f"/entries/{entry}").text


def test_mentions_cost_one_question_for_all_of_a_page(any_site: Site):
    any_site.join("author")
    client = any_site.sign_in("author")

    def questions(*addresses: str) -> list[int]:
        counts = []
        for address in addresses:
            client.get(address)
            with any_site.inside():
                memory.forget()
            with any_site.statements() as statements:
                assert client.get(address).status_code == 200
            counts.append(len(statements))
        return counts

    entry = any_site.voice("author", body="None.")
    comment(any_site, "author", entry, "None.")
    before = questions("/", f"/entries/{entry}")
    for number in range(20):
        any_site.voice("author", body=f"@author and @author{number}")
        comment(any_site, "author", entry, f"@author{number}, @author")
    after = questions("/", f"/entries/{entry}")
    assert [many - few for many, few in zip(after, before, strict=True)] == [1, 1]


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS[::9], '@author"><b>', "@author@author@author", "[@author](/sign-out)"])
def test_s29_hostile_words_beside_a_mention_stay_words(site: Site, author: Client, text: str):
    answer = author.submit("/diary/new", "Publish", title="T", body=f"@friend {text} @friend", audience="friends")
    assert answer.status_code in (303, 422)
    if answer.status_code == 303:
        page = author.get(answer.location).text
        for bad in ("<script>alert", "<b>", "onerror=alert(1)>", 'href="/sign-out"', 'javascript:alert(1)"'):
            assert bad not in page.partition('class="prose"')[2].partition("</div>")[0], bad


# --- kept for those who are named -------------------------------------------------------------------------------------


def test_a_mention_is_kept_once_and_follows_the_words(any_site: Site):
    any_site.join("author")
    for handle in ("friend", "second"):
        any_site.join(handle, "author")
    client = any_site.sign_in("author")
    entry = any_site.diary("author", "members", body="@friend, @friend, @author, @nobody")
    assert mentioned(any_site) == {("friend", False)}
    assert told(any_site) == 1
    client.submit(f"/entries/{entry}/edit", "Save", body="@friend and @second")
    assert mentioned(any_site) == {("friend", False), ("second", False)}
    assert told(any_site) == 2, "who was named before is not told again"
    client.submit(f"/entries/{entry}/edit", "Save", body="@second alone")
    assert mentioned(any_site) == {("second", False)}
    comment(any_site, "second", entry, "@author @friend")
    assert mentioned(any_site) == {("second", False), ("author", True), ("friend", True)}
    any_site.sign_in("second").submit(f"/entries/{entry}/comments/1/edit", "Save", body="@friend")
    assert mentioned(any_site) == {("second", False), ("friend", True)}
    with any_site.inside(), writing():
        forget_mentions_of(any_site.ids["friend"])
    assert mentioned(any_site) == {("second", False)}


def test_who_does_not_exist_for_the_writer_is_not_mentioned(site: Site, author: Client):
    site.voice("author", "members", body="@blocked @blocker @friend")
    assert mentioned(site) == {("friend", False)}


def test_who_cannot_read_it_learns_nothing(site: Site, author: Client):
    entry = site.diary("author", "only_me", title="Kakihazushi", body="Kakihazushi: @stranger")
    assert mentioned(site) == {("stranger", False)}
    stranger = site.sign_in("stranger")
    for page in ("/", "/@stranger", "/@author", "/friends"):
        assert "Kakihazushi" not in stranger.get(page).text
    here, missing = stranger.get(f"/entries/{entry}"), stranger.get(f"/entries/{MISSING_ID}")
    assert plainly(here) == plainly(missing)


def test_thirty_people_at_most(site: Site, author: Client):
    for number in range(32):
        site.join(f"m{number:02}", "author")
    site.voice("author", "friends", body=" ".join(f"@m{number:02}" for number in range(32)))
    assert len(mentioned(site)) == 30


# --- completed --------------------------------------------------------------------------------------------------------


def completed(client: Client, address: str, **query: str) -> set[str]:
    answer = client.get(address, query_string=query)
    assert answer.status_code == 200
    assert answer.json is not None
    return {person["handle"] for person in answer.json["people"]}


def test_while_writing_friends_are_completed_who_could_read_it(site: Site, author: Client):
    site.befriend("author", "stranger")
    assert completed(author, "/mentions") == {"friend", "stranger"}
    assert completed(author, "/mentions", q="st") == {"stranger"}
    assert completed(author, "/mentions", q="FRIEND", audience="members") == {"friend"}
    assert completed(author, "/mentions", audience="only_me") == set()
    assert completed(author, "/mentions", audience="chosen", people="@friend @second") == {"friend"}
    assert completed(author, "/mentions", audience="friends_except", exceptions="@friend") == {"stranger"}
    assert completed(author, "/mentions", audience="everything") == set()
    for nothing in ("second", "host", "block", "%", "_%"):
        assert completed(author, "/mentions", q=nothing) == set()
    assert site.client().get("/mentions?q=f").status_code == 303


def test_under_an_entry_readers_are_completed_of_whom_one_knows(site: Site, author: Client):
    for handle in ("second", "host", "stranger"):
        site.befriend("author", handle)
    entry = site.diary("author", "friends")
    address = f"/entries/{entry}/mentions"
    friend = site.sign_in("friend")
    assert completed(author, address) == {"friend", "second", "host", "stranger"}
    assert completed(friend, address) == {"author", "second"}, "a common friend, and not the author's other friends"
    comment(site, "host", entry, "Here.")
    site.do(lambda member: like(member, visible_entry(member, entry)), "stranger")
    assert completed(friend, address) == {"author", "second", "host", "stranger"}
    site.do(block, "friend", "stranger")
    assert completed(friend, address) == {"author", "second", "host"}
    assert completed(friend, address, q="@HOST") == {"host"}


def test_s18_completing_tells_nobody_whom_the_author_chose(site: Site, author: Client):
    site.befriend("author", "second")
    for audience, choice in (("chosen", site.choice("friend second")), ("friends_of_friends", None)):
        entry = site.diary("author", audience, choice=choice)
        assert completed(site.sign_in("friend"), f"/entries/{entry}/mentions") == {"author"}
    everybody = site.diary("stranger", "members")
    assert completed(site.sign_in("friend"), f"/entries/{everybody}/mentions") == {"stranger", "author", "second"}


def test_s18_a_hidden_list_of_friends_is_not_told_by_completing(site: Site, author: Client):
    site.befriend("author", "second")
    entry = site.diary("author", "friends")
    with site.inside(), writing():
        db.session.add(Fact(author_id=site.ids["author"], kind="friends", audience="only_me"))
    assert completed(site.sign_in("friend"), f"/entries/{entry}/mentions") == {"author"}


def test_who_can_read_it_no_longer_is_not_completed(site: Site, author: Client):
    entry = site.diary("author", "members")
    comment(site, "stranger", entry, "Here.")
    assert completed(site.sign_in("friend"), f"/entries/{entry}/mentions") >= {"author", "stranger"}
    author.submit(f"/entries/{entry}/edit", "Save", audience="friends")
    assert completed(site.sign_in("friend"), f"/entries/{entry}/mentions") == {"author"}


def test_s14_what_one_does_not_see_completes_nothing(site: Site, author: Client):
    entry = site.diary("author", "friends")
    for who in ("stranger", "second", "host", "blocked", "blocker"):
        client = site.sign_in(who)
        here, missing = (client.get(f"/entries/{number}/mentions?q=f") for number in (entry, MISSING_ID))
        assert plainly(here) == plainly(missing)
        assert here.status_code == 404


def test_s44_long_and_odd_questions_are_answered_on_both_databases(any_site: Site):
    any_site.join("author")
    any_site.join("friend", "author")
    author = any_site.sign_in("author")
    entry = any_site.voice("author")
    assert completed(author, "/mentions") == {"friend"}
    assert author.get(f"/entries/{entry}/readers", query_string={"who": "\0"}).status_code == 200
    for odd in ("x" * 5000, "\0", "\u202e", "%_\\", "'", "🦊" * 200):
        assert completed(author, "/mentions", q=odd) == set(), odd
        assert completed(author, f"/entries/{entry}/mentions", q=odd) == set(), odd


# --- drafts and versions hold mentions as words -----------------------------------------------------------------------


def test_a_draft_mentions_nobody_until_it_is_published(site: Site, author: Client):
    page = Page(author, "/diary/new")
    page.keep(title="T", body="With @friend")
    assert mentioned(site) == set()
    with clock.at(clock.now() + timedelta(minutes=1)):
        page.send()
    assert mentioned(site) == {("friend", False)}
