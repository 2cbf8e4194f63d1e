"""One run of a sweep, trained in this process from wherever it is to its end, and what came of it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from nnviz.data.dataset import Dataset
from nnviz.data.reading import Reading
from nnviz.errors import NnvizError
from nnviz.experiment import Experiment
from nnviz.frame.health_view import Alert
from nnviz.insight.health.alert_log import AlertLog
from nnviz.insight.health.rules import RuleRunner
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.runs.keeper import Keeper
from nnviz.runs.kept_steps import kept_steps
from nnviz.runs.paths import is_run
from nnviz.runs.resuming import resume
from nnviz.sweeping.median import MedianRule
from nnviz.sweeping.outcome import (
    FAILED,
    Outcome,
    Standing,
    ended,
)
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.history import selection_loss
from nnviz.training.interruption import Interruption
from nnviz.training.outlook import outlook
from nnviz.training.stopping import HOPELESS, INTERRUPTED
from nnviz.training.trainer import Trainer

STANDING_SECONDS = 0.25
# As `nnviz train` has it: who asks a training to end may have it ended less gently soon after.
SCORING_SECONDS = 3.0
MOST_DATASETS = 8


class Work(msgspec.Struct, frozen=True):
    """One run to be trained.

    path            its directory
    cached          whether decoded images are kept for the next time
    rule            when checkpoints are made
    stops_hopeless  whether it may be ended by what others beside it have done
    """

    name: str
    path: Path
    experiment: Experiment
    cached: bool
    rule: CheckpointRule
    stops_hopeless: bool = False


class Stop(msgspec.Struct, frozen=True):
    """To a process: end the run that is being trained, and keep it; once more: do not wait for its scores."""


class Datasets:
    """What was read in this process, so that no run reads again what another one did.

    Where nnviz takes the splits itself, they depend on the seed; there it is once for each.
    """

    def __init__(self) -> None:
        self._opened: dict[object, Dataset] = {}
        # A worker of a cluster may have several threads.
        self._opening = threading.Lock()

    def __call__(self, experiment: Experiment, reading: Reading) -> Dataset:
        """The examples of an experiment. Raises InputError."""
        with self._opening:
            return self._open(experiment, reading)

    def _open(self, experiment: Experiment, reading: Reading) -> Dataset:
        for key in ((experiment.data, None), (experiment.data, experiment.training.seed)):
            if key in self._opened:
                return self._opened[key]
        dataset = open_dataset(experiment, reading)
        if len(self._opened) >= MOST_DATASETS:
            del self._opened[next(iter(self._opened))]
        self._opened[experiment.data, experiment.training.seed if dataset.taken else None] = dataset
        return dataset


def train_trial(
    work: Work, datasets: Datasets, interruption: Interruption, tell: Callable[[Standing], None]
) -> Outcome:
    """Train a run to its end, from its last checkpoint if it was begun, as `nnviz train` would.

    `tell` hears from time to time how it stands. `interruption` ends it after a training step, and it is kept. What
    goes wrong is in the outcome; nothing is raised but what ends the process.
    """
    try:
        trainer, keeper = _begun(work, datasets)
        alerts = AlertLog(trainer, RuleRunner(trainer), _unheard)
        trainer.interruption = interruption
        try:
            _go(work, trainer, keeper, alerts, tell)
        except BaseException:
            keeper.conclude(interruption.watch(0))
            raise
        check = interruption.watch(SCORING_SECONDS) if interruption.times else interruption.watch()
        return _concluded(work, trainer, keeper.conclude(check, health=alerts.account()))
    except NnvizError as error:
        return Outcome(work.name, FAILED, str(error), error.exit_code)
    except MemoryError:
        return Outcome(work.name, FAILED, "memory ran out; make it, --batch-size or --image-size smaller", 1)
    except (Exception, SystemExit) as error:
        # It takes longer to import than all that is needed to train.
        from nnviz.fault import fault_words, written_down

        words = fault_words(error) if isinstance(error, Exception) else f"SystemExit: {error}"
        return Outcome(work.name, FAILED, f"a fault of nnviz itself ({words}); {written_down(error)}", 1)


def _unheard(_: Alert, __: int) -> None:
    """Its alerts are kept with the run; of many runs at once nobody could read them."""


def _begun(work: Work, datasets: Datasets) -> tuple[Trainer, Keeper]:
    """The trainer at its first step, or at the last checkpoint, and who keeps its run. Raises NnvizError."""
    reading = Reading(work.cached)
    if is_run(work.path):
        resumed = resume(work.path, {}, work.rule.budget, reading, datasets)
        keeper = Keeper(resumed.trainer, resumed.directory, _silent, rule=work.rule)
        if resumed.evaluation is not None:
            keeper.record(resumed.evaluation)
        return resumed.trainer, keeper
    trainer = assemble(work.experiment, datasets(work.experiment, reading))
    return trainer, Keeper(trainer, RunDirectory(work.path, work.experiment, work.rule.budget), _silent, rule=work.rule)


def _silent(_: str) -> None:
    """What cannot be written in the end is in the outcome."""


def _go(work: Work, trainer: Trainer, keeper: Keeper, alerts: AlertLog, tell: Callable[[Standing], None]) -> None:
    rule = MedianRule(work.path) if work.stops_hopeless else None
    started = time.monotonic()
    due, before = started + STANDING_SECONDS, trainer.steps_done
    for evaluation in kept_steps(trainer, keeper, alerts):
        is_going_on = evaluation is not None and trainer.stopped_by is None
        if rule is not None and is_going_on and rule.is_hopeless():
            trainer.interrupt(HOPELESS)
        if (now := time.monotonic()) >= due:
            due = now + STANDING_SECONDS
            tell(_standing(work.name, trainer, now - started, before))


def _standing(name: str, trainer: Trainer, elapsed: float, before: int) -> Standing:
    ahead = outlook(trainer, elapsed, before) if trainer.steps_done > before else None
    latest = trainer.history.latest
    loss = selection_loss(latest) if latest else None
    return Standing(name, trainer.epoch + 1, ahead and ahead.share, ahead and ahead.seconds_left, loss)


def _concluded(work: Work, trainer: Trainer, ending: Ending) -> Outcome:
    if ending.directory is None or ending.trouble is not None:
        why = "; ".join(filter(None, [ending.trouble, ending.where]))
        is_early = trainer.stopped_by == INTERRUPTED and ending.trouble is None
        return Outcome(work.name, INTERRUPTED if is_early else FAILED, why, 130 if is_early else 1)
    result = ending.result
    outcome = ended(work.name, str(trainer.stopped_by), trainer.seconds)
    if outcome.exit_code == 0 and (result is None or not result.is_scored):
        # It had come to its end, and somebody would not wait for its scores.
        return Outcome(work.name, INTERRUPTED, "without its scores", 130, trainer.seconds)
    return outcome
