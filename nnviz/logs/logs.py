"""Logs: all runs below a place, whoever wrote them, and what is added to them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from nnviz.errors import InputError
from nnviz.logs.csv_log import CsvReader
from nnviz.logs.finding import Finder, Format, Found
from nnviz.logs.jsonl import JsonlReader
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.mlflow import MlflowReader, MlrunsReader
from nnviz.logs.nnviz_metrics import EXPERIMENT, RESULT, NnvizReader
from nnviz.logs.tensorboard import TensorBoardReader
from nnviz.logs.trackio import TrackioReader
from nnviz.logs.trainer_state import TrainerStateReader
from nnviz.logs.wandb import WandbReader
from nnviz.logs.watched_metrics import ABOUT, WatchedReader


class Reader(Protocol):
    """Reads one log, from where it was."""

    @property
    def runs(self) -> list[LoggedRun]:
        """The runs that it tells of."""

    def read(self) -> None:
        """Take what has been added since the last time. Raises InputError if it cannot be read."""


def logs_of(path: Path) -> "Logs":
    """The logs in a folder, or that of a file, as far as they are written.

    Raises InputError if there is nothing, or nothing that is a log.
    """
    logs = Logs(path)
    logs.read()
    if not logs.runs:
        raise logs.nothing()
    return logs


Key = tuple[Format, Path]
Stamp = tuple[tuple[int, int], ...]
RECENT_SECONDS = 2.0
"""A file that was written so lately may be written again without another time, as coarse as clocks of disks are."""


class Read(NamedTuple):
    """A log that was read, and the runs that it tells of."""

    found: Found
    runs: list[LoggedRun]


class Logs:
    """All logs below a place.

    faults  of logs that cannot be read, a line each
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._finder = Finder(path)
        self._readers: dict[Key, Reader] = {}
        self._stamps: dict[Key, Stamp] = {}
        self.faults: list[str] = []

    @property
    def runs(self) -> list[LoggedRun]:
        """All runs, in the order of their places."""
        return [run for reader in self._readers.values() for run in reader.runs]

    @property
    def count(self) -> int:
        """How many logs there are."""
        return len(self._readers)

    def refuse_nothing(self) -> None:
        """Raises InputError if there is nothing at the place, or nothing that is a log; none is read for that."""
        if not self._finder.find():
            self.faults = list(self._finder.faults.values())
            raise self.nothing()

    def nothing(self) -> InputError:
        """What to say where there is no run."""
        found = "there is no log of a training" if self._path.is_dir() else "nothing has been written yet"
        return InputError(next(iter(self.faults), f"{self._path}: {found}; name a folder that a trainer logs to"))

    def read(self) -> None:
        """Look for new logs, and take what has been added to all of them. Raises InputError if a single one cannot be.

        What is gone is no longer among the runs.
        """
        for _ in self.reading():
            pass

    def reading(self) -> Iterator[Read]:
        """The same, a log at a time: each that may have changed, when it was read; a large one in the middle too."""
        finds = {(found.format, found.place): found for found in self._finder.find()}
        self._readers = {key: self._with_files(self._readers.get(key), found) for key, found in finds.items()}
        self._stamps = {key: stamp for key, stamp in self._stamps.items() if key in finds}
        self.faults = list(self._finder.faults.values())
        for key, found in finds.items():
            # What is written from here on has another stamp.
            stamp = _stamp(found)
            if stamp is not None and stamp == self._stamps.get(key):
                continue
            self._stamps.pop(key, None)
            reader = self._readers[key]
            try:
                if isinstance(reader, TensorBoardReader):
                    for _ in reader.reading():
                        yield Read(found, reader.runs)
                else:
                    reader.read()
            except InputError as error:
                if not self._path.is_dir():
                    raise
                self.faults.append(str(error))
                continue
            if stamp is not None:
                self._stamps[key] = stamp
            yield Read(found, reader.runs)

    def _with_files(self, reader: Reader | None, found: Found) -> Reader:
        reader = reader or _reader(found, self._name(found.place))
        if isinstance(reader, TensorBoardReader | TrainerStateReader):
            reader.set_files(found.files)
        return reader

    def _name(self, place: Path) -> str:
        """What a log is called: where it is below the place that was asked for."""
        inside = place != self._path and self._path.is_dir()
        return place.relative_to(self._path).as_posix() if inside else place.resolve().name


def _stamp(found: Found) -> Stamp | None:
    """What changes when a log is written to; None where that cannot be told."""
    if found.format is Format.MLRUNS:
        return None
    paths = [*found.files]
    if found.format is Format.NNVIZ:
        paths += [found.files[0].with_name(name) for name in (EXPERIMENT, RESULT)]
    elif found.format is Format.WATCHED:
        paths += [found.files[0].with_name(ABOUT)]
    elif found.format in (Format.MLFLOW, Format.TRACKIO):
        paths += [path.with_name(f"{path.name}-wal") for path in found.files]
    stamp = tuple(_size_and_time(path) for path in paths)
    is_recent = max(changed for _, changed in stamp) > (time.time() - RECENT_SECONDS) * 1e9
    return None if is_recent else stamp


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return -1, 0
    return found.st_size, found.st_mtime_ns


def _reader(found: Found, name: str) -> Reader:
    source = found.place if found.format in _OF_FOLDERS else found.files[0]
    match found.format:
        case Format.EVENTS:
            return TensorBoardReader(LoggedRun(name, source, found.format.value))
        case Format.TRAINER_STATE:
            return TrainerStateReader(LoggedRun(name, source, found.format.value))
        case Format.MLRUNS:
            return MlrunsReader(LoggedRun(name, source, Format.MLFLOW.value))
        case Format.WANDB:
            return WandbReader(LoggedRun(name, source, found.format.value))
        case Format.MLFLOW:
            return MlflowReader(source, name)
        case Format.TRACKIO:
            return TrackioReader(source, name)
        case Format.TABLE:
            assert found.layout is not None
            return CsvReader(LoggedRun(name, source, found.layout.kind, found.layout.axis), found.layout)
        case Format.NNVIZ:
            return NnvizReader(LoggedRun(name, source, found.format.value))
        case Format.WATCHED:
            return WatchedReader(LoggedRun(name, source, found.format.value))
        case Format.LINES:
            return JsonlReader(LoggedRun(name, source, found.format.value))


_OF_FOLDERS = (Format.EVENTS, Format.TRAINER_STATE, Format.MLRUNS)
