"""Mistakes of an evaluation, and how sure the network was of them beside what it got right."""

from collections.abc import Mapping

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.frame.task import Task
from nnviz.training.evaluation import Assessment, chosen_class, class_probabilities

KEPT = 5
HEAD, SUREST = "mistakes.head", "mistakes.surest"


class Mistakes(msgspec.Struct, frozen=True):
    """What is kept of them.

    step      training steps that were done at the evaluation
    examples  that were judged, and `wrong`, how many of them were put in another class
    told      of all pairs of a wrong and a right one, the share in which the network is surer of the right one, half of
              those in which it is as sure: 1 where doubts tell mistakes, 0.5 where they have nothing to do with them.
              NaN where there are none of either
    surest    the wrong ones of which it was surest: place, class that was said, what was left for all other classes
    """

    step: int
    examples: int
    wrong: int
    told: float
    surest: tuple[tuple[int, int, float], ...]

    @staticmethod
    def of(step: int, assessment: Assessment, task: Task, labels: Array) -> "Mistakes":
        """Those of classes (n,) that were judged."""
        probabilities = class_probabilities(assessment.predictions, task).astype(np.float64)
        said = chosen_class(assessment.predictions, task)
        rows = np.arange(len(labels))
        probabilities[rows, said] = 0
        # The sum of the others has digits where 1 − p has none left.
        doubts = probabilities.sum(axis=1)
        wrong = np.flatnonzero(said != labels)
        right = np.sort(doubts[said == labels])
        surest = wrong[np.argsort(doubts[wrong], kind="stable")[:KEPT]]
        return Mistakes(
            step,
            len(labels),
            len(wrong),
            _told(doubts[wrong], right),
            tuple((int(k), int(said[k]), float(doubts[k])) for k in surest),
        )

    def numbers(self) -> dict[str, Array]:
        """Copies of all that it holds, by name."""
        head = np.array([self.step, self.examples, self.wrong, self.told], np.float64)
        return {HEAD: head, SUREST: np.array(self.surest, np.float64).reshape(-1, 3)}

    @staticmethod
    def from_numbers(numbers: Mapping[str, Array]) -> "Mistakes | None":
        """Those of such numbers; None if there are none. Raises ValueError if they are others."""
        if HEAD not in numbers:
            return None
        step, examples, wrong, told = numbers[HEAD].tolist()
        surest = tuple((int(place), int(said), left) for place, said, left in numbers[SUREST].tolist())
        return Mistakes(int(step), int(examples), int(wrong), told, surest)


def _told(wrong: Array, right: Array) -> float:
    """The area under the ROC curve of doubts that tell mistakes: the statistic of Mann & Whitney. `right` is sorted."""
    if not len(wrong) or not len(right):
        return float("nan")
    below = np.searchsorted(right, wrong, "left") + np.searchsorted(right, wrong, "right")
    return float(below.mean() / (2 * len(right)))
