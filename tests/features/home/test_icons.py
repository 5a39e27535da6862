"""The icons are drawn from our own mark, by a script of the project."""

import importlib.util
import struct
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _script():
    spec = importlib.util.spec_from_file_location("icons", ROOT / ".ci" / "icons.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def _pixels(png: bytes) -> bytes:
    """What is drawn, whichever way it was compressed."""
    at, packed = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + size]
        at += 12 + size
    return zlib.decompress(packed)


@pytest.mark.parametrize("name", ["icon-180.png", "icon-192.png"])
def test_the_icons_are_what_the_script_draws(name):
    script = _script()
    drawn = script.draw(*script.ICONS[name])
    assert _pixels(drawn) == _pixels((ROOT / "static" / "img" / name).read_bytes())


def test_every_icon_is_there_in_its_size():
    for name, (size, _share, _round) in _script().ICONS.items():
        png = (ROOT / "static" / "img" / name).read_bytes()
        assert png.startswith(b"\x89PNG")
        assert struct.unpack(">II", png[16:24]) == (size, size)


def test_the_mark_of_the_maskable_icon_stays_where_no_phone_cuts():
    """Within the circle of 80 % that every mask leaves."""
    script = _script()
    size, share, _round = script.ICONS["icon-mask-512.png"]
    scale, offset = size * share / 32, size * (1 - share) / 2
    for shape, _colour in script.mark():
        for x, y in shape:
            distance = ((offset + x * scale - size / 2) ** 2 + (offset + y * scale - size / 2) ** 2) ** 0.5
            assert distance <= size * 0.4
