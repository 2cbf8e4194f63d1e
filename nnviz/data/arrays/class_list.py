"""The file of the classes' names that lies beside files of bytes."""

from pathlib import Path

from nnviz.data.bounded import AGAIN, bounded
from nnviz.errors import InputError
from nnviz.wording import count

NAMES_BYTES = 1 << 16


def class_list(path: Path, classes: int) -> list[str]:
    """One name for each of so many classes, as the words of the file; none if there is no such file.

    Raises InputError if it does not name each class once.
    """
    if not path.exists():
        return []
    with bounded(path) as file:
        if file.size is None or file.size > NAMES_BYTES:
            raise InputError(f"{path}: this is not a list of {count(classes, 'name')}; {AGAIN}, or take it away")
        content = file.read(file.size, "names of classes")
    names = content.decode(errors="replace").split()
    if len(names) != classes or len(set(names)) != classes:
        raise InputError(
            f"{path}: {count(len(set(names)), 'different name')} for {count(classes, 'class')}; {AGAIN}, or take it "
            "away"
        )
    return names
