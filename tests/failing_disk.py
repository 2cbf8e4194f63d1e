"""A disk that fails: at any operation, in any way, in the processes that are told to.

`fail` may also be called by what a process of its own runs first.
"""

import os
from collections.abc import Callable
from typing import Any

OPERATIONS = ("mkdir", "open", "write", "fsync", "replace")


def fail(operation: str, error: int, below: str, first: int = 0, put: Callable[..., None] = setattr) -> None:
    """From the `first` time on, whoever makes, writes or moves a file below that directory gets that error.

    A write that fails has written half of it, as on a disk that has become full. `put` replaces a function of `os`.
    """
    times = 0

    def replace(name: str, is_meant: Callable[..., bool]) -> None:
        real = getattr(os, name)

        def failing(*given: Any, **more: Any) -> Any:
            nonlocal times
            if not is_meant(*given):
                return real(*given, **more)
            times += 1
            if times <= first:
                return real(*given, **more)
            if operation == "write":
                real(given[0], given[1][: len(given[1]) // 2], *given[2:])
            raise OSError(error, os.strerror(error), below)

        put(os, name, failing)

    def is_below(path: Any, *_: Any) -> bool:
        return os.path.realpath(os.fspath(path)).startswith(below)

    def is_written_below(path: Any, flags: int, *_: Any) -> bool:
        # The lock is there before there is something to lose.
        return bool(flags & os.O_CREAT) and is_below(path) and not os.fspath(path).endswith(".lock")

    def is_open_below(descriptor: int, *_: Any) -> bool:
        return os.readlink(f"/proc/self/fd/{descriptor}").startswith(below)

    match operation:
        case "mkdir" | "replace":
            replace(operation, is_below)
        case "open":
            replace("open", is_written_below)
        case "fsync":
            replace("fsync", is_open_below)
        case "write":
            replace("write", is_open_below)
            replace("pwrite", is_open_below)
