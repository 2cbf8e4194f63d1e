"""`nnviz sweep`: many runs of one plan, and a table of what came out, the best first."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import msgspec

from nnviz.collection.comparison import Comparison, Group, best_first, compare
from nnviz.collection.results import At
from nnviz.data.cores import available_cores
from nnviz.described import KEYS
from nnviz.errors import InputError
from nnviz.headless.comparing import NARROWEST
from nnviz.headless.console import json_result, note, result, width
from nnviz.headless.group_table import DIGITS, group_rows, heads, in_parts, label
from nnviz.headless.signals import taken_signals
from nnviz.headless.sweep_progress import told_runs
from nnviz.logs.goals import is_lower_better
from nnviz.logs.logs import logs_of
from nnviz.logs.naming import TRAIN, metric_and_split
from nnviz.outside_text import printable
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.result import written
from nnviz.sweeping.cores import Tell, train_on_cores
from nnviz.sweeping.outcome import FAILED, FINISHED, Outcome, standing_outcome
from nnviz.sweeping.plan import Plan, claimed
from nnviz.sweeping.trial import Work
from nnviz.training.interruption import Interruption
from nnviz.training.stopping import DIVERGED, INTERRUPTED
from nnviz.wording import count, integer, listed, number

WORST = (INTERRUPTED, FAILED, DIVERGED)
LISTED = 8
OPTIONS = {key.place: key.parameter for key in KEYS if key.is_asked}
Train = Callable[[Sequence[Work], Interruption, Tell], None]


class Swept(msgspec.Struct, frozen=True):
    """A sweep that is over, or was interrupted.

    outcomes    of all runs, in the order of the plan
    comparison  of those that have results; None if none has
    """

    folder: Path
    plan: Plan
    outcomes: tuple[Outcome, ...]
    comparison: Comparison | None

    @property
    def exit_code(self) -> int:
        """130 if it was interrupted, else that of a run that failed or diverged, else 0."""
        codes = {outcome.state: outcome.exit_code for outcome in reversed(self.outcomes)}
        return next((codes[state] for state in WORST if state in codes), 0)


def on_cores(jobs: int | None) -> Train:
    """Trains runs on this machine: as many at a time as were asked for, or as it has cores."""
    return lambda works, interruption, tell: train_on_cores(works, jobs or available_cores(), interruption, tell)


def on_cluster(address: str) -> Train:
    """Trains runs on a Dask cluster. Raises InputError where Dask is not installed."""
    try:
        from nnviz.sweeping.cluster import train_on_cluster
    except ImportError as error:
        raise InputError(
            f"--scheduler: {error.name} is not installed; pip install 'nnviz-tui[dask]' brings what a cluster needs"
        ) from None
    return lambda works, interruption, tell: train_on_cluster(address, works, interruption, tell, note)


def sweep(
    plan: Plan, out: Path | None, cached: bool, rule: CheckpointRule, train: Train, metric: str | None = None
) -> Swept:
    """Train what is still to be trained of a plan, telling the progress on stderr. Ctrl+C, or a signal, ends it early.

    Raises InputError, and whatever `train` raises.
    """
    folder = out or plan.folder()
    with taken_signals() as signals, contextlib.ExitStack() as stack:
        claim = claimed(plan, folder)
        stack.callback(claim.release)
        over = {trial.name: standing_outcome(trial.name, folder / trial.name) for trial in plan.trials}
        outcomes = {name: outcome for name, outcome in over.items() if outcome is not None}
        works = [
            Work(trial.name, folder / trial.name, trial.experiment, cached, rule, plan.stops_hopeless)
            for trial in plan.trials
            if trial.name not in outcomes
        ]
        note(_beginning(folder, plan, len(outcomes)))
        interruption = Interruption()
        signals.hand_to(interruption.ask, "the runs that are at work are kept; the same command goes on with them")
        progress = told_runs(len(works), lambda outcome: _came_to(folder / outcome.name))
        stack.callback(progress.close)

        def tell(message: Any) -> None:
            if isinstance(message, Outcome):
                outcomes[message.name] = message
            progress(message)

        if works:
            train(works, interruption, tell)
    ordered = tuple(outcomes[trial.name] for trial in plan.trials)
    return Swept(folder, plan, ordered, _compared(folder, plan, metric))


def _beginning(folder: Path, plan: Plan, over: int) -> str:
    done = f"; {integer(over)} of them have ended already" if over else ""
    return f"{count(len(plan.trials), 'run')} of {plan.trials[0].experiment.data.source} in {folder}{done}"


def _came_to(run: Path) -> str:
    """What the network that a run kept came to, in a few words."""
    found = written(run)
    scores = (found.validation or found.test or found.train) if found else None
    if not scores:
        return ""
    split = "validation " if found and found.validation else ""
    told = [f"{name} {number(value, DIGITS)}" for name, value in scores.items() if isinstance(value, float)]
    return f"{split}{', '.join(told[:2])}"


def _compared(folder: Path, plan: Plan, metric: str | None) -> Comparison | None:
    """The runs of the plan that have something to tell, beside each other. Raises InputError for no such metric."""
    names = {trial.name for trial in plan.trials}
    try:
        logged = [run for run in logs_of(folder).runs if run.name in names]
    except InputError:
        return None
    if not any(run.results for run in logged):
        return None
    return compare(logged, At.END, metric)


def ranked(comparison: Comparison) -> list[Group]:
    """Settings, the best first."""
    order = best_first([group.spreads[comparison.main] for group in comparison.groups], comparison.main)
    return [comparison.groups[place] for place in order]


def print_report(swept: Swept) -> None:
    """What came out, for people."""
    result("\n".join(_report(swept, max(width(sys.stdout), NARROWEST))).rstrip())


def _report(swept: Swept, columns: int) -> Iterator[str]:
    comparison = swept.comparison
    if comparison is not None:
        main = comparison.main
        lower = is_lower_better(main)
        better = "" if lower is None else f", of which {'less' if lower else 'more'} is better"
        yield f"the best settings first, by {printable(main)}{better};"
        yield "mean ± standard deviation (n − 1) of the runs of each"
        yield ""
        shown = [main, *(m for m in comparison.metrics if m != main and metric_and_split(m)[1] != TRAIN)]
        groups = ranked(comparison)
        splits, metrics = heads(shown)
        rows = [["", *splits], ["runs", *metrics], *(group_rows(group, shown) for group in groups)]
        yield in_parts(rows, ["", "", *(_label(group) for group in groups)], columns)
        yield ""
    for line in _remarks(swept):
        yield from wrap(line, columns - 2, initial_indent="  ", subsequent_indent="    ")


def _label(group: Group) -> str:
    """Its settings, called as the options that they were given by."""
    return label({OPTIONS.get(name, name): text for name, text in group.settings.items()}) or "all runs"


def _remarks(swept: Swept) -> Iterator[str]:
    by_state: dict[str, list[str]] = {}
    for outcome in swept.outcomes:
        by_state.setdefault(outcome.state, []).append(outcome.name)
    for state, names in by_state.items():
        if state != FINISHED:
            not_counted = "" if state == INTERRUPTED else ", and not part of a mean"
            yield f"{integer(len(names))} {state}{not_counted}: {listed(names, LISTED)}"
    if swept.comparison is None:
        yield "no run has a result yet"
    yield f"all runs are kept in {printable(str(swept.folder))}; 'nnviz compare' of it says what is more than chance"


def print_json(swept: Swept) -> None:
    """All of it as one JSON object."""
    comparison = swept.comparison
    found = {one.run.name: one for one in comparison.runs} if comparison else {}
    json_result(
        {
            "sweep": str(swept.folder),
            "metric": comparison.main if comparison else None,
            "settings": [
                {
                    "settings": dict(group.settings),
                    "runs": [one.run.name for one in group.runs],
                    "results": {
                        name: spread and msgspec.structs.asdict(spread) for name, spread in group.spreads.items()
                    },
                }
                for group in (ranked(comparison) if comparison else ())
            ],
            "runs": [
                {
                    "name": trial.name,
                    "run": str(swept.folder / trial.name),
                    "tried": dict(trial.settings),
                    "state": outcome.state,
                    "why": outcome.why,
                    "results": {
                        name: value and value.value
                        for name, value in (found[trial.name].results if trial.name in found else {}).items()
                    },
                }
                for trial, outcome in zip(swept.plan.trials, swept.outcomes, strict=True)
            ],
        }
    )
