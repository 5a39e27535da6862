"""One thread through leaving: the password, invisible at once, sign in, come back."""

from tests.support.site import PASSWORD


def test_somebody_leaves_is_invisible_at_once_and_comes_back_by_signing_in(site, cast):
    entry = site.diary(cast.author, "friends", "Persimmons")
    author, friend = site.sign_in(cast.author), site.sign_in(cast.friend)
    assert friend.get(f"/entries/{entry}").status_code == 200

    answer = author.submit("/settings/account/leave", "Leave", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/left")
    assert author.get("/left").status_code == 200
    assert author.get("/").status_code != 200 or "Persimmons" not in author.get("/").text
    assert friend.get(f"/entries/{entry}").status_code == 404
    assert friend.get("/@author").status_code == 404
    assert "Persimmons" not in friend.get("/").text

    door = site.client()
    answer = door.submit("/sign-in", "Sign in", login=cast.author, password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/come-back")
    shown = door.get("/come-back")
    assert "Would you like to come back?" in shown.text
    assert friend.get(f"/entries/{entry}").status_code == 404  # looking changes nothing
    answer = door.submit(shown, "Come back")
    assert (answer.status_code, answer.location) == (303, "/")
    assert door.get(f"/entries/{entry}").status_code == 200
    assert friend.get(f"/entries/{entry}").status_code == 200
