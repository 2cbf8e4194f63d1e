"""Which weights are to blame: those that the loss depends on most, for one example or for the batch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.blame_view import LISTED, BlamedWeight, Measure
from nnviz.frame.focus import Quantity
from nnviz.frame.stages import Phase
from nnviz.frame.step_trace import StepTrace
from nnviz.insight.example_gradients import example_gradients
from nnviz.insight.unit_names import UnitNames
from nnviz.training.reduction import largest


class _Compared(NamedTuple):
    """One array of parameters: flat rows of the same numbers, in float64."""

    layer: int
    kind: str
    shape: tuple[int, ...]
    before: Array
    gradient: Array
    update: Array | None
    measured: Array


def blamed(
    trace: StepTrace, layers: Sequence[int], measure: Measure, place: int | None, names: UnitNames
) -> tuple[BlamedWeight, ...] | None:
    """The most blamed of all parameters of some layers, the first one most.

    place  of the example in the batch whose own gradients are meant; None for those of the batch

    None before backprop has come to all of these layers or, by the update, before it is proposed.
    """
    compared = [
        _compare(trace, layer, kind, measure, place) for layer in layers for kind in trace.layers[layer].parameters
    ]
    known = [array for array in compared if array is not None]
    if len(known) < len(compared) or not known:
        return None
    sizes = [np.nan_to_num(np.abs(array.measured)) for array in known]
    total = sum(float(size.sum()) for size in sizes)
    first = [(which, int(at)) for which, size in enumerate(sizes) for at in largest(size, LISTED)]
    first.sort(key=lambda found: -sizes[found[0]][found[1]])
    return tuple(_weight(trace, known[which], at, total, names) for which, at in first[:LISTED])


def _compare(trace: StepTrace, layer: int, kind: str, measure: Measure, place: int | None) -> _Compared | None:
    values, update = (trace.parameter(layer, kind, quantity) for quantity in (Quantity.WEIGHT, Quantity.UPDATE))
    gradient = trace.parameter(layer, kind, Quantity.GRADIENT)
    if values is None or gradient is None or (update is None and measure is Measure.UPDATE):
        return None
    if place is not None:
        gradient = example_gradients(trace, layer, place)[kind]
    before, slope = values.reshape(-1).astype(np.float64), gradient.reshape(-1).astype(np.float64)
    moved = None if update is None else update.reshape(-1).astype(np.float64)
    if moved is not None and trace.reached(Phase.UPDATE):
        before = before - moved
    measured = {Measure.SENSITIVITY: slope, Measure.SHARE: before * slope, Measure.UPDATE: moved}[measure]
    return None if measured is None else _Compared(layer, kind, values.shape, before, slope, moved, measured)


def _weight(trace: StepTrace, array: _Compared, at: int, total: float, names: UnitNames) -> BlamedWeight:
    index = tuple(int(k) for k in np.unravel_index(at, array.shape))
    source, target = names.ends(array.layer, array.kind, index)
    before, measured = float(array.before[at]), float(array.measured[at])
    update = None if array.update is None else float(array.update[at])
    return BlamedWeight(
        layer=trace.layers[array.layer].name,
        kind=array.kind,
        index=index,
        source=source,
        target=target,
        before=before,
        gradient=float(array.gradient[at]),
        update=update,
        after=None if update is None else before + update,
        measured=measured,
        part=abs(measured) / total if total else 0.0,
    )
