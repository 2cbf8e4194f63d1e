"""Pictures that come as arrays → as the network shall see them: resized, gray, both as for image files."""

from pathlib import Path

import numpy as np
from PIL import Image

from nnviz.array import Array
from nnviz.data.bounded import check_limit
from nnviz.data.images.image_files import square


def prepared(pictures: Array, image_size: int | None, grayscale: bool, path: Path) -> Array:
    """(n, height, width, 1 or 3) uint8 → (n, image_size, image_size, 1 or 3), or as they are without a size.

    In grayscale three channels become one. Raises InputError, naming `path`, if the result would be too large.
    """
    n, height, width, channels = pictures.shape
    shape = (height, width) if image_size is None else (image_size, image_size)
    kept = 1 if grayscale else channels
    if (*shape, kept) == pictures.shape[1:]:
        return pictures
    check_limit(path, n * shape[0] * shape[1] * kept, f"{n:,} pictures of {shape[0]}×{shape[1]}")
    result = np.empty((n, *shape, kept), np.uint8)
    for picture, place in zip(pictures, result, strict=True):
        place[...] = _prepared(picture, image_size, kept).reshape(place.shape)
    return result


def _prepared(picture: Array, image_size: int | None, channels: int) -> Array:
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    if image_size is not None:
        image = square(image, image_size)
    return np.asarray(image.convert("L") if channels == 1 else image)
