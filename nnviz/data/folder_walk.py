"""What lies in a folder, as people have them: links, circles, forbidden folders, names in any script, litter."""

import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from nnviz.data.litter import is_litter
from nnviz.data.split import Skipped
from nnviz.errors import InputError

CIRCLE = "link in a circle"
UNREADABLE = "folder that cannot be read"


def readable(name: str) -> str:
    """A file's name as text: one that is not UTF-8 is read as Latin-1, since no other file could hold it as it is."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name


def name_in(path: str | Path, root: Path) -> str:
    """What a file below `root` is called."""
    return names_in([path], root)[0]


def names_in(paths: Iterable[str | Path], root: Path) -> list[str]:
    """What files below `root` are called."""
    # The paths of what lies in "." do not begin with it.
    beginning = os.path.join(root, "")
    below = [str(path).removeprefix(beginning) for path in paths]
    return [path if path.isascii() else "/".join(map(readable, path.split(os.sep))) for path in below]


def class_name(folder: Path) -> str:
    """What the class in a folder is called, with one form for letters that can be written in two (é, が)."""
    return unicodedata.normalize("NFC", readable(folder.name))


def entries(folder: Path) -> list[Path]:
    """What is in the folder, neither hidden nor litter, in a fixed order. Raises InputError if it cannot be read."""
    return [folder / entry.name for entry in _found(folder)]


def folders(folder: Path) -> list[Path]:
    """The folders in it, links to others included. Raises InputError if it cannot be read."""
    paths = [folder / entry.name for entry in _found(folder) if _is_folder(entry)]
    return [path for path in paths if not leads_in_a_circle(path)]


def has_only_folders(folder: Path) -> bool:
    """Whether there is something in the folder, and no file. Raises InputError if it cannot be read."""
    found = _found(folder)
    return bool(found) and all(map(_is_folder, found))


def leads_in_a_circle(path: Path) -> bool:
    """Whether it is a link to a folder that it lies in."""
    return os.path.islink(path) and _holds(os.path.realpath(path), os.path.realpath(path.parent))


def files_below(folder: Path, root: Path, skipped: list[Skipped]) -> Iterator[str]:
    """The paths of all files below the folder, each file once, in a fixed order. Links are followed.

    What is not entered, or there already under another name, is added to `skipped`, called as `name_in` root.
    """
    real = os.path.realpath(folder)
    seen = {real}
    waiting = [(os.fspath(folder), real, True)]
    while waiting:
        path, real, is_folder = waiting.pop()
        if not is_folder:
            yield path
            continue
        try:
            found = _scanned(path)
        except OSError as error:
            skipped.append(Skipped(name_in(path, root), f"{UNREADABLE}: {error.strerror}"))
            continue
        # What is there itself comes before links, which may lead to it.
        found.sort(key=os.DirEntry.is_symlink)
        inside, beginning = [], os.path.join(real, "")
        for entry in found:
            target = os.path.realpath(entry.path) if entry.is_symlink() else beginning + entry.name
            if entry.is_symlink() and _holds(target, real):
                skipped.append(Skipped(name_in(entry.path, root), CIRCLE))
            elif target in seen:
                skipped.append(Skipped(name_in(entry.path, root), "there already under another name"))
            else:
                seen.add(target)
                inside.append((entry.path, target, _is_folder(entry)))
        waiting += reversed(inside)


def left(paths: Iterable[Path], root: Path, reason: str) -> Iterator[Skipped]:
    """Files and folders that are not read: a folder stands for all files below it, which are counted."""
    for path in paths:
        if not os.path.isdir(path):
            yield Skipped(name_in(path, root), reason)
        elif count := sum(1 for _ in files_below(path, root, [])):
            yield Skipped(f"{name_in(path, root)}/", reason, count=count)


def beside(places: Collection[Path], root: Path) -> Iterator[Skipped]:
    """What lies in the folder `root`, and not in the files or folders `places`, which lie in one folder below it."""
    while root not in places:
        (folder,) = {place.parent for place in places}
        yield from left((path for path in entries(folder) if path not in places), root, "beside what is read")
        places = {folder}


def last_skipped(places: Iterable[Path], root: Path, skipped: Sequence[Skipped]) -> str:
    """The last of `skipped` that is at one of the places, or in it, as ` (its name: the reason)`; else nothing."""
    names = names_in(places, root)
    beginnings = tuple(beginning for name in names for beginning in (f"{name}/", f"{name} line "))
    for skip in reversed(skipped):
        if skip.name in names or skip.name.startswith(beginnings):
            return f" ({skip.name}: {skip.reason})"
    return ""


def _found(folder: Path) -> list[os.DirEntry[str]]:
    """As `_scanned`. Raises InputError if the folder cannot be read."""
    try:
        return _scanned(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from None


def _scanned(folder: str | Path) -> list[os.DirEntry[str]]:
    """What is in the folder, neither hidden nor litter, by name. Raises OSError."""
    with os.scandir(folder) as found:
        return sorted((entry for entry in found if not is_litter(entry.name)), key=attrgetter("name"))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one. Only a link has to be looked up for that."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def _holds(outer: str, inner: str) -> bool:
    """Whether the path `inner` is `outer`, or lies in it."""
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)
