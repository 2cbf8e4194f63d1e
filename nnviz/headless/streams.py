"""stdin, stdout and stderr, whatever nnviz was started with. Light to import: every command begins with it."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nnviz.errors import OutputError
from nnviz.substitutes import SUBSTITUTES

# A shell reports 128 + the signal's number for a program that a closed pipe ended; SIGPIPE is 13 everywhere.
CLOSED_PIPE = 141


def open_streams() -> None:
    """Make the three standard streams what nnviz expects, whatever it was started with. To be called first of all."""
    # A file that is opened later must not get the number of a stream that was closed. What is written to stdout then is
    # an error; what is read from stdin, nothing; and nobody hears stderr.
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    sys.stdin = sys.stdin or open(0)  # noqa: SIM115
    for name, number, kind in (("stdout", 1, _Results), ("stderr", 2, _Notes)):
        given = getattr(sys, name)
        encoding, raw = given.encoding if given else "utf-8", io.FileIO(number, "w", closefd=False)
        setattr(sys, name, kind(io.BufferedWriter(raw), encoding, SUBSTITUTES, line_buffering=raw.isatty()))


class _Results(io.TextIOWrapper):
    """A stdout that says in one way, whoever writes to it, that it cannot be written to."""

    def write(self, text: str) -> int:
        with self._told():
            return super().write(text)

    def flush(self) -> None:
        with self._told():
            super().flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raises OutputError; if nobody reads any more, it ends the program quietly."""
        try:
            yield
        except OSError as error:
            # What Python still holds back would fail once more when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if isinstance(error, BrokenPipeError):
                raise SystemExit(CLOSED_PIPE) from None
            raise OutputError(f"stdout: the result cannot be written there ({error.strerror})") from None


class _Notes(io.TextIOWrapper):
    """A stderr that nobody has to listen to."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()
