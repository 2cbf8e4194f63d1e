"""What there is to see of the branches of a run."""

from enum import StrEnum
from typing import TypeAlias

import msgspec

from nnviz.array import Array

Choice: TypeAlias = int | float | tuple[str, ...] | None
"""A value that can be chosen anew while a run goes on."""


class Origin(StrEnum):
    """How a branch began."""

    FIRST = "first"
    RATE = "rate"
    RESTART = "restart"
    RESEED = "reseed"
    OPTIONS = "options"


class OtherCurve(msgspec.Struct, frozen=True):
    """The losses of another branch, beside those of the one that is trained.

    means   of the losses of training steps, `stride` in each bin, the last one maybe fewer; `total` steps in all
    start   as many steps does it share with the one that is trained; 0 if all of it is to be seen
    chosen  whether somebody laid it over; else it is what the one that is trained parted from
    """

    name: str
    stride: int
    total: int
    means: Array
    start: int
    chosen: bool


class BranchView(msgspec.Struct, frozen=True):
    """One branch in the list of all.

    parent    the one that it parted from after `start` steps; None of the first one
    before    the learning rate there, and `rate`, that of this one
    chosen    (key, before, now) of all else that was chosen anew there
    rates     (step, learning rate) of each later change
    weights   (step, name, before, now) of each number that was set by hand
    changes   what it has otherwise than the one that it parted from, in words; nothing where that is its rate alone
    seed      of its first weights and its order
    loss, validation  of the last training step, and of the latest evaluation; None before the first
    best_loss, best_step  of the evaluation with the lowest loss
    """

    number: int
    name: str
    parent: str | None
    origin: Origin
    start: int
    before: float
    rate: float
    chosen: tuple[tuple[str, Choice, Choice], ...]
    rates: tuple[tuple[int, float], ...]
    weights: tuple[tuple[int, str, float, float], ...]
    seed: int
    steps: int
    loss: float | None
    validation: float | None
    best_loss: float | None
    best_step: int | None
    is_current: bool
    is_chosen: bool
    changes: str = ""


def branch_name(number: int) -> str:
    """What a branch is called."""
    return f"branch {number}"
