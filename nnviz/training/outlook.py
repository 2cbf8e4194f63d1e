"""How much of a run is done, and how long the rest takes."""

from typing import NamedTuple

from nnviz.training.trainer import Trainer


class Outlook(NamedTuple):
    """The share of a run that is done and the seconds that are left, by the limit that will be reached first."""

    share: float
    seconds_left: float


def outlook(trainer: Trainer, elapsed: float, before: int = 0) -> Outlook | None:
    """What is ahead, if the training goes on as fast as in the `elapsed` seconds; None if nothing limits it.

    `before` is how many steps were done when these began.
    """
    rules, steps = trainer.stopping, trainer.steps_done
    totals = [rules.steps, rules.epochs and trainer.batches.epochs.end_of(rules.epochs)]
    ends = [Outlook(steps / total, (total - steps) * elapsed / (steps - before)) for total in totals if total]
    if rules.seconds:
        ends.append(Outlook(trainer.seconds / rules.seconds, rules.seconds - trainer.seconds))
    return min(ends, key=lambda end: end.seconds_left, default=None)
