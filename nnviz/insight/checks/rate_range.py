"""The rate where the loss falls fastest: a learning-rate range test."""

import math
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import numpy as np

from nnviz.experiment import Experiment
from nnviz.frame.health_view import Alert
from nnviz.insight.checks.outcome import Outcome
from nnviz.insight.checks.subject import Subject, Watch, affordable, evenly
from nnviz.insight.health.attempts import at_rate
from nnviz.training.cost import example_cost, step_cost
from nnviz.training.trainer import Trainer
from nnviz.wording import count, number, trimmed

LOWEST, HIGHEST = 1e-6, 10.0
SECONDS, LEAST, MOST = 6.0, 50, 200
LOOKS, EXAMPLES = 50, 256
SMOOTHED = 3
# It is over when the loss is so many times what it was in the beginning.
END = 4.0
FALL, BEGUN, LOST = 0.01, 0.1, 0.5
"""Of the first loss, so much has to go; of what goes, so much until it is said to fall, or to have risen again."""
TOO_HIGH, TOO_LOW = 0.7, 1 / 30
"""Beside the rate from which on it rises, and that from which on it falls: healthy trainings go from 1/10 to 1/2."""


class Curve(NamedTuple):
    """The loss over the rates: (n,) rates, (n + 1,) losses, of which the first one was before any step."""

    rates: list[float]
    losses: list[float]
    steps: int

    @property
    def lowest(self) -> int:
        """Which of the rates the loss was lowest after."""
        return int(np.argmin(self.losses[1:]))

    @property
    def fastest(self) -> float:
        """The rate at which the loss fell most from one rate to the next, up to where it was lowest."""
        ends = [self.losses[0], *self.losses, self.losses[-1]]
        smooth = np.convolve(ends, np.full(SMOOTHED, 1 / SMOOTHED), "valid")
        return self.rates[int(np.argmin(np.diff(smooth)[: self.lowest + 1]))]

    @property
    def fall(self) -> float:
        """How far the loss fell."""
        return self.losses[0] - min(self.losses)

    @property
    def falls(self) -> float:
        """The first rate after which it had begun to fall."""
        begun = self.losses[0] - BEGUN * self.fall
        return next(rate for rate, loss in zip(self.rates, self.losses[1:], strict=True) if loss <= begun)

    @property
    def rises(self) -> float | None:
        """The first rate beyond the best one after which half of what was won was lost again; None if it never was."""
        lost = min(self.losses) + LOST * self.fall
        pairs = list(zip(self.rates, self.losses[1:], strict=True))
        return next((rate for rate, loss in pairs[self.lowest :] if loss > lost), None)


def rate_range(subject: Subject, watch: Watch) -> Outcome:
    """Smith 2015, "Cyclical Learning Rates for Training Neural Networks", section 3.3: one training at rising rates.

    Here they rise by the same factor from step to step, and the loss is that of the same examples all along, since
    batches differ by more than a step changes.
    """
    with closing(subject.free()) as trainer:
        split = subject.dataset.train
        sample = split.select(evenly(split, EXAMPLES))
        look = len(sample) * example_cost(trainer.engine)
        steps = affordable(SECONDS, step_cost(trainer.engine) + look / (MOST / LOOKS), LEAST, MOST)
        first = trainer.assess(sample).score.loss
        if not math.isfinite(first):
            return Outcome(reason="the loss is no finite number before the first step")
        curve = _climb(trainer, steps, first, lambda: trainer.assess(sample).score.loss, watch)
    return _outcome(curve, subject.experiment, len(sample))


def _climb(trainer: Trainer, steps: int, first: float, look: Callable[[], float], watch: Watch) -> Curve:
    rates, losses = [], [first]
    for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, steps).tolist(), 1):
        watch()
        trainer.change_rate(rate)
        trainer.step()
        if trainer.stopped_by is None and step % max(steps // LOOKS, 1):
            continue
        loss = look() if trainer.stopped_by is None else math.inf
        rates.append(rate)
        losses.append(loss if math.isfinite(loss) else math.inf)
        if losses[-1] > END * first:
            break
    return Curve(rates, losses, trainer.steps_done)


def _outcome(curve: Curve, experiment: Experiment, examples: int) -> Outcome:
    asked = experiment.training.learning_rate
    first, best, deepest = curve.losses[0], curve.rates[curve.lowest], curve.losses[1 + curve.lowest]
    has_fallen = first - deepest > FALL * first
    numbers = {
        "asked": asked,
        "fastest": curve.fastest if has_fallen else None,
        "lowest": best if has_fallen else None,
        "falls": curve.falls if has_fallen else None,
        "rises": curve.rises if has_fallen else None,
        "steps": curve.steps,
        "examples": examples,
        "rates": curve.rates,
        "losses": curve.losses[1:],
        "first_loss": first,
    }
    tried = (
        f"The network was trained for {count(curve.steps, 'step')} while the rate rose from {trimmed(LOWEST)} to "
        f"{trimmed(curve.rates[-1], 2)}, and its loss on {count(examples, 'training example')} was watched."
    )
    if not has_fallen:
        return Outcome((tried, f"The loss was {number(first)} and did not fall."), numbers, (_no_fall(first),))
    done = (
        tried,
        f"It fell fastest at about {trimmed(curve.fastest, 2)}, and was lowest, {number(deepest)}, at about "
        f"{trimmed(best, 2)}"
        + ("" if curve.rises is None else f"; from about {trimmed(curve.rises, 2)} on it rose")
        + f". The rate that is asked for is {trimmed(asked)}.",
    )
    return Outcome(done, numbers, tuple(filter(None, [_misplaced(curve, experiment)])))


def _no_fall(first: float) -> Alert:
    return Alert(
        "learning-rate",
        None,
        0,
        f"At no rate did the loss fall from its {number(first)} by more than a hundredth.",
        "It is not the rate that keeps the network from learning.",
        "Look for dead units, weights that are all alike, and inputs that say nothing.",
    )


def _misplaced(curve: Curve, experiment: Experiment) -> Alert | None:
    """What is wrong with the rate that is asked for, if anything."""
    asked, rises = experiment.training.learning_rate, curve.rises
    if rises is not None and asked >= TOO_HIGH * rises:
        seen = f"The rate {trimmed(asked)} is about as high as those at which the loss rose, or higher."
        why = "Training will jump about, or diverge."
    elif asked < TOO_LOW * curve.falls:
        seen = f"The rate {trimmed(asked)} is far below {trimmed(curve.falls, 2)}, where the loss began to fall."
        why = "Training will take very many steps."
    else:
        return None
    rate = float(f"{curve.fastest:.2g}")
    return Alert("learning-rate", None, 0, seen, why, *at_rate(experiment, rate))
