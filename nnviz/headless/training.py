"""`nnviz train`: one run from its first step to its end."""

import contextlib
import sys
from pathlib import Path

import msgspec

from nnviz.data.dataset import Dataset
from nnviz.data.sources import Source
from nnviz.data.split import Split
from nnviz.errors import StoppedError
from nnviz.experiment import Experiment
from nnviz.frame.health_view import Alert
from nnviz.headless.console import colorful, json_result, note, result, width
from nnviz.headless.leaving import tell_leaving
from nnviz.headless.progress import progress_of
from nnviz.headless.reading_progress import told_reading
from nnviz.headless.signals import Signals, taken_signals
from nnviz.headless.skipped import tell_skipped
from nnviz.insight.health.alert_log import AlertLog
from nnviz.insight.health.alert_words import since
from nnviz.insight.health.rules import RuleRunner
from nnviz.runs.checkpoint_rule import DEFAULT, CheckpointRule
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.runs.keeper import Keeper
from nnviz.runs.kept_steps import kept_steps
from nnviz.runs.resuming import resume
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.curves import only_in_training
from nnviz.training.process import prepare_process
from nnviz.training.stopping import DIVERGED
from nnviz.training.trainer import Trainer
from nnviz.wording import count, integer, listed

# Who asks a training to end may have it ended less gently soon after.
SCORING_SECONDS = 3.0


class Finished(msgspec.Struct, frozen=True):
    """A run that is over. The trainer's network is the one that is kept."""

    trainer: Trainer
    ending: Ending

    @property
    def exit_code(self) -> int:
        """That of the ending; 130 where the training had ended, and somebody would not wait for its scores."""
        return self.ending.exit_code or (StoppedError.exit_code if self.trainer.interruption.times else 0)


def train(
    experiment: Experiment,
    out: Path,
    cached: bool = True,
    source: Source | None = None,
    rule: CheckpointRule = DEFAULT,
) -> Finished:
    """Train, telling the progress on stderr, and keep the run in directory `out`. Ctrl+C, or a signal, ends it early.

    `cached` says whether decoded images are kept for the next time, `source` what was found of the experiment's source,
    if somebody has looked already, and `rule` when checkpoints are made.

    Raises InputError, and StoppedError if it is ended before training begins.
    """
    prepare_process()
    with taken_signals() as signals:
        try:
            trainer = _opened(experiment, cached, source)
            _hand_over(trainer, signals)
        except KeyboardInterrupt:
            raise StoppedError("ended before anything was trained, so there is nothing to keep") from None
        directory = RunDirectory(out, experiment, rule.budget)
        note(
            f"{trainer.dataset.name}: {count(len(trainer.dataset.train), 'example')} to train on; the run goes to {out}"
        )
        if trainer.begins_from is not None:
            note(f"the first weights are {trainer.begins_from}")
        return _finished(trainer, Keeper(trainer, directory, note, rule=rule), signals)


def go_on(run: Path, limits: dict[str, float], cached: bool = True, rule: CheckpointRule = DEFAULT) -> Finished:
    """Go on with a run where it was written down last, in its own directory, until its own limits or other ones.

    Raises InputError, ChangedDataError, UnkeptError, and StoppedError if it is ended before training begins.
    """
    prepare_process()
    with taken_signals() as signals:
        try:
            with told_reading(cached) as reading:
                resumed = resume(run, limits, rule.budget, reading)
            trainer = resumed.trainer
            _hand_over(trainer, signals)
        except KeyboardInterrupt:
            raise StoppedError(f"ended before training went on; {run} is as it was") from None
        for line in resumed.told:
            note(line)
        note(f"{trainer.dataset.name}: the run in {run} goes on from step {integer(trainer.steps_done)}")
        keeper = Keeper(trainer, resumed.directory, note, rule=rule)
        if resumed.evaluation is not None:
            keeper.record(resumed.evaluation)
        return _finished(trainer, keeper, signals)


def _hand_over(trainer: Trainer, signals: Signals) -> None:
    signals.hand_to(trainer.interruption.ask, "the training step is finished, and the run is kept")


def _finished(trainer: Trainer, keeper: Keeper, signals: Signals) -> Finished:
    alert_log = AlertLog(trainer, RuleRunner(trainer), _tell)
    try:
        _go(trainer, keeper, alert_log)
    except BaseException:
        tell_leaving(keeper.conclude(trainer.interruption.watch(0)))
        raise
    ending = _conclude(trainer, keeper, alert_log, signals)
    if trainer.stopped_by == DIVERGED:
        note(
            f"training diverged at step {integer(trainer.steps_done)}; the last good state is kept. Try a smaller --lr"
        )
    tell_leaving(ending)
    return Finished(trainer, ending)


def _opened(experiment: Experiment, cached: bool, source: Source | None) -> Trainer:
    with told_reading(cached) as reading:
        dataset = open_dataset(experiment, reading, source)
    tell_skipped(dataset)
    return assemble(experiment, dataset)


def _tell(alert: Alert, others: int) -> None:
    more = f" So it is with {count(others, 'other layer')}." if others else ""
    note(f"{since(alert)}: {alert.seen}{more} {alert.why} To try: {alert.attempt} ({alert.rule})")


def _go(trainer: Trainer, keeper: Keeper, alert_log: AlertLog) -> None:
    with contextlib.closing(progress_of(trainer)) as progress:
        for _ in kept_steps(trainer, keeper, alert_log):
            progress.update()


def _conclude(trainer: Trainer, keeper: Keeper, alert_log: AlertLog, signals: Signals) -> Ending:
    interruption = trainer.interruption
    check = interruption.watch(SCORING_SECONDS) if interruption.times else interruption.watch()
    signals.hand_to(interruption.ask, "the run is kept, without the scores that are still to come")
    return keeper.conclude(check, health=alert_log.account())


def unseen(dataset: Dataset) -> tuple[str, Split]:
    """The split that says most about new examples, and its name: test, or validation where that is empty."""
    return ("test", dataset.test) if len(dataset.test) else ("validation", dataset.validation)


def print_json(finished: Finished) -> None:
    """The result as one JSON object."""
    assert finished.ending.result is not None
    json_result(msgspec.to_builtins(finished.ending.result))


def print_report(finished: Finished) -> None:
    """The result for people: loss curve, confusion table, scores."""
    from nnviz.headless.report import closing, confusion_table, loss_curve

    trainer, scored = finished.trainer, finished.ending.result
    assert scored is not None
    dataset = trainer.dataset
    curve = loss_curve(trainer.history, width(sys.stdout), colorful(sys.stdout))
    beside = only_in_training(trainer)
    if beside and trainer.history.latest and trainer.history.latest.validation:
        curve += f"\n  only the training loss has {listed(beside)}"
    parts = [curve]
    name, split = unseen(dataset)
    if dataset.class_names and getattr(scored, name) is not None:
        parts.append(confusion_table(trainer.assess(split), dataset.task, name))
    parts.append(closing(scored))
    result("\n\n".join(parts))
