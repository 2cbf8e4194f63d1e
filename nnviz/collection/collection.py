"""Collection: all runs below a place, looked at again and again."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from nnviz.collection.listed_run import ListedRun, listed_runs, with_state
from nnviz.logs.logs import Logs, Read


class Collection:
    """Reads what was added to any of the runs, and nothing of those to which nothing was.

    faults  of logs that cannot be read, a line each
    lock    held by whoever looks, one at a time
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._logs = Logs(place)
        self._listed: dict[int, ListedRun] = {}
        self._unlisted: dict[Path, Read] = {}
        self.lock = Lock()
        self.faults: list[str] = []

    @property
    def runs(self) -> list[ListedRun]:
        """All of them as they were looked at last, in the order of their places."""
        return [self._listed[id(run)] for run in self._logs.runs if id(run) in self._listed]

    @property
    def is_single(self) -> bool:
        """Whether there is no more than one log."""
        return self._logs.count == 1

    def list_what_was_read(self) -> None:
        """Have `runs` be what was read so far, while there is more."""
        for read in self._unlisted.values():
            for run, listed in zip(read.runs, listed_runs(read), strict=True):
                self._listed[id(run)] = listed
        self._unlisted = {}
        self.faults = self._logs.faults

    def refuse_nothing(self) -> None:
        """Raises InputError if there is no log at the place, or what is there is none."""
        self._logs.refuse_nothing()

    def looking(self) -> Iterator[None]:
        """Look at all runs, and stop for a moment behind each log that was read: there is more to show.

        Raises InputError if there is nothing at the place, or a single log cannot be read.
        """
        for read in self._logs.reading():
            self._unlisted[read.found.files[0]] = read
            yield
        self.list_what_was_read()
        known = {id(run) for run in self._logs.runs}
        self._listed = {key: with_state(listed) for key, listed in self._listed.items() if key in known}
