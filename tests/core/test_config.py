"""Settings: where they come from, what is refused (S59), and the secret key."""

import stat

import pytest

from mixlite.app.factory import create_app
from mixlite.core.config import BadSettings, load_settings


def _load(folder, environ=None, **overrides):
    return load_settings(environ or {}, instance=folder, **overrides)


def test_an_empty_folder_is_enough(tmp_path):
    settings = _load(tmp_path / "new")
    assert settings.base_url == "http://localhost:8000"
    assert not settings.base_url_is_set
    assert settings.sqlite_file == (tmp_path / "new").resolve() / "mixlite.sqlite3"
    assert len(settings.secret_key) >= 64
    assert settings.bcrypt_cost >= 12
    assert not settings.testing


def test_environment_goes_before_file_and_file_before_defaults(tmp_path):
    (tmp_path / "config.toml").write_text('site_name = "Circle"\nlanguage = "ja"\nbcrypt_cost = 11\n')
    settings = _load(tmp_path, {"MIXLITE_LANGUAGE": "en", "MIXLITE_BCRYPT_COST": "13", "MIXLITE_SITE_NAME": " "})
    assert (settings.site_name, settings.language, settings.bcrypt_cost) == ("Circle", "en", 13)
    assert _load(tmp_path, site_name="Other").site_name == "Other"


def test_the_folder_comes_from_the_environment(tmp_path):
    settings = load_settings({"MIXLITE_INSTANCE": str(tmp_path / "here")})
    assert settings.instance == (tmp_path / "here").resolve()


def test_the_secret_key_is_made_once_and_closed_to_others(tmp_path):
    first = _load(tmp_path).secret_key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert _load(tmp_path).secret_key == first
    assert _load(tmp_path / "other").secret_key != first


def test_s59_a_secret_key_that_others_can_read_is_refused(tmp_path):
    _load(tmp_path)
    for mode in (0o640, 0o604, 0o666):
        (tmp_path / "secret-key").chmod(mode)
        with pytest.raises(BadSettings, match="chmod 600"):
            _load(tmp_path)


@pytest.mark.parametrize("key", ["short", "secret", "changeme", "x" * 31, "x" * 64, "dev" * 20, "changeme" * 8])
def test_s59_a_short_or_default_secret_is_refused(tmp_path, key):
    with pytest.raises(BadSettings, match="secret_key"):
        _load(tmp_path, {"MIXLITE_SECRET_KEY": key})


def test_s59_an_empty_secret_file_is_refused(tmp_path):
    (tmp_path / "secret-key").touch(mode=0o600)
    with pytest.raises(BadSettings, match="secret_key"):
        _load(tmp_path)


PRIVATE = ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:81", "http://192.168.1.7", "http://[fd00::5]"]


@pytest.mark.parametrize(
    "url", [*PRIVATE, "https://circle.example", "https://circle.example/", "https://輪.example:8443"]
)
def test_addresses_of_this_machine_a_private_network_or_https_are_taken(tmp_path, url):
    settings = _load(tmp_path, {"MIXLITE_BASE_URL": url})
    assert settings.base_url == url.rstrip("/")
    assert settings.base_url_is_set


@pytest.mark.parametrize(
    "url",
    [
        "http://circle.example",
        "http://8.8.8.8",
        "http://localhost.example",
        "circle.example",
        "ftp://circle.example",
        "https://",
        "https://circle.example/sub",
        "https://circle.example?x=1",
        "https://circle.example#x",
        "https://me:secret@circle.example",
        "https://circle.example:x",
        "https://circle.example:99999",
        "http://[::1",
        "javascript:alert(1)",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_s59_other_addresses_are_refused(tmp_path, url):
    with pytest.raises(BadSettings, match="base_url"):
        _load(tmp_path, {"MIXLITE_BASE_URL": url})


UNUSABLE = [
    ("language", "fr"),
    ("timezone", "Mars/Olympus"),
    ("bcrypt_cost", 4),
    ("bcrypt_cost", 20),
    ("erase_after", -1),
    ("erase_after", 9_999_999),
    ("session_days", 0),
    ("database_url", "mysql://x/y"),
    ("database_url", "sqlite://"),
    ("database_url", "sqlite:///beside.db"),
]


@pytest.mark.parametrize(("name", "value"), UNUSABLE)
def test_s59_settings_that_cannot_be_used_are_named(tmp_path, name, value):
    with pytest.raises(BadSettings, match=name):
        _load(tmp_path, **{name: value})


@pytest.mark.parametrize("value", ["twelve", "１２", "-1", "1.5", "1e1", "0x10"])
def test_s59_numbers_in_the_environment_are_whole_numbers(tmp_path, value):
    with pytest.raises(BadSettings, match="MIXLITE_BCRYPT_COST"):
        _load(tmp_path, {"MIXLITE_BCRYPT_COST": value})


UNUSABLE_FILES = [
    b"site_name =",
    b"colour = 'red'",
    b"bcrypt_cost = '12'",
    b"site_name = 5",
    b"erase_after = true",
    b"\xff",
]


@pytest.mark.parametrize("text", UNUSABLE_FILES)
def test_s59_a_file_that_cannot_be_used_is_refused(tmp_path, text):
    (tmp_path / "config.toml").write_bytes(text)
    with pytest.raises(BadSettings, match=r"config\.toml"):
        _load(tmp_path)


def test_s59_nothing_outside_can_turn_on_testing_or_a_debugger(tmp_path, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    monkeypatch.setenv("FLASK_ENV", "development")
    app = create_app(_load(tmp_path, {"MIXLITE_TESTING": "1", "FLASK_DEBUG": "1"}))
    assert not app.debug
    assert not app.testing
    (tmp_path / "config.toml").write_text("testing = true")
    with pytest.raises(BadSettings, match="testing"):
        _load(tmp_path)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_address_is_read_with_psycopg_3(tmp_path, scheme):
    settings = _load(tmp_path, {"MIXLITE_DATABASE_URL": f"{scheme}://u@h/d"})
    assert settings.database_url == "postgresql+psycopg://u@h/d"
    assert settings.sqlite_file is None
    assert not settings.is_sqlite


def test_hosts_that_are_answered(tmp_path):
    http = _load(tmp_path, base_url="http://192.168.1.7:8000").trusted_hosts
    assert set(http) == {"192.168.1.7", "localhost", "127.0.0.1", "[::1]"}
    assert _load(tmp_path, base_url="https://Circle.Example").trusted_hosts == ["circle.example"]
