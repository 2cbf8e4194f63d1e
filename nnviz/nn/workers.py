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

# To wake another thread and to wait for it costs as much as this many multiply-adds; below it, help is no help.
WORTH_DIVIDING = 8_000_000
# An operation on every number of an array, which has to be fetched first, takes as long as this many multiply-adds.
FETCH = 16
# What is worked on at a time stays in the processor's caches.
PIECE_BYTES = 1 << 20


Task = Callable[[], object]
Product = Callable[[Array, Array, Array], Array]
Function = Callable[..., object]

# dot(a, b, out): the matrix product of a (n, k) and b (k, m), written to `out` (n, m). The method of arrays is called
# in half the time that the function of NumPy takes.
dot: Product = np.ndarray.dot


class Pieces:
    """A batch of `n` examples, a few at a time: several operations in a row find them in the cache.

    The pieces are in two halves, for two workers: the same pieces whoever works. A small batch is one piece, and
    nobody else has a part of it.
    """

    def __init__(self, n: int, example_bytes: int) -> None:
        most = max(1, PIECE_BYTES // example_bytes)
        count = 1 if n * example_bytes < PIECE_BYTES else min(n, 2 * math.ceil(n / 2 / most))
        pieces = [slice(n * i // count, n * (i + 1) // count) for i in range(count)]
        middle = count // 2
        self.halves = pieces[:middle], pieces[middle:]
        self.are_halves = count > 1
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
        """Call the function, which does to each example of these arrays the same; `work` as for `both`."""
        function(*arrays)

    def both(self, first: Task, second: Task, work: int) -> None:  # noqa: ARG002
        """Do both, which do not touch each other's results; `work` is their size in multiply-adds.

        One does what is to be done to the first half of a batch, n // 2 examples, and the other one to the second.
        """
        first()
        second()

    def both_now(self, first: Task, second: Task, work: int) -> None:  # noqa: ARG002
        """Do both, which may need all that was asked for before, after that."""
        first()
        second()

    def in_rows(self) -> AbstractContextManager[None]:
        """Where each half of a batch needs nothing but itself in what follows, it may go its own way until it does."""
        return nullcontext()

    def meet(self) -> None:
        """Have everything done that was asked for so far."""

    def then(self, task: Task) -> None:
        """Do what needs both halves of what was asked for so far, and what nothing needs before they meet."""
        task()

    def close(self) -> None:
        """Nothing: there is no second thread to end."""


class TwoWorkers:
    """The same with a second thread, which is there from the first divided task on, and waits between tasks.

    It ends with `close`; a task after that begins another one.

    Each time that both meet costs what a small product does. Within `in_rows`, a task is therefore only noted: at
    `meet`, one worker does all that is to be done to the first halves, in a row, and the other one the second ones.
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
        if self._row is not None:
            self._row.note(*_halves(function, arrays), work)
        elif work < WORTH_DIVIDING:
            function(*arrays)
        else:
            self._in_halves(function, *arrays)

    def _in_halves(self, function: Function, *arrays: Any) -> None:
        self._share(*_halves(function, arrays))

    def both(self, first: Task, second: Task, work: int) -> None:
        """Do both, at the same time where that is faster."""
        if self._row is not None:
            self._row.note(first, second, work)
        elif work < WORTH_DIVIDING:
            first()
            second()
        else:
            self._share(first, second)

    def both_now(self, first: Task, second: Task, work: int) -> None:
        """Do both, when what was noted so far is done."""
        self.meet()
        self.both(first, second, work)
        self.meet()

    @contextmanager
    def in_rows(self) -> Iterator[None]:
        """Note what is to be done to each half, and do it when they meet, at the end at the latest."""
        self._row = _Row()
        try:
            yield
            self.meet()
        finally:
            self._row = None

    def meet(self) -> None:
        """Do what was noted so far."""
        if self._row is None or self._row.is_empty:
            return
        row, self._row = self._row, None
        self.both(partial(_do_all, row.first), partial(_do_all, row.second), row.work)
        _do_all(row.after)
        self._row = _Row()

    def then(self, task: Task) -> None:
        """Do it when both halves have come so far."""
        if self._row is None:
            task()
        else:
            self._row.after.append(task)

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
    """What is to be done to the first half of a batch, to the second, and after both."""

    def __init__(self) -> None:
        self.first: list[Task] = []
        self.second: list[Task] = []
        self.after: list[Task] = []
        self.work = 0

    @property
    def is_empty(self) -> bool:
        return not (self.first or self.after)

    def note(self, first: Task, second: Task, work: int) -> None:
        self.first.append(first)
        self.second.append(second)
        self.work += work


def _halves(function: Function, arrays: tuple[Any, ...]) -> tuple[Task, Task]:
    half = len(arrays[0]) // 2
    first, second = ([array[part] for array in arrays] for part in (slice(half), slice(half, None)))
    return partial(function, *first), partial(function, *second)


def _do_all(tasks: list[Task]) -> None:
    for task in tasks:
        task()


def _nothing() -> None:
    pass
