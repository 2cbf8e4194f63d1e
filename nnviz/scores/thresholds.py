"""What two classes would be taken for if one of them were said from another probability on."""

import msgspec
import numpy as np

from nnviz.array import Array


class Thresholds(msgspec.Struct, frozen=True):
    """Saying a class from p ≥ t on, for each of some t, rising.

    positives, negatives             examples of that class, and of the other one
    values                           (k,) t
    true_positives, false_positives  (k,) how many of the two it would be said of
    area                             under the ROC curve over all probabilities that there are; None without examples
                                     of both classes
    """

    positives: int
    negatives: int
    values: Array
    true_positives: Array
    false_positives: Array
    area: float | None

    @property
    def precision(self) -> Array:
        """(k,) the share of those said to be of the class that are; NaN where it would not be said."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Array:
        """(k,) the share of the class's examples that would be recognised, the true-positive rate; NaN without any."""
        return _share(self.true_positives, self.positives)

    @property
    def false_positive_rate(self) -> Array:
        """(k,) the share of the other class's examples that it would be said of; NaN without any."""
        return _share(self.false_positives, self.negatives)

    def at(self, values: Array) -> "Thresholds":
        """The same for these t, rising."""
        places = np.searchsorted(self.values, values)
        true, false = (np.append(counts, 0)[places] for counts in (self.true_positives, self.false_positives))
        return Thresholds(self.positives, self.negatives, values, true, false, self.area)


def thresholds(probabilities: Array, positive: Array) -> Thresholds | None:
    """At every probability (n,) that there is; positive (n,) says which examples are of the class.

    None if a probability is not finite.
    """
    if not np.isfinite(probabilities).all():
        return None
    values, places = np.unique(probabilities, return_inverse=True)
    positives, negatives = (np.bincount(places[of], minlength=len(values)) for of in (positive, ~positive))
    true, false = (np.cumsum(each[::-1])[::-1] for each in (positives, negatives))
    return Thresholds(int(true[0]), int(false[0]), values, true, false, _area(positives, negatives))


def _area(positives: Array, negatives: Array) -> float | None:
    """Of so many examples of each class (k,) at each probability, rising.

    The area under the ROC curve is the share of pairs, one example of each class, in which p is larger for the one of
    the class, equal ones counted half (Hanley & McNeil 1982): the rank statistic of Mann & Whitney, in whole numbers.
    """
    below = np.cumsum(negatives) - negatives
    pairs = int(positives.sum()) * int(negatives.sum())
    return int(positives @ (2 * below + negatives)) / (2 * pairs) if pairs else None


def _share(counts: Array, whole: Array | int) -> Array:
    with np.errstate(invalid="ignore"):
        share: Array = np.divide(counts, whole, dtype=np.float64)
    return share
