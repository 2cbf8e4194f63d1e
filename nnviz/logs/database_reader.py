"""A database of SQLite that grows: its rows are taken in their order, as they are added."""

from abc import ABC, abstractmethod
from pathlib import Path

from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.sqlite_log import BusyError

ROWS = 50_000
"""Of a table, so many are read at a time."""


class DatabaseReader(ABC):
    """The runs of one database."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._runs: dict[str, LoggedRun] = {}
        # The number of the last row that was taken.
        self._last = 0

    @property
    def runs(self) -> list[LoggedRun]:
        """The runs, in the order in which they were found."""
        return list(self._runs.values())

    def read(self) -> None:
        """Take the rows that were added. Raises InputError if it cannot be read."""
        try:
            self._take()
        except BusyError:
            # The next time will do.
            return

    @abstractmethod
    def _take(self) -> None:
        """Read what is new. Raises InputError."""
