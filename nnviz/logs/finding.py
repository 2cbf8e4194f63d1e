"""Which files below a place are logs, of which format, and which of them belong to one run.

Told by names first, then by the first bytes; a file whose beginning is not there yet is looked at again the next time.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from nnviz.data.bounded import check_file, faults_of
from nnviz.data.folder_walk import UNREADABLE, files_below
from nnviz.data.split import Skipped
from nnviz.errors import InputError
from nnviz.logs import (
    jsonl,
    lightning,
    mlflow,
    nnviz_metrics,
    plain_csv,
    tensorboard,
    trackio,
    trainer_state,
    wandb,
    watched_metrics,
    yolo,
)
from nnviz.logs.csv_log import CsvFormat, header_of
from nnviz.logs.keras import KERAS, is_keras
from nnviz.logs.naming import split_of
from nnviz.logs.sqlite_log import is_database, tables_of

DATABASES = {".db", ".sqlite", ".sqlite3"}
TABLES, LINES = {".csv", ".tsv"}, {".jsonl", ".ndjson"}
HEAD = 1 << 16
"""Bytes of a file that tell what it is."""
_CHECKPOINT = re.compile(r"checkpoint-\d+")


class Format(Enum):
    """What a log can be."""

    EVENTS = tensorboard.KIND
    WANDB = wandb.KIND
    MLFLOW = mlflow.KIND
    MLRUNS = "MLflow files"
    TRACKIO = trackio.KIND
    TRAINER_STATE = trainer_state.KIND
    TABLE = "table"
    LINES = jsonl.KIND
    NNVIZ = "nnviz"
    WATCHED = watched_metrics.KIND


class Found(NamedTuple):
    """One log.

    place   its folder, or its file where the folder may hold others
    files   that belong to it
    layout  what its columns are, if it is a table
    """

    format: Format
    place: Path
    files: tuple[Path, ...]
    layout: CsvFormat | None = None


class _Kind(NamedTuple):
    format: Format
    layout: CsvFormat | None = None


class _NotYetError(Exception):
    """Too little of a file is there to tell what it is."""


class Finder:
    """Finds the logs below a place, again and again.

    faults  what is wrong with files that would be logs
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Path, _Kind] = {}
        self._others: dict[Path, tuple[int, int] | None] = {}
        self._tags: dict[Path, str] = {}
        self.faults: dict[Path, str] = {}

    def find(self) -> list[Found]:
        """All logs that are there, in a fixed order. Raises InputError if a single file was named and is none."""
        self.faults = {}
        if not self._root.exists():
            raise InputError(f"{self._root}: nothing is there; name a folder that a trainer logs to")
        if not self._root.is_dir():
            check_file(self._root)
            return self._sorted([self._root])
        skipped: list[Skipped] = []
        files = [Path(path) for path in files_below(self._root, self._root, skipped)]
        unread = [skip for skip in skipped if skip.reason.startswith(UNREADABLE)]
        self.faults = {self._root / skip.name: f"{self._root / skip.name}: {skip.reason}" for skip in unread}
        return self._sorted(files)

    def _sorted(self, files: Sequence[Path]) -> list[Found]:
        events: dict[Path, list[Path]] = defaultdict(list)
        states: dict[Path, list[Path]] = defaultdict(list)
        own = {path.parent for path in files if _is_nnviz(path)}
        found = []
        for path in files:
            if path.suffix in LINES and not _is_nnviz(path) and not own.isdisjoint(path.parents):
                # What else nnviz keeps in the directory of a run is not for others.
                continue
            if tensorboard.is_event_file(path):
                events[path.parent].append(path)
            elif path.name == trainer_state.FILE:
                folder = path.parent.parent if _CHECKPOINT.fullmatch(path.parent.name) else path.parent
                states[folder].append(path)
            elif path.name == "meta.yaml" and mlflow.is_run_folder(path.parent):
                found.append(Found(Format.MLRUNS, path.parent, (path,)))
            elif kind := self._kind(path):
                found.append(Found(kind.format, self._place(kind, path), (path,), kind.layout))
        found += [Found(Format.TRAINER_STATE, folder, tuple(paths)) for folder, paths in states.items()]
        found += [Found(Format.EVENTS, folder, tuple(paths)) for folder, paths in self._by_run(events).items()]
        return sorted(found, key=lambda log: (os.fspath(log.place), log.format.value))

    def _place(self, kind: _Kind, path: Path) -> Path:
        """A file that has one name in a folder of its own stands for the folder."""
        layout = kind.layout.kind if kind.layout else ""
        named = kind.format in (Format.WANDB, Format.NNVIZ, Format.WATCHED) or layout in ("Lightning", "YOLO")
        return path.parent if named and path != self._root else path

    def _kind(self, path: Path) -> _Kind | None:
        if path not in self._known:
            stamp = _stamp(path)
            if stamp is not None and self._others.get(path) == stamp:
                return None
            try:
                kind = self._looked_at(path)
            except InputError as error:
                if path == self._root:
                    raise
                self.faults[path] = str(error)
                return None
            except _NotYetError:
                return None
            if kind is None:
                # A database that gets its tables later, or a file that is written anew, may become one.
                self._others[path] = stamp
                return None
            self._known[path] = kind
        return self._known[path]

    def _looked_at(self, path: Path) -> _Kind | None:
        suffix, is_named = path.suffix.lower(), path == self._root
        if suffix == ".wandb":
            return _Kind(Format.WANDB)
        if suffix in DATABASES:
            return _database(path)
        if suffix in TABLES or (is_named and suffix == ".txt"):
            return _table(path, is_named)
        if suffix in LINES:
            return _lines(path, is_named)
        if is_named:
            raise _unknown(path)
        return None

    def _by_run(self, events: Mapping[Path, list[Path]]) -> dict[Path, list[Path]]:
        """Folders of event files by the run that they belong to."""
        siblings = defaultdict(set)
        for folder in events:
            siblings[folder.parent].add(split_of(folder.name))
        runs: dict[Path, list[Path]] = defaultdict(list)
        for folder, paths in events.items():
            parent = folder.parent
            inside = folder != self._root
            if inside and split_of(folder.name) and (parent in events or len(siblings[parent] - {""}) > 1):
                runs[parent] += paths
            elif inside and parent in events and (tag := self._tag(paths[0])) is not None:
                runs[parent if tensorboard.is_curve_folder(folder.name, tag) else folder] += paths
            else:
                runs[folder] += paths
        return runs

    def _tag(self, path: Path) -> str | None:
        if path not in self._tags:
            try:
                tag = tensorboard.first_tag(path)
            except InputError:
                return None
            if tag is None:
                return None
            self._tags[path] = tag
        return self._tags[path]


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written to; None if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _head(path: Path) -> bytes:
    with faults_of(path), path.open("rb") as file:
        return file.read(HEAD)


