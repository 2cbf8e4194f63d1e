"""A run that was kept, restored: a trainer that goes on where the run was, at any step of it."""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from nnviz.data.dataset import Dataset
from nnviz.data.reading import CACHED, Reading
from nnviz.errors import InputError, NnvizError
from nnviz.experiment import Experiment, combine, read_tables
from nnviz.frame.health_view import Noticed
from nnviz.frame.task import Task
from nnviz.outside_text import printable
from nnviz.runs.checkpoint_file import Account, not_ours, read, read_facts, state_of
from nnviz.runs.digests import digest_of_numbers, origin_of
from nnviz.runs.metrics import read_alerts, read_evaluations, read_log, whole_lines
from nnviz.runs.paths import (
    ALERTS,
    CHECKPOINTS,
    EXPERIMENT,
    FINAL,
    FIRST_WEIGHTS,
    JOURNAL,
    LOG,
    METRICS,
    step_of,
    while_training,
)
from nnviz.runs.result import read_result
from nnviz.runs.trained_network import refuse_unfit
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.engine import EngineState
from nnviz.training.history import Evaluation
from nnviz.training.interruption import unwatched
from nnviz.training.journal import Entry, Rate
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import TrainerState, network_of
from nnviz.wording import integer


class ChangedDataError(NnvizError):
    """The examples are not those that a run was begun with."""

    exit_code = InputError.exit_code


class Echo(msgspec.Struct, frozen=True):
    """What was noted beside a checkpoint: its seconds, and the digest of the numbers one training step later."""

    step: int
    seconds: float
    next: str | None = None


class Kept(msgspec.Struct, frozen=True):
    """What a run directory holds beside its checkpoints, to its end.

    evaluations, log, alerts  all evaluations, all of the journal, and all alerts
    echoes                    what was noted beside checkpoints, by their steps
    """

    evaluations: list[Evaluation]
    log: list[Entry]
    alerts: list[Noticed]
    echoes: dict[int, Echo]

    @staticmethod
    def of(run: Path, task: Task) -> "Kept":
        """Raises InputError if the metrics, the journal or the alerts are damaged."""
        return Kept(
            read_evaluations(run / METRICS, task),
            read_log(run / JOURNAL),
            read_alerts(run / ALERTS),
            _echoes(run / CHECKPOINTS / LOG),
        )

    def replay(self, trainer: Trainer, step: int, check: Callable[[], None] = unwatched) -> None:
        """Have a trainer of the run go on until so many steps are done; `check` is as `Trainer.replay` has it."""
        trainer.replay(step, self.evaluations, trainer.journal.made_of(self.log), check, self.alerts)


def _echoes(path: Path) -> dict[int, Echo]:
    """Of lines that cannot be understood, nothing is known."""
    echoes: dict[int, Echo] = {}
    with contextlib.suppress(InputError):
        for line in whole_lines(path):
            with contextlib.suppress(msgspec.DecodeError):
                echo = msgspec.json.decode(line, type=Echo)
                echoes[echo.step] = echo if echo.next else echoes.get(echo.step, echo)
    return echoes


class Restored(msgspec.Struct, frozen=True):
    """A run that was had again.

    trainer     at the step that was asked for
    experiment  what was asked of the run when it began
    file        the checkpoint that it was restored from; None if it was done again from its beginning
    told        what has to be said of it: a line for each checkpoint that could not be used
    refused     these
    """

    trainer: Trainer
    experiment: Experiment
    file: Path | None
    told: tuple[str, ...]
    refused: tuple[Path, ...] = ()


def experiment_of(run: Path) -> Experiment:
    """What was asked of a run. Raises InputError if the directory holds none."""
    if not (run / EXPERIMENT).is_file():
        raise InputError(f"{run}: not a run ({EXPERIMENT} is missing); 'nnviz train' makes one")
    return combine(read_tables(run / EXPERIMENT), origin=str(run / EXPERIMENT))


def read_checkpoint(
    run: Path, step: int | None = None, reading: Reading = CACHED, check: Callable[[], None] = unwatched
) -> Restored:
    """A trainer at that step of a run, or where the run ended: from the nearest checkpoint on, all is done again.

    `check` is called before each training step that is done again, and may raise to end it there.

    Raises InputError if there is no such run or it never came to that step, ChangedDataError if its data have changed.
    """
    experiment = experiment_of(run)
    restored, kept = restore(run, experiment, open_dataset(experiment, reading), step)
    trainer = restored.trainer
    if step is not None:
        furthest = furthest_of(run, trainer, kept)
        if not 0 <= step <= furthest:
            raise InputError(f"{run}: it has no step {integer(step)}; it came to step {integer(furthest)}")
        kept.replay(trainer, step, check)
    return restored


def restore(
    run: Path, experiment: Experiment, dataset: Dataset, step: int | None = None, trainer: Trainer | None = None
) -> tuple[Restored, Kept]:
    """The run at its last checkpoint that is sound, and not after `step` if that is given; else at its beginning.

    It is had by a new trainer, unless there is one of that run.

    Raises InputError if the run cannot be read, ChangedDataError if its data have changed.
    """
    trainer = trainer or assemble(experiment, dataset, run / FIRST_WEIGHTS)
    kept = Kept.of(run, dataset.task)
    told, refused = [], []
    for file in reversed(checkpoints(run)):
        if step is not None and file.name != FINAL and step_of(file) > step:
            continue
        try:
            state, missing = _read_state(file, trainer, experiment, kept)
        except InputError as error:
            told.append(str(error))
            refused.append(file)
            continue
        if state is None or (step is not None and state.engine.step > step):
            continue
        if step is None and missing is not None:
            state = _whole(run, trainer, experiment, state, missing)
        trainer.restore(state, kept.evaluations[: state.evaluated], kept.log[: state.journaled], kept.alerts)
        witness = _witness(run, trainer, experiment, state, kept)
        if witness is not None and not _is_true(trainer, witness, kept):
            told.append(
                f"{run}: training step {integer(witness.step + 1)} gives other bits here than where it was "
                "trained (another processor, NumPy or BLAS): what follows is not quite what followed there"
            )
        trainer.engine.restore(state.engine)
        return Restored(trainer, experiment, file, tuple(told), tuple(refused)), kept
    trainer.restart()
    return Restored(trainer, experiment, None, tuple(told), tuple(refused)), kept


