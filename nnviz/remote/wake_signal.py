"""WakeSignal: tells a busy process that something has arrived for it."""

import fcntl
import os
import select
import signal
from collections.abc import Callable


class WakeSignal:
    """Set when something arrives at a socket, or its other end is closed.

    The system says so by a signal, which a busy interpreter notices after its current instruction: it costs a training
    nothing. To look at the socket a thousand times a second costs a small network some percent, and a thread that waits
    there has to take the interpreter from the training first. Only the main thread can have one.

    `left` is called when the other end is closed, in the midst of whatever goes on.
    """

    def __init__(self, socket: int, left: Callable[[], None] = lambda: None) -> None:
        self._set = False
        self._left = left
        self._end = select.poll()
        self._end.register(socket, 0)  # for nothing but its being closed, which is always told
        signal.signal(signal.SIGIO, lambda *_: self._rung())
        # What this process is reading or writing meanwhile is taken up again.
        signal.siginterrupt(signal.SIGIO, False)
        fcntl.fcntl(socket, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(socket, fcntl.F_SETFL, fcntl.fcntl(socket, fcntl.F_GETFL) | os.O_ASYNC)

    def _rung(self) -> None:
        self.set()
        if self._end.poll(0):
            self._left()

    def set(self) -> None:
        """Set it."""
        self._set = True

    def clear(self) -> None:
        """Forget it. What arrives from now on sets it again; whoever calls this looks afterwards."""
        self._set = False

    def is_set(self) -> bool:
        """Whether it has been set since it was cleared last."""
        return self._set
