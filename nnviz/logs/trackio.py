"""trackio's databases: `~/.cache/huggingface/trackio/PROJECT.db`, or in TRACKIO_DIR.

Tried with trackio 0.43.0.

| trap | what nnviz does |
| --- | --- |
| a row is JSON, as bytes in a column for texts | read as either |
| NaN and infinities are the texts "NaN", "Infinity", "-Infinity" | numbers again |
| objects within objects | names joined by `/` |
| two runs may have one name | told apart by `run_id` |
| rows of one batch share a time | x is the step; times are kept as they are |
| a journal in WAL mode, where even reading leaves files behind | read as a still file where no writer is |
| letters of a project's name are thinned out in its file's | the file's name is shown |
| its own settings begin with `_` | left out |

Source: trackio/sqlite_storage.py.
"""

import json
import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from nnviz.logs.database_reader import ROWS, DatabaseReader
from nnviz.logs.jsonl import as_object, numbers_in
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.rows import Rows
from nnviz.logs.sqlite_log import CONTENT, TEXT, WHOLE, connected, of_types

KIND = "trackio"
_TYPES = of_types(id=WHOLE, run_id=TEXT, run_name=TEXT, step=WHOLE, metrics=CONTENT)
COLUMNS = {"id", "run_id", "run_name", "timestamp", "step", "metrics"}


def is_trackio(tables: Mapping[str, Collection[str]]) -> bool:
    """Whether a database with these tables and columns is trackio's."""
    return set(tables.get("metrics", ())) >= COLUMNS and "configs" in tables


class TrackioReader(DatabaseReader):
    """All runs of one project."""

    def _take(self) -> None:
        while self._more():
            pass
        self._settings()

    def _more(self) -> bool:
        with connected(self._path) as database:
            last = database.execute("SELECT MAX(id) FROM metrics").fetchone()[0] or 0
            if last < self._last:
                self._runs, self._last = {}, 0
            found = database.execute(
                f"SELECT id, run_id, run_name, timestamp, step, metrics FROM metrics WHERE id > ? AND {_TYPES} "
                "ORDER BY id LIMIT ?",
                (self._last, ROWS),
            ).fetchall()
        rows: dict[str, Rows] = defaultdict(Rows)
        for number, key, name, timestamp, step, content in found:
            self._last = number
            run = self._runs.setdefault(key, LoggedRun(f"{self._name}/{key[:8]}", self._path, KIND))
            run.title = name
            time = _seconds(timestamp)
            run.started = time if run.started is None and math.isfinite(time) else run.started
            record = as_object(content)
            if record is None:
                run.note(f"row {number} is not an object of JSON; it is left out")
                continue
            for metric, value in numbers_in(record):
                rows[key].add(metric, float(step), value, time)
        for key, own in rows.items():
            own.record(self._runs[key])
        return len(found) == ROWS

    def _settings(self) -> None:
        with connected(self._path) as database:
            found = database.execute(
                f"SELECT run_id, config FROM configs WHERE {of_types(run_id=TEXT, config=CONTENT)}"
            ).fetchall()
        for key, content in found:
            settings = as_object(content) or {}
            if key in self._runs:
                kept = {name: value for name, value in settings.items() if not name.startswith("_")}
                self._runs[key].settings = {name: json.dumps(value) for name, value in kept.items()}


def _seconds(timestamp: str) -> float:
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except (TypeError, ValueError):
        return math.nan
