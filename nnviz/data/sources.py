"""A name or a path → Dataset. Light to import: what opens a source comes when it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.data.formats import format_of
from nnviz.errors import InputError
from nnviz.experiment import Data, Tables

if TYPE_CHECKING:
    import numpy as np

    from nnviz.data.dataset import Dataset


IMAGE_SIZE = 32
"""Of images in files of their own, and drawn ones, where the user does not choose."""


def _open_drawn(data: Data) -> Dataset:
    from nnviz.data.drawn.pictures import open_drawn

    return open_drawn(data.source, data.image_size or IMAGE_SIZE, data.grayscale)


BUILT_IN: dict[str, Callable[[Data], Dataset]] = {"pets": _open_drawn}
"""Name → what opens it."""

KNOWN = "a folder with a folder of images for each class, the files of MNIST or CIFAR, an .npz file"

SUGGESTED: dict[str, Tables] = {
    "pets": {
        "network": {"layers": "dense 64 relu, dense 32 relu"},
        "training": {"optimizer": "sgd", "learning_rate": 0.005, "momentum": 0.9, "batch_size": 16},
        "stopping": {"epochs": 15},
    },
}
SUGGESTED_FOR_IMAGES: Tables = {
    "network": {"layers": "dense 256 relu, dense 64 relu"},
    "training": {"optimizer": "sgd", "learning_rate": 0.002, "momentum": 0.9, "batch_size": 16},
    "stopping": {"epochs": 20},
}


SUGGESTED_FOR_NUMBERS: Tables = {
    "network": {"layers": "dense 32 relu"},
    "training": {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "batch_size": 16},
    "stopping": {"epochs": 20},
}


def open_source(data: Data, generator: np.random.Generator) -> Dataset:
    """The examples that `data.source` names: a built-in name, or else a folder of images or a file of arrays.

    Images are made squares of `data.image_size`; without it, of 32 pixels, but those in arrays stay as they are.
    Built-in examples are always the same; `generator` splits what comes without a split. A path that is also a
    built-in name is reached as `./name`.

    Raises InputError if there is nothing by that name, or nothing usable in it.
    """
    path = path_of(data.source)
    if path is None:
        return BUILT_IN[data.source](data)
    # NumPy and Pillow take their time to load, and not every command needs them.
    match format_of(path):
        case "idx":
            from nnviz.data.idx import open_idx

            return open_idx(path, data.image_size, data.grayscale, generator)
        case "cifar":
            from nnviz.data.cifar import open_cifar

            return open_cifar(path, data.image_size, data.grayscale, generator)
        case "npz":
            from nnviz.data.npz import open_npz

            return open_npz(path, data.image_size, data.grayscale, generator)
        case _:
            from nnviz.data.image_folder import open_image_folder

            return open_image_folder(path, data.image_size or IMAGE_SIZE, data.grayscale, generator)


def path_of(source: str) -> Path | None:
    """The folder or file that a source's name means, None for a built-in one. Raises InputError if it is neither."""
    if source in BUILT_IN:
        return None
    path = _path(source)
    if path.exists() and format_of(path):
        return path
    wrong = "nothing that can be opened" if path.exists() else "no such folder or file, and not a built-in name"
    raise InputError(f"{source}: {wrong}; give {KNOWN} or {', '.join(BUILT_IN)}")


def _path(source: str) -> Path:
    # Path.expanduser would raise for a user that is not there.
    return Path(os.path.expanduser(source))


def suggested(source: str) -> Tables:
    """Settings under which that source is worth watching at once; they hold until the user chooses others."""
    if source in SUGGESTED:
        return SUGGESTED[source]
    return SUGGESTED_FOR_IMAGES if _holds_pictures(_path(source)) else SUGGESTED_FOR_NUMBERS


def _holds_pictures(path: Path) -> bool:
    if not path.is_file() or format_of(path) != "npz":
        return True
    from nnviz.data.npz_headers import holds_pictures

    try:
        return holds_pictures(path)
    except InputError:
        return True  # What is wrong with the file is told when it is opened.
