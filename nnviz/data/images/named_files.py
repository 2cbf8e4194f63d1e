"""The files that a list of images means."""

import os
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PureWindowsPath

from nnviz.data.file_kinds import is_image
from nnviz.data.litter import is_litter
from nnviz.data.split_names import role_of

NEAREST_PARTS = 3
DEEPEST = 3
"""So many folders below that of the list are searched: it may lie in one with much else."""


class NamedFiles:
    """The files in a folder and below it, found by what a list in it calls them.

    `role` is the split that the list is of, if its name says so: it tells train/1.png from test/1.png.
    """

    def __init__(self, folder: Path, role: str | None = None) -> None:
        self._folder = folder
        self._role = role

    def find(self, cell: str) -> Path | None:
        """The file that a cell means, None if there is none, or several could be meant.

        A path that somebody else wrote, such as C:\\Users\\me\\track\\IMG\\1.jpg, means the file whose last parts are
        found beside the list: IMG/1.jpg, or 1.jpg. A bare name, with its ending or without, means the only file that is
        called so below the folder: 000ab is train_images/000ab.png.
        """
        if not cell:
            return None
        parts = PureWindowsPath(cell).parts
        candidates = [self._folder / cell, *(self._folder.joinpath(*parts[-n:]) for n in range(NEAREST_PARTS, 0, -1))]
        # os.path finds nothing under a name that cannot be a file's, where Path would raise.
        found = next((path for path in candidates if os.path.isfile(path)), None)
        return found or (self._below(parts[-1]) if parts else None)

    def _below(self, name: str) -> Path | None:
        same = self._by_name.get(name) or self._by_stem.get(name, [])
        if len(same) > 1 and self._role:
            same = [path for path in same if self._role in map(role_of, path.relative_to(self._folder).parts[:-1])]
        return same[0] if len(same) == 1 else None

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        for path in _files_near(self._folder, DEEPEST):
            found[path.name].append(path)
        return dict(found)

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        """Of images, by their names."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in [path for paths in self._by_name.values() for path in paths if is_image(path)]:
            found[path.stem].append(path)
        return dict(found)


def _files_near(folder: Path, deepest: int) -> Iterator[Path]:
    """The files in folders below the folder, so many levels deep. Links to folders are not followed."""
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not is_litter(entry.name)), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        if not entry.is_dir(follow_symlinks=False):
            yield folder / entry.name
        elif deepest:
            yield from _files_near(folder / entry.name, deepest - 1)
