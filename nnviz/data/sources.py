"""A name or a path → Dataset. Light to import: what opens a source comes when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.errors import InputError
from nnviz.experiment import Data, Tables

if TYPE_CHECKING:
    import numpy as np

    from nnviz.data.dataset import Dataset


def _open_drawn(name: str, image_size: int, grayscale: bool) -> Dataset:
    from nnviz.data.drawn.pictures import open_drawn

    return open_drawn(name, image_size, grayscale)


BUILT_IN: dict[str, Callable[[int, bool], Dataset]] = {"pets": partial(_open_drawn, "pets")}
"""Name → what opens it, given the size of an image and whether it shall be gray."""

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


def open_source(data: Data, generator: np.random.Generator) -> Dataset:
    """The examples that `data.source` names: a built-in name, or else a folder of images.

    Built-in examples are always the same; `generator` splits what comes without a split. A path that is also a
    built-in name is reached as `./name`.

    Raises InputError if there is nothing by that name, or nothing usable in it.
    """
    folder = folder_of(data.source)
    if folder is None:
        return BUILT_IN[data.source](data.image_size, data.grayscale)
    # Pillow takes its time to load, and what is drawn does without it.
    from nnviz.data.image_folder import open_image_folder

    return open_image_folder(folder, data.image_size, data.grayscale, generator)


def folder_of(source: str) -> Path | None:
    """The folder that a source's name means, None for a built-in one. Raises InputError if it is neither."""
    if source in BUILT_IN:
        return None
    path = Path(source).expanduser()
    if path.is_dir():
        return path
    wrong = "not a folder of images" if path.exists() else "no such folder, and not a built-in name"
    raise InputError(
        f"{source}: {wrong}; give a folder with a folder of images for each class, or {', '.join(BUILT_IN)}"
    )


def suggested(source: str) -> Tables:
    """Settings under which that source is worth watching at once; they hold until the user chooses others."""
    return SUGGESTED.get(source, SUGGESTED_FOR_IMAGES)
