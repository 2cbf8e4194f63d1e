"""Who computes: this thread alone, or this one and a second, on work that is large enough to be divided.

The second thread runs NumPy's own code, which leaves the interpreter to this one meanwhile. What is divided is divided
the same way every time, so a network trained twice with as many threads is the same to the last bit.
"""

import threading
from collections.abc import Callable

import numpy as np

from nnviz.array import Array

# To wake another thread and to wait for it costs as much as this many multiply-adds; below it, help is no help.
WORTH_DIVIDING = 8_000_000
# An operation on every number of an array, which has to be fetched first, takes as long as this many multiply-adds.
FETCH = 16
# What is worked on at a time stays in the processor's caches.
PIECE_BYTES = 1 << 20


Task = Callable[[], object]
Product = Callable[[Array, Array, Array], Array]

# dot(a, b, out): the matrix product of a (n, k) and b (k, m), written to `out` (n, m). The method of arrays is called
# in half the time that the function of NumPy takes.
dot: Product = np.ndarray.dot


class Pieces:
    """A batch of `n` examples, a few at a time: several operations in a row find them in the cache.

    The pieces are in two halves, for two workers.
    """

    def __init__(self, n: int, example_bytes: int) -> None:
        size = max(1, PIECE_BYTES // example_bytes)
        pieces = [slice(i, min(i + size, n)) for i in range(0, n, size)]
        middle = len(pieces) // 2
        self.halves = pieces[:middle], pieces[middle:]
        self.size = size


class OneWorker:
    """Everything in the thread that asks for it."""

    def product(self, work: int) -> Product:  # noqa: ARG002
        """What to multiply two matrices with, of that many multiply-adds."""
        return dot

    def both(self, first: Task, second: Task, work: int) -> None:  # noqa: ARG002
        """Do both, which do not touch each other's results; `work` is their size in multiply-adds."""
        first()
        second()

    def close(self) -> None:
        """Nothing: there is no second thread to end."""


class TwoWorkers:
    """The same with a second thread, which is there from the first divided task on, and waits between tasks.

    It ends with `close`; a task after that begins another one.
    """

    def __init__(self) -> None:
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

    def _help(self) -> None:
        while True:
            self._begin.acquire()
            if self._task is None:
                return
            try:
                self._task()
            except BaseException as failure:  # it is the asking thread's to raise
                self._failure = failure
            self._end.release()

    def product(self, work: int) -> Product:
        """What to multiply two matrices with, of that many multiply-adds."""
        return dot if work < WORTH_DIVIDING else self._divided_dot

    def _divided_dot(self, a: Array, b: Array, out: Array) -> Array:
        """The left and right columns of the product at the same time."""
        columns = out.shape[1]
        half = columns // 2
        left, right = slice(half), slice(half, columns)
        self._share(
            lambda: np.matmul(a, b[:, left], out=out[:, left]), lambda: np.matmul(a, b[:, right], out=out[:, right])
        )
        return out

    def both(self, first: Task, second: Task, work: int) -> None:
        """Do both, at the same time where that is faster."""
        if work < WORTH_DIVIDING:
            first()
            second()
        else:
            self._share(first, second)

    def _share(self, first: Task, second: Task) -> None:
        if self._helper is None:
            self._helper = threading.Thread(target=self._help, name="second worker", daemon=True)
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


def _nothing() -> None:
    pass
