"""Rules about layers: what their units, weights, gradients and updates look like."""

import math
from collections.abc import Sequence

import numpy as np

from nnviz.array import Array
from nnviz.frame.health_view import Alert
from nnviz.frame.layer_measures import Measure
from nnviz.insight.health.attempts import (
    enough_in_a_batch,
    normalised,
    rectified,
    scaled_weights,
    shallower,
    slower,
    standardised,
    unhindered,
)
from nnviz.insight.health.evidence import CannotRunError, Evidence, LayerEvidence
from nnviz.wording import integer, number, percent, signed

# A rule about readings waits for so many of them, and for so many training steps.
READINGS, STEPS = 6, 32
# What was learnt when a network does well enough for saturated units, or small gradients, to be a sign of that.
DOES_WELL = 0.5
# So many readings at which updates are too large: the first few of an optimizer that has no memory yet may be.
LARGE = 5


def dead_units(e: LayerEvidence) -> list[Alert]:
    """More than half of a layer's ReLU units silent at all of the last readings.

    Half is the `threshold_layer` of Amazon SageMaker Debugger's DeadRelu rule.
    """
    layers = list(e.having(Measure.DEAD))
    if not layers:
        raise CannotRunError("no layer has ReLU units")
    _readings(e, layers[0][0], Measure.DEAD, 1)
    alerts = []
    for n, layer in layers:
        steps, shares = e.series(n, Measure.DEAD)
        if shares[-1] > 0.5:
            begun = _since(steps, shares > 0.5)
            units = layer.output_shape[-1]
            alerts.append(
                Alert(
                    "dead-units",
                    layer.name,
                    begun,
                    f"{percent(shares[-1])} of the {integer(units)} units of {layer.name} gave 0 for every "
                    f"example that was looked at, from step {integer(begun)} on.",
                    "A ReLU that gives 0 for all examples passes no gradient back: its weights never change again.",
                    *e.to_try("leakyrelu instead of relu, or a lower learning rate", normalised),
                )
            )
    return alerts


def saturated_units(e: LayerEvidence) -> list[Alert]:
    """More than half of what a sigmoid or tanh gives where it is flat, in a network that has not learnt much.

    Glorot & Bengio 2010 (section 3) show how such layers stop learning; half is the `threshold_layer` of Amazon
    SageMaker Debugger's SaturatedActivation rule. A network that has learnt is sure, and its units may be at the ends.
    """
    layers = list(e.having(Measure.SATURATED))
    if not layers:
        raise CannotRunError("no layer has sigmoid or tanh units")
    _readings(e, layers[0][0], Measure.SATURATED, READINGS)
    if e.learnt > DOES_WELL:
        return []
    alerts = []
    for n, layer in layers:
        steps, shares = e.series(n, Measure.SATURATED)
        recent = _recent(shares)
        if recent > 0.5:
            alerts.append(
                Alert(
                    "saturated-units",
                    layer.name,
                    _since(steps, shares > 0.5),
                    f"{percent(recent)} of what {layer.name} gives is so near its ends that less than a twentieth of "
                    "its largest slope is left there.",
                    "Where the curve is flat, hardly any gradient gets through to the layers before.",
                    *e.to_try("smaller initial weights, or relu", normalised),
                )
            )
    return alerts


def vanishing_gradient(e: LayerEvidence) -> list[Alert]:
    """The gradient of the first weighted layer less than a thousandth of that of the last one, and little learnt.

    A thousandth is β1 of AutoTrainer (Zhang et al., ICSE 2021) for the ratio of the two; it asks for a bad accuracy
    besides, as this does for little of the loss being gone.
    """
    first, last, steps, ratios = _gradient_ratios(e)
    if e.learnt > DOES_WELL or not len(ratios) or _recent(ratios) >= 1e-3:
        return []
    if not _recent(ratios):
        return _no_gradient(e, first, last, steps, ratios)
    return [
        Alert(
            "vanishing-gradient",
            e.layers[first].name,
            _since(steps, ratios < 1e-3),
            f"The gradient of {e.layers[first].name} is {number(_recent(ratios), 2)} times that of "
            f"{e.layers[last].name}.",
            "The layers before the last ones hardly learn: what is passed back gets smaller with every layer.",
            *e.to_try("adam as the optimizer", rectified, shallower),
        )
    ]


def _no_gradient(e: LayerEvidence, first: int, last: int, steps: Array, ratios: Array) -> list[Alert]:
    return [
        Alert(
            "vanishing-gradient",
            e.layers[first].name,
            _since(steps, ratios == 0),
            f"No gradient at all comes to {e.layers[first].name}, while {e.layers[last].name} has one.",
            "What is passed back is 0 on the way: the layers before that never learn.",
            *e.to_try("look for dead units, and for layers whose weights are all 0", scaled_weights),
        )
    ]


