"""The demo's albums. Nobody took these pictures: they are drawn by a few lines, the same each time.

They come in as anybody's do; the worker makes them ready when the demo is opened.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from mixlite.app.demo.times import Calendar
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.media import take_in
from mixlite.entries.photos import Photo, Sent
from mixlite.features.photos.verbs import publish_album
from mixlite.people.members import member_with_handle

Draw = Callable[[random.Random, tuple[int, int]], Image.Image]
WIDE, TALL = (1440, 960), (900, 1200)


@dataclass(frozen=True)
class Shot:
    """One picture: how it is drawn, how large, what is to be seen, what stands below."""

    draw: Draw
    size: tuple[int, int]
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Roll:
    """One album of somebody, so many days ago."""

    handle: str
    days: int
    at: time
    title: str
    body: str
    shots: tuple[Shot, ...]


def hang_pictures(now: datetime) -> None:
    """Publish all albums at their days."""
    calendar = Calendar(now)
    for roll in ROLLS:
        with clock.at(calendar.days_ago(roll.days, roll.at)):
            _publish(roll)


def _publish(roll: Roll) -> None:
    author = member_with_handle(roll.handle)
    if author is None:
        raise ValueError(f"there is no {roll.handle}")
    author_id, alts = author.id, {}
    db.session.rollback()
    for number, shot in enumerate(roll.shots, 1):
        token = take_in(author_id, _file(shot, f"{roll.title} {number}"), f"IMG_{number:04}.jpg")
        alts[token] = shot.alt
    with writing():
        author = member_with_handle(roll.handle)
        sent = Sent(list(alts), alts)
        album = publish_album(author, title=roll.title, body=roll.body, audience="friends", pictures=sent)  # type: ignore[arg-type]
        for photo, shot in zip(
            db.session.query(Photo).where(Photo.parent_id == album.id).order_by(Photo.position), roll.shots, strict=True
        ):
            photo.body = shot.caption


def _file(shot: Shot, seed: str) -> BytesIO:
    file = BytesIO()
    shot.draw(random.Random(seed), shot.size).save(file, "JPEG", quality=85)
    file.seek(0)
    return file


# ---- what is drawn


def _sky(size: tuple[int, int], above: str, below: str) -> Image.Image:
    return ImageOps.colorize(Image.linear_gradient("L").resize(size), above, below)


def _ridges(dice: random.Random, image: Image.Image, colours: tuple[str, ...], top: float = 0.45) -> Image.Image:
    """One range of hills before the other."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    for depth, colour in enumerate(colours):
        base = height * (top + (1 - top) * depth / len(colours))
        waves = [(dice.uniform(60, 300), dice.uniform(0, 6), height * dice.uniform(0.02, 0.06)) for _ in range(3)]
        high = {x: base + sum(tall * math.sin(x / long + start) for long, start, tall in waves) for x in _across(width)}
        edge = list(high.items())
        draw.polygon([(0, height), *edge, (width, height)], fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _across(width: int) -> range:
    """Every eighth pixel, the last one included."""
    return range(0, width + 8, 8)


def hills(dice: random.Random, size: tuple[int, int]) -> Image.Image:
    """Hills in the morning."""
    image = _sky(size, "#8fb4c9", "#fbe6c8")
    x, y, r = size[0] * dice.uniform(0.2, 0.8), size[1] * 0.2, size[1] * 0.06
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill="#fff4d8")
    return _ridges(dice, image, ("#9fb3a8", "#7b9a83", "#5b7d5f", "#3f5f47"))


