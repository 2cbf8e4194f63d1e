"""Verification: gradients beside central differences, a few weights at a time."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nnviz.frame.stages import Phase
from nnviz.frame.verification_view import WORST, Comparison, LayerVerification, VerificationView
from nnviz.nn.gradcheck import CentralDifferences, Difference
from nnviz.nn.outputs import Softmax
from nnviz.nn.parameters import Parameter
from nnviz.training.blocks import blocks_of
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.trainer import Trainer
from nnviz.training.unit_names import UnitNames

DRAWN = 200
"""Weights of each layer that are drawn by chance."""
# Backprop in float64 may be off from a central difference by what that has no digits for: a share of itself, and of the
# loss. Closer by means a tenth of the distance.
SHARE, OF_LOSS, CLOSER = 1e-6, 1e-9, 0.1
# The gradient on screen may be off from backprop in float64 by so many roundings of its own kind of numbers: by a share
# of itself and, since what it is the sum of may cancel out, by a share of the largest gradient of all.
ROUNDINGS_OF_ITSELF, ROUNDINGS_OF_LARGEST = 1e4, 1e3


class _Weight(NamedTuple):
    layer: int
    parameter: Parameter
    place: int


class Verification:
    """Compares the gradients of the current training step with what the loss does when one weight changes.

    All is computed in float64 on a copy of the network, with the step's own batch, units left out, statistics and
    weights of examples, and the weights as they were in its forward pass. Backprop in float64 is compared with the
    difference, and the gradient on screen with that, since float32 has too few digits for the former. Where a
    difference does not agree, or crossed a kink, it is taken once more over a tenth of the distance: where the loss
    bends a lot, that is the better one.

    seed    draws which weights are compared
    chosen  the places of some weights of a block, axis by axis from … to before …: the one of them with the largest
            gradient is compared first
    drawn   how many weights of each layer are compared at most

    Comes after backprop.
    """

    def __init__(
        self,
        trainer: Trainer,
        names: UnitNames,
        seed: int,
        block: int,
        chosen: tuple[tuple[int, int], ...] | None,
        drawn: int = DRAWN,
    ) -> None:
        engine, network = trainer.engine, trainer.network
        self._trace, self._names, self._step = EngineTrace(engine), names, engine.index
        self._layers = network.layers
        replica = network.replica(np.float64)
        if self._trace.reached(Phase.UPDATE):
            replica.parameters.values -= engine.update_rule.optimizer.updates
        replica.at_step(engine.index)
        batch = engine.batch
        weights = None if batch.weights is None else batch.weights.astype(np.float64)
        inputs, targets = batch.inputs.astype(np.float64), batch.targets.astype(np.float64)
        if isinstance(network.loss.output, Softmax):
            # Backprop's p − y takes it that they add up to 1; smoothed ones in float32 do, but for a rounding.
            targets /= targets.sum(axis=1, keepdims=True)
        self._differences = CentralDifferences(replica, inputs, targets, weights)
        self._gradients = network.parameters.gradients.copy()
        replica.loss.forward(replica.forward(inputs), targets, weights)
        replica.backward()
        self._exact = replica.parameters.gradients.copy()
        epsilon = float(np.finfo(network.dtype).eps)
        self._share, self._rounding = max(ROUNDINGS_OF_ITSELF * epsilon, SHARE), ROUNDINGS_OF_LARGEST * epsilon
        self._largest = float(np.abs(self._exact).max())
        self._least = OF_LOSS * max(1.0, abs(engine.scores.mean))
        self._chosen = self._find(block, chosen) if chosen is not None else None
        chance = np.random.default_rng((seed, engine.index))
        # The last layer first: what comes before a layer has then not to be computed again.
        self._planned = [
            weight for layer in reversed(range(len(self._layers))) for weight in self._drawn(layer, drawn, chance)
        ]
        self._left = [*self._planned[::-1], *([self._chosen] if self._chosen else [])]
        self._compared: list[tuple[int, Comparison]] = []
        self._of_chosen: Comparison | None = None

    def _find(self, block: int, ranges: Sequence[tuple[int, int]]) -> _Weight | None:
        """Of some weights of a block the one with the largest gradient."""
        blocks = blocks_of(self._trace)
        number = blocks[min(max(block, 0), len(blocks) - 1)].layers[0]
        parameter = next(iter(self._layers[number].parameters()), None)
        if parameter is None or len(parameter.shape) != len(ranges):
            return None
        part = np.abs(parameter.view(self._gradients)[tuple(slice(*range_) for range_ in ranges)])
        if not part.size:
            return None
        within = np.unravel_index(int(np.nan_to_num(part).argmax()), part.shape)
        index = tuple(int(k) + start for k, (start, _) in zip(within, ranges, strict=True))
        return _Weight(number, parameter, int(np.ravel_multi_index(index, parameter.shape)) + parameter.span.start)

    def _drawn(self, layer: int, many: int, generator: np.random.Generator) -> list[_Weight]:
        parameters = self._layers[layer].parameters()
        if not parameters:
            return []
        start, stop = parameters[0].span.start, parameters[-1].span.stop
        places = np.sort(generator.permutation(stop - start)[:many]) + start
        ends = [parameter.span.stop for parameter in parameters]
        return [
            _Weight(layer, parameters[int(np.searchsorted(ends, place, side="right"))], place)
            for place in places.tolist()
        ]

    @property
    def is_done(self) -> bool:
        """Whether all is compared."""
        return not self._left

    def go_on(self, called: Callable[[], bool]) -> None:
        """Compare one weight after the other, until `called` says that somebody waits."""
        while self._left and not called():
            weight = self._left.pop()
            comparison = self._compare(weight)
            if weight is self._chosen:
                self._of_chosen = comparison
            else:
                self._compared.append((weight.layer, comparison))

    def _compare(self, weight: _Weight) -> Comparison:
        layer, parameter, place = weight
        shown, kind = float(self._gradients[place]), parameter.name.rpartition(".")[2]
        found, agrees = self._measured(layer, place, 1.0)
        if found.crossed or not agrees:
            closer, agrees_closer = self._measured(layer, place, CLOSER)
            if not closer.crossed and (found.crossed or agrees_closer):
                found, agrees = closer, agrees_closer
        index = tuple(int(k) for k in np.unravel_index(place - parameter.span.start, parameter.shape))
        source, target = self._names.ends(layer, kind, index)
        size = max(abs(shown), abs(found.value))
        return Comparison(
            layer=self._layers[layer].name,
            kind=kind,
            index=index,
            source=source,
            target=target,
            shown=shown,
            measured=found.value,
            off=abs(shown - found.value) / size if size else 0.0,
            agrees=agrees,
            crossed=found.crossed,
        )

    def _measured(self, layer: int, place: int, part: float) -> tuple[Difference, bool]:
        """A difference over that part of the usual distance, and whether the gradient is the same, but for rounding."""
        found = self._differences.at(layer, place, part)
        shown, exact = float(self._gradients[place]), float(self._exact[place])
        size = max(abs(exact), abs(found.value))
        # The loss has the same digits whatever the distance is that they are divided by.
        is_true = abs(exact - found.value) <= SHARE * size + self._least / part
        return found, is_true and abs(shown - exact) <= self._share * abs(exact) + self._rounding * self._largest

    def view(self) -> VerificationView:
        """What came out so far."""
        planned = {weight.layer for weight in self._planned}
        smooth = [comparison for _, comparison in self._compared if not comparison.crossed]
        smooth.sort(key=lambda comparison: (comparison.agrees, -comparison.off))
        return VerificationView(
            step=self._step,
            done=len(self._compared) + (self._of_chosen is not None),
            total=len(self._planned) + (self._chosen is not None),
            layers=tuple(self._of_layer(layer) for layer in sorted(planned)),
            chosen=self._of_chosen,
            worst=tuple(smooth[:WORST]),
            digits=SHARE,
            share=self._share,
            rounding=self._rounding,
        )

    def _of_layer(self, layer: int) -> LayerVerification:
        own = [comparison for number, comparison in self._compared if number == layer]
        smooth = [comparison for comparison in own if not comparison.crossed]
        return LayerVerification(
            name=self._layers[layer].name,
            weights=sum(math.prod(parameter.shape) for parameter in self._layers[layer].parameters()),
            checked=len(own),
            agreeing=sum(comparison.agrees for comparison in smooth),
            crossed=len(own) - len(smooth),
            furthest=max((comparison.off for comparison in smooth), default=0.0),
        )
