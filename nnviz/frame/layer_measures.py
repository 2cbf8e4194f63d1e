"""What a training step did to each layer, in a few numbers: sizes of what it holds and gives, and how much of it works.

All of it is read through a step trace, in float64 whatever the network computes in.
"""

import math
from enum import StrEnum

import numpy as np

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Activation, Function, Operation
from nnviz.frame.step_trace import LayerTraits, StepTrace

FLAT = 0.05
"""A sigmoid or tanh is flat where its derivative is less than that share of its largest one."""


class Measure(StrEnum):
    """One number of one layer at one training step; sizes are root mean squares, √(Σx²/n).

    WEIGHTS     of the weights, and BIASES, of the biases; of a normalisation they are its scales and its shifts
    MEAN        of all that the layer gives for the batch, and DEVIATION (of the population), from that mean
    GRADIENT    the size of ∂L/∂w of the weights
    UPDATE      the size of Δw of the weights
    RATIO       log10 of the size of Δw beside that of the weights
    SILENT      share of a ReLU's units that give 0 for every example of the batch
    DEAD        share of those that have been silent in every one of the last readings, as many as a window has
    SATURATED   share of what a sigmoid or tanh gives where the function is flat: see `FLAT`
    """

    WEIGHTS = "weights"
    BIASES = "biases"
    MEAN = "mean"
    DEVIATION = "deviation"
    GRADIENT = "gradient"
    UPDATE = "update"
    RATIO = "ratio"
    SILENT = "silent"
    DEAD = "dead"
    SATURATED = "saturated"


MEASURES = tuple(Measure)
_PARAMETERS = (Measure.WEIGHTS, Measure.BIASES)
_OF_WEIGHTS = (Measure.GRADIENT, Measure.UPDATE, Measure.RATIO)
_SQUASHING = (Activation.SIGMOID, Activation.TANH)


def measures_of(layer: LayerTraits) -> frozenset[Measure]:
    """Which measures a layer has at all."""
    found = {Measure.MEAN, Measure.DEVIATION, *_PARAMETERS[: len(layer.parameters)]}
    found |= set(_OF_WEIGHTS) if layer.parameters else set()
    found |= {Measure.SILENT, Measure.DEAD} if rectifies(layer.operation) else set()
    return frozenset(found | ({Measure.SATURATED} if squashes(layer.operation) else set()))


def rectifies(operation: Operation) -> bool:
    """Whether it lets no number below 0 through, so that a unit may be silent."""
    return isinstance(operation, Function) and operation.activation is Activation.RELU


def squashes(operation: Operation) -> bool:
    """Whether it has two ends towards which it gets flat."""
    return isinstance(operation, Function) and operation.activation in _SQUASHING


def measured(trace: StepTrace) -> Array:
    """All measures but DEAD of all layers, as far as the step has come: (layers, measures) float64.

    NaN stands for what a layer has not, or the step has not reached yet.
    """
    table = np.full((len(trace.layers), len(MEASURES)), np.nan)
    # A network that diverges has numbers that no measure can tell.
    with np.errstate(over="ignore", invalid="ignore"):
        for number, layer in enumerate(trace.layers):
            found = _of_parameters(trace, number, layer) | _of_output(trace, number, layer)
            for measure, value in found.items():
                table[number, MEASURES.index(measure)] = value
    return table


def silent_units(trace: StepTrace, number: int) -> Array | None:
    """(units,) bool, or (maps,): which give 0 for every example of the batch; None before they are known."""
    output = trace.output(number)
    if output is None:
        return None
    silent: Array = np.logical_not(output.any(axis=tuple(range(output.ndim - 1))))
    return silent


def _of_parameters(trace: StepTrace, number: int, layer: LayerTraits) -> dict[Measure, float]:
    found = {}
    for measure, kind in zip(_PARAMETERS, layer.parameters, strict=False):
        values = trace.parameter(number, kind, Quantity.WEIGHT)
        if values is not None:
            found[measure] = size(values)
    if not layer.parameters:
        return found
    for measure, quantity in ((Measure.GRADIENT, Quantity.GRADIENT), (Measure.UPDATE, Quantity.UPDATE)):
        values = trace.parameter(number, layer.parameters[0], quantity)
        if values is not None:
            found[measure] = size(values)
    if Measure.UPDATE in found:
        found[Measure.RATIO] = _log_ratio(found[Measure.UPDATE], found[Measure.WEIGHTS])
    return found


def _of_output(trace: StepTrace, number: int, layer: LayerTraits) -> dict[Measure, float]:
    output = trace.output(number)
    if output is None:
        return {}
    numbers = output.reshape(-1).astype(np.float64)
    mean = float(numbers.mean())
    found = {Measure.MEAN: mean}
    if rectifies(layer.operation):
        silent = silent_units(trace, number)
        found[Measure.SILENT] = 0.0 if silent is None else float(silent.mean())
    if isinstance(layer.operation, Function) and squashes(layer.operation):
        found[Measure.SATURATED] = _flat_share(numbers, layer.operation.activation)
    numbers -= mean
    found[Measure.DEVIATION] = size(numbers)
    return found


def size(values: Array) -> float:
    """The root mean square of any numbers."""
    numbers = values.reshape(-1).astype(np.float64, copy=False)
    return math.sqrt(float(numbers @ numbers) / max(numbers.size, 1))


def _log_ratio(update: float, weights: float) -> float:
    """log10(update / weights): −∞ where nothing is updated, ∞ where there is nothing to compare it with."""
    if not (update and weights) or not math.isfinite(update / weights):
        return math.nan if math.isnan(update) or math.isnan(weights) else -math.inf if not update else math.inf
    return math.log10(update / weights)


def _flat_share(numbers: Array, activation: Activation) -> float:
    """Which share of what a function gave lies where it is flat: tanh' = 1 − a², and sigmoid' = a · (1 − a) ≤ ¼."""
    slopes = 1 - numbers**2 if activation is Activation.TANH else 4 * numbers * (1 - numbers)
    return float((slopes < FLAT).mean())
