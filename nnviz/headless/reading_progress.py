"""How far the opening of a source is, told on stderr while images are decoded."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nnviz.data.reading import Reading
from nnviz.headless.console import note
from nnviz.headless.progress import SEPARATOR, bar, fitted, overwrite
from nnviz.remote.opening_progress import OpeningProgress, Watch

LINE_SECONDS = 3.0
BAR_SECONDS = 0.1


@contextmanager
def told_reading(cached: bool, clock: Callable[[], float] = time.perf_counter) -> Iterator[Reading]:
    """A way to read that tells how far it is: by a bar where stderr is a terminal, by lines where it is not."""
    if not sys.stderr.isatty():
        yield Reading(cached, Watch(_write_line, LINE_SECONDS, clock))
        return
    try:
        yield Reading(cached, Watch(_draw_bar, BAR_SECONDS, clock))
    finally:
        overwrite("")


def _write_line(opening: OpeningProgress) -> None:
    note(SEPARATOR.join(opening.words()))


def _draw_bar(opening: OpeningProgress) -> None:
    first, *others = opening.words()
    overwrite(fitted([f"{bar(opening.share)} {first}", *others]))
