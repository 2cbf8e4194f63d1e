"""Image files → Images: from the cache where they are there, else decoded, and kept there for the next time."""

from functools import partial

import numpy as np
from msgspec.structs import replace

from nnviz.data.images.cache import CacheError, Place, cache_folder
from nnviz.data.images.decoded import Images
from nnviz.data.images.decoding import Chunk, Decoding, Form, Paths, Put
from nnviz.data.reading import Reading
from nnviz.errors import InputError
from nnviz.wording import integer


def read_images(paths: Paths, image_size: int, grayscale: bool, reading: Reading) -> Images:
    """The images in those files, in the order of the files.

    Where the cache cannot be used, they are decoded into memory, and a note says why. Raises InputError if they are
    larger than it.
    """
    form = Form(image_size, grayscale)
    if not (reading.cached and paths):
        return _in_memory(paths, form, reading)
    try:
        return _cached(paths, form, reading)
    except CacheError as error:
        note = f"decoded images cannot be cached in {cache_folder()} ({error}), so every start decodes them"
        return replace(_in_memory(paths, form, reading), notes=(note,))


def _cached(paths: Paths, form: Form, reading: Reading) -> Images:
    """Raises CacheError."""
    place = Place(paths, form)
    taken = place.is_taken
    images = place.images()
    if images is not None:
        return images
    images = place.make(partial(_decode, paths, form, reading))
    return replace(images, notes=("the cache of decoded images was damaged, and is made anew",)) if taken else images


def _decode(paths: Paths, form: Form, reading: Reading, put: Put) -> None:
    Decoding(paths, form, put, reading.tell).run()


def _in_memory(paths: Paths, form: Form, reading: Reading) -> Images:
    n = len(paths)
    try:
        pixels = np.empty((n, *form.shape), np.uint8)
    except MemoryError:
        raise InputError(
            f"{integer(n)} images of {integer(form.bytes)} bytes do not fit into memory; choose a smaller "
            "--image-size, or use the cache"
        ) from None
    sums = np.empty((n, 2, form.shape[-1]), np.int64)
    unusable: dict[int, str] = {}

    def put(start: int, chunk: Chunk) -> None:
        pixels[start : start + len(chunk.pixels)] = chunk.pixels
        sums[start : start + len(chunk.sums)] = chunk.sums
        unusable.update((start + place, reason) for place, reason in chunk.unusable)

    _decode(paths, form, reading, put)
    return Images(pixels, sums, dict(sorted(unusable.items())))
