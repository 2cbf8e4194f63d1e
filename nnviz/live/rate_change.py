"""A learning rate that a screen asks for, and that is set between two training steps."""

from nnviz.errors import InputError
from nnviz.live.gate import Gate
from nnviz.live.guard import Guard
from nnviz.live.learning_rates import LearningRates


class RateChange:
    """Is asked for in the screen's thread, and made in the training's; never while an update goes on.

    is_updating  whether an optimizer has begun to step in this training step; set by the thread that trains
    """

    def __init__(self, rates: LearningRates, gate: Gate, guard: Guard) -> None:
        self._rates, self._gate = rates, gate
        self._asked: float | None = None
        self._told = ""
        self.is_updating = False
        self.make = guard.watched(self._make)

    @property
    def is_asked(self) -> bool:
        """Whether there is a rate to be set."""
        return self._asked is not None

    def ask(self, rate: float, seconds: float) -> str:
        """Have the first parameter group train at that rate, and the others in proportion; what came of it.

        At once where training waits, else when its step is over, which is awaited for so many seconds.
        """
        with self._gate.lock:
            self._asked = rate
            if self._gate.is_stopped and not self.is_updating:
                self.make()
            if self._gate.lock.wait_for(lambda: self._asked is None, seconds):
                return self._told
            return "the learning rate is changed when this training step is over"

    def forget(self) -> None:
        """Whoever asked for it is gone."""
        self._asked = None

    def _make(self) -> None:
        with self._gate.lock:
            if self._asked is None:
                return
            try:
                self._told = self._rates.change(self._asked)
            except InputError as refusal:
                self._told = str(refusal)
            self._asked = None
            self._gate.lock.notify_all()
