"""Result: what came out of a run, as `result.json` has it."""

from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from nnviz.errors import InputError
from nnviz.frame.health_view import HealthAccount
from nnviz.runs.paths import RESULT
from nnviz.scores.interval import Interval

Measures: TypeAlias = dict[str, float | dict[str, float | None] | None]
"""The scores of one split, by name; of several targets, each by the target's name. None is what is not finite."""


class RateChange(msgspec.Struct, frozen=True):
    """A learning rate that was chosen later, and the first step, from 0, whose update it holds for."""

    step: int
    learning_rate: float


class OptionChange(msgspec.Struct, frozen=True):
    """What was chosen later for a key of the experiment, and the first step, from 0, that it holds for."""

    step: int
    key: str
    value: int | float | tuple[str, ...] | None


class WeightChange(msgspec.Struct, frozen=True):
    """A number that was set by hand: which one of which array, what it was, and the first step, from 0, with it."""

    step: int
    name: str
    index: tuple[int, ...]
    value: float
    before: float


class PartedFrom(msgspec.Struct, frozen=True):
    """The directory of the run that this one shares its beginning with, and how many training steps that has."""

    run: str
    step: int


class CommonestClass(msgspec.Struct, frozen=True):
    """The class of most examples, and the accuracy of always saying it."""

    name: str = msgspec.field(name="class")
    accuracy: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The account of a run. What earlier versions did not write is as if there was nothing of it.

    run              the directory that it was kept in; None if it is not kept
    epochs           finished ones
    kept_step        the step of the network that is kept
    train, …         its scores on each split; None for an empty one, and for one that nobody waited for
    accuracy_interval, commonest_class  of each split that was not trained on, the 95% interval of its accuracy; of
                     each, the accuracy of always saying the class of most examples. Where targets are numbers, unset
    mean_prediction, r2  of each split, the distances of always predicting the mean of the training targets, and R².
                     Where targets are classes, unset
    health           what the rules of health had to say; None where they were not asked
    """

    run: str | None = None
    steps: int
    epochs: int
    seconds: float
    examples_per_second: float | None
    parameters: int
    stopped_by: str | None
    kept_step: int
    train: Measures | None = None
    validation: Measures | None = None
    test: Measures | None = None
    accuracy_interval: dict[str, Interval | None] | UnsetType = UNSET
    commonest_class: dict[str, CommonestClass | None] | UnsetType = UNSET
    mean_prediction: dict[str, Measures | None] | UnsetType = UNSET
    r2: dict[str, float | dict[str, float | None] | None] | UnsetType = UNSET
    learning_rate_changes: tuple[RateChange, ...] = ()
    weight_changes: tuple[WeightChange, ...] = ()
    option_changes: tuple[OptionChange, ...] = ()
    parted_from: PartedFrom | None = None
    health: HealthAccount | None = None

    @property
    def is_scored(self) -> bool:
        """Whether the network that was kept was scored: else the run was left, or killed, before its very end."""
        return self.train is not None

    def encoded(self) -> bytes:
        """The content of its file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def read_result(run: Path) -> Result | None:
    """None of a run that has not ended. Raises InputError if it cannot be understood."""
    try:
        return msgspec.json.decode((run / RESULT).read_bytes(), type=Result)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{run / RESULT}: cannot be understood ({error})") from None


def written(run: Path) -> Result | None:
    """The same, and None if it cannot be understood."""
    with suppress(InputError):
        return read_result(run)
    return None
