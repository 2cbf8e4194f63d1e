"""Watcher: looks at a collection of runs again and again, beside the screen."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nnviz.collection.collection import Collection
from nnviz.collection.listed_run import ListedRun
from nnviz.errors import InputError

LOOKS = 1.0
"""Seconds between two looks."""
TELLS = 0.25
"""Seconds after which what was read so far is shown, while there is more."""


class Looked(NamedTuple):
    """What a look has found.

    whole   whether all was looked at
    fault   why the place cannot be looked at any more; a fault of nnviz's own is an exception
    """

    runs: Sequence[ListedRun]
    faults: Sequence[str]
    whole: bool
    fault: "InputError | Exception | None" = None


class Watcher:
    """Looks in a thread of its own, which nobody waits for, and tells what it finds."""

    def __init__(self, collection: Collection, tell: Callable[[Looked], object]) -> None:
        """`tell` is called in that thread."""
        self._collection, self._tell = collection, tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more. Returns at once; a log that is being read is read to its end, and then nothing more is told."""
        self._stop.set()

    def join(self) -> None:
        """Wait until nothing is read any more."""
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._stop.is_set():
                # The one before may still be at a log.
                with self._collection.lock:
                    self._look()
                self._stop.wait(LOOKS)
        except Exception as error:
            self._say(error=error)

    def _look(self) -> None:
        told = time.monotonic()
        for _ in self._collection.looking():
            if self._stop.is_set():
                return
            if time.monotonic() - told > TELLS:
                self._collection.list_what_was_read()
                self._say(whole=False)
                told = time.monotonic()
        self._say()

    def _say(self, whole: bool = True, error: Exception | None = None) -> None:
        if not self._stop.is_set():
            self._tell(Looked(self._collection.runs, list(self._collection.faults), whole, error))
