"""What a network of two inputs says all over the plane."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.frame.plane_views import POINTS, SURFACE_SIDE, PointsView, SurfaceView
from nnviz.outside_text import shown_names
from nnviz.training.cost import example_cost, step_cost
from nnviz.training.engine import StepEngine
from nnviz.training.evaluation import chosen_class, class_probabilities
from nnviz.training.trainer import Trainer

# Of a training at full speed, the surface may take that share.
SHARE = 0.01
# What a surface takes in nanoseconds, however small the network is.
WHOLE = 600_000


class Surface:
    """Takes the plane of one trainer, whose inputs are two numbers; always as it is at this very moment."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        train = trainer.dataset.train
        self._low, self._high = _ends(train.inputs[:])
        self._middles = _middles(self._low, self._high)
        self._others = np.unique(np.linspace(0, len(train) - 1, POINTS).astype(np.int64))
        numbers = None if trainer.dataset.class_names else train.labels[:, 0]
        self._targets = None if numbers is None else (float(numbers.min()), float(numbers.max()))
        self._weights = self._statistics = np.empty(0)
        self._lasts = _steps_as_long(trainer.engine, len(self._middles))

    def take(self) -> SurfaceView:
        """What the network says all over the plane."""
        if self._is_outdated():
            self._compute()
        return SurfaceView(
            steps=self._trainer.steps_done,
            lasts=self._lasts,
            names=shown_names(self._trainer.dataset.feature_names) or ("x0", "x1"),
            low=self._low,
            high=self._high,
            classes=self._classes,
            values=self._values,
            targets=self._targets,
        )

    def points(self, place: int) -> PointsView:
        """Examples on the plane, with the one at `place` of the batch in focus."""
        batch = self._trainer.engine.batch.indices
        shown = batch[:POINTS].copy()
        focused = min(place, len(shown) - 1)
        shown[focused] = batch[place]
        own, train = self._trainer.batches.split, self._trainer.dataset.train
        labels = np.concatenate([own.labels[shown], train.labels[self._others]])
        return PointsView(
            points=np.concatenate([own.inputs[shown], train.inputs[self._others]]),
            labels=labels if self._targets is None else labels[:, 0],
            batch=len(shown),
            focused=focused,
        )

    def _is_outdated(self) -> bool:
        parameters = self._trainer.network.parameters
        return not (
            np.array_equal(parameters.values, self._weights) and np.array_equal(parameters.statistics, self._statistics)
        )

    def _compute(self) -> None:
        trainer = self._trainer
        predictions = trainer.predict(self._middles)
        side = (SURFACE_SIDE, SURFACE_SIDE)
        self._classes: Array | None = None
        task = trainer.dataset.task
        if task.class_names:
            probabilities = class_probabilities(predictions, task)
            chosen = probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities.max(axis=1)
            self._classes = chosen_class(predictions, task).astype(np.int16).reshape(side)
        else:
            chosen = task.told_numbers(predictions)[:, 0]
        self._values = chosen.astype(np.float32).reshape(side)
        parameters = trainer.network.parameters
        self._weights, self._statistics = parameters.values.copy(), parameters.statistics.copy()


def _steps_as_long(engine: StepEngine, points: int) -> int:
    """How many training steps take `1 / SHARE` times as long as the network needs for so many points."""
    return math.ceil((WHOLE + points * example_cost(engine)) / step_cost(engine) / SHARE)


def _ends(inputs: Array) -> tuple[tuple[float, float], tuple[float, float]]:
    """The lowest and the highest corner of a plane that holds all inputs (n, 2), at round numbers."""
    low, high = inputs.min(axis=0).astype(np.float64), inputs.max(axis=0).astype(np.float64)
    middle, extent = (low + high) / 2, np.where(high > low, high - low, 1.0)
    # Where both axes are of about the same length, they are made so: a circle is to be round.
    if extent.max() < 2 * extent.min():
        extent[:] = extent.max()
    unit = 10.0 ** (np.floor(np.log10(extent)) - 1)
    (left, bottom), (right, top) = (
        (np.floor((middle - extent / 2) / unit) * unit).tolist(),
        (np.ceil((middle + extent / 2) / unit) * unit).tolist(),
    )
    return (left, bottom), (right, top)


def _middles(low: tuple[float, float], high: tuple[float, float]) -> Array:
    """The points (cells, 2) in the middles of the cells, row by row from the top left."""
    share = (np.arange(SURFACE_SIDE) + 0.5) / SURFACE_SIDE
    x, y = (start + (end - start) * share for start, end in zip(low, high, strict=True))
    return np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2).astype(np.float32)
