"""A few examples learnt by heart: what cannot do that, cannot learn more either."""

import math
from contextlib import closing

import numpy as np

from nnviz.array import Array
from nnviz.data.split import Split
from nnviz.experiment import Experiment
from nnviz.frame.health_view import Alert
from nnviz.insight.checks.outcome import Outcome
from nnviz.insight.checks.subject import Subject, Watch, affordable, evenly
from nnviz.insight.health.attempts import at_rate
from nnviz.insight.health.evidence import Beginning
from nnviz.training.cost import step_cost
from nnviz.training.trainer import Trainer
from nnviz.wording import count, number, percent, trimmed

EXAMPLES = 8
LOOKED_AT = 4096
SECONDS, LEAST, MOST = 4.0, 100, 1000
# Every so many steps it is seen how far it is.
APART = 20
BY_HEART, ON_THE_WAY = 0.1, 0.5
"""Of the loss of the best that always says the same (where that is none, of all outputs 0), so much is left."""
FACTORS = (10.0, 0.1, 100.0, 0.01)
"""Where the rate that was asked for does not do, these times it are tried."""


def one_batch(subject: Subject, watch: Watch) -> Outcome:
    """ "Overfit one batch" (Karpathy 2019); Goodfellow et al. 2016, section 11.5, "fit a tiny dataset".

    All is as asked, but the batch, the schedule, and what makes labels and pictures others than they are.
    """
    train = subject.dataset.train
    examples = train.select(_varied(train, bool(subject.dataset.class_names)))
    rate = subject.experiment.training.learning_rate
    with closing(_trainer(subject, examples)) as trainer:
        beginning = Beginning(trainer)
        ignorant = beginning.constant or beginning.chance
        if not ignorant:
            return Outcome(reason="all outputs are right before anything is learnt")
        steps = affordable(SECONDS, step_cost(trainer.engine), LEAST, MOST)
        kept, done_steps, accuracy = _learn(trainer, rate, steps, ignorant, watch)
        alerts: tuple[Alert, ...] = ()
        if not kept <= ON_THE_WAY:
            others = (rate * factor for factor in FACTORS)
            better = next((r for r in others if _learn(trainer, r, steps, ignorant, watch)[0] <= ON_THE_WAY), None)
            alerts = (_alert(subject.experiment, better, steps, kept),)
    loss = kept * ignorant
    right = "" if accuracy is None else f", and {percent(accuracy)} of them are put in their class"
    came_out = "it diverged" if math.isnan(kept) else f"their loss is {number(loss)}{right}"
    by_heart = _is_by_heart(kept, accuracy)
    done = (
        f"The network was trained on {count(len(examples), 'example')} alone, again and again, at the rate "
        f"{trimmed(rate)}: after {count(done_steps, 'step')} {came_out}. "
        f"{'Always saying the same' if beginning.constant else 'To say 0'} would give {number(ignorant)}.",
        "They are learnt by heart."
        if by_heart
        else "They are not learnt by heart" + (" yet, but it is on its way." if kept <= ON_THE_WAY else "."),
    )
    numbers = {
        "examples": len(examples),
        "steps": done_steps,
        "learning_rate": rate,
        "loss": loss,
        "ignorant": ignorant,
        "accuracy": accuracy,
        "by_heart": by_heart,
    }
    return Outcome(done, numbers, alerts)


def _varied(split: Split, has_classes: bool) -> Array:
    """The places of a few examples, of as many classes as there are."""
    places = evenly(split, LOOKED_AT)
    if not has_classes:
        return evenly(split, EXAMPLES)
    labels = split.labels[places]
    order = np.argsort(labels, kind="stable")
    begins = np.searchsorted(labels[order], labels[order])
    # How many of its class come before each example.
    before = np.empty(len(places), np.int64)
    before[order] = np.arange(len(places)) - begins
    return np.sort(places[np.argsort(before, kind="stable")[:EXAMPLES]])


def _trainer(subject: Subject, examples: Split) -> Trainer:
    """A trainer whose only batch they are, with their own labels, all counting alike."""
    return subject.free(examples, batch_size=len(examples), label_smoothing=0.0, class_weights=None)


def _learn(trainer: Trainer, rate: float, steps: int, ignorant: float, watch: Watch) -> tuple[float, int, float | None]:
    """Train from the first weights on, until it is learnt or so many steps are done.

    What is left of the loss, as a share of `ignorant`; the steps; the accuracy.
    """
    trainer.restart()
    trainer.change_rate(rate)
    while trainer.stopped_by is None:
        watch()
        trainer.step()
        if trainer.steps_done % APART == 0 or trainer.steps_done == steps:
            score = trainer.assess(trainer.dataset.train).score
            kept = score.loss / ignorant
            if _is_by_heart(kept, score.accuracy) or trainer.steps_done == steps:
                return kept, trainer.steps_done, score.accuracy
    return float("nan"), trainer.steps_done, None


def _is_by_heart(kept: float, accuracy: float | None) -> bool:
    return kept <= BY_HEART and accuracy in (None, 1.0)


def _alert(experiment: Experiment, better: float | None, steps: int, kept: float) -> Alert:
    rate = experiment.training.learning_rate
    seen = (
        f"At the rate {trimmed(rate)}, {percent(kept)} of the loss of who knows nothing is left after "
        f"{count(steps, 'step')} on a few examples."
        if not math.isnan(kept)
        else f"At the rate {trimmed(rate)}, training on a few examples diverged."
    )
    if better is not None:
        return Alert(
            "one-batch",
            None,
            steps,
            f"{seen} At {trimmed(better)} they are learnt.",
            "The network could learn, but not at this rate.",
            *at_rate(experiment, better),
        )
    return Alert(
        "one-batch",
        None,
        steps,
        f"{seen} Nor are they learnt at rates up to {number(max(FACTORS))} times as high or as low.",
        "A network that cannot learn a few examples by heart will not learn many.",
        "More units or layers, other first weights, relu instead of sigmoid; less dropout, --l1, --l2 or decay.",
    )
