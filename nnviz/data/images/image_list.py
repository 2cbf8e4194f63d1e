"""A list beside images that says what each of them is: metadata.csv or .jsonl, labels.csv, val_annotations.txt."""

import csv
import io
import json
from collections.abc import Collection, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from nnviz.data.images.named_files import NamedFiles
from nnviz.data.split_names import role_of
from nnviz.data.text_file import encoding_of, read_content
from nnviz.errors import InputError
from nnviz.wording import listed

SUFFIXES = (".csv", ".tsv", ".jsonl", ".txt")
LIKELY = (
    *(
        "label",
        "labels",
        "class",
        "class_name",
        "classname",
        "class_id",
        "classid",
        "target",
        "category",
        "y",
        "species",
    ),
    *("breed", "diagnosis", "label_name", "category_name", "type", "kind"),
)
"""What the column of the class is called."""
FIRST, SOME = "metadata", 60
"""The list that comes before others, and so many rows of a list show whether it names images."""
MOST_LISTS = 20


class Entry(NamedTuple):
    """A row of a list. `file` is None where there is no such image; `role` is the split that the row says, if any."""

    line: int
    cell: str
    file: Path | None
    label: str
    role: str | None


class ImageList(NamedTuple):
    """The rows of a list that name images, and the columns that say the image and its class."""

    path: Path
    entries: list[Entry]
    file_column: str
    label_column: str


class _Table(NamedTuple):
    """Rows of cells, each with the line that it begins in; `names` are those of the columns, empty without a header."""

    names: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]


def find_list(folders: Sequence[Path], place: Path, role: str, classes: Collection[str] = ()) -> ImageList | None:
    """The first list in one of the folders, the nearest one first, that says the classes of images in `place`.

    They are those of the split `role`, and among the `classes`, if these are known. Raises InputError if several
    columns could be the class.
    """
    for path in [path for folder in folders for path in _lists(folder, role)][:MOST_LISTS]:
        try:
            table = _read(path)
        except InputError:
            continue  # What is wrong with it, is of no concern if it is no list of images.
        found = _of_images(path, table, place, role, classes)
        if found is not None:
            return found
    return None


def _lists(folder: Path, role: str) -> list[Path]:
    """The files in the folder that may be a list of that split, the likeliest first."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES and path.is_file()]
    own = [path for path in paths if role_of(path.stem) in (None, role) and not path.name.startswith(".")]
    return sorted(own, key=lambda path: (path.stem.lower() != FIRST, role_of(path.stem) != role))


def _of_images(path: Path, table: _Table, place: Path, role: str, classes: Collection[str]) -> ImageList | None:
    """The list, if a column of it names images in the place, and another one their classes."""
    files = NamedFiles(path.parent, role)

    def file_in(cells: Sequence[str], column: int) -> Path | None:
        found = files.find(_cell(cells, column))
        return found if found is not None and found.is_relative_to(place) else None

    columns = range(max((len(cells) for _, cells in table.rows), default=0))
    # The first row may be the names of the columns.
    some = [cells for _, cells in table.rows[1 :: 1 + len(table.rows) // SOME] or table.rows]
    named = {column: [(_cell(cells, column), file_in(cells, column)) for cells in some] for column in columns}
    file_column = max(columns, key=lambda column: _names_files(named[column]), default=0)
    if 2 * sum(file is not None for _, file in named.get(file_column, [])) < max(1, len(some)):
        return None
    if not table.names and file_in(table.rows[0][1], file_column) is None:
        table = _Table([cell.strip() for cell in table.rows[0][1]], table.rows[1:])
    others = {column: [_cell(cells, column) for _, cells in table.rows] for column in columns if column != file_column}
    label_column = _label_column(path, table, others, file_column, classes)
    if label_column is None:
        return None
    roles = next((cells for column, cells in others.items() if column != label_column and _are_roles(cells)), [])
    entries = [
        Entry(line, _cell(cells, file_column), file_in(cells, file_column), label, role_of(said) if said else None)
        for (line, cells), label, said in zip_longest(table.rows, others[label_column], roles)
    ]
    return ImageList(path, entries, _name(table, file_column), _name(table, label_column))


def _names_files(named: Sequence[tuple[str, Path | None]]) -> tuple[int, int]:
    """How many different files are named with their endings, and how many in all: numbers may be those of others."""
    found = {file: cell for cell, file in named if file is not None}
    return sum(cell.endswith(file.name) for file, cell in found.items()), len(found)


def _label_column(
    path: Path, table: _Table, others: dict[int, list[str]], file_column: int, classes: Collection[str]
) -> int | None:
    """The column of the class; None if there is none. Raises InputError if it could be several."""
    if classes:
        return next((c for c, cells in others.items() if any(cells) and set(cells) <= {*classes, ""}), None)
    usable = [column for column, cells in others.items() if _may_be_classes(cells)]
    likely = [column for name in LIKELY for column in usable if _name(table, column).lower() == name]
    if likely or len(usable) == 1:
        return (likely or usable)[0]
    if not usable:
        return None
    names = listed([_name(table, column) for column in usable], 3)
    raise InputError(
        f"{path}: {names} could be the class of each image; choose one, as with nnviz train {path} "
        f"--image-column {_name(table, file_column)} --target {_name(table, usable[0])}"
    )


def _may_be_classes(cells: Sequence[str]) -> bool:
    """Whether there are two at least, each of them twice in the mean."""
    return 1 < len({cell for cell in cells if cell}) <= len(cells) / 2


def _are_roles(cells: Sequence[str]) -> bool:
    return len({role_of(cell) for cell in cells}) > 1 and all(map(role_of, cells))


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _name(table: _Table, column: int) -> str:
    """What the column is called; without a header, its number, counted from 1."""
    return table.names[column] if column < len(table.names) else str(column + 1)


def _read(path: Path) -> _Table:
    """Raises InputError if the file cannot be read."""
    content = read_content(path)
    text = content.decode(encoding_of(path, content))
    suffix, first = path.suffix.lower(), text.partition("\n")[0]
    if suffix == ".jsonl":
        return _objects(text.split("\n"))
    if suffix == ".txt" and "\t" not in first and "," not in first:
        return _Table([], [(number, line.split()) for number, line in enumerate(text.split("\n"), 1) if line.strip()])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max("\t,;|", key=first.count))
    try:
        return _Table([], [(reader.line_num, cells) for cells in reader if any(cells)])
    except csv.Error as error:
        raise InputError(f"{path}: {error}") from None


def _objects(lines: Sequence[str]) -> _Table:
    """A JSON object in each line; what is in it and no text, number or yes or no, is blank."""
    found: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(lines, 1):
        try:
            one = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            one = None
        if isinstance(one, dict):
            found.append((number, one))
    names = list(dict.fromkeys(name for _, one in found for name in one))
    return _Table(names, [(number, [_text(one.get(name)) for name in names]) for number, one in found])


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
