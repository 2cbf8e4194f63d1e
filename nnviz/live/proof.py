"""Both ends of a connection prove that they know a token, before either hears anything else of the other.

The token itself never goes over the wire: each end answers the other's fresh nonce by HMAC-SHA256. All of it is of
fixed size, and has to be over soon. What follows is not encrypted.

    training → screen   the greeting, a nonce
    screen → training   a nonce, the screen's proof
    training → screen   "+" and the training's proof; or "-"
"""

import hmac
import secrets
import socket
import time

from nnviz.errors import InputError

GREETING = b"nnviz 1\n"
NONCE, PROOF = 32, 32
KNOWN, UNKNOWN = b"+", b"-"
SECONDS = 10.0
"""All of it takes no longer."""


def let_in(connection: socket.socket, token: str) -> None:
    """At the training's end. Raises InputError unless a screen proves that it knows the token, OSError and EOFError."""
    until = time.monotonic() + SECONDS
    own = secrets.token_bytes(NONCE)
    _limit(connection, until)
    connection.sendall(GREETING + own)
    said = _whole(connection, NONCE + PROOF, until)
    theirs, proof = said[:NONCE], said[NONCE:]
    if not hmac.compare_digest(proof, _proof(token, b"screen", own, theirs)):
        connection.sendall(UNKNOWN)
        raise InputError("a screen came with another token")
    connection.sendall(KNOWN + _proof(token, b"training", own, theirs))
    connection.settimeout(None)


def come_in(connection: socket.socket, token: str) -> None:
    """At the screen's end. Raises InputError if what listens there is none, or does not know the token; OSError."""
    until = time.monotonic() + SECONDS
    stranger = InputError("what listens there is no watched training; 'watch(model, optimizer, port=...)' makes one")
    try:
        greeting = _whole(connection, len(GREETING), until)
        if greeting != GREETING:
            raise stranger
        theirs = _whole(connection, NONCE, until)
        own = secrets.token_bytes(NONCE)
        connection.sendall(own + _proof(token, b"screen", theirs, own))
        verdict = _whole(connection, 1, until)
        if verdict == UNKNOWN:
            raise InputError("that is not the token of the training there; it said the right one when it began")
        proof = _whole(connection, PROOF, until)
    except EOFError:
        raise stranger from None
    if verdict != KNOWN or not hmac.compare_digest(proof, _proof(token, b"training", theirs, own)):
        raise InputError("what listens there does not know the token: it is not your training")
    connection.settimeout(None)


def _proof(token: str, role: bytes, of_training: bytes, of_screen: bytes) -> bytes:
    """Of a role, so that nobody is answered with what they have said themselves."""
    return hmac.digest(token.encode(), role + of_training + of_screen, "sha256")


def _whole(connection: socket.socket, length: int, until: float) -> bytes:
    """So many bytes, and not one more. Raises EOFError where there are not so many, and OSError where it is late."""
    came = b""
    while len(came) < length:
        _limit(connection, until)
        piece = connection.recv(length - len(came))
        if not piece:
            raise EOFError
        came += piece
    return came


def _limit(connection: socket.socket, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
