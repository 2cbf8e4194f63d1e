"""The chain rule, number by number: how ∂L/∂(a number) follows from those of the next layer up."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import (
    Activation,
    Convolution,
    Custom,
    Function,
    LargestOfCells,
    LeavingOut,
    MeanOfMaps,
    Normalisation,
    Reshaping,
    WeightedSums,
)
from nnviz.frame.stages import Phase
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.unit_view import TERMS, FromLoss, FromOutput, Link, Sum, Term, summed_up
from nnviz.training.incoming import out_of
from nnviz.training.reduction import largest

LEAK = 0.01
"""The slope of leakyrelu below 0."""


def summed(
    indices: Array,
    factors: Array,
    weights: Array,
    total: float,
    bias: float | None = None,
    names: Callable[[int], str] = lambda _: "",
) -> Sum:
    """Σ factor · weight, all (k,), with its largest terms; `names` tells what a number is called."""
    products = factors.astype(np.float64) * weights.astype(np.float64)
    sizes = np.abs(products)
    shown = largest(np.where(np.isnan(sizes), np.inf, sizes), TERMS) if len(products) else np.arange(0)
    columns = (column[shown].tolist() for column in (indices, factors, weights, products))
    terms = tuple(Term(index, names(index), *numbers) for index, *numbers in zip(*columns, strict=True))
    others = summed_up(np.delete(products, shown).tolist()) if len(products) > len(shown) else 0.0
    return Sum(terms, others, len(products) - len(shown), bias, total)


def slope(activation: Activation, z: float) -> float:
    """da/dz of an activation function at z, in float64."""
    match activation:
        case Activation.RELU:
            return 1.0 if z > 0 else 0.0
        case Activation.LEAKY_RELU:
            return 1.0 if z > 0 else LEAK
        case Activation.SIGMOID:
            return _logistic_slope(z)
        case Activation.TANH:
            return 4 * _logistic_slope(2 * z)


def _logistic_slope(z: float) -> float:
    small = math.exp(-abs(z))
    return small / (1 + small) ** 2


class Links:
    """Tells ∂L/∂(any number) of a training step by those of the next layer up, out of the step's own buffers."""

    def __init__(self, trace: StepTrace) -> None:
        self._trace = trace
        self._last = len(trace.layers) - 1

    def upwards(self, layer: int, index: int, place: int) -> tuple[Link, ...]:
        """From number `index` of a layer's output up to the loss, for the example at `place`; () if not known yet."""
        links: list[Link] = []
        at: tuple[int, int] | None = (layer, index)
        while at is not None and (link := self._link(*at, place)) is not None:
            links.append(link)
            at = _following(link)
        return tuple(links)

    def weights(self, layer: int, places: Array, kind: str = "weights") -> Array | None:
        """Some of a layer's weights, by their places in the whole array, as this step used them."""
        values = self._trace.parameter(layer, kind, Quantity.WEIGHT)
        if values is None:
            return None
        used: Array = values.reshape(-1)[places].astype(np.float64)
        updates = self._trace.parameter(layer, kind, Quantity.UPDATE)
        if updates is not None and self._trace.reached(Phase.UPDATE):
            used -= updates.reshape(-1)[places]
        return used

    def _of(self, batch: Array, place: int) -> Array:
        numbers: Array = batch[place].reshape(-1)
        return numbers

    def _link(self, layer: int, index: int, place: int) -> Link | None:
        if layer >= self._last:
            return self._from_loss(layer, index, place)
        while isinstance(self._trace.layers[layer + 1].operation, Reshaping) and layer + 1 < self._last:
            # A row of the same numbers, in the same order.
            layer += 1
        gradient, coming = self._trace.output_gradient(layer), self._trace.output_gradient(layer + 1)
        if gradient is None or coming is None or not self._is_known(layer):
            return None
        above, grads = layer + 1, self._of(coming, place)
        factors = self._factors(layer, index, place, grads)
        how = self._trace.layers[above].operation
        return Link(layer, index, how, above, summed(*factors, float(self._of(gradient, place)[index])))

    def _is_known(self, layer: int) -> bool:
        """Whether all that ∂L/∂(what the layer gave) is made of can be told."""
        layers = self._trace.layers
        return layers[layer].alone and not isinstance(layers[layer + 1].operation, Custom)

    def _factors(self, layer: int, index: int, place: int, grads: Array) -> "_Factors":
        """The numbers above that a number goes into, ∂L/∂ them, and the slope of each by it."""
        above = layer + 1
        traits, one = self._trace.layers[above], np.array([index])
        match traits.operation:
            case WeightedSums() | Convolution():
                joined = out_of(traits, index)
                weights = self.weights(above, joined.weights)
                assert weights is not None
                return _Factors(joined.indices, grads[joined.indices], weights)
            case LargestOfCells(size):
                return self._of_winner(above, index, place, grads, size)
            case MeanOfMaps():
                height, width, maps = traits.input_shape
                unit = one % maps
                return _Factors(unit, grads[unit], np.array([1 / (height * width)]))
            case Function(activation):
                z = float(self._given(layer)[place].flat[index])
                return _Factors(one, grads[one], np.array([slope(activation, z)]))
            case LeavingOut():
                factors = self._trace.factors(above, place)
                assert factors is not None
                return _Factors(one, grads[one], factors.reshape(-1)[one])
            case Normalisation():
                return self._of_batch(layer, index, place)
            case Reshaping():
                return _Factors(one, grads[one], np.ones(1))
            case Custom():
                raise ValueError(f"nobody knows what {traits.name} does")

    def _given(self, layer: int) -> Array:
        output = self._trace.output(layer)
        assert output is not None
        return output

    def _of_winner(self, above: int, index: int, place: int, grads: Array, size: int) -> "_Factors":
        traits = self._trace.layers[above]
        at, unit = divmod(index, traits.input_shape[2])
        row, column = divmod(at, traits.input_shape[1])
        rows, columns, maps = traits.output_shape
        if row // size >= rows or column // size >= columns:
            return _Factors(*(np.zeros(0, kind) for kind in (np.int64, np.float64, np.float64)))
        winners = self._trace.winners(above, place)
        assert winners is not None
        won = winners[row // size, column // size, unit] == row % size * size + column % size
        cell = np.array([(row // size * columns + column // size) * maps + unit])
        return _Factors(cell, grads[cell], np.array([float(won)]))

    def _of_batch(self, layer: int, index: int, place: int) -> "_Factors":
        """γ/√(σ² + ε) times ∂L/∂y, less its mean, less x̂ times the mean of ∂L/∂y · x̂ (Ioffe & Szegedy 2015)."""
        above = layer + 1
        x, grad = self._given(layer), self._trace.output_gradient(above)
        operation, units = self._trace.layers[above].operation, self._trace.layers[above].output_shape[-1]
        assert isinstance(operation, Normalisation)
        assert grad is not None
        unit = index % units
        xs, grads = (array.reshape(-1, units)[:, unit].astype(np.float64) for array in (x, grad))
        deviation = math.sqrt(float(xs.var()) + operation.epsilon)
        normed = (xs - xs.mean()) / deviation
        own = (float(x[place].flat[index]) - float(xs.mean())) / deviation
        scales = self.weights(above, np.array([unit]), "scales")
        assert scales is not None
        factor = float(scales[0]) / deviation
        means = [float(grad[place].flat[index]), float(grads.mean()), float((grads * normed).mean())]
        return _Factors(np.array([index, -1, -2]), np.array(means), np.array([factor, -factor, -factor * own]))

    # The top

    def _from_loss(self, layer: int, index: int, place: int) -> Link | None:
        trace, depth = self._trace, self._last + 1
        gradient, scores, rule = trace.output_gradient(self._last), trace.scores, trace.loss
        if gradient is None or scores is None:
            return None
        prediction = scores.prediction[place].astype(np.float64)
        weights = trace.batch.weights
        share = 1 / len(trace.batch.indices) if weights is None else float(weights[place] / weights.sum())
        error = scores.errors[place].astype(np.float64)
        steps = np.broadcast_to(np.asarray(rule.factor, np.float64), error.shape) * share
        total, one = float(self._of(gradient, place)[index]), np.array([index])
        if layer > self._last:
            of_prediction = float(error[index] * steps[index])
            return Link(layer, index, FromLoss(), depth, summed(one, error[one], steps[one], of_prediction))
        if rule.output is None:
            return Link(layer, index, FromLoss(), depth, summed(one, error[one], steps[one], total))
        p, grads = prediction[index], error * steps
        if rule.output == "softmax":
            slopes = prediction * ((np.arange(len(prediction)) == index) - p)
            return Link(layer, index, FromOutput("softmax"), depth, summed(np.arange(len(grads)), grads, slopes, total))
        return Link(
            layer, index, FromOutput(rule.output), depth, summed(one, grads[one], np.array([p * (1 - p)]), total)
        )


def _following(link: Link) -> tuple[int, int] | None:
    """Where the way up goes on: at the largest term, or, of batch normalisation, at the number's own."""
    terms = link.sum.terms
    if isinstance(link.how, FromLoss) or not terms:
        return None
    own = [term for term in terms if term.index == link.index] if isinstance(link.how, Normalisation) else terms
    return link.above, own[0].index


class _Factors(NamedTuple):
    """Numbers above, ∂L/∂ them, and the slope of each by a number below: (k,) each."""

    indices: Array
    factors: Array
    weights: Array
