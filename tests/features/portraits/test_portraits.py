"""Drawn portraits: chosen, seen beside one's name, the same for ever, and nothing but drawings."""

from xml.etree import ElementTree as ET

import pytest

from mixlite.features.portraits.drawing import PARTS, THINGS, Face, drawing, face_of, faces_to_begin_with
from tests.support.site import Cast, Site

NO_DRAWINGS = [
    "f-",
    "f-999",
    "f-00000000000",
    "f-90000000",
    "f-0000000x",
    "f-٠٠٠٠٠٠٠٠",
    "t-",
    "t-dragon",
    "t-../cat",
    "x",
    "F-00000000",
]


def test_every_drawing_is_a_picture_of_plain_shapes():
    codes = [f"t-{name}" for name in THINGS]
    for part, count in PARTS.items():
        codes += [Face(**{part: position}).code for position in range(count)]
    for code in codes:
        picture = drawing(code)
        assert picture is not None, code
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(picture).iter()}  # noqa: S314
        assert tags <= {"svg", "g", "path", "rect", "circle", "ellipse"}
        assert "{" not in picture
        assert "href" not in picture
    assert len({drawing(code) for code in codes}) >= len(codes) - len(PARTS)  # the plain face comes once for each part


@pytest.mark.parametrize("code", NO_DRAWINGS)
def test_what_is_no_drawing_is_none(code: str):
    assert drawing(code) is None


def test_a_face_reads_back_as_it_was():
    faces = faces_to_begin_with(7, 20)
    assert [face_of(face.code) for face in faces] == list(faces)
    assert len({face.code for face in faces}) == 20
    assert faces_to_begin_with(7, 20) == faces != faces_to_begin_with(8, 20)


def test_a_chosen_face_stands_beside_the_name_for_everybody(site: Site, cast: Cast):
    author, stranger = site.sign_in(cast.author), site.sign_in(cast.stranger)
    page = author.get("/settings/portrait")
    answer = author.http.post("/settings/portrait", data={**author.forms(page)[-2].fields, "portrait": "t-cat"})
    assert answer.status_code == 303
    assert "/portraits/t-cat.svg" in stranger.get("/@author").text
    author.post("/settings/portrait", {"portrait": ""})
    assert "/portraits/t-cat.svg" not in stranger.get("/@author").text


def test_a_forged_code_is_refused_and_nothing_changes(site: Site, cast: Cast):
    author = site.sign_in(cast.author)
    author.post("/settings/portrait", {"portrait": "t-tea"})
    for code in (*NO_DRAWINGS, "<svg onload=alert(1)>", "f" * 5000):
        answer = author.post("/settings/portrait", {"portrait": code})
        assert answer.status_code == 422
        assert "alert(1)>" not in answer.text
    with site.inside():
        assert site.member("author").portrait == "t-tea"


def test_a_picture_may_be_kept_for_ever_and_asks_nobody_who_they_are(site: Site, cast: Cast):
    answer = site.client().get("/portraits/f-21300100.svg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    missing = site.client().get("/portraits/f-99999999.svg")
    assert missing.status_code == 404


def test_a_face_can_be_put_together_without_javascript(site: Site, cast: Cast):
    author = site.sign_in(cast.author)
    code = Face(style=4, glasses=1).code
    page = author.get(f"/settings/portrait?face={code}").text
    assert f'value="{code}"' in page
    assert f"/portraits/{Face(style=4, glasses=2).code}.svg" in page
    assert author.get("/settings/portrait?face=nonsense&more=x").status_code == 200
    assert author.get("/settings/portrait?more=99999999999").status_code == 200


def test_choosing_needs_sign_in(site: Site, cast: Cast):
    assert site.client().get("/settings/portrait").status_code == 303
