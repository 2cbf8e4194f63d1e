"""Keeper: writes a run down while it goes on, and at its end, whatever ends it."""

import math
import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from nnviz.errors import UnkeptError
from nnviz.runs.account import account, scored
from nnviz.runs.checkpoint_rule import DEFAULT, CheckpointRule
from nnviz.runs.digests import digest_of_numbers
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.runs.result import Result
from nnviz.training.history import Evaluation
from nnviz.training.trainer import Trainer

# Checkpoints that are written fast are never farther apart, and where they are cheap so close that any step is
# a short replay away.
CHECKPOINT_SECONDS = 30.0
MILESTONE_SECONDS = 2.0
# Of evaluations there may be hundreds a second; so much apart, they are written in ones.
METRICS_SECONDS = 0.25
# There is a best network as often as every evaluation.
BEST_SECONDS = 1.0
# Seconds of training for each second that goes to checkpoints, and at least, where they are so large, or the disk so
# slow, that one takes long.
TRAINING_PER_WRITING, LEAST_PER_WRITING = 100.0, 60.0


class Keeper:
    """Keeps a trainer's run in its directory. To be told, between training steps, whenever `clock` has come to `due`.

    `tell` hears what cannot be written, and why, once until it can be again: training goes on all the same. `rule` says
    when checkpoints are made.
    """

    def __init__(
        self,
        trainer: Trainer,
        directory: RunDirectory,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        rule: CheckpointRule = DEFAULT,
        since: int = 0,
    ) -> None:
        """`since` is how many training steps are kept already."""
        self._trainer, self._directory = trainer, directory
        self._tell, self._clock = tell, clock
        self._rule = rule
        # What could not be written when it was tried last.
        self._troubles: set[str] = set()
        self._written = since
        # Of the last checkpoint: when it was there, how long it took, and its step until the next one is done.
        self._ended, self._took, self._seconds = clock(), 0.0, 0.0
        self._echoes: int | None = None
        self._next = self._ended + self._apart()
        # When evaluations were written last, and when those that wait are to be.
        self._recorded, self._record_due = -math.inf, math.inf

    @property
    def due(self) -> float:
        """When `keep_up` has something to do; where it goes by training steps, that is after each."""
        is_each_step = self._rule.steps is not None or self._echoes is not None
        return -math.inf if is_each_step else min(self._next, self._record_due)

    def _apart(self) -> float:
        """Seconds from one checkpoint to the next one."""
        if self._rule.steps is not None:
            return math.inf
        if self._rule.seconds is not None:
            return self._rule.seconds
        most = max(CHECKPOINT_SECONDS, LEAST_PER_WRITING * self._took)
        return min(max(MILESTONE_SECONDS, TRAINING_PER_WRITING * self._took), most)

    def record(self, evaluation: Evaluation) -> None:
        """Write an evaluation down: soon, where others were written just now."""
        self._directory.add(evaluation)
        self._record_due = self._recorded + METRICS_SECONDS
        if self._clock() >= self._record_due:
            self.write_metrics()
        if evaluation is self._trainer.history.best:
            self._next = min(self._next, self._ended + max(BEST_SECONDS, TRAINING_PER_WRITING * self._took))

    def write_metrics(self) -> None:
        """Write the evaluations that wait, if there are any."""
        if self._record_due < math.inf:
            self._attempt("metrics", self._directory.write_metrics)
            self._recorded, self._record_due = self._clock(), math.inf

    def keep_up(self) -> None:
        """If it is time, write down the state that the run has come to."""
        begin = self._clock()
        if begin < self.due:
            return
        if begin >= self._record_due:
            self.write_metrics()
        steps = self._trainer.furthest
        if self._echoes is not None and steps > self._echoes:
            self._echo(self._echoes)
        every = self._rule.steps
        has_come = every is not None and steps % every == 0
        if begin < self._next and not has_come:
            return
        if steps > self._written:
            self._attempt("checkpoint", lambda: self._directory.checkpoint(self._trainer))
            self._written = self._echoes = steps
            self._seconds = self._trainer.seconds
        self._ended = self._clock()
        self._took = self._ended - begin
        self._next = self._ended + self._apart()

    def _echo(self, step: int) -> None:
        """Note what came out of the training step after a checkpoint: by that, it is known whether a replay is true."""
        trainer, engine = self._trainer, self._trainer.engine
        parameters = trainer.network.parameters
        is_next = engine.index == step and trainer.furthest == step + 1 and not engine.done % len(engine.stages)
        digest = digest_of_numbers(parameters.values, parameters.statistics) if is_next else None
        self._directory.echo(step, self._seconds, digest)
        self._echoes = None

    def _attempt(self, what: str, write: Callable[[], None]) -> None:
        try:
            write()
        except UnkeptError as error:
            if not self._troubles:
                self._tell(f"{error}; training goes on, and it is tried again")
            self._troubles.add(what)
        else:
            self._troubles.discard(what)

    def conclude(self, check: Callable[[], None], **more: Any) -> Ending:
        """Set the run down, and leave the directory to others."""
        try:
            return self.set_down(check, **more)
        finally:
            self._directory.release()

    def set_down(self, check: Callable[[], None], **more: Any) -> Ending:
        """Keep the run, if at least one training step is finished; then score the network that is kept.

        The network is safe before it is scored, and what `check` leaves no time for is not scored. `more` is what else
        is to be written down of the run.
        """
        try:
            return self._kept(check, more) if self._trainer.furthest else Ending()
        except UnkeptError as error:
            return Ending(account(self._trainer), None, str(error))

    def _kept(self, check: Callable[[], None], more: dict[str, Any]) -> Ending:
        """Raises UnkeptError if the network can be kept nowhere."""
        trainer, directory = self._trainer, self._directory
        trouble = directory.keep(trainer)
        result = replace(account(trainer), run=str(directory.path), **more)
        trouble = self._finish(result) or trouble
        result = scored(result, trainer, check)
        trouble = self._finish(result) or trouble
        return Ending(result, str(directory.path), trouble)

    def _finish(self, result: Result) -> str | None:
        """Write the result; why that cannot be, if it cannot."""
        try:
            self._directory.finish(result)
        except UnkeptError as error:
            return str(error)
        return None
