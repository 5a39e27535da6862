"""Stylesheets and modules as one file each."""

import gzip

import pytest

from mixlite.app.assets import SCRIPT, STYLESHEET, Assets
from mixlite.app.joining import CannotJoin, join_modules, join_sheets
from mixlite.core.config import ROOT

MOST_BYTES = 30_000  # of compressed styles and scripts on a reading page


def _joined(**modules: str) -> str:
    files = {f"js/{name}.js": text.encode() for name, text in modules.items()}
    return join_modules(files, "js/main.js").decode()


def test_modules_come_after_what_they_need_and_once() -> None:
    joined = _joined(
        main='import "./a.js";\nimport "./b.js";\n',
        a='import { tell as say } from "./c.js";\nsay(1);\n',
        b='import { tell } from "./c.js";\ntell(2);\n',
        c="export function tell(words) {}\nexport const patience = 3;\n",
    )
    assert joined.count("function tell") == 1
    assert joined.index("function tell") < joined.index("say(1)") < joined.index("tell(2)")
    assert "const { tell: say } = module_c;" in joined
    assert "return { tell, patience };" in joined
    assert "export" not in joined


@pytest.mark.parametrize(
    "text",
    [
        'import all from "./a.js";\n',
        'import * as all from "./a.js";\n',
        "export default 1;\n",
        "export { a };\n",
        "await something();\n",
        'import "./none.js";\n',
        'import "https://example.org/x.js";\n',
        'import "./main.js";\n',
    ],
)
def test_what_is_not_understood_is_told_at_the_start(text: str) -> None:
    with pytest.raises(CannotJoin):
        _joined(main=text, a="")


def test_what_is_imported_later_stays() -> None:
    assert 'import("./later.js")' in _joined(main='document.onclick = () => import("./later.js");\n')


def test_sheets_are_joined_in_order_without_comments_and_blanks() -> None:
    files = {"css/20-b.css": b"b { /* why\n so */ }", "css/10-a.css": b"\n  a {}\n\n", "css/apart/c.css": b"c {}"}
    assert join_sheets(files, "css") == b"a {}\nb {  }"


def test_old_browsers_get_every_colour_by_day() -> None:
    css = b"""@layer rooms {
.a { color: light-dark(#111, rgb(0 0 0 / .5)); margin: 0;
background: linear-gradient(light-dark(rgb(1 2 3), #222) 0, light-dark(red, blue)) }
@media (min-width: 40rem) { .b:is(.c, .d) { --e: light-dark(var(--x, #333), #444); } }
}"""
    new, _, old = (
        join_sheets({"css/10-a.css": css}, "css").decode().partition("@supports not (color: light-dark(#000, #fff)) {")
    )
    assert "light-dark(#111" in new
    assert "@layer rooms { .a { color: #111; background: linear-gradient(rgb(1 2 3) 0, red) } }" in old
    assert "@layer rooms { @media (min-width: 40rem) { .b:is(.c, .d) { --e: var(--x, #333) } } }" in old
    assert "light-dark" not in old
    assert old.count("{") + 1 == old.count("}")


def test_a_reading_page_carries_little() -> None:
    """DESIGN.md, section 5."""
    assets = Assets(ROOT / "static")
    sizes = {name: len(gzip.compress(assets.files[name], 9)) for name in (STYLESHEET, SCRIPT)}
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_a_page_asks_for_one_sheet_and_one_script(whole) -> None:
    page = whole.site.sign_in("author").get("/").text
    assert page.count('rel="stylesheet"') == 1
    assert page.count("<script") == 1
