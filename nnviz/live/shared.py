"""What two threads know of a watched training: the one that trains, and the one that talks to a screen."""

from collections.abc import Sequence
from typing import NamedTuple

from torch.optim import Optimizer

from nnviz.live.gate import Gate
from nnviz.live.guard import Guard
from nnviz.live.learning_rates import LearningRates
from nnviz.live.past import Past
from nnviz.live.rate_change import RateChange
from nnviz.live.recording import Recording
from nnviz.live.structure import Structure


class Shown(NamedTuple):
    """A training step that there is to see: its layers, what is recorded of it, and how many of its stages are done."""

    structure: Structure
    recording: Recording
    done: int


class Shared:
    """The thread that trains tells here how far it is, and the screen's thread where it is to stop, look or change.

    `gate.lock` is held while either sets or reads what the other one sets. Without it, numbers that only grow are read,
    and the thread that trains looks once a step whether something is asked of it, or once in several short ones: it may
    see that a step later, or a twentieth of a second.

    guard         what went wrong in looking, if something did
    past          of all steps: losses; of those that were looked at: what the layers did
    steps         training steps that are over
    passes        calls of backward that are over, of whatever model
    shown         set while a screen is there; None before the first look
    are_replaced  whether a step could not be shown, since the model has other parameters by now
    due           when to look at the next step, by the clock of the thread that trains; 0: at once
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self.gate, self.guard, self.past = Gate(), Guard(), Past()
        self.learning_rates = LearningRates(optimizers)
        self.rate_change = RateChange(self.learning_rates, self.gate, self.guard)
        self.steps = self.passes = 0
        self.shown: Shown | None = None
        self.are_replaced = False
        self.due = 0.0
