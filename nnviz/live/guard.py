"""Guard: what nnviz does inside somebody's training never fails there, and the time that it takes is counted."""

import time
from collections.abc import Callable
from typing import ParamSpec

import numpy as np

P = ParamSpec("P")


class Guard:
    """Wraps what is called from somebody's training.

    spent   seconds that it took, without those in which training was told to wait
    fault   the last exception, if there was one: it is told on the screen, and nothing is looked at any more
    """

    def __init__(self) -> None:
        self.spent = 0.0
        self.fault: Exception | None = None
        self._depth = 0

    def watched(self, do: Callable[P, object]) -> Callable[P, None]:
        """The same, that raises nothing. What comes from outside, as ctrl+C does, goes through."""

        def done(*args: P.args, **kwargs: P.kwargs) -> None:
            if self.fault is not None:
                return
            began, outermost = time.perf_counter(), not self._depth
            self._depth += 1
            try:
                # Of a training that diverges, numbers are too large for what is told: no warning for its owner.
                with np.errstate(all="ignore"):
                    do(*args, **kwargs)
            except Exception as fault:
                self.fault = fault
            finally:
                self._depth -= 1
                if outermost:
                    self.spent += time.perf_counter() - began

        return done
