"""What a list tells of one run, as it was when it was looked at."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nnviz.collection.main_curve import best, main_curve
from nnviz.frame.series import Series, Value
from nnviz.logs.finding import Format
from nnviz.logs.logged_run import DIVERGED, RUNNING, UNFINISHED, UNKNOWN, LoggedRun
from nnviz.logs.logs import Read
from nnviz.runs.claim import is_claimed

SOURCE, NETWORK = "data.source", "network.layers"
"""Settings of a run of nnviz."""


class ListedRun(NamedTuple):
    """One run. Nothing of it changes while its log is read on.

    place     its file or folder, by which it is known together with its name
    by        the tool that wrote it
    source    what it learnt from, and `network`, what learnt; "" where its log does not tell
    state     how it stands, in one of the words of `logs.logged_run`
    curves    each of them
    main      the one that tells most; None where there is none yet
    best      its best value, None if nobody knows which is better
    settings  what the log has of them, as texts
    notes     what is to be said of it
    size      bytes on disk
    written   when something was last written to it: seconds since 1970
    started   when it began, None where its log does not tell
    """

    place: Path
    name: str
    by: str
    source: str
    network: str
    state: str
    curves: tuple[Series, ...]
    main: Series | None
    best: Value | None
    settings: dict[str, str]
    notes: tuple[str, ...]
    axis: str
    size: int
    written: float
    started: float | None

    @property
    def key(self) -> tuple[Path, str]:
        """By what it is known."""
        return self.place, self.name

    @property
    def is_own(self) -> bool:
        """Whether nnviz trained it."""
        return self.by == Format.NNVIZ.value

    @property
    def reached(self) -> float:
        """The last step that any of its curves has, on the axis that they count; −1 before the first."""
        ends = [curve.latest.step for curve in self.curves if curve.latest and curve.axis == self.axis]
        return max(ends, default=-1.0)


def listed_runs(read: Read) -> list[ListedRun]:
    """Those that a log tells of, as it was read last."""
    place = read.found.place
    files = list(_below(place)) if read.found.format is Format.NNVIZ and place.is_dir() else read.found.files
    size, written = _size_and_time(files)
    return [_listed(run, place, size, written) for run in read.runs]


def with_state(listed: ListedRun) -> ListedRun:
    """The same run, if nnviz has written it, with whether somebody trains it at this moment."""
    state = state_now(listed.by, listed.state, listed.place)
    return listed if state == listed.state else listed._replace(state=state)


def state_now(by: str, state: str, place: Path) -> str:
    """The state of a run in that directory; of one that nnviz has written, whether it is being trained just now."""
    if state in (UNFINISHED, RUNNING) and by in (Format.NNVIZ.value, Format.WATCHED.value):
        return RUNNING if is_claimed(place) else UNFINISHED
    return state


def _listed(run: LoggedRun, place: Path, size: int, written: float) -> ListedRun:
    main = main_curve(run)
    listed = ListedRun(
        place,
        run.name,
        run.kind,
        run.settings.get(SOURCE, ""),
        run.settings.get(NETWORK, ""),
        run.state,
        tuple(series.snapshot() for series in run.curves),
        None if main is None else main.snapshot(),
        None if main is None else best(main),
        run.settings,
        (*run.notes, *filter(None, [run.waiting])),
        run.axis,
        size,
        written,
        run.started,
    )
    if run.state == UNKNOWN and main is not None and main.latest and not math.isfinite(main.latest.value):
        return listed._replace(state=DIVERGED)
    return with_state(listed)


def _below(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        yield from (Path(where, name) for name in names)


def _size_and_time(files: "list[Path] | tuple[Path, ...]") -> tuple[int, float]:
    size, written = 0, 0.0
    for file in files:
        try:
            found = file.lstat()
        except OSError:
            continue
        size, written = size + found.st_size, max(written, found.st_mtime)
    return size, written
