"""S6: addresses that may be gone back to."""

import pytest

from mixlite.core.http import came_from, safe_address
from tests.features.accounts.test_sign_in import ELSEWHERE, SAME_SITE


@pytest.mark.parametrize("address", [*SAME_SITE, "/"])
def test_s6_paths_of_this_site_are_safe(address):
    assert safe_address(address, "/otherwise") == address


def test_s6_everything_else_is_the_default():
    for address in [*ELSEWHERE, None]:
        assert safe_address(address, "/otherwise") == "/otherwise", address


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("http://localhost/friends?after=x", "/friends?after=x"),
        ("http://localhost/@hanako#c1", "/@hanako"),
        ("http://localhost:81/friends", "/otherwise"),
        ("https://evil.example/friends", "/otherwise"),
        ("http://localhost@evil.example/friends", "/otherwise"),
        ("http://localhost//evil.example", "/otherwise"),
        ("http://localhost", "/otherwise"),
        ("http://[", "/otherwise"),
        ("", "/otherwise"),
    ],
)
def test_s6_came_from_is_a_page_of_this_site(site, referrer, expected):
    with site.app.test_request_context("/x", headers={"Referer": referrer}):
        assert came_from("/otherwise") == expected
