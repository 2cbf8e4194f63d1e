"""What lies beside the files of a set of arrays and is not read."""

from collections.abc import Collection
from pathlib import Path

from nnviz.data.folder_walk import entries, left
from nnviz.data.split import Skipped

REASON = "no file of this set"


def strays(folder: Path, read: Collection[Path]) -> list[Skipped]:
    """Whatever is in the folder beside the files that are read, and their packed copies. Raises InputError."""
    copies = {path.with_name(f"{path.name}.gz") for path in read}
    return list(left((path for path in entries(folder) if path not in copies and path not in read), folder, REASON))
