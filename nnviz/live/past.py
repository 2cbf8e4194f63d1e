"""Past: the losses of a watched training, and what its layers did at the steps that were looked at."""

import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor

from nnviz.frame.frame import Curves
from nnviz.frame.health_view import Diagnosis, HealthView, Unable
from nnviz.frame.layer_measures import MEASURES, Measure, measures_of
from nnviz.frame.step_trace import StepTrace
from nnviz.training.curves import curves_of, followed, layer_curves
from nnviz.training.history import History
from nnviz.training.layer_history import LayerHistory

WAITING = 256
"""So many losses are kept as they are before they are read: on a GPU, to read one waits for it."""


class Past:
    """Bounded, however many steps there are.

    left_out  how many steps nothing came of: their gradients were thrown away
    """

    def __init__(self) -> None:
        self.history = History()
        self.left_out = 0
        self.layers = LayerHistory((), 1)
        self.follows: tuple[int, Measure] | None = None
        self._waiting: list[Tensor] = []

    def add(self, loss: Tensor) -> None:
        """The loss of a training step, which is read later."""
        self._waiting.append(loss)
        if len(self._waiting) >= WAITING:
            self.read()

    def read(self) -> None:
        """Read the losses that wait."""
        if self._waiting:
            for loss in torch.stack(self._waiting).tolist():
                self.history.record_step(loss)
            self._waiting.clear()

    def look(self, trace: StepTrace, step: int, right: float) -> None:
        """Read what the layers did at a training step; of other layers than before, anew."""
        if tuple(trace.layers) != self.layers.traits:
            self.layers = LayerHistory(trace.layers, 1)
        self.layers.due = step
        self.layers.read(trace, right)

    def curves(self) -> Curves:
        """The curves of all that was read."""
        curves = curves_of(self.history, self.layers)
        if self.follows is not None and self.follows in self.layers.cells:
            curves = replace(curves, followed=followed(self.layers, *self.follows))
        return curves


def health_of(layers: LayerHistory, steps: int) -> HealthView:
    """What the layers did at the steps that were looked at, until so many are finished."""
    places, means = layer_curves(layers)
    return HealthView(
        layers=tuple(layer.name for layer in layers.traits),
        done=steps,
        total=steps,
        has=np.array([[measure in measures_of(layer) for measure in MEASURES] for layer in layers.traits]),
        now=layers.latest,
        steps=places,
        means=means,
        apart=layers.spacing,
        diagnosis=Diagnosis(unable=(Unable("all rules", "they do not run on a training that is watched"),)),
    )
