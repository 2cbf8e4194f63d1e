"""What a frame has of the losses so far."""

from collections.abc import Sequence

import numpy as np

from nnviz.array import Array
from nnviz.frame.bins import Bins, merged, neighbours
from nnviz.frame.frame import CURVE_BINS, Curves, Followed, Readings
from nnviz.frame.layer_measures import MEASURES, Measure
from nnviz.nn.dropout import Dropout
from nnviz.nn.normalization import BatchNorm
from nnviz.training.history import Evaluation, History
from nnviz.training.layer_history import LayerHistory
from nnviz.training.trainer import Trainer

LAYER_BINS = 32


def curves_of(history: History, layers: LayerHistory, position: int | None = None) -> Curves:
    """The curves of the whole run; `position` is how many steps are done where somebody went back, else None."""
    stride, means, lows, highs = history.training.binned(CURVE_BINS)
    evaluations = [evaluation for evaluation in history.evaluations if evaluation.validation is not None]
    apart = max(1, -(-len(evaluations) // CURVE_BINS))
    # The latest one is always there; the others stay the same while they come to as many again.
    shown = evaluations[::apart] + evaluations[-1:] * ((len(evaluations) - 1) % apart > 0)
    latest = evaluations[-1].validation if evaluations else None
    best = history.best if evaluations else None
    return Curves(
        stride=stride,
        total=history.training.steps,
        position=position,
        means=means,
        lows=lows,
        highs=highs,
        latest=history.training.latest,
        validation_steps=np.array([evaluation.step for evaluation in shown]),
        validation_losses=np.array([evaluation.validation.loss for evaluation in shown if evaluation.validation]),
        best_step=best.step if best else None,
        best_loss=best.validation.loss if best and best.validation else None,
        accuracy=latest.accuracy if latest else None,
        batches_right=_batches_right(layers),
        validation_right=_validation_right(shown),
    )


def followed(layers: LayerHistory, layer: int, measure: Measure) -> Followed:
    """The curve of a measure of a layer."""
    return Followed(layers.traits[layer].name, measure, _readings(layers, layers.series(layer, measure)))


def layer_curves(history: LayerHistory) -> tuple[Array, Array]:
    """(bins,) and (bins, layers, measures), in at most `LAYER_BINS` bins, of which each has the mean of its neighbours.

    The first is the training step of the first reading in each; of measures that a layer has not there is NaN.
    """
    filled = history.filled
    starts = neighbours(filled, max(1, -(-filled // LAYER_BINS)))
    means = np.full((len(starts), len(history.traits), len(MEASURES)), np.nan, np.float32)
    if filled:
        bins = Bins(*(each[:filled] for each in (history.counts, history.means, history.lows, history.highs)))
        of_cells = merged(bins, starts).means
        for cell, (layer, measure) in enumerate(history.cells):
            means[:, layer, MEASURES.index(measure)] = of_cells[:, cell]
    return history.steps[starts].copy(), means


def _batches_right(layers: LayerHistory) -> Readings | None:
    readings = _readings(layers, layers.right)
    return readings if np.isfinite(readings.means).any() else None


def _readings(layers: LayerHistory, series: tuple[Array, Array, Array, Array]) -> Readings:
    steps, means, lows, highs = series
    return Readings(steps, layers.stride, means, lows, highs)


def _validation_right(evaluations: Sequence[Evaluation]) -> Array | None:
    accuracies = [one.validation.accuracy for one in evaluations if one.validation]
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    return np.array(known) if known else None


def only_in_training(trainer: Trainer) -> tuple[str, ...]:
    """What the losses of training steps have in them, and those of evaluations have not."""
    layers, batches = trainer.network.layers, trainer.batches
    trained, judged = batches.encoder.target_table, trainer.encoder.target_table
    found = {
        "smoothed labels": trained is not None and judged is not None and bool((trained != judged).any()),
        "class weights": batches.encoder.class_weights is not None,
        "changed pictures": batches.changes_pictures,
        "dropout": any(isinstance(layer, Dropout) and layer.share for layer in layers),
        "batch statistics": any(isinstance(layer, BatchNorm) for layer in layers),
    }
    return tuple(name for name, is_so in found.items() if is_so)
