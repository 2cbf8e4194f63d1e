"""Giving memory back to the system, which the C library otherwise keeps for the next time."""

import ctypes


def give_memory_back() -> None:
    """Give the pages back that are free within the heap, where the C library is glibc.

    It keeps all that lies below the last one in use: networks that take each other's place would come to several times
    what one of them takes.
    """
    # Of other systems, the C library has no such function, or cannot be asked for in this way.
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    trim(0)
