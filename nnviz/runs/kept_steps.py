"""Training without a screen, step by step: kept, and seen by the rules of health."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from nnviz.runs.keeper import Keeper
from nnviz.training.history import Evaluation
from nnviz.training.trainer import Trainer


class Alerts(Protocol):
    """Who asks the rules of health: `due` is how many training steps are done when they are to be asked next."""

    due: int

    def look(self) -> None:
        """Ask them."""


def kept_steps(
    trainer: Trainer, keeper: Keeper, alerts: Alerts, clock: Callable[[], float] = time.monotonic
) -> Iterator[Evaluation | None]:
    """Train until the run stops: what each step yields is the evaluation that came of it, if one did.

    Who interrupts the trainer ends it after the step that it is in. `clock` is the keeper's.
    """
    # A step of a small network takes a few hundredths of a millisecond: what is not due is not even asked.
    step, engine, interruption, due = trainer.step, trainer.engine, trainer.interruption, keeper.due
    while trainer.stopped_by is None:
        evaluation = step()
        if evaluation is not None:
            keeper.record(evaluation)
            due = keeper.due
        if interruption.times:
            trainer.interrupt()
        if engine.index + 1 >= alerts.due:
            alerts.look()
        if clock() >= due:
            keeper.keep_up()
            due = keeper.due
        yield evaluation
