"""S1, S3, S4, and what a member does with invitations."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mixlite.app.factory import create_app
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.features.friends.verbs import block
from mixlite.features.invitations.models import Invitation
from tests.app.everywhere import everything
from tests.support.site import Site

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NEWCOMER = {"name": "New", "handle": "newcomer", "email": "new@example.com", "password": "nine green teapots"}


@pytest.fixture
def home(site) -> Site:
    with clock.at(NOON - timedelta(days=100)):
        site.join("host")
        site.join("hanako", "host")
    return site


def _join(site: Site, path: str, **typed: str):
    """As a script would: without looking at the page first."""
    client = site.client()
    return client.post(path, {**NEWCOMER, **typed})


# --- S1 -------------------------------------------------------------------------------------------------------------


def _revoked(site):
    path = site.invite("hanako")
    with site.inside(), writing():
        db.session.execute(db.update(Invitation).values(revoked_at=clock.now()))
    return path


def _expired(site):
    with clock.at(NOON - timedelta(days=60)):
        return site.invite("hanako", days=59)


def _used(site):
    path = site.invite("hanako")
    assert _join(site, path, handle="first").status_code == 303
    return path


def _of_somebody_suspended(site):
    path = site.invite("hanako")
    with site.inside(), writing():
        site.member("hanako").status = "suspended"
    return path


def _of_a_founded_circle(site):
    return site.invite()


CLOSED = {
    "malformed": lambda _site: "/join/x",
    "unknown": lambda _site: "/join/" + "A" * 32,
    "strange letters": lambda _site: "/join/%E6%9F%BF%00",
    "very long": lambda _site: "/join/" + "a" * 5000,
    "revoked": _revoked,
    "expired": _expired,
    "used up": _used,
    "of somebody who is suspended": _of_somebody_suspended,
    "for the founder of a circle that is founded": _of_a_founded_circle,
}


@pytest.mark.parametrize("state", CLOSED)
def test_s1_nobody_joins_through_a_closed_link_and_all_answer_alike(home, state):
    """One message, no account, no event, whatever is wrong with it; also when the form is not in order."""
    with clock.at(NOON):
        path = CLOSED[state](home)
        before = everything(home)
        unknown = home.client().get("/join/never-was-such-a-link")
        for answer in (home.client().get(path), _join(home, path), _join(home, path, name="", password="x")):
            assert answer.status_code == 404
            assert answer.data == unknown.data
        assert list(home.client().forms(unknown)) == []
        assert everything(home) == before


def test_s1_without_any_link_there_is_no_way_in(home):
    client = home.client()
    for path in ("/join", "/join/", "/sign-up", "/register"):
        assert client.get(path).status_code == 404, path
        assert client.post(path, NEWCOMER).status_code == 404, path


# --- S3, S4 ---------------------------------------------------------------------------------------------------------


def test_s3_opening_a_link_changes_nothing_and_shows_letter_and_inviter(home):
    """Mail scanners open links, and ask for them with HEAD; the use is spent by the button alone."""
    path = home.invite("hanako", letter="Dear friend,\ncome and see the persimmons.")
    before = everything(home)
    page = home.client().get(path)
    for _ in range(3):
        assert home.client().get(path).status_code == page.status_code == 200
        assert home.client().http.head(path).status_code == 200
    for words in ("Dear friend,", "persimmons", "Hanako", "noindex"):
        assert words in page.text
    assert everything(home) == before


def test_s3_a_member_who_opens_a_link_joins_nothing(home):
    path = home.invite("host")
    client = home.sign_in("hanako")
    assert client.get(path).status_code == 200
    before = everything(home)
    assert client.post(path, NEWCOMER).headers["Location"] == "/"
    assert everything(home) == before


def test_s4_links_are_long_random_and_not_in_the_database(home, caplog):
    paths = {home.invite("hanako") for _ in range(20)}
    assert len(paths) == 20
    kept = repr(everything(home))
    for each in paths:
        assert len(each.removeprefix("/join/")) == 32  # 192 bits
        assert each.removeprefix("/join/") not in kept
    path = paths.pop()
    with caplog.at_level("DEBUG"):
        home.client().get(path)
        _join(home, path, handle="x y z")
        _join(home, path)
        home.client().get(path)
    assert path.removeprefix("/join/") not in caplog.text


def test_s4_a_link_cannot_be_used_with_a_stolen_database_alone(home):
    """The salt that lies in the database makes the link only with the key of the instance."""
    home.invite("hanako")
    settings = replace(home.settings, secret_key="another-secret-key-0123456789-abcdefghij")
    other = Site(create_app(settings), settings)
    with other.inside():
        assert [invitation.token for invitation in db.session.scalars(db.select(Invitation))] == [None] * 3
    other.close()


# --- joining --------------------------------------------------------------------------------------------------------


def test_joining_makes_member_sponsor_friendship_and_session_at_once(home):
    path = home.invite("hanako")
    client = home.client()
    typed = {**NEWCOMER, "handle": " @NewComer ", "email": "New@Example.COM"}
    answer = client.submit(path, "Join", **typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    client.handle = "newcomer"
    assert "Hanako" in client.get("/friends").text
    with home.inside():
        member = home.member("newcomer")
        assert member.sponsor_id == home.ids["hanako"]
        assert member.email == "new@example.com"
        assert not member.is_host
    assert len([row for row in everything(home)["friendships"] if home.ids["hanako"] in row[:2]]) == 4
    assert "newcomer" in home.sign_in("hanako").get("/friends").text


def test_the_newcomer_finds_the_letter_at_home(home):
    path = home.invite("hanako", letter="Welcome to the persimmons.")
    client = home.client()
    client.submit(path, "Join", **NEWCOMER)
    client.handle = "newcomer"
    page = client.get("/")
    assert "Welcome to the persimmons." in page.text
    home.do(block, "hanako", home_id(home, "newcomer"))
    assert "Welcome to the persimmons." not in client.get("/").text, "a letter is as present as who wrote it"


def home_id(site: Site, handle: str) -> str:
    with site.inside():
        site.ids[handle] = site.member(handle).id
    return handle


WRONG = {
    "no name": {"name": ""},
    "a name nobody can see": {"name": "\u3164\u200b"},
    "no handle": {"handle": ""},
    "a short handle": {"handle": "a"},
    "a handle with other letters": {"handle": "花子"},
    "a handle with a blank": {"handle": "hana ko"},
    "a handle with a line feed": {"handle": "hanako2\n"},
    "a look-alike handle": {"handle": "hаnako"},
    "a taken handle": {"handle": "hanako"},
    "a taken handle in capitals": {"handle": "HANAKO"},
    "no address": {"email": ""},
    "no real address": {"email": "new@"},
    "two addresses": {"email": "a@example.com, b@example.com"},
    "an address with a header": {"email": "a@example.com\nBcc: b@example.com"},
    "an address with a name": {"email": "New <new@example.com>"},
    "a short password": {"password": "elevenchars"},
    "a password of the name": {"password": "newcomer-2026"},
    "a common password": {"password": "passwordpassword"},
    "a password too long": {"password": "柿x1 y" * 60},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_form_that_is_not_in_order_is_shown_again_with_what_was_typed(home, case):
    path = home.invite("hanako")
    before = everything(home)
    typed = {**NEWCOMER, **WRONG[case]}
    answer = home.client().submit(path, "Join", **typed)
    if case == "a handle with a line feed":
        assert answer.status_code == 303, "blanks around it are nobody's fault"
        return
    assert answer.status_code == 422, case
    assert everything(home) == before, "a use is not spent"
    form = next(f for f in home.client().forms(answer) if "Join" in f.buttons)
    for name in {"name", "handle", "email"} - set(WRONG[case]):
        assert form.fields[name] == typed[name]
    assert typed["password"] not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert home.client().submit(path, "Join", **NEWCOMER).status_code == 303


PASSWORDS = [
    "庭の柿の木に百舌鳥が来て、今年もまた寒い冬になりそうだと祖母が言った。",
    "\0" + "nul is a letter too",
    " blanks  count ",
]


@pytest.mark.parametrize("password", PASSWORDS)
def test_s9_the_password_that_was_chosen_is_the_one_that_opens(home, password):
    assert _join(home, home.invite("hanako"), password=password).status_code == 303
    assert home.sign_in("newcomer", password)
    for almost in (password[:-1], password[1:], password + "x"):
        answer = home.client().post("/sign-in", {"login": "newcomer", "password": almost})
        assert answer.status_code == 422


def test_a_taken_address_is_no_reason_to_be_refused(home):
    """Nobody learns who is here by trying addresses (S11); it is unique only once it is confirmed."""
    assert _join(home, home.invite("hanako"), email="hanako@example.com").status_code == 303


# --- a member's invitations -----------------------------------------------------------------------------------------


def test_a_member_writes_an_invitation_sees_its_state_and_takes_it_back(home):
    client = home.sign_in("hanako")
    answer = client.submit("/invitations", "Create invitation", letter="Do come.", uses="2", days="90")
    page = client.get(answer.headers["Location"])
    link = re.search(r"http://localhost(/join/[\w-]+)", page.text)
    assert link
    assert "Do come." in page.text
    assert "Do come." in home.client().get(link[1]).text
    assert _join(home, link[1]).status_code == 303
    assert "newcomer" in client.get("/invitations").text
    assert client.submit("/invitations", "Revoke").status_code == 303
    assert home.client().get(link[1]).status_code == 404
    page = client.get("/invitations")
    assert "Revoke" not in {button for form in client.forms(page) for button in form.buttons}


@pytest.mark.parametrize(("uses", "days"), [("1", "1"), ("50", "90"), (" 7 ", "07")])
def test_s43_numbers_within_the_bounds_are_taken(home, uses, days):
    client = home.sign_in("host")
    assert client.post("/invitations", {"letter": "", "uses": uses, "days": days}).status_code == 303
    row = everything(home)["invitations"][-1]
    assert row[5] == row[6] == int(uses)
    assert row[8] - row[7] == timedelta(days=int(days))


NO_NUMBERS = [
    "0",
    "-1",
    "51",
    "91",
    "1.5",
    "1e1",
    "１",
    "1_0",
    "+1",
    "",
    "x",
    "9" * 30,
    "0x1",
    "٣",
    "1\0",
    "NaN",
    "1 2",
]


def test_s43_other_numbers_are_refused_and_kept_to_be_mended(home):
    client = home.sign_in("hanako")
    token = client.csrf_token()
    before = everything(home)
    for value in NO_NUMBERS:
        for name, other in (("uses", "days"), ("days", "uses")):
            if (name, value) == ("days", "51"):
                continue
            sent = {"csrf_token": token, "letter": "Kept words.", name: value, other: "1"}
            answer = client.http.post("/invitations", data=sent)
            assert answer.status_code == 422, (name, value)
            assert "Kept words." in answer.text
    assert everything(home) == before


def test_another_members_invitation_cannot_be_revoked(home):
    path = home.invite("host")
    invitation_id = max(row[0] for row in everything(home)["invitations"])
    answer = home.sign_in("hanako").post(f"/invitations/{invitation_id}/revoke")
    assert answer.status_code == 404
    assert home.client().get(path).status_code == 200


def test_many_invitations_are_paged_and_only_ones_own_are_there(home):
    for number in range(25):
        home.invite("hanako", letter=f"letter number {number} of mine")
    home.invite("host", letter="not mine")
    client = home.sign_in("hanako")
    first = client.get("/invitations")
    older = re.search(r'href="(/invitations\?after=[^"]+)"', first.text)
    assert older
    second = client.get(older[1])
    for number in range(25):
        shown = [f"letter number {number} of mine" in page.text for page in (first, second)]
        assert shown == [number >= 5, number < 5], number
    assert "not mine" not in first.text + second.text
