"""The built-in images, drawn by code: as a dataset, and as an image folder."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.data.dataset import Array, Dataset, Split, Standardization
from nnviz.data.drawn import pets
from nnviz.errors import InputError


class Pictures(NamedTuple):
    """Images of some classes. `draw` takes count, size and generator, and returns images and labels."""

    class_names: tuple[str, ...]
    notice: str
    draw: Callable[[int, int, np.random.Generator], tuple[Array, Array]]


PICTURES = {"pets": Pictures(pets.CLASS_NAMES, pets.NOTICE, pets.draw)}

COUNTS = {"train": 1000, "validation": 200, "test": 400, "folder": 0}
"""How many images; for each of these uses there are others. A folder holds as many as are asked for."""


def open_drawn(name: str, image_size: int, grayscale: bool) -> Dataset:
    """The pictures of that name, always the same: (image_size, image_size, 3) uint8, or (…, 1) in grayscale."""
    pictures = PICTURES[name]

    def split(use: str) -> Split:
        images, labels = pictures.draw(COUNTS[use], image_size, _generator(use))
        names = [f"{use}/{pictures.class_names[label]}-{i:04}" for i, label in enumerate(labels, start=1)]
        return Split(_gray(images) if grayscale else images, labels, names)

    train = split("train")
    return Dataset(
        name=name,
        class_names=pictures.class_names,
        train=train,
        validation=split("validation"),
        test=split("test"),
        standardization=Standardization.of(train.inputs),
        notice=pictures.notice,
    )


def write_folder(name: str, directory: Path, count: int, size: int) -> list[Path]:
    """Write `count` pictures as PNG files, a folder for each class: `directory/cat/cat-001.png`, …

    Returns the files in order. The same arguments write the same bytes, and the pictures are none of those in the
    dataset. Raises InputError if there is no such name, `count` is less than one for each class, the directory holds
    other files, or it cannot be written.
    """
    if name not in PICTURES:
        raise InputError(f"'{name}' cannot be drawn; there is {', '.join(PICTURES)}")
    pictures = PICTURES[name]
    if count < len(pictures.class_names):
        raise InputError(f"{count} is too few; give at least {len(pictures.class_names)}, one for each class")
    images, labels = pictures.draw(count, size, _generator("folder"))
    files = {}
    for label, class_name in enumerate(pictures.class_names):
        for i, image in enumerate(images[labels == label], start=1):
            files[directory / class_name / f"{class_name}-{i:03}.png"] = image
    try:
        _refuse_others(directory, set(files))
        for path, image in files.items():
            _write(path, image)
    except OSError as error:
        raise InputError(f"{error.filename or directory}: cannot be written ({error.strerror})") from None
    return list(files)


def _generator(use: str) -> np.random.Generator:
    return np.random.default_rng((1998, list(COUNTS).index(use)))


def _gray(images: Array) -> Array:
    """(n, h, w, 3) → (n, h, w, 1), with the weights that Pillow uses for image files."""
    weighted = images.astype(np.uint32) @ np.array([[19595], [38470], [7471]], np.uint32)
    return ((weighted + 0x8000) >> 16).astype(np.uint8)


def _refuse_others(directory: Path, ours: set[Path]) -> None:
    """Raises InputError if the directory holds a file that is not one of ours."""
    if directory.is_dir():
        for path in directory.rglob("*"):
            if path.is_file() and path not in ours:
                raise InputError(f"{directory}: holds other files already, such as {path.name}; give a new directory")


def _write(path: Path, image: Array) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
