"""The health of a run, for the screen: what its layers do, and what the rules say."""

import numpy as np

from nnviz.frame.health_view import Diagnosis, HealthView
from nnviz.frame.layer_measures import MEASURES, Measure, measured, measures_of
from nnviz.training.curves import layer_curves
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.trainer import Trainer


def health(trainer: Trainer, diagnosis: Diagnosis) -> HealthView:
    """All that the page of health shows at this moment."""
    trace, history = EngineTrace(trainer.engine), trainer.layers
    now = measured(trace)
    steps, means = layer_curves(history)
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
