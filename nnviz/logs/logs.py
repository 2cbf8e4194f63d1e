"""Logs: all runs below a place, whoever wrote them, and what is added to them."""

from pathlib import Path
from typing import Protocol

from nnviz.errors import InputError
from nnviz.logs.csv_log import CsvReader
from nnviz.logs.finding import Finder, Format, Found
from nnviz.logs.jsonl import JsonlReader
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.mlflow import MlflowReader, MlrunsReader
from nnviz.logs.nnviz_metrics import NnvizReader
from nnviz.logs.tensorboard import TensorBoardReader
from nnviz.logs.trackio import TrackioReader
from nnviz.logs.trainer_state import TrainerStateReader
from nnviz.logs.wandb import WandbReader


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
        nothing = "there is no log of a training" if path.is_dir() else "nothing has been written yet"
        raise InputError(next(iter(logs.faults), f"{path}: {nothing}; name a folder that a trainer logs to"))
    return logs


class Logs:
    """All logs below a place.

    faults  of logs that cannot be read, a line each
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._finder = Finder(path)
        self._readers: dict[tuple[Format, Path], Reader] = {}
        self.faults: list[str] = []

    @property
    def runs(self) -> list[LoggedRun]:
        """All runs, in the order of their places."""
        return [run for reader in self._readers.values() for run in reader.runs]

    def read(self) -> None:
        """Look for new logs, and take what has been added to all of them. Raises InputError if a single one cannot be.

        What is gone is no longer among the runs.
        """
        readers: dict[tuple[Format, Path], Reader] = {}
        for found in self._finder.find():
            key = found.format, found.place
            readers[key] = self._with_files(self._readers.get(key), found)
        self._readers = readers
        self.faults = list(self._finder.faults.values())
        for reader in self._readers.values():
            try:
                reader.read()
            except InputError as error:
                if not self._path.is_dir():
                    raise
                self.faults.append(str(error))

    def _with_files(self, reader: Reader | None, found: Found) -> Reader:
        reader = reader or _reader(found, self._name(found.place))
        if isinstance(reader, TensorBoardReader | TrainerStateReader):
            reader.set_files(found.files)
        return reader

    def _name(self, place: Path) -> str:
        """What a log is called: where it is below the place that was asked for."""
        inside = place != self._path and self._path.is_dir()
        return place.relative_to(self._path).as_posix() if inside else place.resolve().name


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
        case Format.LINES:
            return JsonlReader(LoggedRun(name, source, found.format.value))


_OF_FOLDERS = (Format.EVENTS, Format.TRAINER_STATE, Format.MLRUNS)
