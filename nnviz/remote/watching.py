"""Watching a run that another process trains: it is seen from checkpoint to checkpoint, as they come."""

from collections.abc import Callable
from pathlib import Path

from nnviz.frame.stages import Phase, end_of
from nnviz.remote import messages as m
from nnviz.runs.claim import is_claimed
from nnviz.runs.paths import newest_checkpoint
from nnviz.training.trainer import Trainer

# So long between two looks at its directory.
LOOK_SECONDS = 1.0
REFUSED = "another nnviz trains this run, and here it is watched: what would train waits until that has ended"


class Watched:
    """The run in a directory, as another process goes on with it."""

    def __init__(self, run: Path, clock: Callable[[], float]) -> None:
        self._run, self._clock = run, clock
        self._seen = newest_checkpoint(run)
        self._due = clock() + LOOK_SECONDS
        self.is_over = False

    def has_news(self) -> bool:
        """Whether it has come to another checkpoint or to its end, if it is time to look."""
        if self._clock() < self._due:
            return False
        self._due = self._clock() + LOOK_SECONDS
        # In this order: what it writes last, it writes before it leaves the directory to others.
        self.is_over = not is_claimed(self._run)
        before, self._seen = self._seen, newest_checkpoint(self._run)
        return self.is_over or before != self._seen


def would_train(request: m.Request, trainer: Trainer) -> bool:
    """Whether a request would take a run further than it is, or begin another one."""
    match request:
        case m.Run() | m.Change() | m.SetWeight() | m.Choose() | m.BeginWith() | m.Restart() | m.Reseed() | m.Try():
            return True
        case m.Advance(m.Goal.EPOCH):
            return True
        case m.GoTo(int() as place):
            return place > trainer.furthest
        case m.GoTo(m.EndOfEpoch(epochs)):
            return trainer.batches.epochs.end_of(epochs) > trainer.furthest
        case m.Advance(goal):
            return not trainer.is_back and not _is_within(goal, trainer)
    return False


def _is_within(goal: m.Goal, trainer: Trainer) -> bool:
    """Whether a goal is a stage of the training step that is begun, before its end."""
    stages, done = trainer.engine.stages, trainer.engine.done
    ends = {
        m.Goal.STAGE: done + 1,
        m.Goal.LOSS: end_of(Phase.LOSS, stages),
        m.Goal.BACKWARD: end_of(Phase.BACKWARD, stages),
    }
    return done < ends.get(goal, 0) < len(stages)
