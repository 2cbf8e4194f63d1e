"""Who computes: this thread alone, or this one and a second, on work that is large enough to be divided.

The second thread runs NumPy's own code, which leaves the interpreter to this one meanwhile. What is divided is divided
the same way every time, so a network trained twice with as many threads is the same to the last bit.
"""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from nnviz.array import Array

# To wake another thread and to wait for it costs as much as half of this many multiply-adds, where a processor is
# quickest at these; below it, help is no help.
WORTH_DIVIDING = 24_000_000
# An operation on every number of an array, which has to be fetched first, takes as long as this many multiply-adds.
FETCH = 48
# What is worked on at a time stays in the processor's caches.
PIECE_BYTES = 1 << 20


Task = Callable[[], object]
Product = Callable[[Array, Array, Array], Array]
Function = Callable[..., object]
OfPiece = Callable[[slice, int], object]
"""Is called with a piece of a batch, and with the half of it, 0 or 1, that this is in."""

# dot(a, b, out): the matrix product of a (n, k) and b (k, m), written to `out` (n, m). The method of arrays is called
# in half the time that the function of NumPy takes.
dot: Product = np.ndarray.dot


class Pieces:
    """A batch of `n` examples, a few at a time: several operations in a row find them in the cache.

    The pieces are in two halves, for two workers: the same pieces whoever works. A batch that fits in a piece, and is
    not worth dividing, is one.

    example_bytes  of the largest array of an example that is gone through
    example_work   what is done to an example between two meetings, in multiply-adds
    halves         those of the first n // 2 examples, and the others; both, where there is but one
    size           of the largest, in examples
    """

    def __init__(self, n: int, example_bytes: int, example_work: int = 0) -> None:
        most = max(1, PIECE_BYTES // example_bytes)
        is_small = n * example_bytes < PIECE_BYTES and n * example_work < WORTH_DIVIDING
        count = 1 if is_small else min(n, 2 * math.ceil(n / 2 / most))
        pieces = [slice(n * i // count, n * (i + 1) // count) for i in range(count)]
        middle = count // 2
        self.halves = pieces[:middle], pieces[middle:]
        self.size = math.ceil(n / count)


class OneWorker:
    """Everything in the thread that asks for it."""

    def parts(self, work: int) -> int:  # noqa: ARG002
        """Into how many parts work of that many multiply-adds is divided."""
        return 1

    def product(self, work: int) -> Product:  # noqa: ARG002
        """What to multiply two matrices with, of that many multiply-adds."""
        return dot

    def halves(self, function: Function, work: int, *arrays: Any) -> None:  # noqa: ARG002
        """Call the function, which does to each example of these arrays the same; `work` as for `each`."""
        function(*arrays)

    def each(self, pieces: Pieces, function: OfPiece, work: int) -> None:  # noqa: ARG002
        """Call function(piece, half) for each piece; `work` is that of all, in multiply-adds."""
        _do(function, pieces, 0)
        _do(function, pieces, 1)

    def in_rows(self) -> AbstractContextManager[None]:
        """Where all that is asked for by `each` has the same pieces, each of these may go its own way meanwhile."""
        return nullcontext()

    def meet(self) -> None:
        """Have everything done that was asked for so far."""

    def then(self, task: Task) -> None:
        """Do what needs all pieces of what was asked for so far, and what nothing needs before they meet."""
        task()

    def close(self) -> None:
        """Nothing: there is no second thread to end."""


class TwoWorkers:
    """The same with a second thread, which is there from the first divided task on, and waits between tasks.

    It ends with `close`; a task after that begins another one.

    Each time that both meet costs what a small product does. What is asked for within `in_rows` is therefore only
    noted: when they meet, each does all of it to the pieces of a half, one piece after the other.
    """

    def __init__(self) -> None:
        self._row: _Row | None = None
        self._begin, self._end = threading.Lock(), threading.Lock()
        self._begin.acquire()
        self._end.acquire()
        self._task: Task | None = _nothing
        self._failure: BaseException | None = None
        self._helper: threading.Thread | None = None

    def close(self) -> None:
        """End the second thread, between two tasks."""
        if self._helper is not None:
            self._task = None
            self._begin.release()
            self._helper.join()
            self._helper = None

    def _help(self, errors: Any) -> None:
        np.seterr(**errors)
        while True:
            self._begin.acquire()
            if self._task is None:
                return
            try:
                self._task()
            except BaseException as failure:  # it is the asking thread's to raise
                self._failure = failure
            self._end.release()

    def parts(self, work: int) -> int:
        """Into how many parts work of that many multiply-adds is divided."""
        return 1 if work < WORTH_DIVIDING else 2

    def product(self, work: int) -> Product:
        """What to multiply two matrices with, of that many multiply-adds."""
        return dot if work < WORTH_DIVIDING else self._divided_dot

    def _divided_dot(self, a: Array, b: Array, out: Array) -> Array:
        """Two halves of the product at the same time, along its longer side: less has to be read twice."""
        if out.shape[0] >= out.shape[1]:
            self._in_halves(lambda a, out: np.matmul(a, b, out), a, out)
        else:
            self._in_halves(lambda b, out: np.matmul(a, b.T, out.T), b.T, out.T)
        return out

    def halves(self, function: Function, work: int, *arrays: Any) -> None:
        """Call the function for all examples, or for the first and the second half of them at the same time."""
        if work < WORTH_DIVIDING:
            function(*arrays)
        else:
            self._in_halves(function, *arrays)

    def _in_halves(self, function: Function, *arrays: Any) -> None:
        half = len(arrays[0]) // 2
        first, second = ([array[part] for array in arrays] for part in (slice(half), slice(half, None)))
        self._share(partial(function, *first), partial(function, *second))

    def each(self, pieces: Pieces, function: OfPiece, work: int) -> None:
        """Call it for each piece, of both halves at the same time where that is faster; or note that."""
        if self._row is not None and self._row.is_of_others(pieces):
            self.meet()
        if not pieces.halves[0]:
            _do(function, pieces, 1)
        elif self._row is not None:
            self._row.note(pieces, function, work)
        else:
            self._both(partial(_do, function, pieces, 0), partial(_do, function, pieces, 1), work)

    @contextmanager
    def in_rows(self) -> Iterator[None]:
        """Note what is to be done to each piece, and do it when they meet, at the end of this at the latest."""
        self._row = _Row()
        try:
            yield
            self.meet()
        finally:
            self._row = None

    def meet(self) -> None:
        """Do what was noted so far."""
        if self._row is None or not self._row.functions:
            return
        row, self._row = self._row, _Row()
        self._both(partial(row.do, 0), partial(row.do, 1), row.work)
        for task in row.after:
            task()

    def then(self, task: Task) -> None:
        """Do it when they have met, if they have to."""
        if self._row is None or not self._row.functions:
            task()
        else:
            self._row.after.append(task)

    def _both(self, first: Task, second: Task, work: int) -> None:
        if work < WORTH_DIVIDING:
            first()
            second()
        else:
            self._share(first, second)

    def _share(self, first: Task, second: Task) -> None:
        if self._helper is None:
            # What is to be done about an overflow each thread has to be told.
            self._helper = threading.Thread(target=self._help, args=(np.geterr(),), name="second worker", daemon=True)
            self._helper.start()
        # A failure still kept here is that of a task whose other half failed too, and was raised then.
        self._task, self._failure = first, None
        self._begin.release()
        try:
            second()
        finally:
            self._end.acquire()
        self._task = _nothing
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure


Workers = OneWorker | TwoWorkers


class _Row:
    """What is to be done to each piece, and after that."""

    def __init__(self) -> None:
        self.pieces: Pieces | None = None
        self.functions: list[OfPiece] = []
        self.after: list[Task] = []
        self.work = 0

    def is_of_others(self, pieces: Pieces) -> bool:
        """Whether what is noted is to be done to other pieces than these."""
        return self.pieces is not None and self.pieces.halves != pieces.halves

    def note(self, pieces: Pieces, function: OfPiece, work: int) -> None:
        self.pieces = pieces
        self.functions.append(function)
        self.work += work

    def do(self, half: int) -> None:
        for piece in self.pieces.halves[half] if self.pieces is not None else ():
            for function in self.functions:
                function(piece, half)


def _do(function: OfPiece, pieces: Pieces, half: int) -> None:
    for piece in pieces.halves[half]:
        function(piece, half)


def _nothing() -> None:
    pass
