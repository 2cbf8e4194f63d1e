"""A run that goes on: in its own directory, as if it had never ended."""

import math
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from nnviz.data.dataset import Dataset
from nnviz.data.reading import Reading
from nnviz.errors import InputError, UnkeptError
from nnviz.experiment import Experiment, Stopping, combine
from nnviz.runs.claim import Claim
from nnviz.runs.directory import RunDirectory
from nnviz.runs.metrics import lines_of_one, whole_lines
from nnviz.runs.paths import ALERTS, FINAL, JOURNAL, METRICS, RESULT, step_file, step_of
from nnviz.runs.restoring import Kept, Restored, checkpoints, experiment_of, restore
from nnviz.runs.result import read_result
from nnviz.training.assembly import open_dataset
from nnviz.training.history import Evaluation
from nnviz.training.standing import alerts_until
from nnviz.training.stopping import DIVERGED
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import TrainerState
from nnviz.wording import integer

REFUSED = ".refused"
# Ends that more steps do not change.
FOR_GOOD = ("patience", "target loss", "target accuracy", DIVERGED)


class Resumed(msgspec.Struct, frozen=True):
    """A run that goes on.

    evaluation  what the run still owed, and has made up for; None if that is nothing
    told        what has to be said of it, a line each
    """

    trainer: Trainer
    directory: RunDirectory
    evaluation: Evaluation | None
    told: tuple[str, ...]


def resume(
    run: Path,
    limits: dict[str, float] | None,
    budget: int,
    reading: Reading,
    opened: Callable[[Experiment, Reading], Dataset] | None = None,
) -> Resumed:
    """Go on with the run in a directory where it was written down last.

    `limits` are other ones to stop at: epochs, steps, seconds; with None it goes on just as it was. `opened` gives the
    examples of its experiment, if they are not opened anew.

    Raises InputError if there is nothing to go on with, or another process does so, or a limit does not fit;
    ChangedDataError; UnkeptError if the directory cannot be written to.
    """
    experiment = experiment_of(run)
    claim = Claim.again(run)
    try:
        result = read_result(run)
        has_ended = result is not None and result.is_scored
        if result is not None and has_ended and result.stopped_by in FOR_GOOD:
            raise InputError(f"{run}: it ended by itself ({result.stopped_by}), and there is nothing to go on with")
        restored, kept = restore(run, experiment, (opened or open_dataset)(experiment, reading))
        trainer = restored.trainer
        stopping = trainer.stopping if limits is None else _stopping(run, trainer, experiment, limits)
        lines = _lines(run, trainer.state(), kept)
        evaluation = trainer.take_up(stopping)
        if trainer.stopped_by is not None and has_ended:
            raise InputError(
                f"{run}: it has come to its end (by {trainer.stopped_by}); raise --epochs or --steps to go on with it"
            )
        directory = RunDirectory.again(claim, experiment, budget, lines)
        _clear_way(run, restored)
    except BaseException:
        claim.release()
        raise
    return Resumed(trainer, directory, evaluation, restored.told)


def _stopping(run: Path, trainer: Trainer, experiment: Experiment, limits: dict[str, float]) -> Stopping:
    """The rules that the run goes by from here on. Raises InputError for those that it cannot."""
    rules = trainer.stopping
    is_lifted = rules == Stopping(epochs=None) != experiment.stopping
    if not limits:
        if is_lifted:
            raise InputError(f"{run}: its limits were lifted by hand; say how far to go, with --epochs or --steps")
        return rules
    asked = combine({"stopping": asdict(experiment.stopping if is_lifted else rules)}, {"stopping": limits}).stopping
    before, now = _end(rules, trainer), _end(asked, trainer)
    for name, option in (("epochs", asked.epochs), ("steps", asked.steps)):
        if name in limits and now < max(before if before < math.inf else 0, trainer.steps_done):
            raise InputError(f"--{name}: {integer(option or 0)} is less than the run has already; it may be raised")
    if rules.seconds is not None and asked.seconds is not None and asked.seconds < rules.seconds:
        raise InputError("--seconds: less than the run has already; it may be raised")
    training = experiment.training
    by_end = training.schedule == "cosine" or (training.schedule == "step" and training.drop_every is None)
    if by_end and now != _end(experiment.stopping, trainer):
        raise InputError(
            f"training.schedule: '{training.schedule}' goes by where the run ends, so how far it goes must not change"
        )
    return asked


def _end(rules: Stopping, trainer: Trainer) -> float:
    """How many training steps there are until the rules end a run, if nothing else does before."""
    epochs = math.inf if rules.epochs is None else trainer.batches.epochs.end_of(rules.epochs)
    return min(epochs, math.inf if rules.steps is None else rules.steps)


def _lines(run: Path, state: TrainerState, kept: Kept) -> dict[str, bytes]:
    """The lines of metrics, journal and alerts that belong to a state."""
    belong = {
        METRICS: state.evaluated * lines_of_one(kept.evaluations),
        JOURNAL: state.journaled,
        ALERTS: len(alerts_until(state.engine.step, kept.alerts)),
    }
    return {name: b"".join(whole_lines(run / name)[:many]) for name, many in belong.items()}


def _clear_way(run: Path, restored: Restored) -> None:
    """Nothing says any more that the run has ended, and nothing lies ahead of it. Raises UnkeptError."""
    step = restored.trainer.steps_done
    try:
        (run / RESULT).unlink(missing_ok=True)
        for file in checkpoints(run):
            if file == restored.file and file.name == FINAL:
                file.replace(step_file(run, step))
            elif file in restored.refused or file.name == FINAL or step_of(file) > step:
                file.replace(file.with_name(file.name + REFUSED))
    except OSError as error:
        raise UnkeptError(f"{run}: cannot be written ({error.strerror})") from None
