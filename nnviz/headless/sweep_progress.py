"""How far the runs of a sweep are, told on stderr: a line for each, written over and over where that can be."""

import sys
from collections.abc import Callable

from nnviz.headless.console import note, width
from nnviz.headless.progress import SEPARATOR, bar
from nnviz.outside_text import cut
from nnviz.sweeping.outcome import FAILED, FINISHED, Outcome, Standing
from nnviz.wording import duration, integer, number

NAME = 44
UP, ERASE = "\x1b[{}A", "\x1b[K"


class Told:
    """Hears of all runs, and says of each how it ended; what is said of one that goes on is up to a subclass."""

    def __init__(self, runs: int, result_of: Callable[[Outcome], str]) -> None:
        """`result_of` says what came out of a run that has finished."""
        self._runs, self._over = runs, 0
        self._result_of = result_of

    def __call__(self, message: Standing | Outcome) -> None:
        """Say it."""
        if isinstance(message, Outcome):
            self._over += 1
            self.ends(message, f"{integer(self._over)} of {integer(self._runs)}{SEPARATOR}{self._words(message)}")
        else:
            self.stands(message)

    def stands(self, standing: Standing) -> None:
        """How far one is."""

    def ends(self, outcome: Outcome, words: str) -> None:
        """Of one that has ended."""
        del outcome
        note(words)

    def close(self) -> None:
        """All have ended."""

    def _words(self, outcome: Outcome) -> str:
        name = cut(outcome.name, NAME)
        if outcome.state == FAILED:
            return f"{name}: failed: {outcome.why}"
        parts = [
            outcome.state if outcome.state != FINISHED else "",
            self._result_of(outcome),
            duration(outcome.seconds),
        ]
        return f"{name}: {', '.join(filter(None, parts))}"


class RewrittenLines(Told):
    """A line of the terminal for each run that is at work, below what was said of those that have ended."""

    def __init__(self, runs: int, result_of: Callable[[Outcome], str]) -> None:
        super().__init__(runs, result_of)
        self._standing: dict[str, Standing] = {}
        self._drawn = 0

    def stands(self, standing: Standing) -> None:
        self._standing[standing.name] = standing
        self._draw()

    def ends(self, outcome: Outcome, words: str) -> None:
        self._standing.pop(outcome.name, None)
        self._clear()
        super().ends(outcome, words)
        self._draw()

    def close(self) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._drawn:
            sys.stderr.write(UP.format(self._drawn) + f"{ERASE}\n" * self._drawn + UP.format(self._drawn))
            sys.stderr.flush()
        self._drawn = 0

    def _draw(self) -> None:
        room = width(sys.stderr) - 1
        lines = [cut(_line(standing), room) for standing in self._standing.values()]
        self._clear()
        sys.stderr.write("".join(f"{line}{ERASE}\n" for line in lines))
        sys.stderr.flush()
        self._drawn = len(lines)


def _line(standing: Standing) -> str:
    share = "" if standing.share is None else f"{bar(standing.share)} "
    parts = [f"{share}{cut(standing.name, NAME)}", f"epoch {integer(standing.epoch)}"]
    if standing.seconds_left is not None:
        parts.append(f"{duration(standing.seconds_left)} left")
    if standing.loss is not None:
        parts.append(f"validation {number(standing.loss)}")
    return SEPARATOR.join(parts)


def told_runs(runs: int, result_of: Callable[[Outcome], str]) -> Told:
    """Lines that are written over where stderr is a terminal; where it is not, one for each run that has ended."""
    return (RewrittenLines if sys.stderr.isatty() else Told)(runs, result_of)
