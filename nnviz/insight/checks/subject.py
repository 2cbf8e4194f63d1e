"""Subject: the network and the data that a recipe looks at, and how much of a check is worth waiting for."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.experiment import Experiment, Stopping
from nnviz.insight.health.evidence import Beginning, Evidence
from nnviz.training.assembly import assemble
from nnviz.training.trainer import Trainer

Watch: TypeAlias = Callable[[], None]
"""To be called between pieces of work; it raises AbandonedError when somebody wants out."""


class Subject(msgspec.Struct, frozen=True):
    """What is checked.

    experiment, dataset  how it is to be trained, and on what
    weights_copy         what is left of a file of first weights that the experiment names
    evidence             what is known before the first training step
    run                  the run that it is, with all of it behind; None where nothing was trained yet
    """

    experiment: Experiment
    dataset: Dataset
    weights_copy: Path | None
    evidence: Evidence
    run: Trainer | None = None

    @classmethod
    def of(
        cls, experiment: Experiment, dataset: Dataset, weights_copy: Path | None = None, run: Trainer | None = None
    ) -> "Subject":
        """Raises InputError if network and data do not fit."""
        with closing(assemble(experiment, dataset, weights_copy)) as trainer:
            return cls(experiment, dataset, weights_copy, Evidence(trainer, Beginning(trainer)), run)

    def trainer(self) -> Trainer:
        """At its first step."""
        return assemble(self.experiment, self.dataset, self.weights_copy)

    def free(self, train: Split | None = None, **training: Any) -> Trainer:
        """At its first step, with nothing that would stop it, judge it, or change its rate.

        It learns from the examples in `train`, if those are given, and with these keys of `training`.
        """
        data = self.dataset
        empty = data.train.select(np.zeros(0, np.int64))
        alone = msgspec.structs.replace(data, train=train or data.train, validation=empty, test=empty)
        changed = self.experiment.with_training(schedule="constant", warmup=0.0, **training)
        return assemble(msgspec.structs.replace(changed, stopping=Stopping(epochs=None)), alone, self.weights_copy)


def evenly(split: Split, most: int) -> Array:
    """The places (n,) of at most so many examples, evenly over all of a split: they may be in the order of classes."""
    return np.arange(0, len(split), max(-(-len(split) // most), 1))


def affordable(seconds: float, cost: float, least: int, most: int) -> int:
    """How many pieces of work that take about `cost` nanoseconds each are done in that time."""
    return min(max(int(seconds * 1e9 / cost), least), most)
