"""JSON, an object a line, as people write it.

Tried with lines that plain `json.dumps` writes.

| trap | what nnviz does |
| --- | --- |
| x has many names | the first of those of plain tables that the first line with one has |
| some lines have another x, such as only `epoch` | they stand at the step of the line before, and that is said |
| a line has some of the metrics | what is missing is no value |
| `split`, `phase` or `mode` tells the split | it is part of the curve's name |
| objects within objects | names joined by `/` |
| NaN is bare, `null`, or a text; an integer may be longer than any float | NaN, no value, NaN; infinity |
| the last line may be half of one | read if it is an object already, which half of one never is; else waited for |
| a line that is no object | said, and left out |
| texts, lists, true and false | no values |
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from nnviz.logs.csv_log import WAITING
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.naming import split_of
from nnviz.logs.plain_csv import AXES, TIMES
from nnviz.logs.rows import NO_TIME, Rows, as_number
from nnviz.logs.tail import Tail
from nnviz.wording import integer

KIND = "JSONL"
DEEPEST = 20
SPLITS = ("split", "phase", "mode")


def as_object(line: bytes) -> dict[str, Any] | None:
    """The object of a line; None if it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def numbers_in(record: dict[str, Any], beginning: str = "") -> Iterator[tuple[str, float]]:
    """Names and values of all numbers in an object, those of objects within it too."""
    for key, value in record.items():
        if isinstance(value, dict) and beginning.count("/") < DEEPEST:
            yield from numbers_in(value, f"{beginning}{key}/")
        elif (number := as_number(value)) is not None:
            yield f"{beginning}{key}", number


def x_in(record: dict[str, Any]) -> str | None:
    """The key that is x; None if there is none."""
    return next((key for key in AXES if as_number(record.get(key)) is not None), None)


class JsonlReader:
    """One file of lines, read from where it was."""

    def __init__(self, run: LoggedRun) -> None:
        self.runs = [run]
        self._tail = Tail(run.source)
        self._begin()

    def _begin(self) -> None:
        self._line = 0
        self._x: str | None = None
        self._step = math.nan

    def read(self) -> None:
        """Take the lines that were added. Raises InputError if it cannot be read."""
        (run,) = self.runs
        if self._tail.is_anew():
            run.forget()
            self._begin()
        whole = True
        while whole:
            while lines := self._tail.lines():
                self._take(run, lines)
            rest = self._tail.rest()
            if whole := as_object(rest) is not None:
                self._tail.take(len(rest))
                self._take(run, [rest])
        run.waiting = WAITING if rest.strip() else ""

    def _take(self, run: LoggedRun, lines: list[bytes]) -> None:
        # The end of a line that was taken without it makes none of its own.
        records = [as_object(line) for line in lines if line.strip()]
        if self._x is None:
            self._x = next(filter(None, (x_in(record) for record in records if record)), None)
            if self._x and self._line:
                # Until now lines were counted.
                run.forget()
                self._tail.offset = self._line = 0
                self._step = math.nan
                return
        rows = Rows()
        for record in records:
            self._line += 1
            if record is None:
                run.note(f"line {integer(self._line)} is not an object of JSON; it is left out")
            else:
                self._row(run, rows, record)
        rows.record(run)

    def _row(self, run: LoggedRun, rows: Rows, record: dict[str, Any]) -> None:
        run.axis = AXES[self._x] if self._x else "row"
        step = self._step_of(run, record)
        if not math.isfinite(step):
            run.note(f"line {integer(self._line)} comes before the first {self._x}; it is left out")
            return
        self._step = step
        self._add(rows, record, step)

    def _step_of(self, run: LoggedRun, record: dict[str, Any]) -> float:
        if self._x is None:
            return float(self._line - 1)
        step = as_number(record.get(self._x))
        if step is None and math.isfinite(self._step):
            run.note(f"lines without {self._x} stand at that of the line before")
        if step is None:
            return self._step
        return step

    def _add(self, rows: Rows, record: dict[str, Any], step: float) -> None:
        key = next((key for key in SPLITS if isinstance(record.get(key), str)), None)
        time = next((key for key in TIMES if as_number(record.get(key)) is not None), None)
        at = as_number(record[time]) if time else None
        for name, value in numbers_in(record):
            if name in (self._x, time):
                continue
            if key is None:
                rows.add(name, step, value, NO_TIME if at is None else at)
            else:
                split = str(record[key])
                known = split_of(split)
                named = (name, known) if known else None
                rows.add(f"{split}/{name}", step, value, NO_TIME if at is None else at, named)
