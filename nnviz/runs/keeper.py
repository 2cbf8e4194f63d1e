"""Keeper: writes a run down while it goes on, and at its end, whatever ends it."""

import time
from collections.abc import Callable
from typing import Any

from nnviz.errors import UnkeptError
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.runs.result import account, scores
from nnviz.training.history import Evaluation
from nnviz.training.trainer import Trainer

CHECKPOINT_SECONDS = 30.0
# Where checkpoints are so large, or the disk so slow, that one takes long, this much of the time goes to training.
TRAINING_PER_WRITING = 20.0


class Keeper:
    """Keeps a trainer's run in its directory. To be told, between training steps, whenever `clock` has come to `due`.

    `tell` hears what cannot be written, and why, once until it can be again: training goes on all the same.
    """

    def __init__(
        self,
        trainer: Trainer,
        directory: RunDirectory,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trainer, self._directory = trainer, directory
        self._tell, self._clock = tell, clock
        # What could not be written when it was tried last.
        self._troubles: set[str] = set()
        self._written = 0
        self.due = clock() + CHECKPOINT_SECONDS

    def record(self, evaluation: Evaluation) -> None:
        """Write an evaluation down."""
        self._attempt("metrics", lambda: self._directory.record(evaluation))

    def keep_up(self) -> None:
        """If it is time, write down the state that the run has come to."""
        begin = self._clock()
        if begin < self.due:
            return
        steps = self._trainer.furthest
        if steps > self._written:
            self._attempt("checkpoint", lambda: self._directory.checkpoint(self._trainer))
            self._written = steps
        end = self._clock()
        self.due = end + max(CHECKPOINT_SECONDS, TRAINING_PER_WRITING * (end - begin))

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
            return Ending({"run": None, **account(self._trainer)}, None, str(error))

    def _kept(self, check: Callable[[], None], more: dict[str, Any]) -> Ending:
        """Raises UnkeptError if the network can be kept nowhere."""
        trainer, directory = self._trainer, self._directory
        trouble = directory.keep(trainer)
        result = {"run": str(directory.path), **account(trainer), **more}
        trouble = self._finish(result) or trouble
        result |= scores(trainer, check)
        trouble = self._finish(result) or trouble
        return Ending(result, str(directory.path), trouble)

    def _finish(self, result: dict[str, Any]) -> str | None:
        """Write the result; why that cannot be, if it cannot."""
        try:
            self._directory.finish(result)
        except UnkeptError as error:
            return str(error)
        return None
