"""Gradients beside central differences, one weight after the other: what counts as the same, and what came out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from nnviz.frame.verification_view import WORST, Comparison, LayerVerification, VerificationView

DRAWN = 200
"""Weights of each layer that are drawn by chance, at most."""
# Backprop in float64 may be off from a central difference by what that has no digits for: a share of itself, and of the
# loss.
SHARE, OF_LOSS = 1e-6, 1e-9
CLOSER = (0.1, 0.01, 0.001)
"""Parts of the usual distance over which a difference is taken again: where a loss bends a lot, that is better."""
# The gradient on screen may be off from backprop in float64 by so many roundings of its own kind of numbers: by a share
# of itself and, since what it is the sum of may cancel out, by a share of the largest gradient of all.
ROUNDINGS_OF_ITSELF, ROUNDINGS_OF_LARGEST = 1e4, 1e3

W = TypeVar("W")


class Tolerance(NamedTuple):
    """What counts as the same.

    share, rounding  the gradient on screen may be off from backprop in float64 by this share of itself, and by this
                     part of the `largest` gradient of all, or of the terms that such a one is the sum of
    least            a central difference may be off by so much, because the loss has no more digits
    """

    share: float
    rounding: float
    largest: float
    least: float

    @classmethod
    def of(cls, epsilon: float, largest: float, loss: float) -> "Tolerance":
        """That of numbers with this rounding, for such a largest gradient and loss."""
        share = max(ROUNDINGS_OF_ITSELF * epsilon, SHARE)
        return cls(share, ROUNDINGS_OF_LARGEST * epsilon, largest, OF_LOSS * max(1.0, abs(loss)))

    def allows_measured(self, exact: float, measured: float, part: float) -> bool:
        """Whether a difference over that part of the usual distance is backprop's gradient in float64."""
        # The loss has the same digits whatever the distance is that they are divided by.
        return abs(exact - measured) <= SHARE * max(abs(exact), abs(measured)) + self.least / part

    def allows_shown(self, exact: float, shown: float) -> bool:
        """Whether that is the gradient on screen, but for rounding."""
        return abs(shown - exact) <= self.share * abs(exact) + self.rounding * self.largest


class OfLayer(NamedTuple):
    """A layer whose weights are compared, and how many it has."""

    name: str
    weights: int


class Comparisons(ABC, Generic[W]):
    """Compares the chosen weight, then all others that are planned, each of a layer by its number."""

    def __init__(
        self,
        step: int,
        compared: Mapping[int, OfLayer],
        planned: Sequence[tuple[int, W]],
        chosen: W | None,
        tolerance: Tolerance,
    ) -> None:
        self._step, self._of_layers, self._planned, self._chosen = step, compared, planned, chosen
        self._tolerance = tolerance
        self._left = list(planned[::-1])
        self._compared: list[tuple[int, Comparison]] = []
        self._of_chosen: Comparison | None = None

    @abstractmethod
    def _compare(self, weight: W) -> Comparison:
        """One weight's gradient and central difference."""

    @property
    def is_done(self) -> bool:
        """Whether all is compared."""
        return not self._left and (self._chosen is None or self._of_chosen is not None)

    def go_on(self, called: Callable[[], bool]) -> None:
        """Compare one weight after the other, until `called` says that somebody waits."""
        while not self.is_done and not called():
            if self._chosen is not None and self._of_chosen is None:
                self._of_chosen = self._compare(self._chosen)
            else:
                layer, weight = self._left.pop()
                self._compared.append((layer, self._compare(weight)))

    def view(self) -> VerificationView:
        """What came out so far."""
        smooth = [comparison for _, comparison in self._compared if not comparison.crossed]
        smooth.sort(key=lambda comparison: (comparison.agrees, -comparison.off))
        return VerificationView(
            step=self._step,
            done=len(self._compared) + (self._of_chosen is not None),
            total=len(self._planned) + (self._chosen is not None),
            layers=tuple(self._of_layer(layer) for layer in sorted({layer for layer, _ in self._planned})),
            chosen=self._of_chosen,
            worst=tuple(smooth[:WORST]),
            digits=SHARE,
            share=self._tolerance.share,
            rounding=self._tolerance.rounding,
        )

    def _of_layer(self, layer: int) -> LayerVerification:
        own = [comparison for number, comparison in self._compared if number == layer]
        smooth = [comparison for comparison in own if not comparison.crossed]
        return LayerVerification(
            name=self._of_layers[layer].name,
            weights=self._of_layers[layer].weights,
            checked=len(own),
            agreeing=sum(comparison.agrees for comparison in smooth),
            crossed=len(own) - len(smooth),
            furthest=max((comparison.off for comparison in smooth), default=0.0),
        )


def apart(shown: float, measured: float) -> float:
    """How far two numbers are apart, as a share of the larger one; 0 where both are 0."""
    size = max(abs(shown), abs(measured))
    return abs(shown - measured) / size if size else 0.0
