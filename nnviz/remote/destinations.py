"""Where to go in a run: from what somebody calls it to the moment that it is."""

from nnviz.remote.messages import Destination
from nnviz.training.timeline import Position
from nnviz.training.trainer import Trainer


def moment_at(destination: Destination | int, here: Position, trainer: Trainer) -> Position:
    """The moment of a destination, or of the end of the training step with which so many are done.

    `here` is what a destination is told from. It may be a moment that the run has not come to yet.
    """
    last, furthest = len(trainer.engine.stages), trainer.furthest
    match destination:
        case Destination.STAGE_BACK:
            if here.done > 1 or here.step == 0:
                return Position(here.step, max(here.done - 1, 0))
            return Position(here.step - 1, last)
        case Destination.STEP_BACK:
            # A step that is not finished is undone; a finished one as a whole.
            return end_of_step(here.step, trainer)
        case Destination.START:
            return Position(0, 0)
        case Destination.BEST if trainer.history.best is not None:
            return end_of_step(trainer.history.best.step, trainer)
        case Destination.BEST | Destination.END:
            # A step that is begun is beyond the last one that is finished.
            return max(here, end_of_step(furthest, trainer))
        case int():
            return end_of_step(destination, trainer)


def end_of_step(steps: int, trainer: Trainer) -> Position:
    """Where so many training steps are done."""
    return Position(steps - 1, len(trainer.engine.stages)) if steps > 0 else Position(0, 0)
