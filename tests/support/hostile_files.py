"""Files that mean harm, small and made here: none of them may stop anything, nor come out as it went in (S35, S36)."""

import struct
import zlib
from io import BytesIO

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, rows: int | None = None) -> bytes:
    """A PNG that says it is this large, with as many rows of zeros as are asked for (all of them by default)."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer, packed = zlib.compressobj(9), b""
    for _row in range(height if rows is None else rows):
        packed += packer.compress(b"\0" * (width + 1))
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", packed + packer.flush()) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def plain_jpeg(size: tuple[int, int] = (400, 300)) -> bytes:
    return saved(Image.linear_gradient("L").resize(size).convert("RGB"), "JPEG", quality=90)


def _gif_of_many_frames() -> bytes:
    frame = Image.new("P", (1, 1))
    return saved(frame, "GIF", save_all=True, append_images=[Image.new("P", (1, 1), n % 2) for n in range(4000)])


def _gif_that_says_it_is_large() -> bytes:
    """A header of 65535 x 65535 in front of one frame of 1 x 1."""
    return b"GIF89a" + struct.pack("<HH", 65535, 65535) + saved(Image.new("P", (1, 1)), "GIF")[10:]


def _text_bomb() -> bytes:
    """Ten megabytes of text in ten kilobytes of PNG."""
    picture = png_of(8, 8)
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 10_000_000, 9))
    return picture[:33] + bomb + picture[33:]


def refused() -> dict[str, bytes]:
    """By name: what must end as failed."""
    jpeg = plain_jpeg()
    heic = saved(Image.new("RGB", (64, 64), "teal"), "HEIF")
    html = b"<!doctype html><script>alert(1)</script>"
    return {
        "pixels of a PNG": png_of(30_000, 30_000, rows=10),
        "more pixels than are looked at": png_of(12_000, 12_000),
        "one side of a PNG": png_of(60_000, 10, rows=10),
        "the size of a GIF": _gif_that_says_it_is_large(),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "HTML": html,
        "XML with an entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "PDF": b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\nshowpage\n",
        "TIFF": saved(Image.new("RGB", (8, 8)), "TIFF"),
        "BMP": saved(Image.new("RGB", (8, 8)), "BMP"),
        "ICO": saved(Image.new("RGB", (16, 16)), "ICO"),
        "zip": b"PK\x03\x04" + b"\0" * 64,
        "gzip of zeros": zlib.compress(b"\0" * 20_000_000, 9),
        "HTML with the name of a picture before it": b"GIF89a" + html,
        "cut JPEG": jpeg[: len(jpeg) // 2],
        "cut PNG": png_of(2000, 2000)[:200],
        "cut HEIC": heic[: len(heic) // 2],
        "cut WebP": saved(Image.linear_gradient("L").convert("RGB"), "WEBP")[:200],
        "only the first bytes": jpeg[:3],
        "PNG with ten megabytes of text": _text_bomb(),
        "zeros": b"\0" * 5000,
    }


def tamed() -> dict[str, bytes]:
    """By name: what can be shown, and must lose what else it carried."""
    jpeg = plain_jpeg()
    return {
        "JPEG with HTML behind": jpeg + b"<script>alert('canary')</script>",
        "JPEG that is a zip, too": jpeg + b"PK\x03\x04canary" + b"\0" * 40,
        "GIF of four thousand frames": _gif_of_many_frames(),
        "PNG with a script in its text": png_of(8, 8)[:33]
        + _chunk(b"tEXt", b"Comment\0<script>canary</script>")
        + png_of(8, 8)[33:],
        "JPEG with a profile that is none": saved(Image.new("RGB", (8, 8)), "JPEG", icc_profile=b"canary" * 99),
        "JPEG with a comment": saved(Image.new("RGB", (8, 8)), "JPEG", comment=b"canary" * 99),
    }
