"""Pictures: making them ready beside plain Pillow, and sending them beside a static file, in one run.

A share is what our precautions leave of the speed: a process for each picture, limits, colours made true; the law
before every byte. Every figure is processor time of one core; the pictures are drawn here, with forms, edges and grain.
"""

import io
import resource
import tempfile
from pathlib import Path
from secrets import token_hex
from statistics import median
from time import process_time

from PIL import Image

from mixlite.app.bench.home import signed_in
from mixlite.app.factory import create_app
from mixlite.core.config import load_settings
from mixlite.core.db import db, writing
from mixlite.core.jobs import Workshop
from mixlite.entries.media import VARIANTS, take_in
from mixlite.entries.photos import Sent
from mixlite.entries.prepare import QUALITY, WIDTHS
from mixlite.entries.preparing import develop, media_job
from mixlite.features.photos.verbs import publish_album
from mixlite.migrations.upgrade import upgrade
from mixlite.people.members import Member

STATIC = "img/icon-192.png"
PHONE, LARGE = (4032, 3024), (8064, 6048)
REQUESTS = 200


def measure_photos(rounds: int) -> str:
    """A few lines to print: rates, shares, and the memory that the largest picture took."""
    lines = []
    files = {"48 megapixels, JPEG": _file(LARGE, "JPEG"), "12 megapixels, JPEG": _file(PHONE, "JPEG")}
    peak = 0
    for name, content in files.items():  # the largest first: the peak of all children only ever grows
        ours, plain = (1 / seconds for seconds in _in_turns(content, rounds))
        said = f"{ours:.2f} pictures per second and core, plain Pillow {plain:.2f}, share {ours / plain:.2f}"
        lines.append(f"{name}: {said}")
        peak = peak or resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    lines.append(f"peak memory at 48 megapixels: {peak / 1024:.0f} MiB")
    with tempfile.TemporaryDirectory(prefix="mixlite-bench-") as folder:
        lines.append(_sending(Path(folder)))
    return "\n".join(lines)


def _file(size: tuple[int, int], kind: str) -> bytes:
    """A picture with soft forms, edges and grain."""
    grain = Image.effect_noise((size[0] // 8, size[1] // 8), 60).resize(size, Image.Resampling.BICUBIC)
    across, around = Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size)
    buffer = io.BytesIO()
    Image.merge("RGB", (across, grain, around)).save(buffer, kind, quality=90)
    return buffer.getvalue()


def _in_turns(content: bytes, rounds: int) -> tuple[float, float]:
    """Medians of what a picture takes us, and plain Pillow, asked in turns."""
    rows = [(_develop(content), _plainly(content)) for _ in range(rounds)]
    first, second = (median(column) for column in zip(*rows, strict=True))
    return first, second


def _develop(content: bytes) -> float:
    """As the worker does it; the processor seconds of the process that did."""
    with tempfile.TemporaryFile() as original:
        original.write(content)
        original.flush()
        original.seek(0)
        before = _of_children()
        said, _pictures = develop(original)
    if "reason" in said:
        raise RuntimeError(f"a sound picture was refused: {said['reason']}")
    return _of_children() - before


def _of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _plainly(content: bytes) -> float:
    """What a few lines of Pillow take for the same three sizes, here and without any precaution."""
    before = process_time()
    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))
    image.load()
    for width in reversed(WIDTHS):
        image.thumbnail((width, width), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image.save(io.BytesIO(), "WEBP", quality=QUALITY, method=4)
    return process_time() - before


def _sending(folder: Path) -> str:
    """Thumbnails, each asked of the law, beside a static file from the same application."""
    settings = load_settings({}, instance=folder, base_url="http://localhost", timezone="UTC")
    app = create_app(settings)
    with app.app_context():
        upgrade(settings)
        owner, address = _album()
    client = signed_in(app, owner)
    ask = {"thumbnail": address, "static file": app.extensions["mixlite.assets"].address(STATIC)}
    spent: dict[str, list[float]] = {name: [] for name in ask}
    for _ in range(REQUESTS):
        for name, path in ask.items():
            before = process_time()
            answer = client.get(path)
            spent[name].append(process_time() - before)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}")
            answer.close()
    rates = {name: 1 / median(seconds) for name, seconds in spent.items()}
    with app.app_context():
        db.engine.dispose()
    return (
        f"thumbnails per second and core: {rates['thumbnail']:.0f}, a static file of the same server "
        f"{rates['static file']:.0f}, share {rates['thumbnail'] / rates['static file']:.2f}"
    )


def _album() -> tuple[int, str]:
    """A member with an album of one picture: their id, and the address of its smallest size."""
    with writing():
        member = Member(handle="bench", name="Bench", email="bench@example.com", password_hash=token_hex())
        db.session.add(member)
        db.session.flush()
        owner = member.id
    token = take_in(owner, io.BytesIO(_file((1600, 1200), "JPEG")), "bench.jpg")
    Workshop([media_job()]).sweep()
    with writing():
        owner_now, pictures = db.session.get_one(Member, owner), Sent([token])
        publish_album(owner_now, title="Bench", body="", audience="friends", pictures=pictures)
    db.session.remove()
    return owner, f"/media/{token}/{VARIANTS[0]}"
