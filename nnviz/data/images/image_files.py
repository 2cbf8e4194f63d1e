"""Image files → squares of bytes, as a viewer would show them.

An image becomes a square: its middle, as wide as its shorter side, resized. What is transparent becomes white.
"""

import errno
import logging
import os
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from nnviz.array import Array
from nnviz.data.images.decoded import NOT_NOW
from nnviz.errors import InputError

SIGNATURE_BYTES = 8
# A small file is read in one go.
BUFFER_BYTES = 1 << 16
# So many pixels at a time stay in the cache of the processor.
BAND_PIXELS = 1 << 16

_STDERR = Lock()
# Pillow logs what it finds odd in a file, and a message that nobody handles is written to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


def read_image(path: Path, image_size: int, grayscale: bool) -> Array:
    """One image file: (image_size, image_size, 3) uint8, or (…, 1) in grayscale. Raises InputError."""
    with pillow_warnings():
        image = decode(path, image_size, grayscale)
    if isinstance(image, str):
        raise InputError(f"{path}: {image}; give an image file, such as a PNG or a JPEG")
    return image


@contextmanager
def pillow_warnings() -> Iterator[None]:
    """Keep Pillow from writing about odd files to stderr; an image that is suspiciously large becomes an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode(path: str | Path, image_size: int, grayscale: bool) -> Array | str:
    """(image_size, image_size, 3 or 1) uint8, or why it cannot be had."""
    try:
        if not os.path.isfile(path):
            return "not a file" if os.path.exists(path) else "no such file"
        with open(path, "rb", BUFFER_BYTES) as file, Image.open(file) as image:
            if image.format == "PNG":
                _check_sums(file)
            # Lets a JPEG be decoded at a half, a quarter or an eighth of its size.
            image.draft(None, (2 * image_size, 2 * image_size))
            with _muted() if image.format == "TIFF" else nullcontext():
                resized = square(_upright_rgb(image), image_size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "too large"
    except UnidentifiedImageError:
        return "not an image"
    except PermissionError:
        return "not permitted to read it"
    except MemoryError:
        return f"{NOT_NOW}: not enough memory"
    except Exception as error:  # Pillow's decoders raise whatever a damaged file makes them stumble over.
        # Of the system's errors only this one comes from the file: it makes a decoder seek where nothing can be.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            return f"{NOT_NOW}: {error.strerror}"
        return "truncated" if "truncated" in str(error).lower() else "damaged"
    pixels = np.asarray(resized.convert("L") if grayscale else resized)
    return pixels.reshape(image_size, image_size, -1)


@contextmanager
def _muted() -> Iterator[None]:
    """Keep off stderr, where a screen may be drawn, what libtiff tells there of damaged files."""
    with _STDERR:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def _check_sums(file: BinaryIO) -> None:
    """Raises OSError where a checksum of a PNG is wrong, or its end is missing, which to decode it does not show."""
    place, size = file.tell(), os.fstat(file.fileno()).st_size
    file.seek(SIGNATURE_BYTES)
    while (head := file.read(8))[4:] != b"IEND":
        length = int.from_bytes(head[:4])
        if file.tell() + length + 4 > size:
            raise OSError("truncated")
        if zlib.crc32(file.read(length), zlib.crc32(head[4:])) != int.from_bytes(file.read(4)):
            raise OSError("wrong checksum")
    file.seek(place)


def _upright_rgb(image: Image.Image) -> Image.Image:
    """As a viewer would show it: turned as its EXIF says, 8 bits, on white."""
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "F":
        extrema = image.getextrema()
        return _by_bands(lambda band: _eight_bits(band, *extrema), image)
    if image.mode.startswith("I"):
        # convert("L") would clip the 16 bits instead of scaling them.
        return _by_bands(lambda band: _eight_bits(band, 0, 65535), image)
    if image.has_transparency_data:
        return _by_bands(_on_white, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _by_bands(convert: Callable[[Image.Image], Image.Image], image: Image.Image) -> Image.Image:
    """The image as RGB, some rows at a time: what `convert` needs in between is many times larger than its result."""
    result = Image.new("RGB", image.size)
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        result.paste(convert(band), (0, top))
    return result


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _eight_bits(image: Image.Image, low: float, high: float) -> Image.Image:
    """One channel of numbers from low to high, as black to white."""
    scaled = (np.asarray(image, np.float64) - low) * (255 / ((high - low) or 1))
    return Image.fromarray(scaled.round().clip(0, 255).astype(np.uint8)).convert("RGB")


def square(image: Image.Image, size: int) -> Image.Image:
    """The middle of the image, as wide as its shorter side, at size × size."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
