"""`nnviz runs`: the runs below a place, whoever trained them, as numbers for another program and as text for people."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnviz.collection.listed_run import state_now
from nnviz.collection.main_curve import best, main_curve, rank
from nnviz.frame.series import DOWN, NAN, UP, Series, Value
from nnviz.headless.console import json_result, note, result
from nnviz.headless.report import table
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.logs import Logs, logs_of
from nnviz.outside_text import cut, printable, shown_names
from nnviz.wording import count, integer, listed, number

NAME, METRIC = 44, 30
"""Cells of a run's name and of a metric's."""
TEXTS = {math.inf: "Infinity", -math.inf: "-Infinity"}
"""What is written where JSON has no number."""
DIGITS = 4


def print_runs(place: Path, as_json: bool) -> None:
    """List the runs there; of a single one, its curves. Raises InputError if there is none."""
    logs = logs_of(place)
    for run in logs.runs:
        run.state = state_now(run.kind, run.state, run.source.parent)
    if as_json:
        json_result(plain(place, logs))
        return
    for fault in logs.faults:
        note(fault)
    runs = logs.runs
    result(_curves(runs[0]) if len(runs) == 1 else _table(runs))


def plain(place: Path, logs: Logs) -> dict[str, Any]:
    """All that is known of them, in values that JSON knows."""
    return {"place": str(place), "runs": [_plain_run(run) for run in logs.runs], "faults": logs.faults}


def _plain_run(run: LoggedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "title": run.title,
        "by": run.kind,
        "source": str(run.source),
        "state": run.state,
        "started": run.started,
        "settings": run.settings,
        "results": {name: _number(value) for name, value in run.results.items()},
        "notes": run.notes,
        "waiting": run.waiting,
        "series": [_plain_series(run, series) for series in run.curves],
    }


def _plain_series(run: LoggedRun, series: Series) -> dict[str, Any]:
    extremes = {"best": best(series), "lowest": series.lowest, "highest": series.highest}
    return {
        "name": series.name,
        "metric": series.metric,
        "split": series.split or None,
        "axis": series.axis,
        "values": series.total,
        "attempts": sum(other.name == series.name for other in run.series),
        "not_finite": _marks(series),
        "last": _plain_value(series.latest),
        **{name: _plain_value(value) for name, value in extremes.items()},
    }


def _plain_value(value: Value | None) -> dict[str, Any] | None:
    return None if value is None else {"step": value.step, "value": _number(value.value)}


def _number(value: float) -> float | str:
    return "NaN" if math.isnan(value) else TEXTS.get(value, value)


def _marks(series: Series) -> list[str]:
    """Which values that are no finite numbers are among its."""
    found = {name for name, mark in (("NaN", NAN), ("Infinity", UP), ("-Infinity", DOWN)) if _has(series, mark)}
    return sorted(found)


def _has(series: Series, mark: int) -> bool:
    return bool((series.points["marks"] & mark).any())


HEADS = ("run", "by", "state", "reached", "curves", "main curve", "last", "best", "at")


def row_of(name: str, run: LoggedRun) -> list[str]:
    """A run under a name of its own, with its main curve: a text below each of `HEADS`."""
    head = [name, run.kind, run.state]
    if curve := main_curve(run):
        told = [_reached(run), integer(len(run.curves)), cut(printable(curve.name), METRIC)]
        return [*head, *told, *_values(curve)]
    return [*head, "nothing yet", "0", "", "", "", ""]


def _table(runs: Sequence[LoggedRun]) -> str:
    names = shown_names(tuple(run.name for run in runs))
    rows = [list(HEADS), *(row_of(cut(name, NAME), run) for name, run in zip(names, runs, strict=True))]
    lines = [table(rows), "", *_remarks(runs, names)]
    return "\n".join(lines).rstrip()


def _reached(run: LoggedRun) -> str:
    """The last place that any of its curves has; where some had to be counted, that of the others."""
    ends = [(s.axis == run.axis, s.latest.step, _place(s, s.latest)) for s in run.curves if s.latest]
    return max(ends)[2]


def _curves(run: LoggedRun) -> str:
    """One run, with a row for each of its curves."""
    title = f" · {printable(run.title)}" if run.title else ""
    lines = [f"{printable(run.name)}{title} · {run.kind} · {run.state}", ""]
    if run.settings:
        pairs = [f"{printable(key)} {printable(value)}" for key, value in run.settings.items()]
        lines += [f"settings: {listed(pairs)}", ""]
    rows = [["curve", "split", "values", "last", "best", "at", "lowest", "highest", "not finite"]]
    for series in sorted(run.curves, key=rank):
        ends = ["" if end is None else number(end.value, DIGITS) for end in (series.lowest, series.highest)]
        odd = " ".join(_marks(series))
        name = cut(printable(series.name), METRIC)
        rows.append([name, series.split, integer(series.total), *_values(series), *ends, odd])
    results = [[printable(name), number(value, DIGITS)] for name, value in run.results.items()]
    lines.append(table(rows) if len(rows) > 1 else "  nothing yet")
    if results:
        lines += ["", "in the end", table(results)]
    return "\n".join([*lines, "", *_remarks([run], [run.name])]).rstrip()


def _values(series: Series) -> list[str]:
    """The last value, the best one, and where that was."""
    found = best(series)
    last = "" if series.latest is None else number(series.latest.value, DIGITS)
    return [last, "" if found is None else number(found.value, DIGITS), _place(series, found)]


def _place(series: Series, value: Value | None) -> str:
    if value is None:
        return ""
    at = integer(int(value.step)) if value.step == int(value.step) else number(value.step, DIGITS)
    return f"{series.axis} {at}"


def _remarks(runs: Sequence[LoggedRun], names: Sequence[str]) -> list[str]:
    """What is to be said of runs, each in a line of its own."""
    lines = []
    for name, run in zip(names, runs, strict=True):
        lines += [f"  {cut(name, NAME)}: {printable(text)}" for text in (*run.notes, run.waiting) if text]
        again = [attempts for attempts in _attempts(run) if attempts > 1]
        if again:
            times = count(max(again) - 1, "time")
            lines.append(f"  {cut(name, NAME)}: began again {times} at a lower step; what was written last is shown")
    return lines


def _attempts(run: LoggedRun) -> list[int]:
    return [series.attempt for series in run.series]
