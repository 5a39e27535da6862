"""S9: what a password must be, and how it is kept."""

import pytest

from mixlite.app.factory import create_app
from mixlite.core.crypto import derived_token, hash_password, key_for, new_token, password_matches, token_hash
from mixlite.core.passwords import weakness
from tests.support.site import settings_for

GOOD = [
    "seven ripe persimmons",
    "correct horse battery staple",
    "柿くへば鐘が鳴るなり法隆寺",
    "👩\u200d👩\u200d👧🐈🍵🌸🏯🗻🎏🍂🌙☔🚲🎐",
    "Tr0ub4dor&3-and-more",
    " leading and trailing ",
    "nul\0inside it is fine",
    "x9" * 5 + "qprtz",
    "abcdef" + "é" * 250,
]
SHORT = ["", "short", "elevenchars", "柿の木の下で猫が寝る", "👩\u200d👩\u200d👧\u200d👦" * 11, "e\u0301" * 11]
PERSONAL = ["Hanako Yamada", "hanakoyamada1", "hanako@example.com", "HANAKO.YAMADA!!", "yamada-hanako-2026"]
COMMON = [
    "passwordpassword",
    "PASSWORDpassword",
    "password1234",
    "123456789012",
    "1234567890123456",
    "qwertyuiop[]"[:10] + "qw",
    "qwertyuiopasdf",
    "aaaaaaaaaaaaaaaa",
    "abababababababab",
    "パスワードパスワード123",
    "mixlitemixlite",
    "mixlite-password",
    "abcdefghijklmnop",
    "1q2w3e4r5t6y7u",
]


@pytest.mark.parametrize("password", GOOD)
def test_s9_long_ones_of_any_script_are_good(password):
    assert weakness(password, ["Hanako", "hanako", "hanako@example.com"]) is None


@pytest.mark.parametrize("password", SHORT)
def test_s9_fewer_than_twelve_characters_as_people_count_them_are_too_few(site, password):
    with site.app.test_request_context():
        assert "12" in str(weakness(password))


@pytest.mark.parametrize("password", COMMON)
def test_s9_common_ones_and_words_of_the_site_are_refused(site, password):
    with site.app.test_request_context():
        assert "first that others would try" in str(weakness(password))


@pytest.mark.parametrize("password", PERSONAL)
def test_s9_what_everybody_can_read_about_a_person_is_no_secret(site, password):
    with site.app.test_request_context():
        assert weakness(password, ["Hanako Yamada", "hanako", "yamada", "hanako@example.com"]) is not None


@pytest.mark.parametrize(("length", "is_good"), [(256, True), (257, False), (100_000, False)])
def test_s9_over_long_ones_are_refused_not_cut(site, length, is_good):
    password = ("柿の木に kakis grow" * length)[:length]
    with site.app.test_request_context():
        assert (weakness(password) is None) == is_good


def test_s9_hashes_keep_every_byte_and_are_salted(site):
    with site.inside():
        for password in [*GOOD, "あ" * 24 + "x"]:
            stored = hash_password(password)
            assert password_matches(password, stored)
            assert hash_password(password) != stored
            for almost in (password[:-1], password + " ", password.swapcase() + "x", password + "\0"):
                assert not password_matches(almost, stored)
        assert not password_matches("anything at all", None)


def test_s9_a_stolen_database_alone_does_not_let_passwords_be_tried(site, tmp_path):
    """The hash is made with a key of the instance, which is not in the database."""
    with site.inside():
        stored = hash_password("seven ripe persimmons")
    other = create_app(settings_for(tmp_path / "other"))
    with other.app_context():
        assert not password_matches("seven ripe persimmons", stored)


def test_s4_tokens_are_long_random_and_kept_as_hashes(site):
    with site.inside():
        tokens = {new_token() for _ in range(100)}
        assert len(tokens) == 100
        assert all(len(token) * 6 >= 128 for token in tokens)
        derived = derived_token("invitation", "salt")
        assert derived == derived_token("invitation", "salt")
        assert len({derived, derived_token("other purpose", "salt"), derived_token("invitation", "pepper")}) == 3
        assert len(derived) * 6 >= 128
        assert derived not in token_hash(derived)
        assert key_for("one") != key_for("other")
