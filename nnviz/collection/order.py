"""In which order runs stand in a list."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from nnviz.collection.listed_run import ListedRun
from nnviz.logs.goals import is_lower_better

Sorted = Callable[[ListedRun], Any]


def _best(run: ListedRun) -> tuple[str, float]:
    """By metric first, since different ones cannot be compared; of each the best first."""
    assert run.main is not None
    assert run.best is not None
    return run.main.name, run.best.value if is_lower_better(run.main.metric) else -run.best.value


def _natural(text: str) -> list[tuple[bool, float, str]]:
    """So that run-9 comes before run-10, and lr0.03 before lr0.1."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text.casefold())
    return [(False, float(part), "") if part[:1].isdecimal() else (True, 0.0, part) for part in parts]


ORDERS: dict[str, Sorted] = {
    "run": lambda run: _natural(run.name),
    "by": lambda run: run.by.casefold(),
    "source": lambda run: _natural(run.source),
    "network": lambda run: _natural(run.network),
    "state": lambda run: run.state,
    "best": _best,
    "steps": lambda run: -run.reached,
    "size": lambda run: -run.size,
    "age": lambda run: -run.written,
}
"""The columns of the list, and what each is sorted by: what is of most interest first."""


def ordered(runs: Iterable[ListedRun], column: str, backwards: bool = False) -> list[ListedRun]:
    """Runs by a column; those that have nothing in it come last, either way, and equals stay as they are."""
    runs = list(runs)
    known = [run for run in runs if _has(run, column)]
    return [*sorted(known, key=ORDERS[column], reverse=backwards), *(run for run in runs if not _has(run, column))]


def _has(run: ListedRun, column: str) -> bool:
    if column == "best":
        return run.best is not None
    return column not in ("source", "network") or bool(getattr(run, column))
