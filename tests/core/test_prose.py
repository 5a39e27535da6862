"""S29, S30, S31, S45: from what people typed to safe HTML."""

import html
import re
from html.parser import HTMLParser

import pytest

from mixlite.core.prose import MOST_MENTIONS, _sanitised, excerpt, handles_in, plain, prose
from tests.core.corpus import HOSTILE_TEXTS
from tests.core.test_text import assert_linear

ALLOWED = {"p", "br", "em", "strong", "s", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "a", "h2", "h3", "h4"}


class Reader(HTMLParser):
    """The tags, attributes and text of a piece of HTML."""

    def __init__(self, markup: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def _assert_safe(markup: str) -> None:
    for tag, attributes in Reader(markup).tags:
        assert tag in ALLOWED, tag
        if tag != "a":
            assert set(attributes) <= {"start"} if tag == "ol" else not attributes
            continue
        assert set(attributes) <= {"href", "rel"}
        href = attributes.get("href") or ""
        assert re.match(r"https?://|mailto:|#c[0-9]+$", href) or not href, href
        assert attributes["rel"] == "noopener nofollow ugc"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_s29_nothing_hostile_comes_through(text):
    for markup in (prose(text), plain(text), prose(f"# {text}\n\n> {text}\n\n- {text}"), prose(f"[{text}]({text})")):
        _assert_safe(markup)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_s31_sanitising_twice_is_sanitising_once(text):
    for markup in (prose(text), plain(text), _sanitised(text)):
        assert _sanitised(str(markup)) == str(markup)


def test_s29_plain_text_says_exactly_what_was_typed():
    for text in HOSTILE_TEXTS:
        assert Reader(plain(text)).text == text.replace("\n", "")


# --- mentions -------------------------------------------------------------------------------------------------------

KNOWN = frozenset({"aki", "b_c", "x" * 30})


def mentions(markup: str) -> list[str]:
    hrefs = [given.get("href") or "" for tag, given in Reader(markup).tags if tag == "a"]
    return [href for href in hrefs if href.startswith("/")]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_s29_s31_nothing_hostile_comes_through_beside_a_mention(text):
    for markup in (
        prose(f"@aki {text} @aki", KNOWN),
        plain(f"{text}@aki {text}", KNOWN),
        prose(f"[@aki {text}](/@aki)", KNOWN),
    ):
        assert set(mentions(markup)) <= {"/@aki"}
        _assert_safe(str(markup).replace('href="/@aki"', 'href="#c1"'))
        assert _sanitised(str(markup)) == str(markup)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@aki", ["/@aki"]),
        ("@AKI, (@b_c)! ＠aki", ["/@aki", "/@b_c", "/@aki"]),
        ("今日は@akiと@b_cで", ["/@aki", "/@b_c"]),
        ("@ben @akira @aki_ @aki2", []),
        ("me@aki.example aki@aki", []),
        ("@aki@social.example @@aki", []),
        ("https://a.example/@aki/@aki", []),
        (f"@{'x' * 30} @{'x' * 31}", [f"/@{'x' * 30}"]),
    ],
)
def test_a_handle_that_leads_to_somebody_is_a_link(text, found):
    assert mentions(plain(text, KNOWN)) == mentions(prose(text, KNOWN)) == found
    assert mentions(plain(text)) == mentions(prose(text)) == []
    assert Reader(plain(text, KNOWN)).text == text


@pytest.mark.parametrize("text", ["`@aki`", "```\n@aki\n```", "[@ben](/@aki)", "[words](/@aki)", "[@aki](/@ben)"])
def test_in_code_and_in_the_words_of_a_link_nobody_is_named(text):
    assert mentions(prose(text, KNOWN)) == []
    assert Reader(prose(text, KNOWN)).text.strip()


def test_s30_a_link_that_looks_like_a_person_shows_where_it_leads():
    markup = prose("[@aki](https://evil.example/) and [dear @aki](https://evil.example/)", KNOWN)
    assert mentions(markup) == []
    assert "@aki" not in Reader(markup).text


def test_the_handles_of_a_text():
    assert handles_in("@Aki, @b_c and ＠aki; me@x.example") == {"aki", "b_c"}
    assert len(handles_in(" ".join(f"@m{number}" for number in range(100)))) == MOST_MENTIONS
    assert handles_in("nobody") == frozenset()


@pytest.mark.parametrize("pump", ["@", "@a", "@a ", "＠aki@", "@aki ", "a@", ">>1@aki", "[@aki]("])
def test_s45_mentions_take_linear_time(pump):
    assert_linear(handles_in, pump, 50_000)
    assert_linear(lambda text: plain.__wrapped__(text, KNOWN), pump, 50_000)
    assert_linear(lambda text: prose.__wrapped__(text, KNOWN), pump, 20_000)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("# One\n\n### Three\n\n###### Six", "<h2>One</h2>\n<h4>Three</h4>\n<h4>Six</h4>"),
        ("> so\n> it is", "<blockquote>\n<p>so<br>\nit is</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("---", "<hr>"),
        ("```python\nx < y\n```", "<pre><code>x &lt; y\n</code></pre>"),
        ("line\nbreak", "<p>line<br>\nbreak</p>"),
        ("![picture](http://evil.example/x.png)", None),
        ("<b>no</b>", "<p>&lt;b&gt;no&lt;/b&gt;</p>"),
        ("1 \\* 2", "<p>1 * 2</p>"),
    ],
)
def test_the_small_markdown(text, markup):
    found = str(prose(text)).strip()
    assert "<img" not in found
    if markup is not None:
        assert found == markup


