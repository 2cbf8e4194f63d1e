"""The built-in images, drawn by code: as a dataset, and as files."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.drawn import people, pets, road
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.errors import InputError
from nnviz.whole_file import unwritten, write_asked
from nnviz.wording import integer


class Pictures(NamedTuple):
    """Images of some classes, or each with numbers that are to be predicted from it.

    class_names   empty where there are numbers; `target_names` is empty where there are classes
    draw          takes count, size and generator, and returns images and labels, as a Split holds them
    train         how many of them there are to learn from
    """

    class_names: tuple[str, ...]
    notice: str
    draw: Callable[[int, int, np.random.Generator], tuple[Array, Array]]
    train: int = 1000
    target_names: tuple[str, ...] = ()


LOG = "driving_log.csv"
"""Beside pictures with numbers: the table of them."""

PICTURES = {
    "pets": Pictures(pets.CLASS_NAMES, pets.NOTICE, pets.draw),
    "people": Pictures(people.CLASS_NAMES, people.NOTICE, people.draw, train=3000),
    "road": Pictures((), road.NOTICE, road.draw, train=3000, target_names=road.TARGET_NAMES),
}

COUNTS = {"train": 0, "validation": 200, "test": 400, "folder": 0}
"""How many images; for each of these uses there are others. 0: the pictures say it, or whoever wants a folder."""


def open_drawn(name: str, image_size: int, grayscale: bool) -> Dataset:
    """The pictures of that name, always the same: (image_size, image_size, 3) uint8, or (…, 1) in grayscale."""
    pictures = PICTURES[name]

    def split(use: str) -> Split:
        images, labels = pictures.draw(COUNTS[use] or pictures.train, image_size, _generator(use))
        shown = [pictures.class_names[label] for label in labels] if pictures.class_names else [name] * len(images)
        names = [f"{use}/{what}-{i:04}" for i, what in enumerate(shown, start=1)]
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
        target_names=pictures.target_names,
    )


def write_folder(name: str, directory: Path, count: int, size: int) -> list[Path]:
    """Write `count` pictures as PNG files, a folder for each class: `directory/cat/cat-001.png`, …

    Pictures with numbers stand side by side, `directory/road-001.png`, …, and the numbers in `driving_log.csv`, a row
    for each picture: columns image and, here, steering.

    Returns the files in order. The same arguments write the same bytes, and the pictures are none of those in the
    dataset. Raises InputError if there is no such name, `count` is less than one for each class, the directory holds
    other files, or cannot be made, and UnkeptError if the disk does not take a file.
    """
    if name not in PICTURES:
        raise InputError(f"'{name}' cannot be drawn; there is {', '.join(PICTURES)}")
    pictures = PICTURES[name]
    if count < len(pictures.class_names):
        raise InputError(
            f"{integer(count)} is too few; give at least {integer(len(pictures.class_names))}, one for each class"
        )
    images, labels = pictures.draw(count, size, _generator("folder"))
    log = directory / LOG
    if pictures.class_names:
        files = _by_class(directory, pictures.class_names, images, labels)
    else:
        files = {directory / f"{name}-{i:03}.png": image for i, image in enumerate(images, start=1)}
    try:
        _refuse_others(directory, {*files} if pictures.class_names else {*files, log})
        for path, image in files.items():
            _write(path, image)
        if pictures.target_names:
            _write_log(log, list(files), labels, pictures.target_names)
    except OSError as error:
        raise unwritten(error.filename or directory, error) from None
    return list(files)


def _by_class(directory: Path, class_names: tuple[str, ...], images: Array, labels: Array) -> dict[Path, Array]:
    """Where each image goes: a folder for each class, and numbers from 1 in each."""
    return {
        directory / class_name / f"{class_name}-{i:03}.png": image
        for label, class_name in enumerate(class_names)
        for i, image in enumerate(images[labels == label], start=1)
    }


def _write_log(path: Path, files: list[Path], labels: Array, names: tuple[str, ...]) -> None:
    """A table of the files' names and the numbers (n, outputs) that belong to them."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["image", *names])
    writer.writerows([file.name, *(f"{number:.4f}" for number in row)] for file, row in zip(files, labels, strict=True))
    write_asked(path, table.getvalue().encode())


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
            if path.is_symlink():
                raise InputError(f"{path}: a link, through which nothing is written; give a new directory")
            if path.is_file() and path not in ours:
                raise InputError(f"{directory}: holds other files already, such as {path.name}; give a new directory")


def _write(path: Path, image: Array) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    write_asked(path, content.getvalue())
