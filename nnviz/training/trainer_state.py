"""TrainerState: all that the rest of a run depends on, at one moment of it."""

import msgspec
import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.training.engine import EngineState


class TrainerState(msgspec.Struct, frozen=True):
    """With the evaluations and the journal until then, enough to go on in the same bits: copies.

    engine           of the training step
    numbers          what the history holds of training steps, and of what each layer did at them, by name
    evaluated        how many evaluations there were
    journaled        how many entries had been added to the journal
    owes             whether an evaluation is due here, and was not waited for
    best, last_good  networks that the run may yet be remembered by: states without what an optimizer remembers
    seconds          spent in training
    """

    engine: EngineState
    numbers: dict[str, Array]
    evaluated: int
    journaled: int
    owes: bool
    best: EngineState | None
    last_good: EngineState
    seconds: float


def network_of(state: EngineState) -> EngineState:
    """The state without what its optimizer remembers: enough to use the network, not to go on."""
    return replace(state, done=0, update_rule=replace(state.update_rule, optimizer={}))


def is_finite(state: EngineState) -> bool:
    """Whether all parameters are finite numbers."""
    return bool(np.isfinite(np.dot(state.values, state.values)))
