"""What has to come is waited for, however long a busy machine takes: pytest's own timeout is the only bound."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

import psutil

T = TypeVar("T")


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
