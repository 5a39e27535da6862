"""Draws the icons that phones ask for out of our own mark: `python .ci/icons.py`. Nothing but Python is needed.

The mark stands in static/img/favicon.svg; here its curves are filled line by line, with as many samples in a pixel as
make the edge smooth, and written as PNG. The pictures are kept in the repository: run this when the mark changes.
"""

import math
import re
import struct
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "static" / "img"
SAMPLES = 4  # in each direction of a pixel
STEPS = 24  # straight pieces of a curve
GROUND = (0xFF, 0x99, 0x33)  # the cloth
FRUIT = (0xFF, 0xF6, 0xEA)
CALYX = (0x6B, 0x37, 0x13)
# name: size, how much of the picture the mark takes, and how round the cloth's corners are
ICONS = {
    "icon-192.png": (192, 0.72, 0.22),
    "icon-512.png": (512, 0.72, 0.22),
    "icon-mask-512.png": (512, 0.56, 0.0),  # phones cut this one themselves: the mark stays in the middle 80 %
    "icon-180.png": (180, 0.68, 0.0),
}

Point = tuple[float, float]
Shape = list[Point]
Colour = tuple[int, int, int]
_NUMBER = re.compile(r"-?\d*\.?\d+")
_COMMAND = re.compile(r"([MCScsz])([^MCScsz]*)")


def outline(path: str) -> Shape:
    """The curves of an SVG path (M, C, c, S, z) as a polygon."""
    points: Shape = []
    here: Point = (0.0, 0.0)
    handle = here
    for command, rest in _COMMAND.findall(path):
        numbers = [float(number) for number in _NUMBER.findall(rest)]
        if command == "M":
            here = handle = (numbers[0], numbers[1])
            points.append(here)
            continue
        size = 4 if command in "Ss" else 6
        for start in range(0, len(numbers) - size + 1, size):
            given = [(numbers[n], numbers[n + 1]) for n in range(start, start + size, 2)]
            if command.islower():
                given = [(here[0] + x, here[1] + y) for x, y in given]
            mirrored = (2 * here[0] - handle[0], 2 * here[1] - handle[1])
            first, second, end = [mirrored, *given] if size == 4 else given
            points += [_on_curve(here, first, second, end, step / STEPS) for step in range(1, STEPS + 1)]
            here, handle = end, second
    return points


def _on_curve(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    u = 1 - t
    x, y = (u**3 * a[n] + 3 * u * u * t * b[n] + 3 * u * t * t * c[n] + t**3 * d[n] for n in (0, 1))
    return x, y


def circle(x: float, y: float, radius: float) -> Shape:
    return [(x + radius * math.cos(n * math.tau / 96), y + radius * math.sin(n * math.tau / 96)) for n in range(96)]


def rounded(size: float, radius: float) -> Shape:
    """The cloth."""
    if not radius:
        return [(0, 0), (size, 0), (size, size), (0, size)]
    corners = (
        (size - radius, radius, -90),
        (size - radius, size - radius, 0),
        (radius, size - radius, 90),
        (radius, radius, 180),
    )
    return [
        (x + radius * math.cos(math.radians(begin + n)), y + radius * math.sin(math.radians(begin + n)))
        for x, y, begin in corners
        for n in range(0, 91, 5)
    ]


def turned(shape: Shape, degrees: float, at: Point) -> Shape:
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return [(at[0] + x * cosine - y * sine, at[1] + x * sine + y * cosine) for x, y in shape]


def mark() -> list[tuple[Shape, Colour]]:
    """The persimmon from above, in the 32 by 32 of its drawing."""
    fruit, leaf = re.findall(r' d="([^"]+)"', (IMAGES / "favicon.svg").read_text())[:2]
    leaves = [(turned(outline(leaf), degrees, (16, 15)), CALYX) for degrees in (50, 130, 230, 310)]
    return [(outline(fruit), FRUIT), *leaves, (circle(16, 15, 1.5), FRUIT)]


def draw(size: int, share: float, round_share: float) -> bytes:
    """The icon as PNG."""
    scale = size * share / 32
    offset = size * (1 - share) / 2
    shapes = [(rounded(size, size * round_share), GROUND)]
    shapes += [([(offset + x * scale, offset + y * scale) for x, y in shape], colour) for shape, colour in mark()]
    rows = [_row(y, size, shapes) for y in range(size)]
    return _png(size, b"".join(b"\0" + row for row in rows))


def _row(y: int, size: int, shapes: list[tuple[Shape, Colour]]) -> bytes:
    """One line of pixels: every shape laid over those before it, as far as it covers each pixel."""
    pixels = [[0.0, 0.0, 0.0, 0.0] for _ in range(size)]
    for shape, colour in shapes:
        for x, part in enumerate(_covered(y, size, shape)):
            if part:
                pixel = pixels[x]
                for n in range(3):
                    pixel[n] = pixel[n] * (1 - part) + colour[n] * part
                pixel[3] = pixel[3] * (1 - part) + part
    return bytes(
        value
        for red, green, blue, alpha in pixels
        for value in (
            *(min(255, round(each / alpha)) if alpha else 0 for each in (red, green, blue)),
            round(alpha * 255),
        )
    )


def _covered(y: int, size: int, shape: Shape) -> list[float]:
    """How much of each pixel of this line lies within the shape."""
    found = [0.0] * size
    for sample in range(SAMPLES):
        crossings = sorted(_crossings(y + (sample + 0.5) / SAMPLES, shape))
        for begin, end in zip(crossings[::2], crossings[1::2], strict=False):
            for x in range(max(0, int(begin)), min(size, math.ceil(end))):
                found[x] += max(0.0, min(end, x + 1) - max(begin, x)) / SAMPLES
    return [min(1.0, each) for each in found]


def _crossings(y: float, shape: Shape) -> list[float]:
    edges = zip(shape, [*shape[1:], shape[0]], strict=True)
    return [ax + (y - ay) * (bx - ax) / (by - ay) for (ax, ay), (bx, by) in edges if (ay <= y) != (by <= y)]


def _png(size: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    for name, (size, share, round_share) in ICONS.items():
        (IMAGES / name).write_bytes(draw(size, share, round_share))
