"""Files of a folder that are the splits of one table, told by their names: train.csv, dev.csv, test.csv.

Light to import.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from nnviz.data.file_kinds import may_be_table
from nnviz.data.split_names import role_of_word, roles_among

ENDINGS = {"tra": "train", "trn": "train", "tes": "test", "tst": "test"}
"""What only the ending of a file says of its split, as optdigits.tra does."""
_PACKED = re.compile(r"\.gz$", re.IGNORECASE)


def split_files(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Split → the files that are called as it, the plainest name first, if there are several splits and one is `train`.

    They are called so by their names, or by their endings: `cooking.valid`; and `adult.data` is `train` beside
    `adult.test`. Else there are none.
    """
    names = {path: _name(path) for path in paths if may_be_table(path) or _said_by_ending(path)}
    tested = {_stem(path) for path in names if _said_by_ending(path)}
    for path in names:
        if path.name.lower().endswith(".data") and _stem(path) in tested:
            names[path] += " train"
    roles = roles_among(names.values())
    found: dict[str, list[Path]] = {}
    for path in sorted(names, key=lambda path: (list(roles).index(names[path]) if names[path] in roles else 0, path)):
        if names[path] in roles:
            found.setdefault(roles[names[path]], []).append(path)
    return found if "train" in found and len(found) > 1 else {}


def _name(path: Path) -> str:
    """What says the split: the name without its ending, but with one that says it."""
    said = _said_by_ending(path)
    return f"{_stem(path)} {said}" if said else _stem(path)


def _stem(path: Path) -> str:
    return Path(_PACKED.sub("", path.name)).stem


def _said_by_ending(path: Path) -> str | None:
    ending = Path(_PACKED.sub("", path.name)).suffix[1:].lower()
    return ENDINGS.get(ending) or role_of_word(ending)
