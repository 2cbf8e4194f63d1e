"""A training that is watched, in a thread of its own."""

import threading
from typing import Any

import nnviz.live
from nnviz.live.watching import Watching
from tests.live.programs import PROGRAMS, Hand


class Training:
    """A program that trains in a thread until it is told to end."""

    def __init__(self, program: str = "mlp", name: str = "try", **settings: Any) -> None:
        made = PROGRAMS[program]()
        self.watching: Watching = nnviz.live.watch(made.model, made.optimizers, name, **settings)
        self._ends, self._hand, self._made = threading.Event(), Hand(made.model), made
        self._thread = threading.Thread(target=self._train)
        self._thread.start()

    def _train(self) -> None:
        step = 0
        while not self._ends.is_set():
            self._made.step(self._hand, step)
            step += 1

    def goes_on(self) -> None:
        """Wait until it has done some more steps."""
        until = self.watching.steps + 5
        while self.watching.steps < until:
            assert self._thread.is_alive()
            self._ends.wait(0.01)

    def end(self) -> None:
        self.watching.close()
        self._ends.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self.watching.fault is not None:
            raise self.watching.fault
