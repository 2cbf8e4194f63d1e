"""Rows: values of many curves as a log tells them, row by row, collected until they are recorded all at once."""

import math
from collections import defaultdict

import numpy as np

from nnviz.logs.logged_run import LoggedRun

NO_TIME = math.nan
TEXTS = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
TEXTS |= {"infinity": math.inf, "+infinity": math.inf, "-infinity": -math.inf}
"""What JSON, which has no such numbers, gets instead."""


def as_number(value: object) -> float | None:
    """A value of JSON as a number; None if it is none. Of texts, only those that stand for NaN or an infinity are."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return TEXTS.get(value.strip().lower()) if isinstance(value, str) else None


class Rows:
    """Steps, values and times of each curve."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[list[float], list[float], list[float]]] = defaultdict(lambda: ([], [], []))
        self._named: dict[str, tuple[str, str]] = {}

    def add(
        self, name: str, step: float, value: float, time: float = NO_TIME, named: tuple[str, str] | None = None
    ) -> None:
        """One more value of a curve; `named` is its metric and split where its name does not tell them."""
        for column, item in zip(self._columns[name], (step, value, time), strict=True):
            column.append(item)
        if named:
            self._named[name] = named

    def record(self, run: LoggedRun) -> None:
        """Add all of them to a run."""
        for name, columns in self._columns.items():
            steps, values, times = (np.array(column) for column in columns)
            run.record(name, steps, values, times, named=self._named.get(name))
