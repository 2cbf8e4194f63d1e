"""Bell: tells a busy process that something has arrived for it."""

import fcntl
import os
import signal


class Bell:
    """Rings when something arrives at a socket, or its other end is closed.

    The system says so by a signal, which a busy interpreter notices after its current instruction: it costs a training
    nothing. To look at the socket a thousand times a second costs a small network some percent, and a thread that waits
    there has to take the interpreter from the training first. Only the main thread can have one.
    """

    def __init__(self, socket: int) -> None:
        self._rung = False
        signal.signal(signal.SIGIO, lambda *_: self.ring())
        # What this process is reading or writing meanwhile is taken up again.
        signal.siginterrupt(signal.SIGIO, False)
        fcntl.fcntl(socket, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(socket, fcntl.F_SETFL, fcntl.fcntl(socket, fcntl.F_GETFL) | os.O_ASYNC)

    def ring(self) -> None:
        """Have it rung."""
        self._rung = True

    def silence(self) -> None:
        """Forget that it has rung. What arrives from now on rings it again; whoever calls this looks afterwards."""
        self._rung = False

    def has_rung(self) -> bool:
        """Whether it has rung since it was silenced last."""
        return self._rung
