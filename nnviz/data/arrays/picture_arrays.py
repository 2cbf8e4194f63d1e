"""Pictures that come as arrays → as the network shall see them: bytes, resized, gray, both as for image files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from nnviz.array import Array
from nnviz.data.arrays.array_shapes import has_channels_first
from nnviz.data.bounded import check_limit
from nnviz.data.images.image_files import square
from nnviz.errors import InputError
from nnviz.wording import count, integer, trimmed

Scale = Literal["bytes", "0 to 1", "-1 to 1"]
CHUNK = 1 << 22
"""Numbers that are looked at together."""

NOTES: dict[Scale, str] = {
    "0 to 1": "pictures of numbers from 0 to 1 were made bytes from 0 to 255",
    "-1 to 1": "pictures of numbers from −1 to 1 were made bytes from 0 to 255",
}
"""What there is to say of how pictures were read."""
CHANNELS_FIRST = "pictures whose colours come first were turned so that they come last"


def scale_of(stored: Array, where: str) -> Scale:
    """What black and white are in pictures of any numbers: 0 and 255, 0 and 1, or −1 and 1.

    Raises InputError if that cannot be told, or one is not finite.
    """
    if stored.dtype == np.uint8:
        return "bytes"
    lows, highs, whole = zip(*((c.min(), c.max(), _are_whole(c)) for c in _chunks(stored)), strict=True)
    low, high = min(lows), max(highs)
    if low >= 0 and high <= 1:
        return "0 to 1"
    if low >= -1 and high <= 1:
        return "-1 to 1"
    if low >= 0 and high <= 255 and all(whole):
        return "bytes"
    raise InputError(
        f"{where}: pictures of numbers from {trimmed(low, 6)} to {trimmed(high, 6)}; give bytes from 0 to 255, or "
        "numbers from 0 to 1"
    )


def as_bytes(stored: Array, scale: Scale, where: str) -> Array:
    """Pictures (n, height, width[, channels]) of such numbers → (n, height, width, channels) uint8.

    Those that come as (n, 1 or 3, height, width) are turned. Raises InputError if a number is beyond the scale.
    """
    if stored.ndim == 3:
        stored = stored[..., None]
    elif has_channels_first(stored.shape[1:]):
        stored = stored.transpose(0, 2, 3, 1)
    if stored.dtype == np.uint8:
        return np.ascontiguousarray(stored)
    low, high = {"bytes": (0, 255), "0 to 1": (0, 1), "-1 to 1": (-1, 1)}[scale]
    pictures = np.empty(stored.shape, np.uint8)
    done = 0
    for chunk in _chunks(stored):
        if not (chunk.min() >= low and chunk.max() <= high):
            raise InputError(
                f"{where}: numbers beyond {integer(low)} to {integer(high)}, where others lie; give all in the same way"
            )
        scaled = (chunk.astype(np.float64) - low) * (255 / (high - low))
        pictures[done : done + len(chunk)] = np.rint(scaled)
        done += len(chunk)
    return pictures


def prepared(pictures: Array, image_size: int | None, grayscale: bool, path: Path) -> Array:
    """(n, height, width, 1 or 3) uint8 → (n, image_size, image_size, 1 or 3), or as they are without a size.

    In grayscale three channels become one. Raises InputError, naming `path`, if the result would be too large.
    """
    n, height, width, channels = pictures.shape
    shape = (height, width) if image_size is None else (image_size, image_size)
    kept = 1 if grayscale else channels
    if (*shape, kept) == pictures.shape[1:]:
        return pictures
    check_limit(path, n * shape[0] * shape[1] * kept, f"{count(n, 'picture')} of {shape[0]}×{shape[1]}")
    result = np.empty((n, *shape, kept), np.uint8)
    for picture, place in zip(pictures, result, strict=True):
        place[...] = _prepared(picture, image_size, kept).reshape(place.shape)
    return result


def _prepared(picture: Array, image_size: int | None, channels: int) -> Array:
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    if image_size is not None:
        image = square(image, image_size)
    return np.asarray(image.convert("L") if channels == 1 else image)


def _chunks(stored: Array) -> Iterator[Array]:
    """Some pictures at a time."""
    step = max(1, CHUNK * len(stored) // max(1, stored.size))
    for start in range(0, len(stored), step):
        yield stored[start : start + step]


def _are_whole(numbers: Array) -> bool:
    return numbers.dtype.kind != "f" or bool((numbers == np.floor(numbers)).all())
