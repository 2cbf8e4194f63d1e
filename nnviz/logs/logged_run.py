"""LoggedRun: what a log tells of one run, whoever wrote it."""

from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.frame.series import Series
from nnviz.logs.naming import metric_and_split
from nnviz.wording import integer

MOST_ATTEMPTS = 16
"""A curve whose steps fall more often does not tell its steps, but something that begins again in each epoch."""
MOST_NOTES = 10
ALIKE = 3
"""When so many first values of a curve are all of one step, no steps were given."""
FALLS, SAME = "its steps fall again and again", "its values are all of one step"
UNKNOWN, RUNNING, UNFINISHED, FINISHED = "unknown", "running", "unfinished", "finished"
FAILED, KILLED, DIVERGED, INTERRUPTED = "failed", "killed", "diverged", "interrupted"
STOPPED = "stopped"
"""By a sweep, because others did better: what it came to is no result of its settings."""


class LoggedRun:
    """One run as its log tells it, which may go on.

    name      what it is called, below the place where it was looked for
    title     what its owner called it, nothing where the log does not tell
    source    its file or folder
    kind      what wrote it: TensorBoard, W&B, …
    state     what the log tells of how it stands: one of the words above; unknown where it tells nothing, as most do
    started   seconds since 1970 in UTC, None where the log does not tell
    settings  what the log has of them, as texts
    results   single numbers that came out at its end, which are no curves
    waiting   why something that is there was not read yet; nothing if all was
    axis      what its steps count: step, epoch or row
    """

    def __init__(self, name: str, source: Path, kind: str, axis: str = "step") -> None:
        self.name, self.source, self.kind, self.axis = name, source, kind, axis
        self.state, self.title, self.waiting = UNKNOWN, "", ""
        self.started: float | None = None
        self.settings: dict[str, str] = {}
        self.results: dict[str, float] = {}
        self._notes: dict[str, None] = {}
        self._more_notes = 0
        self._curves: dict[str, dict[int, _Curve]] = {}

    @property
    def series(self) -> tuple[Series, ...]:
        """All curves; of one that began again, each attempt, in the order of time."""
        return tuple(series for strands in self._curves.values() for series in _joined(list(strands.values())))

    @property
    def curves(self) -> tuple[Series, ...]:
        """One series a curve: of one that began again, what stands, which is the later values wherever it did."""
        return tuple(_standing(_joined(list(strands.values()))) for strands in self._curves.values())

    @property
    def notes(self) -> list[str]:
        """What is to be said of it: damage, values that are not what they seem; of very much, the first."""
        more = [f"and {integer(self._more_notes)} more like these"] if self._more_notes else []
        return [*self._notes, *more]

    def note(self, text: str) -> None:
        """Add what is to be said of the run, once."""
        if len(self._notes) < MOST_NOTES:
            self._notes[text] = None
        elif text not in self._notes:
            self._more_notes += 1

    def record(
        self,
        name: str,
        steps: Array,
        values: Array,
        times: Array | None = None,
        strand: int = 0,
        named: tuple[str, str] | None = None,
    ) -> None:
        """Add values (n,) of a curve at their steps (n,), in the order of the log.

        strand  tells apart what several writers add at the same time
        named   metric and split, where the name alone does not tell them
        """
        strands = self._curves.setdefault(name, {})
        if strand not in strands:
            metric, split = named or metric_and_split(name)
            strands[strand] = _Curve(Series(name, metric, split, self.axis))
        if why := strands[strand].add(steps, values, times):
            self.note(f"{name}: {why}, so they are counted")

    def drop(self, name: str) -> None:
        """Drop one curve: its part of the log was written anew."""
        self._curves.pop(name, None)

    def forget(self, strand: int | None = None) -> None:
        """Drop what was recorded, of one writer or of all: the log was written anew."""
        if strand is None:
            self._notes, self._more_notes = {}, 0
        for strands in self._curves.values():
            for key in list(strands) if strand is None else {strand} & strands.keys():
                del strands[key]
        self._curves = {name: strands for name, strands in self._curves.items() if strands}


class _Curve:
    """What one writer wrote of one curve: attempts, each of which begins at a lower step than the one before ended."""

    def __init__(self, first: Series) -> None:
        self.attempts = [first]

    def add(self, steps: Array, values: Array, times: Array | None) -> str:
        """Add values; returns why their steps are not taken any longer, if that is so since now."""
        last, why = self.attempts[-1], ""
        if last.axis == "row":
            last.extend(np.arange(last.total, last.total + len(values), dtype=np.float64), values, times)
            return ""
        before = last.latest.step if last.latest else -np.inf
        starts = np.flatnonzero(np.diff(steps, prepend=before) < 0)
        for part in np.split(np.arange(len(steps)), starts):
            own = (steps[part], values[part], None if times is None else times[part])
            if part.size and self.attempts[-1].latest and own[0][0] < self.attempts[-1].latest.step:
                self.attempts.append(_again(self.attempts[-1]))
            self.attempts[-1].extend(*own)
        if len(self.attempts) > MOST_ATTEMPTS:
            why = FALLS
        elif _is_flat(self.attempts[0]):
            why = SAME
        if why:
            self.attempts = [_one(self.attempts).counted()]
        return why


def _again(series: Series) -> Series:
    return Series(series.name, series.metric, series.split, series.axis, series.attempt + 1, series.capacity)


def _is_flat(series: Series) -> bool:
    return series.total >= ALIKE and series.stride == 1 and bool(np.ptp(series.points["step"][:ALIKE]) == 0)


def _one(attempts: list[Series]) -> Series:
    whole = attempts[0]
    for later in attempts[1:]:
        whole = whole.followed_by(later)
    return whole


def _joined(strands: list[_Curve]) -> list[Series]:
    """The attempts of all writers, in the order of time; one that goes on where another ended is part of that."""
    joined: list[Series] = []
    for part in (series for strand in sorted(strands, key=_began) for series in strand.attempts):
        if joined and _goes_on(joined[-1], part):
            joined[-1] = joined[-1].followed_by(part)
        else:
            joined.append(part)
        joined[-1].attempt = len(joined)
    return joined


def _standing(attempts: list[Series]) -> Series:
    """What stands of a curve that began again: the last attempt, and of those before what it has not done again."""
    standing = attempts[-1]
    for earlier in reversed(attempts[:-1]):
        standing = earlier.before(float(standing.points["step"][0])).followed_by(standing)
    return standing


def _began(curve: _Curve) -> float:
    time = curve.attempts[0].points["time"][0]
    return -np.inf if np.isnan(time) else float(time)


def _goes_on(series: Series, later: Series) -> bool:
    end = series.latest
    return end is not None and series.axis == later.axis != "row" and bool(later.points["step"][0] > end.step)
