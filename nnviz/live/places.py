"""Where watched trainings are found: a socket each, in a directory that is this user's alone."""

import contextlib
import os
import re
import socket
import stat
import struct
import tempfile
from pathlib import Path

from nnviz.errors import InputError
from nnviz.live import wire

SUFFIX = ".sock"
LONGEST_NAME = 40
ANSWER_SECONDS = 2.0
_PEER = struct.Struct("iII")


def directory() -> Path:
    """The directory, which is made where there is none. Raises InputError if it is not this user's alone."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    place = Path(runtime) / "nnviz" if runtime else Path(tempfile.gettempdir()) / f"nnviz-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, parents=False, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise InputError(f"{place}: cannot be made ({error.strerror}); set XDG_RUNTIME_DIR to another place") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise InputError(f"{place}: has to be a directory of yours that nobody else can enter; remove it, or chmod 700")
    return place


def socket_path(name: str) -> Path:
    """Where the socket of a training of that name is, in this process."""
    safe = re.sub(r"[^\w.-]+", "-", name)[:LONGEST_NAME] or "training"
    return directory() / f"{safe}.{os.getpid()}{SUFFIX}"


def check_peer(connection: socket.socket) -> None:
    """Raises InputError unless who is at the other end is the same user."""
    _, user, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    if user != os.getuid():
        raise InputError("somebody else's process is at the other end of the socket")


def connect(path: Path) -> tuple[socket.socket, wire.Hello]:
    """The connection to a training, and what it says of itself. Raises OSError, EOFError and InputError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(str(path))
        check_peer(connection)
        hello = wire.receive(connection, wire.Hello)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection, hello


def found() -> list[tuple[Path, wire.Hello]]:
    """All watched trainings of this user on this machine. Sockets that nobody listens at are removed."""
    trainings = []
    for path in sorted(directory().glob(f"*{SUFFIX}")):
        try:
            connection, hello = connect(path)
        except ConnectionRefusedError:
            with contextlib.suppress(OSError):
                path.unlink()
        except (OSError, EOFError, InputError):
            continue
        else:
            connection.close()
            trainings.append((path, hello))
    return trainings


def chosen(name: str) -> Path:
    """The socket of the training of that name, or of that process. Raises InputError if there is none, or several."""
    trainings = found()
    matching = [path for path, hello in trainings if name in (hello.name, str(hello.pid), path.stem)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        stems = ", ".join(path.stem for path in matching)
        raise InputError(f"several trainings are called '{name}'; say which: {stems}")
    known = ", ".join(path.stem for path, _ in trainings)
    raise InputError(f"no watched training is called '{name}'; there is {known or 'none at all'}")
