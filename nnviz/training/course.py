"""Course: what a run goes by beside its training steps, set aside while another branch of it goes on."""

from typing import NamedTuple

import msgspec

from nnviz.experiment import Stopping
from nnviz.frame.health_view import Noticed
from nnviz.training.engine import EngineState
from nnviz.training.history import History
from nnviz.training.journal import Journal
from nnviz.training.layer_history import LayerHistory
from nnviz.training.said_classes import SaidClasses
from nnviz.training.timeline import Position
from nnviz.training.trainer_state import TrainerState


class Kept(NamedTuple):
    """The states of a run that it may be remembered by: its end, the best one, and the last that was found finite.

    before_end  of a run that has stopped, what a longer one would go on from, as long as that is remembered
    """

    end: EngineState
    best: EngineState | None
    last_good: EngineState
    before_end: TrainerState | None = None


class Course(msgspec.Struct, frozen=True):
    """All of a run but states, which a replay gives again.

    owes             whether an evaluation is still to be made
    end              where it has come to
    best, last_good  how many training steps were done at those of its states; None before the first evaluation
    """

    history: History
    layers: LayerHistory
    said: SaidClasses
    journal: Journal
    stopping: Stopping
    stopped_by: str | None
    seconds: float
    owes: bool
    alerts: tuple[Noticed, ...]
    end: Position
    best: int | None
    last_good: int
