"""Mistakes of an evaluation, and how sure the network was of them beside what it got right."""

from typing import Annotated, Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.frame.task import Task
from nnviz.training.evaluation import Assessment, chosen_class, class_probabilities

KEPT = 5
Place = Annotated[int, msgspec.Meta(ge=0)]


class Mistakes(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of them.

    wrong   how many examples were put in another class
    told    of all pairs of a wrong and a right one, the share in which the network is surer of the right one, half of
            those in which it is as sure: 1 where doubts tell mistakes, 0.5 where they have nothing to do with them.
            None where there are none of either
    surest  the wrong ones of which it was surest: place, class that was said, what was left for all other classes
    """

    wrong: int
    told: float | None
    surest: tuple[tuple[Place, Place, float], ...]

    def plain(self) -> list[Any]:
        """For JSON."""
        return [self.wrong, self.told, [list(one) for one in self.surest]]


def mistakes_of(assessment: Assessment, task: Task, labels: Array) -> Mistakes | None:
    """Those of examples of these classes (n,); None where targets are numbers."""
    if not task.class_names:
        return None
    probabilities = class_probabilities(assessment.predictions, task).astype(np.float64)
    said = chosen_class(assessment.predictions, task)
    probabilities[np.arange(len(labels)), said] = 0
    # The sum of the others has digits where 1 − p has none left.
    doubts = probabilities.sum(axis=1)
    wrong = np.flatnonzero(said != labels)
    surest = wrong[np.argsort(doubts[wrong], kind="stable")[:KEPT]]
    return Mistakes(
        len(wrong),
        _told(doubts[wrong], np.sort(doubts[said == labels])),
        tuple((int(k), int(said[k]), float(doubts[k])) for k in surest),
    )


def _told(wrong: Array, right: Array) -> float | None:
    """The area under the ROC curve of doubts that tell mistakes: the statistic of Mann & Whitney. `right` is sorted."""
    if not len(wrong) or not len(right):
        return None
    below = np.searchsorted(right, wrong, "left") + np.searchsorted(right, wrong, "right")
    return float(below.mean() / (2 * len(right)))
