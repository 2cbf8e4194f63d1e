"""Verification: gradients beside central differences, a few weights at a time."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnviz.frame.stages import Phase
from nnviz.frame.verification_view import Comparison
from nnviz.nn.gradcheck import CentralDifferences, Difference
from nnviz.nn.outputs import Softmax
from nnviz.nn.parameters import Parameter
from nnviz.training.blocks import blocks_of
from nnviz.training.comparisons import CLOSER, DRAWN, Comparisons, OfLayer, Tolerance, apart
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.trainer import Trainer
from nnviz.training.unit_names import UnitNames


class _Weight(NamedTuple):
    layer: int
    parameter: Parameter
    place: int


class Verification(Comparisons[_Weight]):
    """Compares the gradients of the current training step with what the loss does when one weight changes.

    All is computed in float64 on a copy of the network, with the step's own batch, units left out, statistics and
    weights of examples, and the weights as they were in its forward pass. Backprop in float64 is compared with the
    difference, and the gradient on screen with that, since float32 has too few digits for the former. Where a
    difference does not agree, or crossed a kink, it is taken once more over a tenth of the distance, and again as
    long as it becomes another one: where the loss bends a lot, that is the better one.

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
        self._trace, self._names = EngineTrace(engine), names
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
        # The gradient of an output's bias is a sum, which may cancel out: it is rounded as large as its terms are.
        terms = np.abs(replica.loss.backward()).sum(axis=0)
        epsilon, largest = float(np.finfo(network.dtype).eps), float(max(np.abs(self._exact).max(), terms.max()))
        chance = np.random.default_rng((seed, engine.index))
        # The last layer first: what comes before a layer has then not to be computed again.
        planned = [
            weight for layer in reversed(range(len(self._layers))) for weight in self._drawn(layer, drawn, chance)
        ]
        super().__init__(
            engine.index,
            {k: OfLayer(layer.name, sum(map(_size, layer.parameters()))) for k, layer in enumerate(self._layers)},
            [(weight.layer, weight) for weight in planned],
            self._find(block, chosen) if chosen is not None else None,
            Tolerance.of(epsilon, largest, engine.scores.mean),
        )

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

    def _compare(self, weight: _Weight) -> Comparison:
        layer, parameter, place = weight
        shown, kind = float(self._gradients[place]), parameter.name.rpartition(".")[2]
        found, agrees = self._best(layer, place)
        index = tuple(int(k) for k in np.unravel_index(place - parameter.span.start, parameter.shape))
        source, target = self._names.ends(layer, kind, index)
        return Comparison(
            layer=self._layers[layer].name,
            kind=kind,
            index=index,
            source=source,
            target=target,
            shown=shown,
            measured=found.value,
            off=apart(shown, found.value),
            agrees=agrees,
            crossed=found.crossed,
        )

    def _best(self, layer: int, place: int) -> tuple[Difference, bool]:
        """A difference, and whether the gradient is the same.

        Where it is not, or the difference crossed a kink, that is taken over less, as long as it becomes another one.
        """
        found, agrees = self._measured(layer, place, 1.0)
        for part in CLOSER:
            if agrees and not found.crossed:
                break
            closer, agrees_closer = self._measured(layer, place, part)
            if closer.crossed:
                break
            is_settled = not found.crossed and self._tolerance.allows_measured(found.value, closer.value, part)
            found, agrees = closer, agrees_closer
            if is_settled:
                break
        return found, agrees

    def _measured(self, layer: int, place: int, part: float) -> tuple[Difference, bool]:
        """A difference over that part of the usual distance, and whether the gradient is the same, but for rounding."""
        found = self._differences.at(layer, place, part)
        shown, exact = float(self._gradients[place]), float(self._exact[place])
        is_true = self._tolerance.allows_measured(exact, found.value, part)
        return found, is_true and self._tolerance.allows_shown(exact, shown)


def _size(parameter: Parameter) -> int:
    return math.prod(parameter.shape)