def _whole(run: Path, trainer: Trainer, experiment: Experiment, state: TrainerState, missing: Account) -> TrainerState:
    """The state with the networks that are missing in it, as going on needs them: they are trained there again."""

    def network_at(step: int) -> EngineState:
        _, kept = restore(run, experiment, trainer.dataset, step, trainer)
        kept.replay(trainer, step)
        return network_of(trainer.engine.state())

    best = None if missing.best is None else network_at(missing.best)
    return msgspec.structs.replace(state, best=best, last_good=network_at(missing.good))


def _read_state(
    file: Path, trainer: Trainer, asked: Experiment, kept: Kept
) -> tuple[TrainerState | None, Account | None]:
    """The state that a file holds, None if it holds a network alone; and what tells the networks that it lacks, if any.

    Raises InputError if it is damaged or not of this run, ChangedDataError if the run's examples are others now.
    """
    tensors, facts = read(file)
    if facts.account is None:
        if facts.version > 1:
            return None, None
        raise InputError(f"{file}: written by an earlier nnviz, which kept networks to use and nothing to go on from")
    try:
        refuse_unfit(file, tensors, asked, facts)
        state = state_of(tensors, facts, trainer, 0.0)
    except (KeyError, TypeError, ValueError) as error:
        raise not_ours(file, error) from None
    if facts.experiment is not None and (changed := _changed(facts.experiment, asked)):
        raise InputError(f"{file}: made by another experiment: {changed}")
    if state.evaluated > len(kept.evaluations) or state.journaled > len(kept.log):
        raise InputError(f"{file}: {METRICS} or {JOURNAL} has lost lines that were there when it was made")
    if (facts.trained_on, facts.judged_on) != origin_of(trainer.dataset):
        raise ChangedDataError(
            f"{asked.data.source}: has changed since {file.parents[1]} was begun, and a run goes on with its own "
            "examples alone; put them back, or begin another run"
        )
    echo = kept.echoes.get(state.engine.step)
    evaluated = kept.evaluations[state.evaluated - 1].seconds if state.evaluated else 0.0
    seconds = max(evaluated, echo.seconds if echo else 0.0)
    return msgspec.structs.replace(state, seconds=seconds), facts.account if facts.account.is_slim else None


def _witness(run: Path, trainer: Trainer, asked: Experiment, state: TrainerState, kept: Kept) -> EngineState | None:
    """A state of which it is known what came out of the next step: this one, or the last one before it; None if none.

    The end of a run has no next step.
    """
    known = {step for step, echo in kept.echoes.items() if echo.next is not None}
    if state.engine.step in known:
        return state.engine
    for file in reversed(while_training(run)):
        if step_of(file) in known and step_of(file) < state.engine.step:
            with contextlib.suppress(InputError):
                found, _ = _read_state(file, trainer, asked, kept)
                return None if found is None else found.engine
    return None


def _is_true(trainer: Trainer, state: EngineState, kept: Kept) -> bool:
    """Whether the training step after a state gives the bits that it gave when the run was there.

    The engine is to be restored then.
    """
    engine, parameters = trainer.engine, trainer.network.parameters
    journal = trainer.journal.made_of(kept.log)
    engine.settings, engine.choices = journal.weights_at, journal.chosen_at
    engine.batches.resize(journal.values_of("batch_size"))
    engine.restore(state)
    for entry in journal.at(state.step):
        if isinstance(entry, Rate):
            entry.apply(trainer.update_rule)
    engine.run(len(engine.stages))
    found = digest_of_numbers(parameters.values, parameters.statistics)
    engine.settings, engine.choices = trainer.journal.weights_at, trainer.journal.chosen_at
    engine.batches.resize(trainer.journal.values_of("batch_size"))
    return found == kept.echoes[state.step].next


def checkpoints(run: Path) -> list[Path]:
    """All checkpoints of a run, in the order of their steps; the one that it ended with is after others of its step."""
    final = run / CHECKPOINTS / FINAL
    files = while_training(run)
    # A branch that was left, and gone on with, has later ones.
    return sorted([*files, final], key=step_in) if final.is_file() else files


def step_in(file: Path) -> float:
    """The training step of a checkpoint; what cannot be read is taken for the last one."""
    if file.name != FINAL:
        return step_of(file)
    try:
        return read_facts(file).place.step
    except InputError:
        return math.inf


def furthest_of(run: Path, trainer: Trainer, kept: Kept) -> int:
    """How many training steps the run had, as far as its files tell. Raises InputError."""
    evaluated = kept.evaluations[-1].step if kept.evaluations else 0
    result = read_result(run)
    written = max(map(step_of, while_training(run)), default=0)
    return max(evaluated, written, trainer.steps_done, result.steps if result else 0)


def _changed(before: Experiment, now: Experiment) -> str | None:
    """The first key of an experiment that is another one now, but for how long the run is to go on."""
    for name in ("data", "network", "training"):
        was, is_now = asdict(getattr(before, name)), asdict(getattr(now, name))
        for key, value in was.items():
            if value != is_now[key]:
                return printable(f"{name}.{key} was {value}, and is {is_now[key]}")
    return None
