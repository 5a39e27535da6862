"""The page of all components: for hosts, and drawn from the parts themselves."""

import re

from tests.support.site import Site


def test_a_host_sees_every_part(site: Site) -> None:
    site.join("rosa")
    page = site.sign_in("rosa").get("/components")
    assert page.status_code == 200
    for part in (
        "button main",
        "audience",
        "face tiny gone",
        "people",
        "day",
        "item-title",
        "note problem",
        "comment",
        "enough",
    ):
        assert f'class="{part}' in page.text, part
    assert page.text.count('class="item') >= 6


def test_to_everybody_else_it_is_not_there(site: Site) -> None:
    site.join("rosa")
    site.join("tom", "rosa")
    tom = site.sign_in("tom")
    assert tom.get("/components").status_code == 404
    assert tom.get("/components").data == tom.get("/nothing-here").data
    assert site.client().get("/components").status_code == 303


def test_it_asks_the_database_only_who_is_there(site: Site) -> None:
    site.join("rosa")
    rosa = site.sign_in("rosa")
    rosa.get("/components")
    with site.statements() as statements:
        rosa.get("/components")
    assert len(statements) <= 3, statements


def test_its_stylesheet_is_not_part_of_what_everybody_loads(site: Site) -> None:
    site.join("rosa")
    page = site.sign_in("rosa").get("/components").text
    apart = re.search(r'href="(/static/\w+/css/apart/cupboard\.css)"', page)
    assert apart is not None
    assert site.client().get(apart[1]).status_code == 200
    everybody = re.search(r'href="([^"]+mixlite\.css)"', page)
    assert everybody is not None
    assert ".swatch" not in site.client().get(everybody[1]).text
