"""One picture, made ready: `python -I -m mixlite.entries.prepare`, a process of its own for each file.

The file is its standard input (something that can be sought in); what it made goes to standard output, a line of JSON
and then the pictures one after the other. It is started with an empty environment, and before it looks at the first
byte it gives up what it does not need (`_lock_up`):

* always: memory, processor time and the size of files are limited by the kernel; no file and no socket can be opened
  any more, since there may be no more descriptors than the ones it has; no right can be gained by starting a program;
  it dies with the worker.
* where the kernel allows it (as root, or with user namespaces): it has a network of its own without any device.

So a file that makes a decoder eat memory or time ends this process, and nothing else. What is *not* promised: that code
which a decoder was tricked into running could do nothing; it would still have the rights of the worker's user.

It decodes and encodes anew, and hands on pixels only: nothing else of the file can be in what it makes.
"""

import ctypes
import io
import json
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

import pillow_heif
from PIL import Image, ImageCms

WIDTHS = (320, 1024, 2048)  # of the longer side
QUALITY = 82
MOST_PIXELS = 64_000_000
LONGEST_SIDE = 30_000
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 30
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")
TYPES = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "HEIF": "heif", "AVIF": "avif"}
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38

# Why a file could not be made ready; `entries.media` has the words for people.
NOT_A_PICTURE, BROKEN, TOO_LARGE = "not_a_picture", "broken", "too_large"


class Unusable(Exception):
    """The file cannot be used, for the reason that is its message."""


def main() -> None:
    """Answer about the file at standard input. Exits with 0 whenever there is an answer."""
    _load_decoders()
    parent = os.getppid()
    _lock_up(parent)
    try:
        pictures, said = prepare(sys.stdin.buffer)
    except Unusable as refusal:
        pictures, said = [], {"reason": str(refusal)}
    except MemoryError:
        pictures, said = [], {"reason": TOO_LARGE}
    sys.stdout.buffer.write(json.dumps({**said, "lengths": [len(picture) for picture in pictures]}).encode() + b"\n")
    for picture in pictures:
        sys.stdout.buffer.write(picture)
    sys.stdout.buffer.flush()


def _load_decoders() -> None:
    """Everything that would be imported while decoding: afterwards no file can be opened."""
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    pillow_heif.options.DECODE_THREADS = 1
    Image.init()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    _encoded(Image.new("RGBA", (1, 1)))
    ImageCms.createProfile("sRGB")


def _lock_up(parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # the worker died before it could be noticed
    if libc.unshare(_CLONE_NEWNET):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (limit, limit))


def prepare(file: BinaryIO) -> tuple[list[bytes], dict[str, Any]]:
    """The three sizes as WebP, the smallest first, and what is to be known: `width` and `height` of the upright
    picture, `widths` of what was made, `colour` (RRGGBB) and the `type` of the file. Raises Unusable.
    """
    image = _opened(file)
    kind = TYPES[image.format or ""]
    image = _small_enough(image)
    width, height, largest = image.info["size"][0], image.info["size"][1], _upright(image)
    if largest.info["turned"]:
        width, height = height, width
    largest = _in_srgb(largest)
    sizes = []
    for longest in reversed([side for side in WIDTHS if side < max(largest.size)] + [max(largest.size)]):
        largest = _shrunk(largest, longest)
        sizes.append(largest)
    sizes.reverse()
    pictures = [_encoded(each) for each in sizes]
    return pictures, {
        "type": kind,
        "width": width,
        "height": height,
        "widths": [each.width for each in sizes],
        "colour": _colour(sizes[0]),
    }


def _opened(file: BinaryIO) -> Image.Image:
    """The file by its content, never by its name, and only if it is not too large to be looked at."""
    try:
        image = Image.open(file, formats=list(FORMATS))
    except Image.DecompressionBombError as error:
        raise Unusable(TOO_LARGE) from error
    except MemoryError:
        raise
    except Exception as error:
        raise Unusable(NOT_A_PICTURE) from error
    width, height = image.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise Unusable(TOO_LARGE)
    return image


def _small_enough(image: Image.Image) -> Image.Image:
    """Decoded, the first frame of several, with its longer side at most the largest size. `info` keeps `size`."""
    whole = image.size
    target = _fitting(whole, WIDTHS[-1])
    info = image.info
    try:
        profile, orientation = info.get("icc_profile"), image.getexif().get(0x0112, 1)
        image.draft(None, target)  # a JPEG is decoded at the half or quarter that is still large enough
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        raise Unusable(BROKEN) from error
    image = _plain_mode(image)
    small = image if image.size == target else image.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.info = {"size": whole, "icc_profile": profile, "orientation": orientation}
    return small


def _plain_mode(image: Image.Image) -> Image.Image:
    """L, LA, RGB, RGBA or CMYK, whatever it was."""
    has_alpha = "transparency" in image.info or image.mode in ("PA", "La", "RGBa")
    if image.mode.startswith("I"):  # sixteen bits of grey
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    if has_alpha and image.mode not in ("LA", "RGBA"):
        return image.convert("RGBA")
    return image if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera was held. `info["turned"]` says whether width and height changed places."""
    turn = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_270],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_90],
    }.get(image.info["orientation"], [])
    turned = image
    for step in turn:
        turned = turned.transpose(step)
    turned.info = {**image.info, "turned": image.info["orientation"] in (5, 6, 7, 8) and bool(turn)}
    return turned


def _in_srgb(image: Image.Image) -> Image.Image:
    """RGB or RGBA in the colours of the web, as its own colour profile says; a broken profile counts as none."""
    profile = image.info.get("icc_profile")
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    shown = None
    if profile:
        try:
            shown = ImageCms.profileToProfile(
                colours,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            shown = None
    shown = shown or colours.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        shown.putalpha(alpha)
    shown.info = {}
    return shown


def _fitting(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The largest size of this shape whose longer side is at most `longest`; never larger than it is."""
    factor = min(1.0, longest / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _shrunk(image: Image.Image, longest: int) -> Image.Image:
    target = _fitting(image.size, longest)
    return image if image.size == target else image.resize(target, Image.Resampling.LANCZOS)


def _encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.info = {}
    image.save(buffer, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return buffer.getvalue()


def _colour(image: Image.Image) -> str:
    """What one sees most of, as RRGGBB, before the picture is there."""
    tiny = image.convert("RGBA").resize((24, 24), Image.Resampling.BOX)
    paper = Image.new("RGBA", tiny.size, (255, 255, 255, 255))
    paper.alpha_composite(tiny)
    few = paper.convert("RGB").quantize(5, Image.Quantize.MEDIANCUT)
    index = max(range(5), key=few.histogram().__getitem__)
    palette = few.getpalette() or [128, 128, 128]
    return "".join(f"{value:02x}" for value in palette[3 * index : 3 * index + 3])


if __name__ == "__main__":
    main()