@pytest.mark.parametrize(
    "scheme", ["javascript", "JAVASCRIPT", "data", "vbscript", "file", "ftp", "blob", "intent", "ms-word", ""]
)
def test_s30_other_schemes_make_no_link(scheme):
    for text in (
        f"[click]({scheme}:alert(1))",
        f"<{scheme}:alert(1)>",
        f"[x]: {scheme}:alert(1)\n\n[x]",
        f"{scheme}:alert(1)",
    ):
        assert "href=" not in prose(text), text
        assert "href=" not in plain(text), text


@pytest.mark.parametrize(
    "target", ["//evil.example/x", "/sign-out", "\\\\evil.example", "/\\evil.example", "?x=1", "#top"]
)
def test_s30_links_without_a_scheme_lead_nowhere_else(target):
    """A relative address in a diary would lead to another page of ours, or, protocol-relative, to another site."""
    for tag, attributes in Reader(prose(f"[words]({target})")).tags:
        assert tag != "a" or not (attributes.get("href") or "").startswith(("//", "\\", "/\\", "/")), attributes


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("https://a.example/b?c=1&d=2", "https://a.example/b?c=1&d=2", "https://a.example/b?c=1&d=2"),
        ("(https://a.example/b)", "https://a.example/b", "https://a.example/b"),
        ("見てhttps://a.example/x 。", "https://a.example/x", "見てhttps://a.example/x 。"),
    ],
)
def test_s30_addresses_become_links_that_say_where_they_lead(text, href, shown):
    for markup in (plain(text), prose(text)):
        links = [attributes for tag, attributes in Reader(markup).tags if tag == "a"]
        assert len(links) == 1
        if href:
            assert links[0]["href"] == href
            assert shown in Reader(markup).text


LIES = [
    "[https://bank.example](https://evil.example/)",
    "[bank.example](https://evil.example/)",
    "[www.bank.example/login](https://evil.example/)",
    "[Go to **bank.example** now](https://evil.example/)",
    "[https://bank.example@evil.example](https://evil.example/)",
    "[bank.example](https://bank.example@evil.example/)",
    "[銀行.example](https://evil.example/)",
    "[`bank.example`](https://evil.example/)",
    "[bank\\.example](https://evil.example/)",
    "[https://bank.example](mailto:me@evil.example)",
]


@pytest.mark.parametrize("text", LIES)
def test_s30_words_that_claim_another_host_are_replaced_by_the_true_address(text):
    reader = Reader(prose(text))
    href = next(str(attributes["href"]) for tag, attributes in reader.tags if tag == "a")
    assert html.unescape(reader.text).strip() == href


@pytest.mark.parametrize(
    "text",
    [
        "[our club](https://a.example/)",
        "[a.example](https://a.example/x)",
        "[see https://a.example/](https://a.example/)",
    ],
)
def test_s30_honest_words_stay(text):
    words = re.match(r"\[(.*?)\]", text)
    assert words
    shown = Reader(prose(text)).text.strip()
    assert shown == words[1] or shown == "https://a.example/"


def test_numbers_lead_to_comments_of_the_same_page():
    markup = str(plain(">>12 and >>3, not >>0, not >>>4, not a>>5, not >>1234567"))
    assert re.findall(r'href="#c(\d+)"', markup) == ["12", "3"]
    assert Reader(markup).text == ">>12 and >>3, not >>0, not >>>4, not a>>5, not >>1234567"


def test_excerpts_are_words_without_marks():
    assert (
        excerpt("# Head\n\nSome *words* and [a link](https://x.example).\n\n- one\n- two")
        == "Head Some words and a link. one two"
    )
    assert excerpt("<script>alert(1)</script>") == "<script>alert(1)</script>"  # it is escaped where it is shown
    assert excerpt("雨。\n\n傘は「これ」\n\nYes. No.") == "雨。傘は「これ」Yes. No."
    assert len(excerpt("あ" * 20_000)) == 160


MARKDOWN_PUMPS = ["*", "**a", "_", "[", "![", "[a](", "](", "`", "#", "~", "<", "\\", "&", "&#", "[](", "a@", "a."]
MARKDOWN_PUMPS += ["http://", "https://a.b/(", "www.", ">>1", "|a", "![[]()", "<a@", "<http:", "((", "mailto:", "//"]
MARKDOWN_PUMPS += ["ー", "[[]]", "*_`", "]]", "<!--", "<?", "&amp;", "a://", "~~a", "http://a.b?[", 'https://a.b/"']
MARKDOWN_PUMPS += ["https://a.b/{", "https://a.b/'", "見てhttps://", "[a](<", "[a][", "`a``", "https://a.b/."]
MARKDOWN_PUMPS += ["https://a.b/?!", "https://a.b---", "http://a@", "http://a:"]
MARKDOWN_PUMPS += [
    "``` ",
    "> ",
    "- ",
    "1. ",
    "*a_ ",
    ">> ",
    "\n>",
    "\n- ",
    "\n\n",
    "[a]: b\n",
    "\t",
    "    a\n",
    "+ \n",
    "a\n===\n",
]
MARKDOWN_PUMPS += ["http:// ", "**http://a.b ", "[http://a.b ", "http://" * 280 + " ", "https://a.b/(" * 150 + " "]


@pytest.mark.parametrize("pump", MARKDOWN_PUMPS)
def test_s45_markdown_and_links_take_time_in_proportion(pump):
    """For what can be sent at most: twenty thousand characters of diary, and 50 kB of what is not Markdown."""
    assert_linear(prose.__wrapped__, pump, 20_000)
    assert_linear(plain.__wrapped__, pump, 50_000)
