"""What has to come is waited for, however long a busy machine takes: pytest's own timeout is the only bound."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

import psutil

T = TypeVar("T")

UNTIL_A_SIGNAL = """if True:
    import os, select, signal
    def signals():
        received, sent = os.pipe()
        os.set_blocking(sent, False)
        signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
        return lambda most=None: select.select([received], [], [], most)[0] and os.read(received, 1)
"""
"""Code for a child: `wait = signals()`, and `wait()` then lasts until a signal has come since, for each signal once;
`wait(most)` lasts so many seconds at most."""


def wait_for(look: Callable[[], T]) -> T:
    """Look again and again until there is something true, and return it."""
    while not (found := look()):
        Event().wait(0.01)
    return found


def has_ended(pid: int) -> bool:
    """Whether a process has ended, even where nobody has asked how."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
