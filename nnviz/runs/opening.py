"""A run that is opened again: at its end, with all of it behind, or at any step of it. Nothing of it is touched."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec

from nnviz.data.dataset import Dataset
from nnviz.data.reading import CACHED, Reading, Tell, nobody
from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.runs.claim import is_claimed
from nnviz.runs.digests import digest
from nnviz.runs.ending import STOPPED
from nnviz.runs.metrics import lines_of_one, whole_lines
from nnviz.runs.paths import METRICS, step_of, while_training
from nnviz.runs.places import BEST, END, START, read_place
from nnviz.runs.restoring import Kept, Restored, experiment_of, furthest_of, restore
from nnviz.runs.result import read_result
from nnviz.runs.stored_states import StoredStates
from nnviz.runs.trained_network import TrainedNetwork
from nnviz.training.assembly import open_dataset
from nnviz.training.history import selection_loss
from nnviz.training.journal import Parted
from nnviz.training.trainer import Trainer
from nnviz.wording import count as counted
from nnviz.wording import duration, integer

# The branch of what is trained on here that the run itself is.
FIRST = 1
# What takes longer is said before it is begun.
LONG_SECONDS = 5.0


class OpenedRun(msgspec.Struct, frozen=True):
    """A run with all of it behind.

    trainer  at its end; of a run that did not come to an end, at its last checkpoint or at a later place asked for
    place    how many training steps are done where somebody wants to be; None for its end
    stored   the states of its checkpoints
    metrics  the lines of its evaluations, and `steps`, how many training steps it has
    told     what has to be said of it, a line each
    """

    path: Path
    experiment: Experiment
    trainer: Trainer
    place: int | None
    stored: StoredStates
    metrics: bytes
    steps: int
    told: tuple[str, ...]


def open_run(run: Path, place: str = END, reading: Reading = CACHED, tell: Tell = nobody) -> OpenedRun:
    """The run, with the trainer where it ended; `place` is where somebody wants to go in it.

    Where neither its end nor that place is in a checkpoint, it is trained there again; `tell` hears how many of how
    many steps are done.

    Raises InputError if there is no such run, it never came to that place, or there is nothing to go on from;
    ChangedDataError if its data have changed.
    """
    experiment = experiment_of(run)
    restored, kept = _restored(run, experiment, open_dataset(experiment, reading))
    asked = _steps_at(run, place, restored.trainer, kept)
    return _opened(run, restored, kept, asked, tell)


def renewed(opened: OpenedRun) -> OpenedRun:
    """A run that was opened, with the same trainer, as it is now: it may have gone on. Raises InputError."""
    restored, kept = restore(opened.path, opened.experiment, opened.trainer.dataset, trainer=opened.trainer)
    return _opened(opened.path, restored, kept, None, nobody)


def _opened(run: Path, restored: Restored, kept: Kept, asked: int | None, tell: Tell) -> OpenedRun:
    experiment, trainer, result = restored.experiment, restored.trainer, read_result(run)
    ended = max(trainer.steps_done, result.steps if result else 0)
    _replay(trainer, max(ended, asked or 0), kept, tell)
    if result is not None and trainer.steps_done == result.steps:
        # Who was stopped by somebody had not finished.
        trainer.be_over(None if result.stopped_by in STOPPED else result.stopped_by, kept.evaluations)
    trainer.journal.add(Parted(trainer.steps_done, str(run.resolve())))
    lines = whole_lines(run / METRICS)[: trainer.history.evaluated * lines_of_one(kept.evaluations)]
    stored = StoredStates(run, experiment, FIRST)
    return OpenedRun(run, experiment, trainer, asked, stored, b"".join(lines), trainer.steps_done, restored.told)


def run_at(run: Path, place: str, reading: Reading = CACHED, say: Callable[[str], None] = lambda _: None) -> Restored:
    """A trainer at a place of a run, with the history until there, as the run had it: nothing lies ahead of it.

    `say` hears how long it takes, if that is long, before it is begun.

    Raises InputError and ChangedDataError as `open_run` does.
    """
    experiment = experiment_of(run)
    dataset = open_dataset(experiment, reading)
    last, kept = _restored(run, experiment, dataset)
    steps = _steps_at(run, place, last.trainer, kept)
    if steps is None:
        result = read_result(run)
        steps = max(last.trainer.steps_done, result.steps if result else 0)
    seconds = last.trainer.seconds / max(last.trainer.steps_done, 1)
    restored, _ = (last, kept) if steps >= last.trainer.steps_done else restore(run, experiment, dataset, steps)
    trainer = restored.trainer
    if (words := long_way(steps - trainer.steps_done, seconds)) is not None:
        say(f"{run}: {words}")
    kept.replay(trainer, steps)
    return restored


def network_at(
    run: Path, place: str, reading: Reading = CACHED, say: Callable[[str], None] = lambda _: None
) -> TrainedNetwork:
    """The network that a run had at a place. `say` hears how long that takes if it is long. Raises as `run_at` does."""
    restored = run_at(run, place, reading, say)
    trainer, told = restored.trainer, restored.told
    dataset, step = trainer.dataset, trainer.steps_done
    return TrainedNetwork(
        restored.experiment,
        dataset.task,
        trainer.network.for_evaluation(),
        trainer.encoder,
        dataset.standardization,
        step,
        dataset.encoding,
        digest(dataset.train),
        "; ".join([*told, f"{run}: this is its network of step {integer(step)}"]),
    )


def in_one_line(run: Path) -> str:
    """What the run in a directory is, in words. Raises InputError if there is none."""
    source, result = experiment_of(run).data.source, read_result(run)
    if result is not None:
        steps = counted(result.steps, "training step")
        return f"{run}: a run on {source}, of {steps}" + (
            f" (ended by: {result.stopped_by})" if result.stopped_by else ""
        )
    if is_claimed(run):
        return f"{run}: a run on {source}, which is being trained"
    last = max(map(step_of, while_training(run)), default=None)
    kept = "without a checkpoint" if last is None else f"with its last checkpoint at step {integer(last)}"
    return f"{run}: a run on {source} that did not come to its end, {kept}"


def _restored(run: Path, experiment: Experiment, dataset: Dataset) -> tuple[Restored, Kept]:
    """The run at its last sound checkpoint. Raises InputError if there is nothing to go on from."""
    restored, kept = restore(run, experiment, dataset)
    if restored.file is None and restored.told:
        raise InputError(restored.told[0])
    if restored.file is None and read_result(run) is None:
        raise InputError(f"{run}: there is no checkpoint yet; one is written after some seconds of training")
    return restored, kept


def _steps_at(run: Path, place: str, trainer: Trainer, kept: Kept) -> int | None:
    """How many training steps are done at a place; None for the end. Raises InputError if the run has no such place."""
    steps = read_place(place, trainer.batches.epochs.end_of)
    if steps == BEST and kept.evaluations:
        return min(kept.evaluations, key=selection_loss).step
    if isinstance(steps, int):
        furthest = furthest_of(run, trainer, kept)
        if steps > furthest:
            raise InputError(f"{run}: it has no step {integer(steps)}; it came to step {integer(furthest)}")
        return steps
    return 0 if steps == START else None


def _replay(trainer: Trainer, steps: int, kept: Kept, tell: Tell) -> None:
    """Train again until so many steps are done, as it was; `tell` hears how far that is."""
    done, total = count(), steps - trainer.steps_done
    kept.replay(trainer, steps, lambda: tell(next(done), total))


def long_way(steps: int, seconds: float) -> str | None:
    """What to say before so many training steps are done again that take so long each; None if that is soon done."""
    if steps * seconds < LONG_SECONDS:
        return None
    return f"{counted(steps, 'training step')} have to be done again, which takes about {duration(steps * seconds)}"
