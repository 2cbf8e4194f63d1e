"""Image files → squares of bytes, as a viewer would show them.

An image becomes a square: its middle, as wide as its shorter side, resized. What is transparent becomes white.
"""

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from nnviz.data.dataset import Array
from nnviz.errors import InputError

THREADS = 2


def read_image(path: Path, image_size: int, grayscale: bool) -> Array:
    """One image file: (image_size, image_size, 3) uint8, or (…, 1) in grayscale. Raises InputError."""
    with _pillow_warnings():
        image = _decode(path, image_size, grayscale)
    if isinstance(image, str):
        raise InputError(f"{path}: {image}; give an image file, such as a PNG or a JPEG")
    return image


def read_images(
    paths: Sequence[Path], image_size: int, grayscale: bool
) -> tuple[Array, list[int], list[tuple[int, str]]]:
    """The images (n, image_size, image_size, 3 or 1) uint8 that can be read, and their places in `paths`.

    After them, the places of the others, each with what is wrong with it.
    """
    # Pillow lets go of the interpreter lock while it decodes.
    with _pillow_warnings(), ThreadPoolExecutor(THREADS) as pool:
        decoded = list(pool.map(lambda path: _decode(path, image_size, grayscale), paths))
    images = np.empty((len(paths), image_size, image_size, 1 if grayscale else 3), np.uint8)
    usable: list[int] = []
    unusable: list[tuple[int, str]] = []
    for place, image in enumerate(decoded):
        if isinstance(image, str):
            unusable.append((place, image))
            continue
        images[len(usable)] = image
        usable.append(place)
    return images[: len(usable)], usable, unusable


@contextmanager
def _pillow_warnings() -> Iterator[None]:
    """Keep Pillow from writing about odd files to stderr; an image that is suspiciously large becomes an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _decode(path: Path, image_size: int, grayscale: bool) -> Array | str:
    """(image_size, image_size, 3 or 1) uint8, or why it cannot be had."""
    if not path.is_file():
        return "not a file" if path.exists() else "no such file"
    try:
        with Image.open(path) as image:
            # Lets a JPEG be decoded at a half, a quarter or an eighth of its size.
            image.draft(None, (2 * image_size, 2 * image_size))
            resized = square(_upright_rgb(image), image_size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "too large"
    except UnidentifiedImageError:
        return "not an image"
    except PermissionError:
        return "not permitted to read it"
    except Exception as error:  # Pillow's decoders raise whatever a damaged file makes them stumble over.
        return "truncated" if "truncated" in str(error).lower() else "damaged"
    pixels = np.asarray(resized.convert("L") if grayscale else resized)
    return pixels.reshape(image_size, image_size, -1)


def _upright_rgb(image: Image.Image) -> Image.Image:
    """As a viewer would show it: turned as its EXIF says, 8 bits, on white."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        return _eight_bits(image, *image.getextrema())
    if image.mode.startswith("I"):
        # convert("L") would clip the 16 bits instead of scaling them.
        return _eight_bits(image, 0, 65535)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


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
