"""The red lines: new comments, on what I wrote and after mine; and whoever I invited. Gone when looked at."""

import re
from datetime import timedelta

import pytest

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry, change_audience
from mixlite.features.friends.verbs import block
from mixlite.features.reading.verbs import add_comment, remove_comment
from mixlite.people.mutes import set_mute
from mixlite.policy.visibility import visible_entry

MINE = r"(\d+) new comments? on what you wrote"
AFTER = r"(\d+) new comments? after yours"


def taken(pattern, text, group=1):
    """What the pattern finds, which must be there."""
    match = re.search(pattern, text, re.DOTALL)
    assert match is not None, pattern
    return match[group]


def comment(site, who, entry, words="Words."):
    site.do(lambda member: add_comment(member, visible_entry(member, entry), body=words), who)


def counts(site, who="author"):
    text = site.sign_in(who).get("/").text
    return tuple(int(found[1]) if (found := re.search(words, text)) else 0 for words in (MINE, AFTER))


def look(site, who, path):
    """As a person does: the page goes out whole, and then the trace is written."""
    answer = site.sign_in(who).get(path)
    answer.close()
    return answer.text


def test_comments_on_what_i_wrote_are_told_until_i_look(any_site):
    site = any_site
    site.join("host")
    site.join("friend", "host")
    entry = site.diary("host", title="Four persimmons")
    assert counts(site, "host") == (0, 0)
    for _ in range(3):
        comment(site, "friend", entry)
    text = site.sign_in("host").get("/").text
    assert "3 new comments on what you wrote" in text
    assert f'href="/entries/{entry}#c1"' in text
    assert "Four persimmons" in taken(r'<ul class="red-lines".*?</ul>', text, 0)
    page = look(site, "host", f"/entries/{entry}")
    assert "3 new" in page
    assert counts(site, "host") == (0, 0)
    comment(site, "friend", entry)
    assert f'href="/entries/{entry}#c4"' in site.sign_in("host").get("/").text


def test_only_a_visit_counts_as_looking(site, cast):
    entry = site.diary("author")
    comment(site, "friend", entry)
    client = site.sign_in("author")
    client.http.head(f"/entries/{entry}").close()
    client.get(f"/entries/{entry}", headers={"Sec-Purpose": "prefetch;prerender"}).close()
    assert counts(site) == (1, 0)
    client.get(f"/entries/{entry}").close()
    assert counts(site) == (0, 0)


def test_comments_after_mine_are_told_and_those_before_are_not(site, cast):
    entry = site.diary("friend", "members")
    comment(site, "second", entry)
    assert counts(site) == (0, 0)
    comment(site, "author", entry)
    assert counts(site) == (0, 0)
    comment(site, "second", entry)
    comment(site, "friend", entry)
    assert counts(site) == (0, 2)
    text = site.sign_in("author").get("/").text
    assert f'href="/entries/{entry}#c3"' in text
    comment(site, "author", entry)  # whoever answers has read what stands above
    assert counts(site) == (0, 0)


def test_a_card_says_what_is_new_only_where_one_has_been(site, cast):
    entry = site.diary("friend", title="Of a friend")
    comment(site, "friend", entry)
    assert "new-count" not in site.sign_in("author").get("/").text
    look(site, "author", f"/entries/{entry}")
    comment(site, "friend", entry)
    comment(site, "friend", entry)
    card = taken(rf'id="e{entry}".*?</article>', site.sign_in("author").get("/").text, 0)
    assert "2 new" in card
    assert f"/entries/{entry}#c2" in card


