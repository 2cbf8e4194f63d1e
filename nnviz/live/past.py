"""Past: the losses of a watched training, and what its layers did at the steps that were looked at."""

from collections import Counter

import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.frame import Curves
from nnviz.frame.health_view import Diagnosis, HealthView
from nnviz.frame.layer_measures import MEASURES, Measure, measures_of, size
from nnviz.frame.series import Series
from nnviz.frame.watched_health import WatchedHealth
from nnviz.live.run_log import RunLog
from nnviz.live.trace import WatchedTrace
from nnviz.training.curves import curves_of, followed, layer_curves
from nnviz.training.history import History
from nnviz.training.layer_history import LayerHistory

WAITING = 256
"""So many losses are kept as they are before they are read: on a GPU, to read one waits for it."""
POINTS = 512
"""Of the losses, for the rules of health."""
NOW_AND_THEN = 0
"""Layers are looked at as often as that takes little time, and no number of steps tells when."""


class Past:
    """Bounded, however many steps there are.

    losses    how many losses of steps are in the curve
    unheard   how many steps were only counted
    left_out  how many steps nothing came of: their gradients were thrown away
    log       where it is written down as well, if it is
    """

    def __init__(self) -> None:
        self.history = History()
        self.losses = self.unheard = self.left_out = 0
        self.log: RunLog | None = None
        self.layers = LayerHistory((), 1)
        self.follows: tuple[int, Measure] | None = None
        self._losses = Series("loss", split="train", capacity=POINTS)
        self._began = np.zeros(0)
        self._waiting: list[tuple[int, Tensor | float]] = []

    def add(self, step: int, loss: Tensor | float) -> bool:
        """The loss of a training step, with which so many are done; a tensor is read later.

        Whether so many wait that they have to be read.
        """
        self._waiting.append((step, loss))
        return len(self._waiting) >= WAITING

    def read(self) -> None:
        """Read the losses that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        steps = [step for step, _ in waiting]
        losses = _numbers([loss for _, loss in waiting])
        curve = self.history.training
        self.losses += len(losses)
        for step, loss in zip(steps, losses, strict=True):
            curve.record_for(loss, step - curve.steps)
        self._losses.extend(np.array(steps, np.float64), np.array(losses, np.float64))
        if self.log is not None:
            self.log.losses(steps, losses)

    def look(self, trace: WatchedTrace, right: float) -> None:
        """Read what the layers did in a training step; of other layers than before, anew.

        right  the share of its batch's examples whose class was said; NaN where that is not known
        """
        recording = trace.recording
        step = recording.index + 1
        if tuple(trace.layers) != self.layers.traits:
            self.layers = LayerHistory(trace.layers, 1)
            trace.at(recording, 0)
            self._began = _sizes(trace)
        trace.at(recording, len(trace.stages))
        self.layers.due = step
        self.layers.read(trace, right)
        if self.log is not None:
            self.log.look(step, right, recording.rates, _named(self.layers))

    def curves(self) -> Curves:
        """The curves of all that was read."""
        curves = curves_of(self.history, self.layers)
        if self.follows is not None and self.follows in self.layers.cells:
            curves = replace(curves, followed=followed(self.layers, *self.follows))
        return curves

    def health(self, steps: int) -> WatchedHealth:
        """What the layers did at the steps that were looked at, until so many are finished, and all losses."""
        layers = self.layers
        places, means = layer_curves(layers)
        view = HealthView(
            layers=tuple(layer.name for layer in layers.traits),
            done=steps,
            total=steps,
            has=np.array([[measure in measures_of(layer) for measure in MEASURES] for layer in layers.traits]),
            now=layers.latest,
            steps=places,
            means=means,
            apart=NOW_AND_THEN,
            diagnosis=Diagnosis(),
        )
        return WatchedHealth(view, layers.traits, self._began, self._losses.numbers(), self.history.training.first)


def _numbers(losses: list[Tensor | float]) -> list[float]:
    """Those that are tensors are read in one go."""
    tensors = [loss for loss in losses if not isinstance(loss, float)]
    if not tensors:
        return losses
    read = iter(torch.stack(tensors).tolist())
    return [next(read) if isinstance(loss, Tensor) else loss for loss in losses]


def _sizes(trace: WatchedTrace) -> Array:
    """(layers,) the size of the weights of each layer of a step that has come as far as the trace has; NaN without."""
    sizes = np.full(len(trace.layers), np.nan)
    for number, layer in enumerate(trace.layers):
        weights = trace.parameter(number, layer.parameters[0], Quantity.WEIGHT) if layer.parameters else None
        if weights is not None:
            sizes[number] = size(weights)
    return sizes


def _named(layers: LayerHistory) -> dict[str, dict[str, float]]:
    """The last reading of each layer, by its name; of several that have the same, the later ones have a number."""
    named, met = {}, Counter[str]()
    for layer, row in zip(layers.traits, layers.latest.tolist(), strict=True):
        met[layer.name] += 1
        name = layer.name if met[layer.name] == 1 else f"{layer.name} #{met[layer.name]}"
        named[name] = {measure.value: value for measure, value in zip(MEASURES, row, strict=True) if value == value}
    return named