def _database(path: Path) -> _Kind | None:
    with faults_of(path):
        if path.stat().st_size == 0:
            raise _NotYetError
        if not is_database(path):
            return None
    tables = tables_of(path)
    if trackio.is_trackio(tables):
        return _Kind(Format.TRACKIO)
    return _Kind(Format.MLFLOW) if mlflow.is_mlflow(tables) else None


def _table(path: Path, is_named: bool) -> _Kind | None:
    line, end, _ = _head(path).partition(b"\n")
    if not end:
        raise _NotYetError
    header = header_of(line)
    if header is None:
        if is_named:
            raise _unknown(path)
        return None
    names = header.names
    if lightning.is_lightning(path.name, names):
        return _Kind(Format.TABLE, lightning.LIGHTNING)
    if yolo.is_yolo(path.name, names):
        return _Kind(Format.TABLE, yolo.yolo(names))
    if is_keras(names):
        return _Kind(Format.TABLE, KERAS)
    return _Kind(Format.TABLE, plain_csv.plain(names)) if is_named or plain_csv.x_of(names) else None


def _is_nnviz(path: Path) -> bool:
    return path.name == nnviz_metrics.FILE and (path.parent / nnviz_metrics.EXPERIMENT).is_file()


def _is_watched(path: Path) -> bool:
    return path.name == watched_metrics.FILE and (path.parent / watched_metrics.ABOUT).is_file()


def _lines(path: Path, is_named: bool) -> _Kind | None:
    head = _head(path)
    lines = [line for line in head.split(b"\n") if line.strip()]
    records = [record for line in lines if (record := jsonl.as_object(line)) is not None]
    if _is_nnviz(path):
        return _Kind(Format.NNVIZ)
    if _is_watched(path):
        return _Kind(Format.WATCHED)
    if any(jsonl.x_in(record) for record in records) or (is_named and records):
        return _Kind(Format.LINES)
    if len(head) < HEAD:
        raise _NotYetError
    if is_named:
        raise _unknown(path)
    return None


def _unknown(path: Path) -> InputError:
    return InputError(
        f"{path}: not a log that nnviz reads; these are event files of TensorBoard, .wandb, databases of MLflow and "
        "trackio, trainer_state.json, and tables (.csv) and lines of JSON (.jsonl) with a step or an epoch"
    )
