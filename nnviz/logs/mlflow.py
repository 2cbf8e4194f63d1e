"""MLflow's stores: a database (`mlflow.db`), and the older folder `mlruns`.

Tried with mlflow-skinny 3.17.2 on sqlite, and its file store.

| trap | what nnviz does |
| --- | --- |
| NaN is the value 0 with `is_nan` 1 | NaN |
| an infinity is the largest double, of either sign | an infinity |
| a step may come again, or all are 0 because none was given | a restart; or they are counted, and that is said |
| times are milliseconds since 1970 | seconds |
| a reader keeps the writer's commit waiting | each read is one short statement over rows that are new |
| the rows of several runs are mixed, in the order of writing | sorted out by `run_uuid`; names of runs are not unique |
| a run may be deleted: its rows stay | not listed |
| in `mlruns` a key with `/` is a path, and a line may be half written | walked; read up to the last end of a line |
| MLflow itself refuses `mlruns` now | read |

Source: mlflow/store/tracking/dbmodels/models.py, file_store.py.
"""

import math
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from sqlite3 import Connection

from nnviz.logs.database_reader import ROWS, DatabaseReader
from nnviz.logs.logged_run import FAILED, FINISHED, KILLED, RUNNING, UNKNOWN, LoggedRun
from nnviz.logs.rows import Rows
from nnviz.logs.sqlite_log import NUMBER, TEXT, WHOLE, connected, of_types
from nnviz.logs.tail import Tail

KIND = "MLflow"
MILLISECONDS = 1000.0
STATES = {"RUNNING": RUNNING, "FINISHED": FINISHED, "FAILED": FAILED, "KILLED": KILLED}
# Of mlflow.entities.RunStatus.
NUMBERED = {"1": RUNNING, "3": FINISHED, "4": FAILED, "5": KILLED}
_TYPES = of_types(run_uuid=TEXT, key=TEXT, step=WHOLE, value=NUMBER, timestamp=NUMBER)
TABLES = {
    "metrics": {"key", "value", "timestamp", "run_uuid", "step", "is_nan"},
    "runs": {"run_uuid", "name", "status", "start_time", "lifecycle_stage"},
    "params": {"key", "value", "run_uuid"},
}


def is_mlflow(tables: Mapping[str, Collection[str]]) -> bool:
    """Whether a database with these tables and columns is MLflow's."""
    return all(columns <= set(tables.get(table, ())) for table, columns in TABLES.items())


class MlflowReader(DatabaseReader):
    """All runs of one database."""

    @property
    def runs(self) -> list[LoggedRun]:
        """The runs, in the order in which they were begun."""
        return sorted(self._runs.values(), key=lambda run: run.started or 0.0)

    def _take(self) -> None:
        self._runs_of()
        while self._more():
            pass

    def _runs_of(self) -> None:
        with connected(self._path) as database:
            last = database.execute("SELECT MAX(rowid) FROM metrics").fetchone()[0] or 0
            found = database.execute(
                "SELECT run_uuid, name, status, start_time FROM runs WHERE lifecycle_stage IS NOT 'deleted' AND "
                + of_types(run_uuid=TEXT, name=f"{TEXT}, 'null'", start_time=f"{NUMBER}, 'null'")
            ).fetchall()
            settings = _settings(database)
        if last < self._last:
            # Rows were removed: what is left may have other numbers.
            self._runs, self._last = {}, 0
        for key, name, status, started in found:
            run = self._runs.setdefault(key, LoggedRun(f"{self._name}/{key[:8]}", self._path, KIND))
            run.title, run.state = name or "", STATES.get(status, UNKNOWN)
            run.started = None if started is None else started / MILLISECONDS
            run.settings = settings[key]
        self._runs = {key: run for key, run in self._runs.items() if key in {row[0] for row in found}}

    def _more(self) -> bool:
        with connected(self._path) as database:
            found = database.execute(
                "SELECT rowid, run_uuid, key, step, value, is_nan, timestamp FROM metrics "
                f"WHERE rowid > ? AND {_TYPES} ORDER BY rowid LIMIT ?",
                (self._last, ROWS),
            ).fetchall()
        rows: dict[str, Rows] = defaultdict(Rows)
        for number, run, key, step, value, is_nan, milliseconds in found:
            self._last = number
            rows[run].add(key, float(step), _value(value, is_nan), milliseconds / MILLISECONDS)
        for run in rows.keys() & self._runs.keys():
            rows[run].record(self._runs[run])
        return len(found) == ROWS


def _settings(database: Connection) -> Mapping[str, dict[str, str]]:
    settings: dict[str, dict[str, str]] = defaultdict(dict)
    for run, key, value in database.execute(
        f"SELECT run_uuid, key, value FROM params WHERE {of_types(run_uuid=TEXT, key=TEXT, value=TEXT)}"
    ):
        settings[run][key] = value
    return settings


def _value(value: float, is_nan: int) -> float:
    if is_nan:
        return math.nan
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else float(value)


def is_run_folder(folder: Path) -> bool:
    """Whether a folder is a run of the file store."""
    return (folder / "meta.yaml").is_file() and (folder / "metrics").is_dir()


class MlrunsReader:
    """One run of the file store: a file a metric, with lines of milliseconds, value and step."""

    def __init__(self, run: LoggedRun) -> None:
        self.runs = [run]
        self._tails: dict[Path, Tail] = {}

    def read(self) -> None:
        """Take the lines that were added. Raises InputError if a file cannot be read."""
        (run,) = self.runs
        self._describe(run)
        metrics = run.source / "metrics"
        for path in sorted(metrics.rglob("*")):
            if path.is_file():
                name = path.relative_to(metrics).as_posix()
                self._read_metric(run, name, self._tails.setdefault(path, Tail(path)))

    def _describe(self, run: LoggedRun) -> None:
        try:
            text = (run.source / "meta.yaml").read_text("utf-8", "replace")
        except OSError:
            return
        meta = dict(re.findall(r"^(run_name|status|start_time): '?(.*?)'?$", text, re.MULTILINE))
        run.title, run.state = meta.get("run_name", ""), NUMBERED.get(meta.get("status", ""), UNKNOWN)
        started = meta.get("start_time", "")
        run.started = int(started) / MILLISECONDS if started.isdigit() else None
        parameters = run.source / "params"
        run.settings = {
            path.relative_to(parameters).as_posix(): path.read_text("utf-8", "replace").rstrip("\n")
            for path in sorted(parameters.rglob("*"))
            if path.is_file()
        }

    def _read_metric(self, run: LoggedRun, name: str, tail: Tail) -> None:
        if tail.is_anew():
            run.drop(name)
        rows = Rows()
        while lines := tail.lines():
            for line in lines:
                try:
                    milliseconds, value, step = (float(part) for part in line.split()[:3])
                except ValueError:
                    run.note(f"{name}: a line that is not a time, a value and a step is left out")
                    continue
                rows.add(name, step, value, milliseconds / MILLISECONDS)
        rows.record(run)
