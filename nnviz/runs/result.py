"""What came out of a run: the scores of the network that is kept, and what it cost."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from nnviz.errors import InputError
from nnviz.runs.paths import RESULT
from nnviz.training.distance import distances_of_mean
from nnviz.training.evaluation import plain
from nnviz.training.interruption import AbandonedError, unwatched
from nnviz.training.journal import Parted
from nnviz.training.trainer import Trainer


class Result(msgspec.Struct, frozen=True):
    """What `result.json` says of how far a run came, as far as others go by it."""

    steps: int
    stopped_by: str | None = None
    train: dict[str, Any] | None = None

    @property
    def is_scored(self) -> bool:
        """Whether the network that was kept was scored: else the run was left, or killed, before its very end."""
        return self.train is not None


def read_result(run: Path) -> Result | None:
    """None of a run that has not ended. Raises InputError if it cannot be understood."""
    try:
        return msgspec.json.decode((run / RESULT).read_bytes(), type=Result)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{run / RESULT}: cannot be understood ({error})") from None


SPLITS = ("train", "validation", "test")


def summarize(trainer: Trainer) -> dict[str, Any]:
    """The account of a run, with the scores of the network that is kept."""
    return {**account(trainer), **scores(trainer)}


def account(trainer: Trainer) -> dict[str, Any]:
    """What a run cost and why it stopped, in one object, before the network that is kept is scored.

    `epochs` counts finished ones.
    """
    steps = trainer.furthest
    examples = trainer.batches.examples_in(steps)
    return {
        "steps": steps,
        "epochs": steps // trainer.batches.per_epoch,
        "seconds": round(trainer.seconds, 3),
        "examples_per_second": round(examples / trainer.seconds, 1) if trainer.seconds else None,
        "parameters": trainer.network.parameters.size,
        "stopped_by": trainer.stopped_by,
        "kept_step": trainer.kept().step,
        **dict.fromkeys(SPLITS),
        "parted_from": _origin(trainer),
    }


def _origin(trainer: Trainer) -> dict[str, Any] | None:
    """The run that this one shares its beginning with, if there is one, and how many training steps that has."""
    origins = [entry for entry in trainer.journal.log if isinstance(entry, Parted)]
    return {"run": origins[-1].run, "step": origins[-1].step} if origins else None


def scores(trainer: Trainer, check: Callable[[], None] = unwatched) -> dict[str, Any]:
    """Put the network into the state that is kept, and score it on every split.

    Empty splits score None, and so do those that `check` leaves no time for, the largest one first. Where targets are
    numbers, `mean_prediction` has the distances of always predicting the mean of the training targets, of each target
    in its own unit.
    """
    kept = trainer.kept()
    trainer.network.parameters.values[...] = kept.values
    trainer.network.parameters.statistics[...] = kept.statistics
    dataset = trainer.dataset
    splits = {name: split for name in SPLITS if len(split := getattr(dataset, name))}
    found: dict[str, Any] = dict.fromkeys(SPLITS)
    with suppress(AbandonedError):
        for name in sorted(splits, key=lambda name: len(splits[name])):
            found[name] = trainer.assess(splits[name], check).score.plain()
    targets = dataset.task.targets
    if targets is not None:
        found["mean_prediction"] = {
            name: plain(distances_of_mean(targets, splits[name].labels)) if name in splits else None for name in SPLITS
        }
    return found


def written(directory: Path) -> dict[str, Any] | None:
    """What was written of a run in a directory; None if nothing can be read there."""
    with suppress(OSError, ValueError):
        result = json.loads((directory / RESULT).read_bytes())
        return result if isinstance(result, dict) else None
    return None
