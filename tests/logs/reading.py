"""What the tests of logs have in common: the made files, and what was read as plain numbers."""

import sqlite3
from contextlib import closing
from pathlib import Path

from nnviz.frame.series import DOWN, NAN, UP, Series
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.logs import Logs

MADE = Path(__file__).parent / "made"
JOURNALS = {"trackio": "WAL", "mlflow-skinny": "DELETE"}
"""As the tools have them."""
Curves = dict[tuple[str, str, int], list[tuple[float, str]]]


def made(tool: str) -> Path:
    """The folder with what a tool wrote."""
    (folder,) = MADE.glob(f"{tool}-[0-9]*")
    return folder


def database(tool: str, place: Path) -> Path:
    """A database with the tables and rows that a tool wrote."""
    (script,) = made(tool).glob("*.sql")
    path = place / f"{script.stem}.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {JOURNALS[tool]}")
        connection.executescript(f"BEGIN; {script.read_text('utf-8')} COMMIT")
    return path


def values(series: Series) -> list[tuple[float, str]]:
    """Steps and values, none of which was merged; as texts, since NaN does not equal itself."""
    odd = {NAN: "nan", UP: "inf", DOWN: "-inf"}
    assert series.stride == 1
    return [(float(p["step"]), odd.get(int(p["marks"]), repr(float(p["mean"])))) for p in series.points]


def curves(runs: list[LoggedRun]) -> Curves:
    """All values of all runs."""
    return {(run.name, series.name, series.attempt): values(series) for run in runs for series in run.series}


def read(path: Path) -> Logs:
    """The logs at a place, empty or not."""
    logs = Logs(path)
    logs.read()
    return logs
