"""Which classes the network never says, of the batches that it is read at."""

from collections.abc import Mapping

import numpy as np

from nnviz.array import Array
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.task import Task
from nnviz.training.evaluation import chosen_class

NAME = "classes.missed"


class SaidClasses:
    """How many examples of each class (classes,) have been read since the network said that class last, of any."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.missed = np.zeros(len(task.class_names), np.int64)

    def read(self, trace: StepTrace, labels: Array) -> None:
        """Take a training step that is finished, on examples of these labels (n,)."""
        if trace.scores is None or not self._task.class_names:
            return
        many = len(self.missed)
        said = np.bincount(chosen_class(trace.scores.prediction, self._task), minlength=many)
        self.missed = np.where(said > 0, 0, self.missed + np.bincount(labels, minlength=many))

    def numbers(self) -> dict[str, Array]:
        """A copy of what it holds, by name."""
        return {NAME: self.missed.copy()}

    def restore(self, numbers: Mapping[str, Array]) -> None:
        """Be as one that had these numbers. Raises KeyError or ValueError if they are of other classes."""
        self.missed = self.missed.copy()
        self.missed[...] = numbers[NAME]
