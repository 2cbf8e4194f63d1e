"""A name or a path → Dataset. Light to import: what opens a source comes when it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.data import suggestions
from nnviz.data.formats import format_of
from nnviz.data.reading import CACHED, Reading
from nnviz.errors import InputError
from nnviz.experiment import Data, Tables

if TYPE_CHECKING:
    import numpy as np

    from nnviz.data.dataset import Dataset
    from nnviz.data.encoding import Encoding


IMAGE_SIZE = 32
"""Of images in files of their own, and drawn ones, where the user does not choose."""


def _open_drawn(data: Data) -> Dataset:
    from nnviz.data.drawn.pictures import open_drawn

    return open_drawn(data.source, data.image_size or IMAGE_SIZE, data.grayscale)


def _open_plane(data: Data) -> Dataset:
    from nnviz.data.drawn.plane import open_plane

    return open_plane(data.source, data.examples, data.noise)


def _open_language(_: Data) -> Dataset:
    from nnviz.data.written.language import open_language

    return open_language()


PLANES = ("xor", "circles", "spiral", "gauss", "waves")
"""Built-in points of the plane; only they can be chosen in number, and be made noisy."""

BUILT_IN: dict[str, Callable[[Data], Dataset]] = {
    "pets": _open_drawn,
    "people": _open_drawn,
    "road": _open_drawn,
    "language": _open_language,
    **dict.fromkeys(PLANES, _open_plane),
}
"""Name → what opens it."""

KNOWN = (
    "a folder with a folder of images or a .txt file for each class, the files of MNIST or CIFAR, an .npz file, "
    "a .csv or .tsv table"
)

IMAGE_KEYS = ("image_size", "grayscale")
"""Of [data], what is chosen for images alone."""

TABLE_KEYS = ("target", "task", "image_column", "text_column")
"""Of [data], what is chosen for tables alone."""


def open_source(
    data: Data, generator: np.random.Generator, encoding: Encoding | None = None, reading: Reading = CACHED
) -> Dataset:
    """The examples that `data.source` names: a built-in name, a folder of images or texts, a table, a file of arrays.

    Images are made squares of `data.image_size`; without it, of 32 pixels, but those in arrays stay as they are.
    Built-in examples are always the same; `generator` splits what comes without a split. A path that is also a
    built-in name is reached as `./name`. Tables and texts are read by the `encoding` of a run, if that is given.
    `reading` is about image files: whether decoded images are kept for the next time, and who hears how far it is.

    Raises InputError if there is nothing by that name, or nothing usable in it.
    """
    refuse_misplaced(data)
    path = path_of(data.source)
    if path is None:
        return BUILT_IN[data.source](data)
    # NumPy and Pillow take their time to load, and not every command needs them.
    match format_of(path):
        case "idx":
            from nnviz.data.arrays.idx import open_idx

            return open_idx(path, data.image_size, data.grayscale, generator)
        case "cifar":
            from nnviz.data.arrays.cifar import open_cifar

            return open_cifar(path, data.image_size, data.grayscale, generator)
        case "npz":
            from nnviz.data.arrays.numpy_arrays import Wanted, open_numpy

            return open_numpy(path, Wanted(data.image_size, data.grayscale), generator)
        case "table":
            from nnviz.data.tables.table import open_table

            return open_table(path, data, generator, encoding, reading)
        case "texts":
            from nnviz.data.texts.text_folder import open_text_folder

            return open_text_folder(path, generator, encoding.ngrams if encoding else None)
        case _:
            from nnviz.data.images.image_folder import open_image_folder

            return open_image_folder(path, data.image_size or IMAGE_SIZE, data.grayscale, generator, reading)


def refuse_misplaced(data: Data) -> None:
    """Raises InputError for a choice that means nothing for that source."""
    chosen = [name for name in ("noise", "examples") if getattr(data, name) is not None]
    if chosen and data.source not in PLANES:
        raise InputError(f"data.{chosen[0]}: only {', '.join(PLANES)} have it; leave it out for {data.source}")
    chosen = [name for name in TABLE_KEYS if getattr(data, name) is not None]
    if chosen and not is_table(data.source):
        raise InputError(
            f"data.{chosen[0]}: only tables (.csv, .tsv) can be given that; leave it out for {data.source}"
        )
    if data.image_column is not None and data.text_column:
        raise InputError("data.text_column: images or texts are learnt from, not both; leave it or image_column out")
    chosen = [name for name in IMAGE_KEYS if getattr(data, name)]
    if chosen and not may_hold_images(data):
        named = " whose column is named" if is_table(data.source) else ""
        raise InputError(f"data.{chosen[0]}: only images{named} have it; leave it out for {data.source}")


def may_hold_images(data: Data) -> bool:
    """Whether the source can be one of images, as far as names tell."""
    if data.source in BUILT_IN:
        return BUILT_IN[data.source] is _open_drawn
    if is_table(data.source):
        return data.image_column is not None
    path = _path(data.source)
    return not path.is_dir() or format_of(path) != "texts"


def path_of(source: str) -> Path | None:
    """The folder or file that a source's name means, None for a built-in one. Raises InputError if it is neither."""
    if source in BUILT_IN:
        return None
    path = _path(source)
    try:
        if path.exists() and format_of(path):
            return path
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror}); check its permissions") from None
    wrong = "nothing that can be opened" if path.exists() else "no such folder or file, and not a built-in name"
    raise InputError(f"{source}: {wrong}; give {KNOWN} or {', '.join(BUILT_IN)}")


def _path(source: str) -> Path:
    # Path.expanduser would raise for a user that is not there.
    return Path(os.path.expanduser(source))


def suggested(source: str, pictured: bool = False, text_column: str | None = None) -> Tables:
    """Settings under which that source is worth watching at once; they hold until the user chooses others.

    `pictured` says that a table is one of images, and `text_column` which of its columns is a text.
    """
    if source in suggestions.FOR_BUILT_IN:
        return suggestions.FOR_BUILT_IN[source]
    path = _path(source)
    if is_table(source) and not pictured:
        return suggestions.FOR_TEXTS if _is_table_of_texts(path, text_column) else suggestions.FOR_TABLES
    if path.is_dir() and format_of(path) == "texts":
        return suggestions.FOR_TEXTS
    return suggestions.FOR_IMAGES if _holds_pictures(path) else suggestions.FOR_NUMBERS


def is_table(source: str) -> bool:
    """Whether the source is called as a table is."""
    path = _path(source)
    return source not in BUILT_IN and not path.is_dir() and format_of(path) == "table"


def _is_table_of_texts(path: Path, text_column: str | None) -> bool:
    if text_column is not None or not path.is_file():
        return bool(text_column)
    from nnviz.data.tables.delimited import read_delimited
    from nnviz.data.tables.free_text import free_text_column

    try:
        return free_text_column(read_delimited(path)) is not None
    except InputError:
        return False  # What is wrong with the file is told when it is opened.


def _holds_pictures(path: Path) -> bool:
    if not path.is_file() or format_of(path) != "npz":
        return True
    from nnviz.data.arrays.stored_arrays import holds_pictures

    try:
        return holds_pictures(path)
    except InputError:
        return True  # What is wrong with the file is told when it is opened.