def dusk(dice: random.Random, size: tuple[int, int]) -> Image.Image:
    """Water at dusk: what is above it, upside down and darker."""
    width, height = size
    above = _ridges(dice, _sky((width, height // 2), "#33406b", "#f1a26a"), ("#5a4a63", "#3d3350"), 0.6)
    below = ImageOps.flip(above).point(lambda value: int(value * 0.72)).filter(ImageFilter.GaussianBlur(6))
    image = Image.new("RGB", size)
    image.paste(above, (0, 0))
    image.paste(below, (0, height - height // 2))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = dice.uniform(0, width), dice.uniform(height * 0.46, height * 0.5)
        draw.ellipse((x, y, x + 7, y + 7), fill="#ffdf9e")
        draw.rectangle((x + 2, height * 0.52, x + 5, height * dice.uniform(0.56, 0.7)), fill="#d99a63")
    return image


def persimmons(dice: random.Random, size: tuple[int, int]) -> Image.Image:
    """A tree without leaves, and what hangs on it."""
    width, height = size
    image = _sky(size, "#a9c6da", "#eef1ea")
    draw = ImageDraw.Draw(image)
    for number in range(7):
        start = (width * dice.uniform(-0.1, 0.3), height * (0.1 + 0.13 * number))
        end = (width * dice.uniform(0.7, 1.05), height * dice.uniform(0, 0.9))
        draw.line((start, end), fill="#4b3a31", width=int(height * dice.uniform(0.006, 0.02)))
        for step in range(1, 6):
            at = step / 6
            x, y = (start[0] + (end[0] - start[0]) * at, start[1] + (end[1] - start[1]) * at)
            r = height * dice.uniform(0.03, 0.05)
            draw.ellipse((x - r, y, x + r, y + 1.8 * r), fill=dice.choice(("#e8641b", "#f0812a", "#d9531a")))
            draw.ellipse((x - r * 0.6, y + r * 0.3, x - r * 0.2, y + r * 0.7), fill="#ffc08a")
    return image.filter(ImageFilter.GaussianBlur(1))


def floor(dice: random.Random, size: tuple[int, int]) -> Image.Image:
    """The boards of the dojo, with light from a window."""
    width, height = size
    image = _sky(size, "#7a5231", "#c08a55")
    draw = ImageDraw.Draw(image, "RGBA")
    for board in range(14):
        x = width * board / 14
        draw.line((x, 0, x + width * 0.04, height), fill="#5a3a22", width=3)
        draw.line((x, height * dice.random(), x + width / 14, height * dice.random()), fill="#8a5d3a44", width=2)
    for pane in range(3):
        left, top = width * (0.2 + 0.2 * pane), height * 0.2
        right, slant = left + width * 0.14, height * 0.5
        draw.polygon([(left, top), (right, top), (right + slant, height), (left + slant, height)], fill="#ffe6b055")
    return image.filter(ImageFilter.GaussianBlur(1.2))


def lanterns(dice: random.Random, size: tuple[int, int]) -> Image.Image:
    """Paper lanterns on a string, by night."""
    width, height = size
    image = _sky(size, "#151226", "#3b2a45")
    glow = Image.new("RGB", size)
    for layer, blur in ((glow, True), (image, False)):
        dice.seed(7)
        draw = ImageDraw.Draw(layer)
        for number in range(9):
            x = width * (0.06 + 0.11 * number)
            y = height * (0.3 + 0.12 * math.sin(number * 0.9))
            r = height * dice.uniform(0.05, 0.07) * (1.8 if blur else 1)
            draw.ellipse((x - r, y - r * 1.2, x + r, y + r * 1.2), fill="#b8431c" if blur else "#ffb35c")
    lit = Image.blend(image, glow.filter(ImageFilter.GaussianBlur(40)), 0.45)
    return Image.composite(image, lit, ImageOps.grayscale(image).point(lambda value: 255 if value > 120 else 0))


ROLLS = (
    Roll(
        "michiko",
        9,
        time(19, 40),
        "川べりの秋",
        "朝の稽古のあと、少し遠回りして帰りました。柿がもう真っ赤です。",
        (
            Shot(persimmons, WIDE, "葉の落ちた枝に、赤い柿がたくさん実っている", "山本さんの家の柿"),
            Shot(hills, WIDE, "朝もやの中に、山が重なって見える"),
            Shot(persimmons, TALL, "枝の柿を下から見上げたところ"),
            Shot(dusk, WIDE, "夕暮れの川に、岸の明かりが映っている", "橋の上から"),
            Shot(hills, TALL, "日の出のころの山並み"),
        ),
    ),
    Roll(
        "rosa",
        4,
        time(21, 10),
        "Along the canal",
        "Walked home the long way on Sunday. Lanterns are up already.",
        (
            Shot(dusk, WIDE, "The canal at dusk, lights of the far side in the water", "From the second bridge"),
            Shot(lanterns, WIDE, "A string of paper lanterns against the night sky"),
            Shot(dusk, TALL, "Lights in dark water"),
            Shot(hills, WIDE, "Hills behind the town, very early", "And up again at six"),
            Shot(lanterns, TALL, "Lanterns, seen from below"),
            Shot(persimmons, WIDE, "A bare tree full of persimmons"),
        ),
    ),
    Roll(
        "maya",
        2,
        time(18, 5),
        "The new floor",
        "Before anybody stood on it. Thank you to everybody who sanded.",
        (
            Shot(floor, WIDE, "The empty boards of the dojo with light from three windows", "Ten in the morning"),
            Shot(floor, TALL, "Boards, close by"),
            Shot(lanterns, WIDE, "Lanterns outside the door in the evening", "And ten at night"),
        ),
    ),
)
