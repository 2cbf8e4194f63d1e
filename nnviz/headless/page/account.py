"""All that a report tells of one run."""

from pathlib import Path

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.shown_task import shown_task
from nnviz.errors import InputError
from nnviz.headless.scoring import Tested, score
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.logs import logs_of
from nnviz.remote.messages import Mistake
from nnviz.remote.testing import mistakes_of
from nnviz.runs.metrics import read_log
from nnviz.runs.paths import EXPERIMENT, JOURNAL
from nnviz.runs.result import Result, written
from nnviz.runs.stored_history import stored_layer_history
from nnviz.runs.trained_network import load_run
from nnviz.training.journal import Entry, Heard
from nnviz.training.layer_history import LayerHistory
from nnviz.training.layer_traits import traits_of

FURTHEST = 12


class Missed(msgspec.Struct, frozen=True):
    """A number that was predicted far from what it is: both by the names of the targets, in their own unit."""

    name: str
    true: dict[str, float]
    predicted: dict[str, float]
    loss: float
    pixels: Array | None


class Account(msgspec.Struct, frozen=True):
    """A run: what its log tells, and what nnviz knows of its own.

    experiment  what was asked for, as TOML; None of runs of others, as all that follows is
    steered     what came from outside while it was trained
    layers      what each layer did
    tested      the score on examples that it never saw, with its mistakes or what it missed by most
    missing     why some of it is not there, a line each
    """

    path: Path
    logged: LoggedRun
    experiment: str | None = None
    result: Result | None = None
    steered: tuple[Entry, ...] = ()
    layers: LayerHistory | None = None
    tested: Tested | None = None
    mistakes: tuple[Mistake, ...] = ()
    missed: tuple[Missed, ...] = ()
    missing: tuple[str, ...] = ()


def accounts_of(path: Path, cached: bool) -> list[Account]:
    """The accounts of all runs at a place. Raises InputError if there is none."""
    logs = logs_of(path)
    return [_account(run, cached) for run in logs.runs]


def _account(logged: LoggedRun, cached: bool) -> Account:
    folder = logged.source.parent
    if not (folder / EXPERIMENT).is_file():
        return Account(logged.source, logged)
    missing: list[str] = []
    layers, tested = None, None
    try:
        network = load_run(folder).network
        layers = stored_layer_history(folder, [traits_of(layer) for layer in network.layers])
        tested = score(folder, None, cached)
    except InputError as error:
        missing.append(str(error))
    try:
        steered = tuple(entry for entry in read_log(folder / JOURNAL) if not isinstance(entry, Heard))
    except InputError as error:
        steered = ()
        missing.append(str(error))
    return Account(
        folder,
        logged,
        (folder / EXPERIMENT).read_text("utf-8", "replace"),
        written(folder),
        steered,
        layers,
        tested,
        mistakes_of(tested.assessment, tested.scored, tested.task) if tested else (),
        _furthest(tested) if tested and not tested.task.class_names else (),
        tuple(missing),
    )


def _furthest(tested: Tested) -> tuple[Missed, ...]:
    """Those with the highest loss, the worst first."""
    split, assessment = tested.scored, tested.assessment
    names = shown_task(tested.task).output_names(tested.task.numbers)
    told = tested.task.told_numbers(assessment.predictions)
    return tuple(
        Missed(
            split.names[i],
            dict(zip(names, split.labels[i].tolist(), strict=True)),
            dict(zip(names, told[i].tolist(), strict=True)),
            float(assessment.losses[i]),
            split.inputs[i].copy() if split.inputs.ndim == 4 else None,
        )
        for i in np.argsort(-assessment.losses, kind="stable")[:FURTHEST]
    )
