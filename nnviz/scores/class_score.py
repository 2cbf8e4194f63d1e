"""How well a network tells each class."""

import msgspec
import numpy as np

from nnviz.array import Array


class ClassScore(msgspec.Struct, frozen=True):
    """One class: how many examples of it there are, how often it was said, and how often rightly so."""

    examples: int
    said: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of those said to be of the class that are; None if it was never said."""
        return self.right / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        """The share of the class's examples that were recognised; None if there are none."""
        return self.right / self.examples if self.examples else None

    @property
    def f1(self) -> float | None:
        """2 · right / (said + examples), the harmonic mean of the two (van Rijsbergen 1979); None without examples."""
        return 2 * self.right / (self.said + self.examples) if self.examples else None


class Commonest(msgspec.Struct, frozen=True):
    """The class of most examples, and the accuracy of always saying it: no other single answer does better."""

    number: int
    accuracy: float


def class_scores(confusion: Array) -> tuple[ClassScore, ...]:
    """Of each class of a confusion table (classes, classes): rows are labels, columns what was said."""
    counts = zip(confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal(), strict=True)
    return tuple(ClassScore(int(examples), int(said), int(right)) for examples, said, right in counts)


def commonest(examples: Array) -> Commonest:
    """Of examples (classes,) of each class; of several the first. There is at least one example."""
    number = int(np.argmax(examples))
    return Commonest(number, int(examples[number]) / int(examples.sum()))
