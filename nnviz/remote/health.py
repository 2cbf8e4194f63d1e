"""The health of a run, for the screen: what its layers do, and what the rules say."""

import numpy as np

from nnviz.array import Array
from nnviz.frame.bins import Bins, merged, neighbours
from nnviz.frame.health_view import Diagnosis, HealthView
from nnviz.frame.layer_measures import MEASURES, Measure, measured, measures_of
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.layer_history import LayerHistory
from nnviz.training.trainer import Trainer

BINS = 32


def health(trainer: Trainer, diagnosis: Diagnosis) -> HealthView:
    """All that the page of health shows at this moment."""
    trace, history = EngineTrace(trainer.engine), trainer.layers
    now = measured(trace)
    steps, means = _curves(history)
    dead = MEASURES.index(Measure.DEAD)
    for number in range(len(history.traits)):
        places, shares, _, _ = history.series(number, Measure.DEAD)
        known = shares[(places <= trainer.steps_done) & np.isfinite(shares)]
        now[number, dead] = known[-1] if len(known) else np.nan
    return HealthView(
        layers=tuple(layer.name for layer in history.traits),
        done=trainer.steps_done,
        total=trainer.furthest,
        has=np.array([[measure in measures_of(layer) for measure in MEASURES] for layer in history.traits]),
        now=now,
        steps=steps,
        means=means,
        apart=history.spacing,
        diagnosis=diagnosis,
    )


def _curves(history: LayerHistory) -> tuple[Array, Array]:
    """(bins,) and (bins, layers, measures), in at most `BINS` bins, of which each has the mean of its neighbours."""
    filled = history.filled
    starts = neighbours(filled, max(1, -(-filled // BINS)))
    means = np.full((len(starts), len(history.traits), len(MEASURES)), np.nan, np.float32)
    if filled:
        bins = Bins(*(each[:filled] for each in (history.counts, history.means, history.lows, history.highs)))
        of_cells = merged(bins, starts).means
        for cell, (layer, measure) in enumerate(history.cells):
            means[:, layer, MEASURES.index(measure)] = of_cells[:, cell]
    return history.steps[starts].copy(), means