def exploding_gradient(e: LayerEvidence) -> list[Alert]:
    """The gradient of the first weighted layer more than 70 times that of the last one, or of any layer more than ten
    times the size of its weights.

    70 is AutoTrainer's β3 (Zhang et al. 2021). The second: at a rate of 0.01, a common default, a
    tenth of the weights would change in each step, a hundred times the line of 1 : 1,000 (see `updates_too_large`).
    """
    first, last, steps, ratios = _gradient_ratios(e)
    if len(ratios) and _recent(ratios) > 70:
        return [
            Alert(
                "exploding-gradient",
                e.layers[first].name,
                _since(steps, ratios > 70),
                f"The gradient of {e.layers[first].name} is {number(_recent(ratios))} times that of "
                f"{e.layers[last].name}.",
                "What is passed back gets larger with every layer: one step may throw the first layers far off.",
                *e.to_try("fewer layers, batchnorm, or --clip 1", scaled_weights, standardised),
            )
        ]
    alerts = []
    for n in e.weighted:
        places, gradients = e.series(n, Measure.GRADIENT)
        _, weights = e.series(n, Measure.WEIGHTS)
        if len(gradients) != len(weights) or not e.began_with(n):
            continue
        ratio = gradients / np.maximum(weights, 1e-30)
        if _recent(ratio) > 10:
            alerts.append(
                Alert(
                    "exploding-gradient",
                    e.layers[n].name,
                    _since(places, ratio > 10),
                    f"The gradient of {e.layers[n].name} is {number(_recent(ratio))} times as large as its weights.",
                    "A step along it changes the weights beyond the place that the gradient was measured for.",
                    *e.to_try("inputs and targets of a size near 1, or --clip 1", scaled_weights, standardised),
                )
            )
    return alerts


def updates_too_large(e: LayerEvidence) -> list[Alert]:
    """Updates of more than a tenth of the weights' size, 10^−1, at `LARGE` readings, or weights that have grown to more
    than five times their size in a network that has not learnt much.

    About 10^−3 is what practice aims at (Karpathy, "Neural Networks: Part 3", CS231n, and his lectures of 2022, where
    it is a line in the plot): this is a hundred times as much. Weights that grow soon hide it: the second bound, of our
    own, is that of `weights_badly_scaled`.
    """
    alerts = []
    for n, steps, ratios, _ in _update_ratios(e):
        _, sizes = e.series(n, Measure.WEIGHTS)
        began = e.began_with(n)
        large, grown = ratios > -1, sizes > 5 * began
        if large.sum() >= LARGE or (grown.any() and e.learnt <= DOES_WELL):
            begun = int(steps[large.argmax() if large.any() else grown.argmax()])
            largest = 10 ** float(ratios.max())
            alerts.append(
                Alert(
                    "updates-too-large",
                    e.layers[n].name,
                    begun,
                    f"From step {integer(begun)} on, single steps changed the weights of {e.layers[n].name} by up to "
                    f"{percent(largest)} of their size, where about a thousandth is usual; they began with a size of "
                    f"{number(began)} and have {number(float(sizes[-1]))} now.",
                    "The weights jump about instead of going down: what was learnt before is thrown over.",
                    *e.to_try("--clip 1, or a warm-up", slower),
                )
            )
    return alerts


def updates_too_small(e: LayerEvidence) -> list[Alert]:
    """Updates of less than 10^−5 of the weights' size at most of the later readings, while little has been learnt.

    A hundredth of the usual 10^−3; see `updates_too_large`.
    """
    if e.learnt > DOES_WELL:
        _update_ratios(e)
        return []
    return [
        Alert(
            "updates-too-small",
            e.layers[n].name,
            _since(steps, ratios < -5),
            f"A step changes the weights of {e.layers[n].name} by 10^{signed(typical, 2)} of their size, where about "
            "10^−3 is usual."
            if math.isfinite(typical)
            else f"No step changes the weights of {e.layers[n].name}.",
            "At that pace it takes hundreds of thousands of steps for the weights to become others.",
            *e.to_try("adam as the optimizer", unhindered),
        )
        for n, steps, ratios, typical in _update_ratios(e)
        if typical < -5
    ]


def weights_start_alike(e: Evidence) -> list[Alert]:
    """All units of a layer beginning with the same weights.

    Such units get the same gradient and stay the same for ever (Goodfellow et al. 2016, Deep Learning, section 8.4).
    """
    alerts = []
    for n, weights in e.beginning.weights.items():
        columns = weights.reshape(-1, weights.shape[-1])
        # Of the last layer, the targets tell units apart.
        if n != e.beginning.weighted[-1] and columns.shape[1] > 1 and not np.ptp(columns, axis=1).any():
            alerts.append(
                Alert(
                    "weights-start-alike",
                    e.layers[n].name,
                    0,
                    f"All {integer(columns.shape[1])} units of {e.layers[n].name} began with the same weights.",
                    "Units that are alike get the same gradient: they stay alike, and the layer is worth one unit.",
                    *e.to_try("look at where the first weights come from", scaled_weights),
                )
            )
    return alerts