def test_a_long_talk_is_read_page_by_page(site, cast):
    """The mark stands at the last comment that was on the page, and the line leads to the page after."""
    entry = site.diary("author")
    with site.inside():
        now = clock.now()
        given = {"entry_id": entry, "author_id": site.ids["friend"], "text": "C", "created_at": now}
        db.session.add_all(Comment(number=number, **given) for number in range(1, 71))
        db.session.get_one(Entry, entry).last_number = 70
        db.session.commit()
    assert counts(site) == (70, 0)
    look(site, "author", f"/entries/{entry}")
    text = site.sign_in("author").get("/").text
    assert "20 new comments on what you wrote" in text
    address = taken(rf'href="(/entries/{entry}\?after=\d+)#c51"', text)
    assert 'id="c51"' in look(site, "author", address)
    assert counts(site) == (0, 0)


def _block(site, _entry):
    site.do(block, "friend", "author")


def _mute(site, _entry):
    site.do(lambda author: set_mute(author.id, site.ids["friend"], None), "author")


def _remove(site, entry):
    site.do(lambda author: remove_comment(author, visible_entry(author, entry), 1), "author")


def _delete(site, entry):
    site.do(lambda _author: setattr(db.session.get_one(Entry, entry), "deleted_at", clock.now()), "author")


@pytest.mark.parametrize("hide", [_block, _mute, _remove, _delete])
def test_s19_what_is_hidden_is_never_told_of_on_ones_own(site, cast, hide):
    entry = site.diary("author")
    comment(site, "friend", entry)
    assert counts(site) == (1, 0)
    hide(site, entry)
    assert counts(site) == (0, 0)


def test_s19_a_mute_that_is_over_is_as_none(site, cast):
    entry = site.diary("author")
    comment(site, "friend", entry)
    site.do(lambda author: set_mute(author.id, site.ids["friend"], clock.now() - timedelta(1)), "author")
    assert counts(site) == (1, 0)


def _narrow(site, entry):
    site.do(lambda _friend: change_audience(db.session.get_one(Entry, entry), "only_me"), "friend")


def _block_the_author(site, _entry):
    site.do(block, "friend", "author")


def _block_the_answerer(site, _entry):
    site.do(block, "author", "second")


@pytest.mark.parametrize("hide", [_narrow, _block_the_author, _block_the_answerer])
def test_s19_what_is_hidden_is_never_told_of_on_others(site, cast, hide):
    entry = site.diary("friend", "members")
    comment(site, "author", entry)
    comment(site, "second", entry)
    assert counts(site) == (0, 1)
    hide(site, entry)
    assert counts(site) == (0, 0)


def test_s14_nobody_can_see_that_somebody_has_read(site, cast):
    """The author's page of an entry is the same before and after a friend has opened it."""
    entry = site.diary("author")
    look(site, "author", f"/entries/{entry}")
    before = [site.sign_in("author").get(path).text for path in (f"/entries/{entry}", "/", "/@friend")]
    look(site, "friend", f"/entries/{entry}")
    after = [site.sign_in("author").get(path).text for path in (f"/entries/{entry}", "/", "/@friend")]
    blank = re.compile(r'value="[^"]*"|top=[^"&]*')
    assert [blank.sub("", text) for text in before] == [blank.sub("", text) for text in after]


def test_whoever_arrived_is_told_until_looked_at(site, cast):
    look(site, "author", "/invitations")
    site.join("leo", "author")
    assert "Somebody you invited has arrived" in site.sign_in("author").get("/").text
    look(site, "friend", "/@leo")
    look(site, "author", "/@friend")
    assert "Somebody you invited has arrived" in site.sign_in("author").get("/").text
    look(site, "author", "/@leo")
    assert "has arrived" not in site.sign_in("author").get("/").text
    site.join("mia", "author")
    site.join("ben", "author")
    assert "2 people you invited have arrived" in site.sign_in("author").get("/").text
    look(site, "author", "/invitations")
    assert "have arrived" not in site.sign_in("author").get("/").text


def test_everything_that_waits_is_one_list(site, cast):
    site.join("leo", "author")
    entry = site.diary("author")
    comment(site, "friend", entry)
    text = site.sign_in("author").get("/").text
    assert text.count('<ul class="red-lines"') == 1
