"""Tables that are the splits of one dataset, each read by itself → Dataset."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from nnviz.data.dataset import Dataset
from nnviz.data.split import Skipped, Split
from nnviz.wording import listed

ALL = ("validation", "test")
"""The splits that a table does not give where all of it is one."""


class SplitTable(NamedTuple):
    """A table that is a split: its examples are those to train on in a dataset of its own, encoded as the first one."""

    role: str
    path: Path
    dataset: Dataset

    def split(self) -> Split:
        """Its examples, called by the file and the line."""
        return _named(self.dataset.train, self.path)

    def skipped(self) -> list[Skipped]:
        """What was left out of it, called so as well."""
        return [
            replace(skip, name=f"{self.path.name} {skip.name}") if skip.kind == "row" else skip
            for skip in self.dataset.skipped
        ]


def with_splits(parts: Sequence[SplitTable], unlabelled: Sequence[Path]) -> Dataset:
    """The dataset of the first part, which is to train on, with the splits that the others are."""
    first, *others = parts
    dataset = first.dataset
    files = listed([f"{part.path.name} ({part.role})" for part in parts])
    notes = [f"each split is a file: {files}" if others else f"what is read is {first.path.name}", *dataset.notes]
    for part in others:
        notes += [f"in {part.path.name}: {note}" for note in part.dataset.notes if note not in dataset.notes]
    skipped = [skip for part in parts for skip in part.skipped()]
    skipped += [Skipped(path.name, "without labels") for path in unlabelled]
    filled = sum((Counter(part.dataset.filled) for part in parts), Counter[str]())
    splits = {role: _named(getattr(dataset, role), first.path) for role in ("train", *ALL)}
    splits |= {part.role: part.split() for part in others}
    return replace(dataset, **splits, notes=tuple(notes), skipped=tuple(skipped), filled={**dataset.filled, **filled})


def _named(split: Split, path: Path) -> Split:
    return replace(split, names=[f"{path.name} {name}" for name in split.names])
