"""What a path holds, told by names, and of files without an ending by their first bytes. Light to import."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from nnviz.data.arrays.idx_names import meaning_of as idx_meaning_of
from nnviz.data.arrays.set_names import is_array_file, set_in
from nnviz.data.file_kinds import Kind, kind_of, may_be_table
from nnviz.data.litter import is_litter
from nnviz.data.other_forms import advice_on, advice_on_folder
from nnviz.data.tables.split_files import split_files
from nnviz.errors import InputError
from nnviz.wording import integer, listed

Format = Literal["images", "texts", "idx", "cifar", "stl10", "numpy", "table"]

FIRST_FOLDERS, FIRST_ENTRIES, DEEPEST = 1000, 200, 4
"""So much of a folder is looked at to find out what it holds: folders below it, entries of each, and levels."""
PEEKED = 5
"""Files whose beginning is looked at, to see whether they are texts."""
FEW = 20
"""So many times as many texts as images make the images strays, as a logo is; beside more, texts are captions."""


class Found(NamedTuple):
    """What a path holds, and the file or folder where that lies: the path itself, or one below it.

    others  tables beside it, each with the split that it is, where `place` is the one to train on
    """

    format: Format
    place: Path
    others: tuple[tuple[str, Path], ...] = ()


class _Folder(NamedTuple):
    """The first entries of a folder, neither hidden nor entered twice."""

    path: Path
    depth: int
    folders: Sequence[str]
    files: Sequence[str]


def found_at(path: Path) -> Found | None:
    """What is at `path`, None if it is not a file that can be opened.

    Raises InputError for a form that is known not to be read, and for a folder that holds several sources.
    """
    if path.is_dir():
        return _found_in(path)
    name = path.name.lower()
    if is_array_file(name):
        return Found("numpy", path)
    if may_be_table(path):
        return Found("table", path)
    if idx_meaning_of(name):
        return Found("idx", path)
    advice = advice_on(path)
    if advice:
        raise InputError(f"{path}: {advice}")
    return Found("table", path) if kind_of(path) == "other" and _is_text(path) else None


def _is_text(path: Path) -> bool:
    # What unpacks files takes its time to load, and most sources are told by names alone.
    from nnviz.data.text_file import looks_like_text

    return looks_like_text(path)


def _found_in(folder: Path) -> Found:
    looked = list(_folders_below(folder))
    if not looked:
        return Found("images", folder)  # Whose reader says what is wrong with the folder.
    own = _set_in(looked[0])
    if own:
        return Found(own, folder)
    files = [(inner.path / name) for inner in looked for name in inner.files]
    kinds = Counter(map(kind_of, files))
    if kinds["image"] and kinds["image"] * FEW >= kinds["text"] + kinds["other"]:
        return Found("images", folder)
    sets = [Found(form, inner.path) for inner in looked[1:] if (form := _set_in(inner))]
    sets += [Found("numpy", inner.path) for inner in looked if any(map(is_array_file, inner.files))]
    if sets:
        return _only(folder, sets)
    splits = [found for inner in looked if (found := _tables_of_splits(inner, looked))]
    if splits:
        return _only(folder, splits)
    if _holds_texts(looked, kinds):
        return Found("texts", folder)
    tables = [Found("table", path) for path in files if kind_of(path) == "table"]
    if tables:
        return _only(folder, tables)
    for path in files:
        advice = advice_on(path)
        if advice:
            raise InputError(f"{path}: {advice}")
    return Found("images", folder)


def _only(folder: Path, found: Sequence[Found]) -> Found:
    """Raises InputError if there is more than one."""
    if len(found) > 1:
        names = listed([os.path.relpath(one.place, folder) for one in found], 3)
        raise InputError(f"{folder}: holds {integer(len(found))} sources: {names}; give one of them")
    return found[0]


def _set_in(folder: _Folder) -> Format | None:
    """The set of files that lies in the folder, where names say which one. Raises InputError for a pickled one."""
    found = set_in(folder.files, folder.folders)
    advice = None if found or folder.folders else advice_on_folder(folder.files)
    if advice:
        raise InputError(f"{folder.path}: {advice}")
    return found


def _tables_of_splits(folder: _Folder, looked: Sequence[_Folder]) -> Found | None:
    """The tables in the folder that are called as splits, if texts in folders are not what they are lists of."""
    files = split_files([folder.path / name for name in folder.files])
    elsewhere = [inner.path / name for inner in looked if inner is not folder for name in inner.files]
    if not files or sum(kind_of(path) in ("text", "other") for path in elsewhere) > len(files):
        return None
    train = _only(folder.path, [Found("table", path) for path in files.pop("train")])
    return train._replace(others=tuple((role, files[role][0]) for role in sorted(files, reverse=True)))


def _holds_texts(looked: Sequence[_Folder], kinds: Counter[Kind]) -> bool:
    """Whether most of the files are texts: by their ending; or in folders, and of another ending or none."""
    if 2 * kinds["text"] > kinds.total():
        return True
    below = [inner.path / name for inner in looked[1:] for name in inner.files]
    others = [path for path in below if kind_of(path) == "other"]
    if 2 * (kinds["text"] + len(others)) <= kinds.total():
        return False
    peeked = others[:: 1 + len(others) // PEEKED]
    return 2 * sum(map(_is_text, peeked)) > len(peeked)


def _folders_below(folder: Path) -> Iterator[_Folder]:
    """The folder and those below it, level by level, with what is first in each. Links are followed, but once."""
    seen: set[str] = set()
    waiting = [(folder, 0)]
    for path, depth in islice(_growing(waiting), FIRST_FOLDERS):
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(path) as found:
                first = islice((entry for entry in found if not is_litter(entry.name)), FIRST_ENTRIES)
                entries = sorted((entry.name, entry.is_dir()) for entry in first)
        except OSError:
            continue
        folders = [name for name, is_folder in entries if is_folder]
        yield _Folder(path, depth, folders, [name for name, is_folder in entries if not is_folder])
        if depth < DEEPEST:
            waiting += [(path / name, depth + 1) for name in folders]


def _growing(waiting: list[tuple[Path, int]]) -> Iterator[tuple[Path, int]]:
    place = 0
    while place < len(waiting):
        yield waiting[place]
        place += 1
