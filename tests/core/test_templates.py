"""Templates compiled for one language say exactly what they say when every word is looked up."""

from typing import Any

import pytest
from flask import render_template_string, url_for
from flask_babel import force_locale
from markupsafe import Markup

from mixlite.core.language import speaking
from mixlite.core.templates import SpeakingEnvironment
from tests.support.site import Site

PIECES = [
    "{{ _('Home') }}",
    "{{ _('Home') ~ '<' ~ _('Friends') }}",
    "{{ _('Chosen people')|upper }}",
    "{{ _('no such words: 100%%') }}",
    "{{ _('%(what)s: %(words)s', what=hostile, words=_('Friends')) }}",
    "{{ _('%(what)s: %(words)s', what=safe, words=n) }}",
    "{{ ngettext('%(num)s comment', '%(num)s comments', n) }}",
    "{{ ngettext('%(num)s comment', '%(num)s comments', many|length) }}",
    "{{ ngettext('%(names)s and %(num)s more like this', '%(names)s and %(num)s more like this', n, names=hostile) }}",
    "{{ ngettext('%(num)s person', '%(num)s people', n, num='about ' ~ n) }}",
    "{% set words %}{{ _('Friends') }}{% endset %}{{ words }}",
    "{{ {'a': _('Friends')}['a'] }}{{ _(name) }}",
    "{% macro m(words=_('Home')) %}[{{ words }}]{% endmacro %}{{ m() }}{{ m(_('Friends')) }}",
    "{{ 'a' if _('Home') else 'b' }}{% if n == 1 and _('Home') %}one{% endif %}",
    "{% import 'components.html' as ui with context %}{{ ui.icon('heart') ~ ui.icon(name, 'turn') }}",
    "<link href='{{ static_url('mixlite.css') }}'>",
]
GIVEN = {"hostile": "<b>%(x)s & %%</b>", "safe": Markup("<i>x</i>"), "many": [1, 2], "name": "heart"}


def _environment(site: Site) -> SpeakingEnvironment:
    assert isinstance(site.app.jinja_env, SpeakingEnvironment)
    return site.app.jinja_env


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("piece", PIECES)
def test_what_is_said_beforehand_is_what_would_be_looked_up(site: Site, language: str, piece: str):
    environment = _environment(site)
    with site.app.test_request_context("/"), speaking(language), force_locale(language):
        for n in (0, 1, 2):
            given = {**GIVEN, "n": n, "language": language}
            looked_up = environment.from_string(piece).render(given)
            assert environment.speaking(language).from_string(piece).render(given) == looked_up


def test_nothing_is_looked_up_any_more(site: Site):
    """Else all this would be for nothing."""
    with site.app.test_request_context("/"):
        english = _environment(site).speaking("en")
        source = "{{ _('Home') }}{{ ngettext('%(num)s comment', '%(num)s comments', n) }}"
        assert "gettext" not in english.compile(source, raw=True)


def test_each_reader_gets_their_own_language_from_one_process(site: Site):
    with site.app.test_request_context("/"):
        with speaking("ja"):
            japanese = render_template_string("{{ _('Friends') }}")
        with speaking("en"):
            english = render_template_string("{{ _('Friends') }}")
    assert (english, japanese) == ("Friends", "友人")


def test_addresses_are_what_flask_says_they_are(site: Site):
    address: Any = site.app.jinja_env.globals["url_for"]
    with site.app.test_request_context("/"):
        for endpoint, values in (
            ("home.show", {}),
            ("reading.show", {"entry_id": 7, "_anchor": "c1"}),
            ("home.show", {"after": "x y&z", "other": None}),
            ("profiles.show", {"handle": "aki"}),
        ):
            made = address(endpoint, **values)
            assert made == url_for(endpoint, **values)
    with site.app.test_request_context("/", base_url="http://localhost/below"):
        assert address("home.show") == "/below/"
