"""Serving the screen: what is checked before a page is asked for, and what is told."""

import secrets
import sys
from collections.abc import Iterable, Sequence

from nnviz.errors import InputError
from nnviz.headless.console import note, result


def serve(arguments: Sequence[str], host: str, port: int, most: int) -> None:
    """Serve screens of `nnviz run` with these arguments, until Ctrl-C. Raises InputError."""
    try:
        from nnviz.serving.gate import LOOPBACK
        from nnviz.serving.server import PageServer
    except ImportError as error:
        raise InputError(
            f"serve: {error.name} is not installed; pip install 'nnviz-tui[serve]' brings what a browser needs"
        ) from None
    token = None if host in LOOPBACK else secrets.token_urlsafe(16)
    server = PageServer([sys.executable, "-m", "nnviz", "run", *arguments], host, port, token, most)
    note("each page that is opened trains for itself, and what is trained is kept when it is closed; Ctrl-C ends all")
    if token is not None:
        note("whoever has this address can use it, and the connection is not encrypted")
    server.serve_until_stopped(result)


def without(arguments: Iterable[str], options: Sequence[str]) -> list[str]:
    """Arguments of a command without these options, each of which takes a value."""
    kept: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument in options:
            next(left, None)
        elif argument.partition("=")[0] not in options:
            kept.append(argument)
    return kept
