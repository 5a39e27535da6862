"""The tree of who invited whom: through the law, bounded, and whole after a deletion in its middle."""

import re

from sqlalchemy import insert, update

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.features.friends.verbs import block
from mixlite.people.members import Member
from tests.support.site import Site

MANY = 3000


def set_status(site: Site, handle: str, status: str) -> None:
    with site.inside(), writing():
        db.session.execute(update(Member).where(Member.handle == handle).values(status=status))


def tree(client, path: str = "/invitations/tree") -> str:
    """The drawn tree alone."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    found = re.search(r'<section class="sheet tree".*?</section>', answer.text, re.DOTALL)
    assert found
    return found[0]


def names(drawing: str) -> list[str]:
    return re.findall(r'class="who" href="/@(\w+)"', drawing)


def a_line(site: Site) -> None:
    """hana invited rosa and ken; rosa emi; emi tom."""
    for handle, inviter in (("hana", None), ("rosa", "hana"), ("ken", "hana"), ("emi", "rosa"), ("tom", "emi")):
        site.join(handle, inviter)


def test_everybody_stands_below_who_invited_them(site):
    a_line(site)
    ken = site.sign_in("ken")
    assert names(tree(ken)) == ["hana", "rosa", "emi", "tom", "ken"]
    assert names(tree(ken, f"/invitations/tree/{site.ids['emi']}")) == ["emi", "tom"]
    way = ken.get(f"/invitations/tree/{site.ids['emi']}").text
    assert way.index("Hana</bdi></a>") < way.index("Rosa</bdi></a>") < way.index('aria-current="page"><bdi>Emi')


def test_s14_a_place_is_empty_alike_whoever_is_not_there_and_why(site):
    """Blocked, blocking, suspended, leaving or gone: the same drawing, and what grew from it stays."""
    a_line(site)
    ken = site.sign_in("ken")
    drawings = []
    for status in ("suspended", "leaving", "gone"):
        set_status(site, "emi", status)
        drawings.append(tree(ken))
    set_status(site, "emi", "active")
    site.do(block, "emi", "ken")
    drawings.append(tree(ken))
    assert len(set(drawings)) == 1
    assert names(drawings[0]) == ["hana", "rosa", "tom", "ken"]
    assert drawings[0].count("an empty place") == 1
    assert "Emi" not in ken.get("/invitations/tree").text
    assert "Emi" in tree(site.sign_in("rosa"))
    assert "an empty place" in ken.get("/@tom").text
    assert "Emi" not in ken.get("/@tom").text
    assert names(tree(ken, f"/invitations/tree/{site.ids['emi']}")) == ["tom"]


def test_s14_the_place_of_somebody_hidden_is_as_missing_as_no_place(site):
    a_line(site)
    site.do(block, "tom", "ken")
    ken = site.sign_in("ken")
    hidden, missing = ken.get(f"/invitations/tree/{site.ids['tom']}"), ken.get("/invitations/tree/424242")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.data == missing.data
    assert "/sign-in" in site.client().get("/invitations/tree").location
    assert ken.post("/invitations/tree").status_code == 405


def test_newcomers_on_home_name_no_inviter_who_does_not_exist_for_the_reader(site):
    a_line(site)
    site.do(block, "emi", "ken")
    shown = site.sign_in("ken").get("/").text
    assert "Tom" in shown
    assert "Emi" not in shown


def test_three_thousand_people_are_drawn_bounded_with_a_constant_number_of_statements(site):
    a_line(site)
    ken = site.sign_in("ken")
    ken.get("/invitations/tree")
    with site.statements() as few:
        ken.get("/invitations/tree")
    grow(site)
    with site.statements() as many:
        answer = ken.get("/invitations/tree")
    assert len(many) == len(few)
    drawn = answer.text.count('class="place-line')
    assert 100 < drawn <= 300
    assert len(answer.data) < 400_000
    assert "more" in answer.text
    with site.statements() as branch:
        ken.get(f"/invitations/tree/{site.ids['rosa']}")
    assert len(branch) <= len(few)


def test_every_one_of_them_can_be_reached_by_links(site):
    a_line(site)
    grow(site, 400)
    ken = site.sign_in("ken")
    todo, pages, found = ["/invitations/tree"], set(), set()
    while todo:
        path = todo.pop()
        if path in pages:
            continue
        pages.add(path)
        text = tree(ken, path)
        found.update(names(text))
        todo += re.findall(r'href="(/invitations/tree/\d+(?:\?after=[\w.-]+)?)"', text)
    with site.inside():
        everybody = set(db.session.scalars(db.select(Member.handle)))
    assert found == everybody


def grow(site: Site, count: int = MANY) -> None:
    """Rosa invites a hundred, and each of the others somebody before them: wide at one place, deep at others."""
    now = clock.now()
    with site.inside(), writing():
        first = max(site.ids.values()) + 1
        rows = [
            {
                "id": first + n,
                "handle": f"guest{n}",
                "name": f"Guest {n}",
                "email": f"guest{n}@example.com",
                "password_hash": "none",
                "joined_at": now,
                "sponsor_id": site.ids["rosa"] if n < 100 else first + (n - 100) // 3,
                "invitation_id": 1,
            }
            for n in range(count)
        ]
        db.session.execute(insert(Member), rows)
