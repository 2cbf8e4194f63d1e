"""Which weights are to blame: those that the loss depends on most, for one example or for the batch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.blame_view import LISTED, BlamedWeight, Measure
from nnviz.frame.focus import Quantity
from nnviz.frame.stages import Phase
from nnviz.frame.step_trace import StepTrace
from nnviz.training.example_gradients import example_gradients
from nnviz.training.reduction import largest
from nnviz.training.unit_names import UnitNames


class _Compared(NamedTuple):
    """One array of parameters, as it is, and of what sizes its numbers are ordered by: flat, float64.

    moved  whether `values` are those after the update
    """

    layer: int
    kind: str
    values: Array
    gradient: Array
    update: Array | None
    moved: bool
    sizes: Array

    def before(self, at: int) -> float:
        """The weight that the gradient is of."""
        value = float(self.values.flat[at])
        return value - float(self.update.flat[at]) if self.moved and self.update is not None else value


class _Found(NamedTuple):
    """A number of an array, and its size."""

    array: _Compared
    at: int
    size: float


def blamed(
    trace: StepTrace, arrays: Sequence[tuple[int, str]], measure: Measure, place: int | None, names: UnitNames
) -> tuple[BlamedWeight, ...] | None:
    """The most blamed of all parameters of some arrays, each by its layer and kind; the first one most.

    place  of the example in the batch whose own gradients are meant; None for those of the batch

    None before backprop has come to all of their layers or, by the update, before it is proposed.
    """
    needed = [Quantity.WEIGHT, Quantity.GRADIENT, *([Quantity.UPDATE] if measure is Measure.UPDATE else [])]
    if not arrays or any(trace.parameter(*array, quantity) is None for array in arrays for quantity in needed):
        return None
    total, first = 0.0, list[_Found]()
    # One array at a time: somebody's model may have very many numbers.
    for layer, kind in arrays:
        array = _compare(trace, layer, kind, measure, place)
        total += float(array.sizes.sum())
        first += [_Found(array, int(at), float(array.sizes[at])) for at in largest(array.sizes, LISTED)]
        first = sorted(first, key=lambda found: -found.size)[:LISTED]
    return tuple(_weight(trace, found, measure, total, names) for found in first)


def _compare(trace: StepTrace, layer: int, kind: str, measure: Measure, place: int | None) -> _Compared:
    values, update = (trace.parameter(layer, kind, quantity) for quantity in (Quantity.WEIGHT, Quantity.UPDATE))
    gradient = (
        trace.parameter(layer, kind, Quantity.GRADIENT)
        if place is None
        else example_gradients(trace, layer, place)[kind]().reshape(-1)
    )
    assert values is not None
    assert gradient is not None
    moved = trace.reached(Phase.UPDATE)
    ordered = update if measure is Measure.UPDATE else gradient
    assert ordered is not None
    sizes = np.abs(ordered.reshape(-1).astype(np.float64))
    if measure is Measure.SHARE:
        before = values.reshape(-1).astype(np.float64)
        sizes *= np.abs(before - update.reshape(-1) if moved and update is not None else before)
    return _Compared(layer, kind, values, gradient, update, moved, np.nan_to_num(sizes, copy=False))


def _weight(trace: StepTrace, found: _Found, measure: Measure, total: float, names: UnitNames) -> BlamedWeight:
    array, at = found.array, found.at
    index = tuple(int(k) for k in np.unravel_index(at, array.values.shape))
    source, target = names.ends(array.layer, array.kind, index)
    before, gradient = array.before(at), float(array.gradient.flat[at])
    update = None if array.update is None else float(array.update.flat[at])
    measured = {Measure.SENSITIVITY: gradient, Measure.SHARE: before * gradient, Measure.UPDATE: update}[measure]
    assert measured is not None
    return BlamedWeight(
        layer=trace.layers[array.layer].name,
        kind=array.kind,
        index=index,
        source=source,
        target=target,
        before=before,
        gradient=gradient,
        update=update,
        after=None if update is None else before + update,
        measured=measured,
        part=found.size / total if total else 0.0,
    )
