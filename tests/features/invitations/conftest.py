"""The post office of the accounts' tests, and a house with one ordinary member."""

import pytest

from tests.features.accounts.conftest import post  # noqa: F401 - a fixture
from tests.support.site import Client, Site


@pytest.fixture
def rosa(site: Site) -> Client:
    """An ordinary member of a house whose host is hana."""
    site.join("hana")
    site.join("rosa", "hana", confirmed=True)
    return site.sign_in("rosa")
