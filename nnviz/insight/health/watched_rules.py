"""Rules of health on a training that is watched: those that layers' histories and the losses are enough for.

They are asked where the screen is, of what the watched process has told. What it was assembled from is not known here,
so the loss of its first step stands in for that of the best constant prediction, and nothing is tried by machine.
"""

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from nnviz.array import Array
from nnviz.experiment import Tables
from nnviz.frame.health_view import Diagnosis, Unable
from nnviz.frame.layer_measures import MEASURES, Measure
from nnviz.frame.series import Series
from nnviz.frame.step_trace import LayerTraits
from nnviz.frame.watched_health import WatchedHealth
from nnviz.insight.health import attempts, curve_rules
from nnviz.insight.health.evidence import CannotRunError
from nnviz.insight.health.layer_rules import (
    dead_units,
    exploding_gradient,
    saturated_units,
    updates_too_large,
    updates_too_small,
    vanishing_gradient,
)
from nnviz.insight.health.loss_rules import STEPS
from nnviz.insight.health.rules import RULES

OF_LAYERS = {
    "dead-units": dead_units,
    "saturated-units": saturated_units,
    "vanishing-gradient": vanishing_gradient,
    "exploding-gradient": exploding_gradient,
    "updates-too-large": updates_too_large,
    "updates-too-small": updates_too_small,
}
EXAMPLES = "it takes all examples, and nnviz sees one batch at a time"
WEIGHTS = "it takes the first weights, and of these only the size is kept"
BATCHES = "how large its batches are is not kept of this training"
CHANCE = "the loss of always saying the same is not known of this training"
VALIDATION = "validation is not looked at in this training"
SEEN = "which examples a step has is not kept of this training"
UNABLE = {
    "inputs-badly-scaled": EXAMPLES,
    "targets-badly-scaled": EXAMPLES,
    "unequal-classes": EXAMPLES,
    "shared-examples": EXAMPLES,
    "contradicting-labels": EXAMPLES,
    "weights-start-alike": WEIGHTS,
    "weights-badly-scaled": WEIGHTS,
    "small-batches": BATCHES,
    "first-loss": CHANCE,
    "loss-falls-slowly": CHANCE,
    "over-fitting": VALIDATION,
    "no-better-than-commonest": VALIDATION,
    "class-never-said": SEEN,
    "one-example": SEEN,
    "labels-look-wrong": VALIDATION,
}
REMEDIES: dict[attempts.Remedy, str] = {
    attempts.slower: "a lower learning rate",
    attempts.unhindered: "a higher learning rate",
    attempts.scaled_weights: "first weights scaled by the number of inputs",
    attempts.normalised: "batch normalisation",
    attempts.rectified: "relu instead of sigmoid and tanh",
    attempts.shallower: "fewer layers",
    attempts.standardised: "inputs of mean 0 and deviation 1",
}
"""What a person would do in the script."""
CLIP, CLIPPED = "--clip 1", "gradients no longer than 1"
"""An option of nnviz, and what that does."""


def diagnosis(found: WatchedHealth) -> Diagnosis:
    """What these rules say, in the order of all rules; of all others, why they cannot run."""
    evidence = WatchedEvidence(found)
    of_curves = curve_rules.diagnosis([evidence.losses])
    alerts, quiet, unable = [], [], []
    for rule in (rule.id for rule in RULES):
        try:
            if rule in UNABLE:
                raise CannotRunError(UNABLE[rule])
            if rule in OF_LAYERS:
                own = OF_LAYERS[rule](evidence)
            else:
                own = [alert for alert in of_curves.alerts if alert.rule == rule]
                _refuse(evidence, rule, of_curves)
        except CannotRunError as error:
            unable.append(Unable(rule, str(error)))
            continue
        alerts += own
        quiet += [] if own else [rule]
    return Diagnosis(tuple(alerts), tuple(quiet), tuple(unable))


def _refuse(evidence: "WatchedEvidence", rule: str, of_curves: Diagnosis) -> None:
    """Raises CannotRunError where a rule about the loss has too little to go by."""
    if rule != "diverging":
        evidence.after(STEPS)
    for each in of_curves.unable:
        if each.rule == rule:
            raise CannotRunError(each.reason)


class WatchedEvidence:
    """What the rules about layers go by."""

    def __init__(self, found: WatchedHealth) -> None:
        self._found, self._view = found, found.view
        self.layers = found.layers
        self.weighted = [number for number, layer in enumerate(found.layers) if layer.operation.weighted]
        self.losses = Series("train/loss", "loss", "train").with_numbers(found.losses)

    @cached_property
    def learnt(self) -> float:
        """How much of the first step's loss is gone by the last eighth."""
        first, points = self._found.first_loss, self.losses.points
        if self.losses.lowest is not None and self.losses.lowest.value < 0:
            raise CannotRunError("the loss is below 0 at times")
        if not first or not math.isfinite(first):
            raise CannotRunError("the loss that it began with is not known")
        return 1 - float(points["mean"][-max(len(points) // 8, 1) :].mean()) / first

    def began_with(self, layer: int) -> float:
        """The size of its weights before the first step that was looked at."""
        return float(self._found.began[layer])

    def series(self, layer: int, measure: Measure) -> tuple[Array, Array]:
        """(steps, means) of what was read of a layer, where it is a number."""
        means = self._view.means[:, layer, MEASURES.index(measure)].astype(np.float64)
        known = np.isfinite(means)
        return self._view.steps[known], means[known]

    def having(self, measure: Measure) -> Iterator[tuple[int, LayerTraits]]:
        """The layers that have a measure."""
        has = self._view.has[:, MEASURES.index(measure)]
        return ((number, layer) for number, layer in enumerate(self.layers) if has[number])

    def after(self, steps: int) -> None:
        """Raises CannotRunError if fewer training steps are done."""
        if self._view.done < steps:
            raise CannotRunError(f"it takes {steps} training steps to tell")

    def to_try(self, by_hand: str, *remedies: attempts.Remedy) -> tuple[str, Tables]:
        """What to try, in words: nothing here can be tried by a machine."""
        by_hand = by_hand.replace(CLIP, CLIPPED)
        words = "; or ".join(filter(None, [*(REMEDIES.get(remedy, "") for remedy in remedies), by_hand]))
        return f"{words[0].upper()}{words[1:]}.", {}
