"""All that a report tells of one run."""

from pathlib import Path

import msgspec

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


class Account(msgspec.Struct, frozen=True):
    """A run: what its log tells, and what nnviz knows of its own.

    experiment  what was asked for, as TOML; None of runs of others, as all that follows is
    steered     what came from outside while it was trained
    layers      what each layer did
    tested      the score on examples that it never saw, with its mistakes
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
        tuple(missing),
    )
