"""The order of a training step."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Stages of one kind."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


class Stage(NamedTuple):
    """The smallest thing that can be stepped.

    `part` is the layer's index in the forward and backward phases. The update has two parts, so that it can be seen
    before it lands: 0 proposes Δw, 1 adds it to the weights. The loss has only part 0.
    """

    phase: Phase
    part: int


PROPOSE, APPLY = 0, 1


def training_step(depth: int) -> tuple[Stage, ...]:
    """The stages of one training step of a network with `depth` layers, in order."""
    return (
        *(Stage(Phase.FORWARD, layer) for layer in range(depth)),
        Stage(Phase.LOSS, 0),
        *(Stage(Phase.BACKWARD, layer) for layer in reversed(range(depth))),
        Stage(Phase.UPDATE, PROPOSE),
        Stage(Phase.UPDATE, APPLY),
    )


def end_of(phase: Phase, stages: Sequence[Stage]) -> int:
    """How many of a training step's stages are done when `phase` is."""
    return max(number for number, stage in enumerate(stages, 1) if stage.phase is phase)
