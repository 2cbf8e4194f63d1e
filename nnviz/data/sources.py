"""A name or a path → what it is → Dataset. Light to import: what opens a source comes when it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nnviz.data import suggestions
from nnviz.data.formats import Format, Found, found_at
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


def _open_worked(_: Data) -> Dataset:
    from nnviz.data.written.worked import open_worked

    return open_worked()


PLANES = ("xor", "circles", "spiral", "gauss", "waves")
"""Built-in points of the plane; only they can be chosen in number, and be made noisy."""

BUILT_IN: dict[str, Callable[[Data], Dataset]] = {
    "pets": _open_drawn,
    "people": _open_drawn,
    "road": _open_drawn,
    "language": _open_language,
    **dict.fromkeys(PLANES, _open_plane),
    "worked": _open_worked,
}
"""Name → what opens it."""

KNOWN = (
    "a folder with a folder of images or of texts for each class, the files of MNIST, CIFAR or STL-10, an .npz file, "
    "a table (.csv, .tsv, .data, .txt)"
)

IMAGE_KEYS = ("image_size", "grayscale")
"""Of [data], what is chosen for images alone."""

TABLE_KEYS = ("target", "image_column", "text_column", "keep")
"""Of [data], what is chosen for tables alone."""


class Source(NamedTuple):
    """What a source's name means, found out once.

    name   as it was given
    path   the folder or file of that name, None for a built-in name
    found  what that holds, and where; None for a built-in name
    """

    name: str
    path: Path | None = None
    found: Found | None = None

    @property
    def format(self) -> Format | None:
        """None for a built-in name."""
        return None if self.found is None else self.found.format


def find_source(name: str) -> Source:
    """What a built-in name, or the path of a folder or a file, means. A path that is also a built-in name is `./name`.

    Raises InputError if it is neither, or nothing that can be opened.
    """
    if name in BUILT_IN:
        return Source(name)
    # Path.expanduser would raise for a user that is not there.
    path = Path(os.path.expanduser(name))
    try:
        exists = path.exists()
        found = found_at(path) if exists else None
    except OSError as error:
        advice = "check the name, and the permissions of the folders that it is in"
        raise InputError(f"{name}: {error.strerror}; {advice}") from None
    if found is None:
        wrong = "nothing that can be opened" if exists else "no such folder or file, and not a built-in name"
        raise InputError(f"{name}: {wrong}; give {KNOWN} or {', '.join(BUILT_IN)}")
    return Source(name, path, found)


def open_source(
    data: Data,
    generator: np.random.Generator,
    encoding: Encoding | None = None,
    reading: Reading = CACHED,
    source: Source | None = None,
) -> Dataset:
    """The examples that `data.source` names: a built-in name, a folder of images or texts, a table, a file of arrays.

    Images are made squares of `data.image_size`; without it, of 32 pixels, but those in arrays stay as they are.
    Built-in examples are always the same; `generator` splits what comes without a split. Tables and texts are read by
    the `encoding` of a run, if that is given. `reading` is about image files: whether decoded images are kept for the
    next time, and who hears how far it is. `source` is what was found of it, if somebody has looked already.

    Raises InputError if there is nothing by that name, or nothing usable in it.
    """
    source = source or find_source(data.source)
    refuse_misplaced(data, source)
    if source.path is None or source.found is None:
        return _with_notes(BUILT_IN[source.name](data), _notes_on_namesake(source.name))
    dataset = _open_found(source.found, data, generator, encoding, reading)
    return dataset if source.found.place == source.path else _of_below(dataset, source.path, source.found)


def _open_found(
    found: Found, data: Data, generator: np.random.Generator, encoding: Encoding | None, reading: Reading
) -> Dataset:
    # NumPy and Pillow take their time to load, and not every command needs them.
    path = found.place
    match found.format:
        case "idx":
            from nnviz.data.arrays.idx import open_idx

            return open_idx(path, data.image_size, data.grayscale, generator)
        case "cifar":
            from nnviz.data.arrays.cifar import open_cifar

            return open_cifar(path, data.image_size, data.grayscale, generator)
        case "stl10":
            from nnviz.data.arrays.stl10 import open_stl10

            return open_stl10(path, data.image_size, data.grayscale, generator)
        case "numpy":
            from nnviz.data.arrays.numpy_arrays import Wanted, open_numpy

            return open_numpy(path, Wanted(data.image_size, data.grayscale, data.task), generator)
        case "table":
            from nnviz.data.tables.table import open_table

            return open_table(path, data, generator, encoding, reading, found.others)
        case "texts":
            from nnviz.data.texts.text_folder import open_text_folder

            return open_text_folder(path, generator, encoding.ngrams if encoding else None)
        case _:
            from nnviz.data.images.image_folder import open_image_folder

            return open_image_folder(path, data.image_size or IMAGE_SIZE, data.grayscale, generator, reading)


def _of_below(dataset: Dataset, path: Path, found: Found) -> Dataset:
    """What was found in a folder, or a file, below the folder that was given."""
    from msgspec.structs import replace

    from nnviz.data.folder_walk import beside, name_in, readable

    place = found.place.parent if found.others else found.place
    what = name_in(place, path) + "/" * place.is_dir()
    return replace(
        dataset,
        name=readable(path.resolve().name),
        notes=dataset.notes if place == path else (f"what is read lies in {what}", *dataset.notes),
        skipped=(*dataset.skipped, *beside([found.place, *(other for _, other in found.others)], path)),
    )


def _notes_on_namesake(name: str) -> list[str]:
    """What to say where something is called as the built-in examples are that are learnt from."""
    if not os.path.exists(name):
        return []
    what = "folder" if os.path.isdir(name) else "file"
    return [f"these are the built-in examples '{name}'; the {what} of that name here is ./{name}"]


def _with_notes(dataset: Dataset, notes: list[str]) -> Dataset:
    from msgspec.structs import replace

    return replace(dataset, notes=(*notes, *dataset.notes)) if notes else dataset


def refuse_misplaced(data: Data, source: Source) -> None:
    """Raises InputError for a choice that means nothing for that source."""
    chosen = [name for name in ("noise", "examples") if getattr(data, name) is not None]
    if chosen and source.name not in PLANES:
        raise InputError(f"data.{chosen[0]}: only {', '.join(PLANES)} have it; leave it out for {source.name}")
    chosen = [name for name in TABLE_KEYS if getattr(data, name) is not None]
    if chosen and source.format != "table":
        raise InputError(
            f"data.{chosen[0]}: only tables (.csv, .tsv) can be given that; leave it out for {source.name}"
        )
    if data.task is not None and not has_task(source):
        raise InputError(f"data.task: only tables and arrays of NumPy have it; leave it out for {source.name}")
    if data.image_column is not None and data.text_column:
        raise InputError("data.text_column: images or texts are learnt from, not both; leave it or image_column out")
    chosen = [name for name in IMAGE_KEYS if getattr(data, name)]
    if chosen and not may_hold_images(data, source):
        named = " whose column is named" if source.format == "table" else ""
        raise InputError(f"data.{chosen[0]}: only images{named} have it; leave it out for {source.name}")


def has_task(source: Source) -> bool:
    """Whether it can be chosen for the source whether classes or numbers are learnt."""
    return source.format in ("table", "numpy")


def may_hold_images(data: Data, source: Source) -> bool:
    """Whether the source can be one of images, as far as names tell."""
    if source.found is None:
        return BUILT_IN[source.name] is _open_drawn
    if source.format == "table":
        return data.image_column is not None
    return source.format != "texts"


def suggested(source: Source, pictured: bool = False, text_column: str | None = None) -> Tables:
    """Settings under which that source is worth watching at once; they hold until the user chooses others.

    `pictured` says that a table is one of images, and `text_column` which of its columns is a text.
    """
    if source.found is None:
        return suggestions.FOR_BUILT_IN.get(source.name, suggestions.FOR_IMAGES)
    match source.format:
        case "table" if not pictured:
            is_of_texts = _is_table_of_texts(source.found.place, text_column)
            return suggestions.FOR_TEXTS if is_of_texts else suggestions.FOR_TABLES
        case "texts":
            return suggestions.FOR_TEXTS
        case "numpy":
            return suggestions.FOR_IMAGES if _holds_pictures(source.found.place) else suggestions.FOR_NUMBERS
        case _:
            return suggestions.FOR_IMAGES


def _is_table_of_texts(path: Path, text_column: str | None) -> bool:
    if text_column is not None:
        return bool(text_column)
    from nnviz.data.tables.delimited import peek
    from nnviz.data.tables.free_text import free_text_column

    try:
        return free_text_column(peek(path)) is not None
    except InputError:
        return False  # What is wrong with the file is told when it is opened.


def _holds_pictures(path: Path) -> bool:
    from nnviz.data.arrays.stored_arrays import holds_pictures

    try:
        return holds_pictures(path)
    except InputError:
        return True  # What is wrong with the file is told when it is opened.
