"""Pictures are made ready: what comes out, what is refused, what is left behind."""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from mixlite.entries.prepare import BROKEN, NOT_A_PICTURE, TOO_LARGE
from mixlite.entries.preparing import develop
from tests.support import hostile_files
from tests.support.hostile_files import saved

pillow_heif.register_heif_opener()
CANARY = "kanarienvogel"


def developed(content: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        file.seek(0)
        return develop(file)


def quarters(size: tuple[int, int] = (400, 200)) -> Image.Image:
    """Red, green over blue, white."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
    return image.resize(size, Image.Resampling.NEAREST)


def near(one: Any, other: Any, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=False))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
def test_s35_each_kind_of_picture_comes_out_as_webp_in_three_sizes(kind: str):
    said, pictures = developed(saved(quarters((3000, 1500)), kind))
    assert (said["width"], said["height"]) == (3000, 1500)
    opened = [Image.open(BytesIO(picture)) for picture in pictures]
    assert [image.size for image in opened] == [(320, 160), (1024, 512), (2048, 1024)]
    for image in opened:
        assert image.format == "WEBP"
        assert near(image.convert("RGB").getpixel((image.width // 4, image.height // 4)), (255, 0, 0), 40)


def test_a_small_picture_is_not_made_larger():
    said, pictures = developed(saved(quarters((200, 100)), "PNG"))
    assert said["widths"] == [200]
    said, pictures = developed(saved(quarters((200, 500)), "PNG"))
    assert [Image.open(BytesIO(picture)).size for picture in pictures] == [(128, 320), (200, 500)]
    assert len(developed(saved(Image.new("RGB", (1, 1)), "PNG"))[1]) == 1
    assert developed(saved(Image.new("RGB", (9000, 2)), "PNG"))[0]["widths"] == [320, 1024, 2048]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_s37_a_picture_stands_upright(orientation: int):
    """However the camera was held: the same picture comes out."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = quarters((3200, 1600))
    held = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    said, pictures = developed(saved(held, "JPEG", quality=95, exif=exif))
    assert (said["width"], said["height"]) == (3200, 1600)
    largest = Image.open(BytesIO(pictures[-1])).convert("RGB")
    assert largest.size == (2048, 1024)
    for place, colour in (((500, 250), (255, 0, 0)), ((1500, 250), (0, 255, 0)), ((500, 750), (0, 0, 255))):
        assert near(largest.getpixel(place), colour)
    assert 0x0112 not in largest.getexif()


def test_s37_colours_are_those_of_the_picture_s_own_profile():
    """A profile that swaps what its numbers mean: taken without it, the colours would be others."""
    wide = _wide_gamut_profile()
    shown, _ = developed(saved(Image.new("RGB", (64, 64), (200, 100, 50)), "PNG", icc_profile=wide))
    plain, _ = developed(saved(Image.new("RGB", (64, 64), (200, 100, 50)), "PNG"))
    assert plain["colour"] == "c86432" or near(bytes.fromhex(plain["colour"]), (200, 100, 50), 4)
    one: Any = Image.new("RGB", (1, 1), (200, 100, 50))
    as_said = ImageCms.ImageCmsProfile(BytesIO(wide))
    expected = ImageCms.profileToProfile(one, as_said, ImageCms.createProfile("sRGB")).getpixel((0, 0))  # type: ignore[union-attr]
    assert near(bytes.fromhex(shown["colour"]), expected, 6)
    assert not near(bytes.fromhex(shown["colour"]), (200, 100, 50), 10)


def _wide_gamut_profile() -> bytes:
    """sRGB's profile with its red and green column exchanged: as far from sRGB as can be."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {bytes(profile[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


def test_what_is_transparent_stays_so_and_sixteen_bits_become_eight():
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 200, 400))
    _, pictures = developed(saved(image, "PNG"))
    shown: Any = Image.open(BytesIO(pictures[-1]))
    assert shown.mode == "RGBA"
    assert shown.getpixel((300, 200))[3] == 0
    assert shown.getpixel((100, 200))[3] == 255
    deep = Image.new("I;16", (64, 64), 0x8080)
    said, _ = developed(saved(deep, "PNG"))
    assert near(bytes.fromhex(said["colour"]), (128, 128, 128), 3)
    said, _ = developed(saved(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG"))
    assert near(bytes.fromhex(said["colour"]), (255, 0, 0), 8)


@pytest.mark.parametrize("name", hostile_files.refused())
def test_s36_what_is_no_picture_or_too_much_of_one_is_refused(name: str):
    began = time.monotonic()
    said, pictures = developed(hostile_files.refused()[name])
    assert said["reason"] in (BROKEN, NOT_A_PICTURE, TOO_LARGE)
    assert not pictures
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", hostile_files.tamed())
def test_s36_what_a_picture_carries_besides_is_left_behind(name: str):
    said, pictures = developed(hostile_files.tamed()[name])
    assert "reason" not in said, said
    for picture in pictures:
        assert b"canary" not in picture
        assert b"script" not in picture
        assert getattr(Image.open(BytesIO(picture)), "n_frames", 1) == 1


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = exif[0x8298] = CANARY  # description, artist, copyright
    exif[0x0110] = CANARY  # model
    inner = exif.get_ifd(0x8769)
    inner[0xA431] = inner[0xA435] = CANARY  # serials of body and lens
    inner[0x927C] = CANARY.encode() * 20  # maker note
    inner[0x9286] = b"ASCII\0\0\0" + CANARY.encode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (35.0, 41.0, 22.2), "E", (139.0, 41.0, 30.1)
    gps[0x1D] = "2026:11:14"
    gps[0x1B] = CANARY.encode()
    return exif


XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{CANARY}</rdf:RDF></x:xmpmeta>'.encode()


def _with_iptc(jpeg: bytes) -> bytes:
    block = (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0"
        + (len(CANARY) + 5).to_bytes(4, "big")
        + b"\x1c\x02\x78\0\x0d"
        + CANARY.encode()
    )
    return jpeg[:2] + b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]


def carriers() -> dict[str, bytes]:
    """A canary in every place where a file may tell of its maker or of where it was made."""
    image = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
    exif = _exif()
    thumbnail = saved(image.resize((160, 120)), "JPEG", comment=CANARY.encode())
    text = PngInfo()
    text.add_text("Comment", CANARY)
    text.add_text("Location", CANARY, zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode(), "en", "")
    jpeg = saved(image, "JPEG", exif=exif, comment=CANARY.encode(), xmp=XMP)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + CANARY.encode()
    return {
        "JPEG": jpeg,
        "JPEG, IPTC": _with_iptc(jpeg),
        "JPEG, thumbnail behind": jpeg[:2]
        + b"\xff\xe2"
        + (len(thumbnail) + 2).to_bytes(2, "big")
        + thumbnail
        + jpeg[2:],
        "JPEG, profile": saved(image, "JPEG", icc_profile=profile),
        "PNG": saved(image, "PNG", pnginfo=text, exif=exif, icc_profile=profile),
        "WebP": saved(image, "WEBP", exif=exif, xmp=XMP, icc_profile=profile),
        "GIF": saved(image, "GIF", comment=CANARY.encode()),
        "HEIC": saved(image, "HEIF", exif=exif.tobytes(), xmp=XMP, icc_profile=profile),
        "AVIF": saved(image, "AVIF", exif=exif, xmp=XMP, icc_profile=profile),
    }


@pytest.mark.parametrize("name", carriers())
def test_s37_nothing_that_a_file_tells_of_itself_goes_out(name: str):
    content = carriers()[name]
    said, pictures = developed(content)
    assert pictures, said
    assert CANARY not in str(said)
    for picture in pictures:
        assert CANARY.encode() not in picture
        for trace in (b"EXIF", b"Exif", b"XMP ", b"ICCP", b"xmpmeta", b"8BIM", b"http"):
            assert trace not in picture, trace
        shown = Image.open(BytesIO(picture))
        assert not dict(shown.getexif())
        assert not {"icc_profile", "exif", "xmp", "comment"} & set(shown.info)


def test_s36_the_process_cannot_open_a_file_or_reach_anybody():
    """After it has locked itself up: neither this machine's files nor a listener on it."""
    script = (
        "import os, socket\n"
        "from mixlite.entries import prepare\n"
        "prepare._load_decoders(); prepare._lock_up(os.getppid())\n"
        "def tried(act):\n"
        "    try: act()\n"
        "    except OSError as error: return error.errno\n"
        "    return 0\n"
        "answers = [tried(lambda: open('/etc/passwd')), tried(lambda: socket.socket()),\n"
        "           tried(lambda: os.pipe())]\n"
        "os.close(0)\n"  # even who frees a descriptor finds nobody in this network
        "try:\n"
        "    s = socket.socket(); s.connect(('127.0.0.1', %d)); answers.append(0)\n"
        "except OSError as error: answers.append(error.errno)\n"
        "print(answers)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = subprocess.run(
            [sys.executable, "-I", "-c", script % listener.getsockname()[1]],
            capture_output=True,
            text=True,
            env={},
            check=True,
        )
    answers = json.loads(done.stdout)
    assert all(answers[:3]), answers
    if os.geteuid() == 0:
        assert answers[3], "root gets a network of its own"


@pytest.mark.long
def test_a_picture_of_48_megapixels_stays_below_the_limit_of_memory():
    """Stated: 1 GiB, whatever the kind. The answer must be a picture, made in a process that could not have more."""
    noise = Image.frombytes("L", (1008, 756), random.Random(5).randbytes(1008 * 756)).resize((8064, 6048))
    image = Image.merge("RGB", (noise, noise.transpose(Image.Transpose.ROTATE_180), noise))
    for kind, more in (("JPEG", {"quality": 90}), ("PNG", {"compress_level": 1})):
        said, pictures = developed(saved(image, kind, **more))
        assert said.get("width") == 8064, said
        assert len(pictures) == 3
