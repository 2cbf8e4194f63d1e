"""The files of IDX sets by their names: `train-images-idx3-ubyte`, `emnist-letters-test-labels-idx1-ubyte.gz`.

Light to import.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from nnviz.data.split_names import role_of

Kind = Literal["images", "labels"]

_END = re.compile(r"idx\d?|ubyte|byte|short|int|float|double")
_TEST = "t10k"
"""What MNIST calls its 10,000 test images."""


class Meaning(NamedTuple):
    """What a name says of an IDX file. `role` is a split, None if the name has none; `collection` what is left."""

    kind: Kind
    role: str | None
    collection: str


def key_of(name: str) -> str:
    """The name as its first publisher wrote it: some copies are unpacked, some have dots for dashes."""
    return name.lower().removesuffix(".gz").replace(".", "-")


def meaning_of(name: str) -> Meaning | None:
    """What the file is, None if it is not called as an IDX file."""
    before, kind, after = _parts(key_of(name))
    if not kind or not after or not all(map(_END.fullmatch, after)):
        return None
    *rest, last = before or [""]
    role = "test" if last == _TEST else role_of(last)
    return Meaning(kind, role, "-".join(rest if role else before))


def _parts(key: str) -> tuple[list[str], Kind | None, list[str]]:
    words = [word for word in key.split("-") if word]
    for kind in ("images", "labels"):
        if kind in words:
            place = words.index(kind)
            return words[:place], kind, words[place + 1 :]
    return words, None, []


def is_of_a_set(name: str) -> bool:
    """Whether a file of that name makes its folder one of IDX files: it is of some split."""
    meaning = meaning_of(name)
    return meaning is not None and meaning.role is not None


def collections(paths: Iterable[Path]) -> dict[str, dict[str, dict[Kind, Path]]]:
    """What the files are about → split → the file of its images and that of its labels, as far as they are there.

    An unpacked file wins over its packed copy. Without a split in its name a file is one to train on.
    """
    found: dict[str, dict[str, dict[Kind, Path]]] = defaultdict(lambda: defaultdict(dict))
    for path in sorted(paths, key=lambda path: (path.suffix.lower() != ".gz", path.name)):
        meaning = meaning_of(path.name)
        if meaning is not None:
            # Some archives unpack to a folder that is called as the only file in it.
            inner = path / path.name
            found[meaning.collection][meaning.role or "train"][meaning.kind] = inner if inner.is_file() else path
    return {name: dict(splits) for name, splits in found.items()}
