"""`nnviz check`: a source or a run looked over before anybody waits for it."""

import sys
import textwrap
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from nnviz.data.sources import Source
from nnviz.errors import StoppedError
from nnviz.experiment import Experiment
from nnviz.headless.console import json_result, note, passing, result
from nnviz.headless.reading_progress import told_reading
from nnviz.headless.signals import taken_signals
from nnviz.headless.skipped import tell_skipped
from nnviz.insight.checks.outcome import Outcome, Verdict
from nnviz.insight.checks.recipe import RECIPE, Check
from nnviz.insight.checks.subject import Subject
from nnviz.outside_text import printable
from nnviz.runs.opening import run_at
from nnviz.runs.paths import FIRST_WEIGHTS
from nnviz.runs.places import END
from nnviz.training.assembly import open_dataset
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.process import prepare_process
from nnviz.wording import count, integer, listed, trimmed

WIDTH = 80
SOMETHING_WRONG = 4


class Checked(msgspec.Struct, frozen=True):
    """What was found: of a source or run, the outcomes of the checks that were done.

    whole  whether all were done, and nobody wanted out before
    """

    name: str
    experiment: Experiment
    found: list[tuple[Check, Outcome]]
    whole: bool

    @property
    def wrong(self) -> int:
        """How many checks found something wrong."""
        return sum(outcome.verdict is Verdict.WRONG for _, outcome in self.found)

    @property
    def exit_code(self) -> int:
        """Whether something is wrong, or it was interrupted."""
        if not self.whole:
            return StoppedError.exit_code
        return SOMETHING_WRONG if self.wrong else 0


def check(experiment: Experiment, cached: bool = True, source: Source | None = None) -> Checked:
    """Look at a source, and at the network that would be trained on it. Ctrl+C, or a signal, ends it early.

    `cached` says whether decoded images are kept, `source` what was found of the experiment's source. Raises
    InputError, and StoppedError if it is ended before anything was found.
    """
    return _checked(experiment, None, cached, source)


def check_run(run: Path, experiment: Experiment, cached: bool = True) -> Checked:
    """The same of a run, with its own network and data, and what the rules say of it at its end.

    Raises InputError, ChangedDataError, StoppedError.
    """
    return _checked(experiment, run, cached, None)


def _checked(experiment: Experiment, run: Path | None, cached: bool, source: Source | None) -> Checked:
    prepare_process()
    interruption = Interruption()
    with taken_signals() as signals:
        try:
            subject = _opened(experiment, run, cached, source)
            signals.hand_to(interruption.ask, "what was found so far is told")
        except KeyboardInterrupt:
            raise StoppedError("ended before anything was looked at") from None
        found: list[tuple[Check, Outcome]] = []
        watch = interruption.watch()
        for number, one in enumerate(RECIPE, 1):
            try:
                watch()
                with _told(f"{integer(number)} of {integer(len(RECIPE))}: {one.title.lower()} …"):
                    found.append((one, one.look(subject, watch)))
            except AbandonedError:
                break
        if subject.run is not None:
            subject.run.close()
    return Checked(subject.dataset.name, experiment, found, len(found) == len(RECIPE))


def _opened(experiment: Experiment, run: Path | None, cached: bool, source: Source | None) -> Subject:
    if run is None:
        with told_reading(cached) as reading:
            dataset = open_dataset(experiment, reading, source)
        tell_skipped(dataset)
        return Subject.of(experiment, dataset)
    with told_reading(cached) as reading:
        restored = run_at(run, END, reading, note)
    for line in restored.told:
        note(line)
    return Subject.of(restored.experiment, restored.trainer.dataset, run / FIRST_WEIGHTS, restored.trainer)


def _told(text: str) -> AbstractContextManager[None]:
    """Say what is going on: on a terminal until it is done, else in a line."""
    if sys.stderr.isatty():
        return passing(f"nnviz   {text}")
    note(text)
    return nullcontext()


def print_json(checked: Checked) -> None:
    """What was found as one JSON object."""
    json_result(
        {
            "source": checked.experiment.data.source,
            "seed": checked.experiment.training.seed,
            "whole": checked.whole,
            "wrong": checked.wrong,
            "checks": [_object(one, outcome) for one, outcome in checked.found],
        }
    )


def _object(one: Check, outcome: Outcome) -> dict[str, Any]:
    return {
        "check": one.id,
        "verdict": outcome.verdict.value,
        "done": list(outcome.done),
        "numbers": outcome.numbers,
        "alerts": [msgspec.structs.asdict(alert) for alert in outcome.alerts],
        "quiet": list(outcome.quiet),
        "unable": {each.rule: each.reason for each in outcome.unable},
        "reason": outcome.reason,
    }


def print_text(checked: Checked) -> None:
    """What was found in sentences, fit for a screen reader."""
    parts = [_heading(checked)]
    parts += [_section(number, one, outcome) for number, (one, outcome) in enumerate(checked.found, 1)]
    result("\n\n".join([*parts, _closing(checked)]))


def _heading(checked: Checked) -> str:
    layers, training = checked.experiment.network.layers, checked.experiment.training
    return _filled(
        f"{checked.name}: {layers or 'no hidden layer'}; {training.optimizer}, learning rate "
        f"{trimmed(training.learning_rate)}, batches of {integer(training.batch_size)}; seed {integer(training.seed)}"
    )


def _section(number: int, one: Check, outcome: Outcome) -> str:
    lines = [*outcome.done]
    if outcome.reason is not None:
        lines.append(f"Could not {'tell' if outcome.done else 'run'}: {outcome.reason}.")
    for _, of_rule in groupby(outcome.alerts, key=lambda alert: alert.rule):
        alert, *others = of_rule
        more = f" So it is with {count(len(others), 'other layer')}." if others else ""
        lines += [f"Wrong: {alert.seen}{more} {alert.why} ({alert.rule})", f"To try: {alert.attempt}"]
    title = f"{integer(number)}. {one.title}: {outcome.verdict.value}"
    return "\n".join([title, *(_filled(line, "   ") for line in lines)])


def _closing(checked: Checked) -> str:
    wrong, unable = (
        [one.id for one, outcome in checked.found if outcome.verdict is verdict]
        for verdict in (Verdict.WRONG, Verdict.COULD_NOT_RUN)
    )
    looked = count(len(checked.found), "check")
    told = f"{integer(len(wrong))} of {looked} found something wrong: {listed(wrong)}." if wrong else ""
    told = told or f"{looked}, and nothing is wrong."
    if len(wrong) > 1:
        told += " Begin with the first: it may be the cause of others."
    if unable:
        told += f" Could not run: {listed(unable)}."
    if not checked.whole:
        told += f" Ended before {count(len(RECIPE) - len(checked.found), 'more check')}."
    return _filled(told)


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        printable(text), WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
