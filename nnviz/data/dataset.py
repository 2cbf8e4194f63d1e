"""Dataset: examples with their targets, in three splits."""

from collections.abc import Mapping
from functools import cached_property

import msgspec

from nnviz.data.encoding import Encoding
from nnviz.data.left_out import told, total
from nnviz.data.split import Skipped, Split
from nnviz.data.standardization import Standardization
from nnviz.frame.task import Targets, Task


class Dataset(msgspec.Struct, frozen=True, dict=True):
    """Examples with their targets, split for training, validation and test.

    `class_names` is empty when the targets are numbers. `validation` and `test` may be empty splits.
    `skipped` names what could not be read; `notice` says in one sentence what to look for. `taken` names the splits
    that the source did not come with, and that were taken from its training examples. `filled` counts, by the name of
    an input, how many of its numbers stand for a blank cell of a table. `decimals` is how many are told of each number
    where there is room, where what is computed is published; None where it is as many as people can read.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    standardization: Standardization
    skipped: tuple[Skipped, ...] = ()
    notice: str = ""
    feature_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    encoding: Encoding | None = None
    taken: tuple[str, ...] = ()
    filled: Mapping[str, int] = {}
    decimals: int | None = None

    @property
    def caveats(self) -> tuple[str, ...]:
        """How the source was read, and what was left out of it: sentences for the screen."""
        lines = [*self.notes, told(self.skipped)] if self.skipped else self.notes
        return tuple(f"{_begun(line)}." for line in lines)

    @property
    def left_out(self) -> int:
        """How many files, rows or arrays of the source are not in it."""
        return total(self.skipped)

    @property
    def task(self) -> Task:
        """What a network for these examples has to fit."""
        shape = self.train.inputs.shape[1:]
        if self.class_names:
            return Task(shape, self.class_names)
        return Task(shape, (), self.train.labels.shape[1], self._targets)

    @cached_property
    def _targets(self) -> Targets:
        labels = self.train.labels
        measured = Standardization.of(labels)
        names = self.target_names or tuple(f"output {k}" for k in range(labels.shape[1]))
        return Targets(names, tuple(measured.mean.tolist()), tuple(measured.deviation.tolist()))


def _begun(line: str) -> str:
    """A line as the beginning of a sentence; a name of a file stays as it is."""
    return line[0].upper() + line[1:] if line.partition(" ")[0].isalpha() else line
