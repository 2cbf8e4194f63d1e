"""The two streams of a program without a screen: results on stdout, everything else on stderr."""

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from rich.cells import cell_len

from nnviz.outside_text import cut, printable

# In cells; what a message says itself is shorter by far than what it may name.
LONGEST = 1500


def result(text: str) -> None:
    """Write a result to stdout. Raises OutputError."""
    print(text, flush=True)


def json_result(content: dict[str, Any]) -> None:
    """Write a result to stdout as one JSON object on one line; a number that is not finite is null, as JSON has none.

    Raises OutputError.
    """
    content = _finite(content)
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    # What a terminal would obey, or what is not UTF-8 in a file's name: escaped, it is still the same text.
    result(text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text))


def _finite(content: Any) -> Any:
    match content:
        case dict():
            return {name: _finite(value) for name, value in content.items()}
        case list() | tuple():
            return [_finite(value) for value in content]
        case float() if not math.isfinite(content):
            return None
    return content


def note(text: str) -> None:
    """Write one line to stderr. One that is too long to be read loses its middle."""
    print(f"nnviz: {cut(printable(text), LONGEST)}", file=sys.stderr, flush=True)


def acknowledge(text: str) -> None:
    """Write one line to stderr in a signal handler, where another line may be half written."""
    erase = "\r\x1b[K" if sys.stderr.isatty() else ""
    with suppress(OSError):
        os.write(sys.stderr.fileno(), f"{erase}nnviz: {text}\n".encode())


@contextmanager
def passing(text: str) -> Iterator[None]:
    """Write a line to a terminal on stderr, and take it away again when that is over which it speaks of."""
    if not sys.stderr.isatty():
        yield
        return
    line = cut(printable(text), width(sys.stderr) - 1)
    print(line, end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print(f"\r{' ' * cell_len(line)}\r", end="", file=sys.stderr, flush=True)


def colorful(stream: TextIO) -> bool:
    """Whether colours are wanted there."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """How many columns the terminal behind a stream has; 80 where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
