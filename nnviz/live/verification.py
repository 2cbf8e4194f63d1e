"""Verification of a watched training: its gradients beside central differences of its own model, run again."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from nnviz.errors import InputError
from nnviz.frame.focus import Quantity
from nnviz.frame.task import Task
from nnviz.frame.verification_view import Comparison
from nnviz.live.pass_again import PassAgain
from nnviz.live.recording import Recording
from nnviz.live.trace import WatchedTrace
from nnviz.nn.gradcheck import half_distance
from nnviz.training.blocks import blocks_of
from nnviz.training.comparisons import CLOSER, DRAWN, Comparisons, OfLayer, Tolerance, apart
from nnviz.training.unit_names import UnitNames

PASSES = 1000
"""About so many forward passes are run at most, two for each weight."""
OWN = "gradients are not verified here: "


class _Weight(NamedTuple):
    """A number of an array: its index there, and its place in the model's own."""

    layer: int
    kind: str
    indices: tuple[int, ...]
    place: int


class _Difference(NamedTuple):
    """∂L/∂w by a central difference, and by how much the slopes on both sides differ."""

    value: float
    bend: float


def _terms(recording: Recording) -> float:
    """How large the terms are that the largest gradient of an output's bias is the sum of; 0 where none is known."""
    reading = recording.reading
    if reading is None or reading.traits is None:
        return 0.0
    return float(np.max(reading.traits.factor * np.abs(reading.errors).mean(axis=0)))


class WatchedVerification(Comparisons[_Weight]):
    """Compares the recorded gradients with what the loss does when one weight changes.

    All is computed in float64 by a copy of the model, which is first seen to give the recorded loss. Backprop in
    float64 is compared with the difference, and the recorded gradient with that.

    block, chosen  one of a block's weights, or some of which the one with the largest gradient is compared first: from
                   … to before …, axis by axis

    Comes after backprop. Raises InputError where the pass cannot be run again.
    """

    def __init__(
        self, trace: WatchedTrace, task: Task, model: nn.Module, block: int, chosen: Sequence[tuple[int, int]] | None
    ) -> None:
        recording = trace.recording
        self._trace, self._names = trace, UnitNames(trace, (), task.class_names)
        try:
            self._again = PassAgain(model, recording)
            self._exact = self._again.gradients()
        except InputError as reason:
            raise InputError(f"{OWN}{reason}") from None
        arrays = self._arrays()
        if not arrays:
            raise InputError(f"{OWN}no parameter has one")
        kinds = {each.dtype for name, each in recording.parameters.items() if name in self._exact}
        largest = max(_terms(recording), *(float(np.abs(gradient).max()) for gradient in self._exact.values()))
        epsilon = max(torch.finfo(kind).eps for kind in kinds)
        layers = sorted({layer for layer, _ in arrays})
        many = min(DRAWN, max(1, PASSES // (2 * len(layers))))
        chance = np.random.default_rng(recording.index)
        super().__init__(
            recording.index,
            {layer: OfLayer(trace.layers[layer].name, self._size(arrays, layer)) for layer in layers},
            [(layer, weight) for layer in reversed(layers) for weight in self._drawn(arrays, layer, many, chance)],
            None if chosen is None else self._find(arrays, block, chosen),
            Tolerance.of(epsilon, largest, self._again.recorded),
        )

    def _arrays(self) -> list[tuple[int, str]]:
        """All that have a gradient, by layer and kind; one that several layers have, once."""
        trace = self._trace
        found: dict[str, tuple[int, str]] = {}
        for layer, traits in enumerate(trace.layers):
            for kind in traits.parameters:
                name = trace.name_of(layer, kind)
                if name in self._exact and name in trace.recording.gradients:
                    found.setdefault(name, (layer, kind))
        return list(found.values())

    def _size(self, arrays: list[tuple[int, str]], layer: int) -> int:
        return sum(math.prod(self._trace.shape(*array)) for array in arrays if array[0] == layer)

    def _drawn(
        self, arrays: list[tuple[int, str]], layer: int, many: int, chance: np.random.Generator
    ) -> list[_Weight]:
        size = self._size(arrays, layer)
        numbers = np.sort(chance.choice(size, min(many, size), replace=False, shuffle=False))
        found, start = list[_Weight](), 0
        for number, kind in arrays:
            if number == layer:
                places = self._trace.places(layer, kind)
                own = numbers[(numbers >= start) & (numbers < start + places.size)] - start
                found += [self._weight(layer, kind, places, int(k)) for k in own]
                start += places.size
        return found

    @staticmethod
    def _weight(layer: int, kind: str, places: np.ndarray, number: int) -> _Weight:
        index = tuple(int(k) for k in np.unravel_index(number, places.shape))
        return _Weight(layer, kind, index, int(places[index]))

    def _find(self, arrays: list[tuple[int, str]], block: int, ranges: Sequence[tuple[int, int]]) -> _Weight | None:
        """Of some weights of a block the one with the largest gradient."""
        trace, blocks = self._trace, blocks_of(self._trace)
        layer = blocks[min(max(block, 0), len(blocks) - 1)].layers[0]
        kind = next((kind for number, kind in arrays if number == layer), None)
        gradient = None if kind is None else trace.parameter(layer, kind, Quantity.GRADIENT)
        if kind is None or gradient is None or gradient.ndim != len(ranges):
            return None
        part = np.abs(gradient[tuple(slice(*range_) for range_ in ranges)])
        if not part.size:
            return None
        within = np.unravel_index(int(np.nan_to_num(part).argmax()), part.shape)
        index = tuple(int(k) + start for k, (start, _) in zip(within, ranges, strict=True))
        places = trace.places(layer, kind)
        return self._weight(layer, kind, places, int(np.ravel_multi_index(index, places.shape)))

    def _compare(self, weight: _Weight) -> Comparison:
        name = self._trace.name_of(weight.layer, weight.kind)
        exact = float(self._exact[name].flat[weight.place])
        shown = float(self._trace.recording.gradients[name].flat[weight.place])
        found, is_true, is_bent = self._measured(name, weight.place, exact, 1.0)
        if not is_true:
            closer, is_true, is_closer_bent = self._measured(name, weight.place, exact, CLOSER[0])
            if is_true:
                found = closer
            is_bent = not is_true and is_bent and is_closer_bent
        source, target = self._names.ends(weight.layer, weight.kind, weight.indices)
        return Comparison(
            layer=self._trace.layers[weight.layer].name,
            kind=weight.kind,
            index=weight.indices,
            source=source,
            target=target,
            shown=shown,
            measured=found.value,
            off=apart(shown, found.value),
            agrees=is_true and self._tolerance.allows_shown(exact, shown),
            crossed=not is_true and is_bent,
        )

    def _measured(self, name: str, place: int, exact: float, part: float) -> tuple[_Difference, bool, bool]:
        """A difference over that part of the usual distance, whether it is backprop's, and whether a kink may be why.

        At a kink backprop has the slope of one side, and the difference lies between both.
        """
        found = self._difference(name, place, part)
        is_true = self._tolerance.allows_measured(exact, found.value, part)
        return found, is_true, abs(exact - found.value) <= found.bend

    def _difference(self, name: str, place: int, part: float) -> _Difference:
        row = self._again.parameters[name].detach().reshape(-1)
        value = float(row[place])
        h = part * half_distance(value)
        row[place] = value + h
        above = self._again.loss()
        row[place] = value - h
        below = self._again.loss()
        row[place] = value
        return _Difference((above - below) / (2 * h), abs(above - 2 * self._again.recorded + below) / h)
