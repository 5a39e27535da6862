"""The port of files, on a folder and on S3 (moto)."""

import os
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mixlite.core.storage import Folder, Storage, StorageFull, StorageTrouble, open_storage
from tests.support.site import settings_for

BAD_NAMES = [
    "../x",
    "/etc/passwd",
    "a/../b",
    "a//b",
    "a/./b",
    "",
    "A/b",
    "a\0b",
    "a%2e%2e/b",
    "a\\b",
    "ü",
    "a/b/",
    "a b",
    "a#1",
]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a bucket."""
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    request = urllib.request.Request(f"http://{host}:{port}/pictures", method="PUT")
    urllib.request.urlopen(request).close()  # noqa: S310 - a server of ours
    yield f"s3://key:{quote('se/cr+et', safe='')}@pictures/of/house?region=us-east-1&endpoint=http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    url = request.getfixturevalue("s3") if request.param == "s3" else ""
    return open_storage(settings_for(tmp_path, storage_url=url))


def test_a_file_is_written_once_and_read_in_every_way(store: Storage):
    assert store.put("ab/abc/1/small", b"hello") is True
    assert store.put("ab/abc/1/small", b"other") is False
    assert store.get("ab/abc/1/small") == b"hello"
    assert b"".join(store.pieces("ab/abc/1/small")) == b"hello"
    assert store.get_range("ab/abc/1/small", 1, 3) == b"ell"
    assert store.size("ab/abc/1/small") == 5
    assert store.size("ab/abc/1/none") is None
    with pytest.raises(FileNotFoundError):
        store.get("ab/abc/1/none")
    with pytest.raises(FileNotFoundError):
        store.get_range("ab/abc/1/none", 0, 1)


def test_files_go_alone_and_by_their_folder(store: Storage):
    for name in ("cd/cdx/in/0000", "cd/cdx/in/0001", "cd/cdx/1/small", "cd/cdxy/1/small"):
        store.put(name, b"x")
    store.delete("cd/cdx/in/0001")
    store.delete("cd/cdx/in/0001")
    assert sorted(store.names("cd/cdx")) == ["cd/cdx/1/small", "cd/cdx/in/0000"]
    store.delete_below("cd/cdx")
    assert sorted(store.names("cd")) == ["cd/cdxy/1/small"]
    store.delete_below("cd/cdx")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_s39_a_name_leads_nowhere_else(store: Storage, name: str):
    for ask in (store.get, store.size, store.delete, lambda n: store.put(n, b"x"), lambda n: store.get_range(n, 0, 1)):
        with pytest.raises(ValueError, match="not a name"):
            ask(name)
    with pytest.raises(ValueError, match="not a name"):
        store.delete_below(name)


def test_a_folder_is_for_its_owner_alone(tmp_path: Path):
    previous = os.umask(0o022)
    try:
        store = Folder(tmp_path / "media")
        store.put("ab/abc/1/small", b"hello")
    finally:
        os.umask(previous)
    for path in (tmp_path / "media").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    store.delete_below("ab/abc")
    assert list((tmp_path / "media").iterdir()) == []


def test_a_storage_that_is_away_is_trouble_and_not_a_crash(tmp_path: Path):
    url = "s3://key:secret@pictures?region=us-east-1&endpoint=http://127.0.0.1:9"
    store = open_storage(settings_for(tmp_path, storage_url=url))
    with pytest.raises(StorageTrouble) as trouble:
        store.put("ab/abc/1/small", b"hello")
    assert not isinstance(trouble.value, StorageFull)
