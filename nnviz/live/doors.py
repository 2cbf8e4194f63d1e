"""Doors: where screens come to a watched training, and who is let in."""

import contextlib
import os
import socket
import threading
from collections import deque
from pathlib import Path
from typing import Protocol

from nnviz.errors import InputError
from nnviz.live.places import check_peer, socket_path
from nnviz.live.ports import HERE, LAST, Address, keep_alive
from nnviz.live.proof import let_in

STRANGERS = 16
"""So many may be about to prove who they are; of more, the first ones are sent away."""


class Door(Protocol):
    """A socket that listens, and what it asks of those who come."""

    listening: socket.socket

    def admit(self, connection: socket.socket) -> None:
        """Raises InputError, OSError or EOFError unless whoever it is may look. Called in a thread of its own."""

    def close(self) -> None:
        """Listen no more."""


class OwnDoor:
    """For this user's processes on this machine: a socket in a directory that nobody else can enter."""

    def __init__(self, name: str) -> None:
        """Raises InputError if there is no such directory, or a socket in it has too long a path."""
        self.path: Path = socket_path(name)
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # What is there under this name is of a process that had this number before.
        self.path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self.listening.bind(str(self.path))
        except OSError as error:
            self.listening.close()
            raise InputError(
                f"nnviz cannot listen at {self.path} ({error.strerror or error}); set XDG_RUNTIME_DIR to a directory "
                "of your own with a shorter path"
            ) from None
        finally:
            os.umask(before)
        self.listening.listen()

    def admit(self, connection: socket.socket) -> None:
        check_peer(connection)

    def close(self) -> None:
        _end(self.listening)
        self.path.unlink(missing_ok=True)


class PortDoor:
    """For whoever knows the token, from wherever the host's name can be reached."""

    def __init__(self, host: str | None, port: int, token: str) -> None:
        """Of this machine alone where no host is told; port 0 is any that is free. Raises InputError if it is taken."""
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= LAST:
            raise InputError(f"port={port!r}: a port is a number from 1 to {LAST}, or 0 for any that is free")
        host = host or HERE
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.listening = socket.create_server((host, port), family=family)
        except OSError as error:
            why = error.strerror or "it is not known"
            raise InputError(
                f"nnviz cannot listen at {Address(host, port)} ({why}); tell another port or host"
            ) from None
        self.address = Address(host, self.listening.getsockname()[1])
        self._token = token
        self._lock = threading.Lock()
        self._strangers: deque[socket.socket] = deque()

    def admit(self, connection: socket.socket) -> None:
        keep_alive(connection)
        with self._lock:
            self._strangers.append(connection)
            first = self._strangers.popleft() if len(self._strangers) > STRANGERS else None
        if first is not None:
            with contextlib.suppress(OSError):
                first.shutdown(socket.SHUT_RDWR)
        try:
            let_in(connection, self._token)
        finally:
            with self._lock, contextlib.suppress(ValueError):
                self._strangers.remove(connection)

    def close(self) -> None:
        _end(self.listening)


def _end(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # A thread that waits in accept hears of that, and not of close.
        listening.shutdown(socket.SHUT_RDWR)
    listening.close()
