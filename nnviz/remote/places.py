"""Places in a run, from what somebody calls them to the moments that they are."""

from nnviz.remote.messages import Place
from nnviz.training.timeline import Position
from nnviz.training.trainer import Trainer


def moment_at(place: Place | int, trainer: Trainer) -> Position:
    """The moment of a place, or of the end of the training step with which so many are done.

    It may be one that the run has not come to yet.
    """
    engine, last = trainer.engine, len(trainer.engine.stages)
    match place:
        case Place.STAGE_BACK:
            if engine.done > 1 or engine.index == 0:
                return Position(engine.index, max(engine.done - 1, 0))
            return Position(engine.index - 1, last)
        case Place.STEP_BACK:
            # A step that is not finished is undone; a finished one as a whole.
            steps = engine.steps_done - (engine.done == last)
        case Place.START:
            steps = 0
        case Place.BEST:
            steps = trainer.history.best.step if trainer.history.best else trainer.furthest
        case Place.END:
            steps = trainer.furthest
        case int():
            steps = place
    return Position(steps - 1, last) if steps > 0 else Position(0, 0)
