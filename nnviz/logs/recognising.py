"""Whether somebody who names a file or a folder means a log, and not something to learn from."""

from itertools import islice
from pathlib import Path

from nnviz.data.file_kinds import is_image
from nnviz.data.folder_walk import files_below
from nnviz.errors import InputError
from nnviz.logs.finding import Finder, Format
from nnviz.logs.keras import KERAS

MOST = 2000
"""Files of a folder that are looked at: a data set may have a million, and a log is among the first."""


def is_log(path: Path) -> bool:
    """Whether it is a log, or has some below it and no pictures.

    A table counts only if it has the columns that Lightning, Keras or YOLO write; of plain ones and of lines of JSON
    nobody knows.
    """
    try:
        if not path.is_dir():
            return path.exists() and _is_certain(path)
        files = [Path(file) for file in islice(files_below(path, path, []), MOST)]
    except InputError:
        return False
    if any(is_image(file) for file in files):
        return False
    return any(_is_certain(file) for file in files)


def _is_certain(path: Path) -> bool:
    """Whether a file is what only a logger writes."""
    try:
        found = Finder(path).find()
    except InputError:
        return False
    return any(
        log.format not in (Format.TABLE, Format.LINES)
        or (log.layout is not None and log.layout.kind in ("Lightning", "YOLO", KERAS.kind))
        for log in found
    )