def weights_badly_scaled(e: Evidence) -> list[Alert]:
    """Initial weights of less than a fifth, or more than five times, of what keeps signals at their size.

    That is a variance between 2 / (inputs + outputs) (Glorot & Bengio 2010) and 2 / inputs (He et al. 2015).
    """
    alerts = []
    for n, weights in e.beginning.weights.items():
        inputs, outputs = math.prod(weights.shape[:-1]), weights.shape[-1]
        size = float(np.sqrt(np.mean(weights.astype(np.float64) ** 2)))
        low, high = math.sqrt(2 / (inputs + outputs)), math.sqrt(2 / inputs)
        # Of very few numbers, chance may make all small.
        if weights.size >= 8 and not low / 5 <= size <= high * 5:
            alerts.append(
                Alert(
                    "weights-badly-scaled",
                    e.layers[n].name,
                    0,
                    f"The weights of {e.layers[n].name} began with a size of {number(size)}; with {integer(inputs)} "
                    f"numbers coming in, {number(low)} to {number(high)} is usual.",
                    "Signals get larger or smaller with such a layer, and so do the gradients that come back.",
                    *e.to_try("look at where the first weights come from", scaled_weights),
                )
            )
    return alerts


def small_batches_for_normalisation(e: Evidence) -> list[Alert]:
    """Batch normalisation that takes its mean and variance from fewer than 8 numbers.

    Wu & He 2018 (Group Normalization, figure 1): below a batch of 8, errors of batch normalisation rise steeply.
    """
    if not e.beginning.normalised:
        raise CannotRunError("no layer normalises by the batch")
    size = e.beginning.batch_size
    return [
        Alert(
            "small-batches",
            layer.name,
            0,
            f"{layer.name} measures mean and variance of batches of {integer(size)}.",
            "Of so few examples they are mostly chance, and other ones hold when the network is used.",
            *e.to_try("no batchnorm", enough_in_a_batch),
        )
        for layer in e.beginning.normalised
        if size * math.prod(layer.output_shape[:-1]) < 8
    ]


# What they share


def _readings(e: LayerEvidence, layer: int, measure: Measure, least: int) -> None:
    e.after(STEPS)
    if len(e.series(layer, measure)[0]) < least:
        raise CannotRunError("too little has been read of the layers yet")


def _weighted(e: LayerEvidence) -> Sequence[int]:
    if not e.weighted:
        raise CannotRunError("no layer is one of weighted sums, as far as nnviz knows them")
    return e.weighted


def _recent(values: Array) -> float:
    """The median of the later half."""
    return float(np.median(values[len(values) // 2 :]))


def _since(steps: Array, seen: Array) -> int:
    """The first step from which on it was seen at all readings; else at which it was seen first."""
    others = np.flatnonzero(~seen)
    begin = others[-1] + 1 if len(others) and others[-1] + 1 < len(steps) else int(seen.argmax())
    return int(steps[begin])


def _gradient_ratios(e: LayerEvidence) -> tuple[int, int, Array, Array]:
    """The first and the last weighted layer, and the size of the first one's gradient beside that of the last one."""
    weighted = _weighted(e)
    if len(weighted) < 2:
        raise CannotRunError("there is only one layer with weights")
    _readings(e, weighted[0], Measure.GRADIENT, READINGS)
    first, last = weighted[0], weighted[-1]
    steps, of_first = e.series(first, Measure.GRADIENT)
    _, of_last = e.series(last, Measure.GRADIENT)
    if len(of_first) != len(of_last):
        raise CannotRunError("gradients were no finite numbers")
    known = of_last > 0
    return first, last, steps[known], of_first[known] / of_last[known]


def _update_ratios(e: LayerEvidence) -> list[tuple[int, Array, Array, float]]:
    """Of each weighted layer that began with weights: steps, ratios as powers of ten, and the usual one of late."""
    weighted = _weighted(e)
    _readings(e, weighted[0], Measure.UPDATE, READINGS)
    found = []
    for n in weighted:
        steps, updates = e.series(n, Measure.UPDATE)
        _, weights = e.series(n, Measure.WEIGHTS)
        if len(updates) != len(weights) or not weights.all() or not e.began_with(n):
            continue
        with np.errstate(divide="ignore"):
            ratios = np.log10(updates / weights)
        found.append((n, steps, ratios, _recent(ratios)))
    return found
