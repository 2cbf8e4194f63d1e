"""Where a watched training is found from another machine: a host, a port, and a token that both ends know."""

import os
import secrets
import socket
from dataclasses import dataclass, field

from nnviz.errors import InputError
from nnviz.live import wire
from nnviz.live.proof import come_in

TOKEN = "NNVIZ_TOKEN"
"""The environment variable that has it."""
SHORTEST, BYTES = 16, 16
"""A token has at least so many characters; one that is made, so many bytes."""
HERE = "127.0.0.1"
LAST = 65535
CONNECT_SECONDS, SILENT_SECONDS = 10.0, 30
"""A peer that cannot be reached for so long is gone."""


@dataclass(frozen=True)
class Address:
    """A host and a port on it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Port:
    """The port of a training, and the token by which a screen comes in."""

    address: Address
    token: str = field(repr=False)

    def connect(self) -> tuple[socket.socket, wire.Hello]:
        """The connection, and what the training says of itself. Raises InputError if there is none, or another one."""
        where = self.address
        try:
            connection = socket.create_connection((where.host, where.port), CONNECT_SECONDS)
        except OSError as error:
            raise InputError(f"nothing answers at {where} ({error.strerror or 'it takes too long'})") from None
        try:
            keep_alive(connection)
            come_in(connection, self.token)
            hello: wire.Hello = wire.receive(connection, wire.Hello)
        except (OSError, EOFError):
            connection.close()
            raise InputError(f"{where}: the connection was lost, or nobody spoke; try again") from None
        except InputError as error:
            connection.close()
            raise InputError(f"{where}: {error}") from None
        return connection, hello


def address_in(name: str) -> Address | None:
    """HOST:PORT, or :PORT on this machine; None for what is a name. Raises InputError if the port is none."""
    host, colon, port = name.rpartition(":")
    if not colon or not port.isdecimal():
        return None
    if not 0 < int(port) <= LAST:
        raise InputError(f"{name}: a port is a number from 1 to {LAST}")
    return Address(host.removeprefix("[").removesuffix("]") or HERE, int(port))


def known_token() -> str | None:
    """The token that the environment has. Raises InputError if it is too short to be one."""
    token = os.environ.get(TOKEN) or None
    if token is not None and len(token) < SHORTEST:
        raise InputError(f"{TOKEN} has {len(token)} characters; a token has at least {SHORTEST}")
    return token


def new_token() -> str:
    """One that nobody guesses: 128 bits."""
    return secrets.token_hex(BYTES)


def keep_alive(connection: socket.socket) -> None:
    """Have it heard soon when the other machine is gone, and every message sent at once."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_SECONDS // 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENT_SECONDS // 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1000)
