"""How far a training is, told on stderr while it goes on."""

import sys
import time
from collections.abc import Callable, Sequence

from nnviz.headless.console import note, width
from nnviz.training.outlook import Outlook, outlook
from nnviz.training.trainer import Trainer
from nnviz.wording import duration, fixed, integer, number, percent, whole_percent

BAR = 12
SEPARATOR = " · "


class Progress:
    """Says every `interval` seconds, by the `clock`, how far the trainer is."""

    interval: float

    def __init__(self, trainer: Trainer, clock: Callable[[], float] = time.perf_counter) -> None:
        self._trainer, self._before = trainer, trainer.steps_done
        self._clock = clock
        self._started = clock()
        self._due = self._started + self.interval

    def update(self) -> None:
        """Say it, if it is time. To be called after each training step."""
        now = self._clock()
        if now >= self._due:
            self._due = now + self.interval
            self._say(now - self._started)

    def close(self) -> None:
        """The training is over."""

    def _say(self, elapsed: float) -> None:
        raise NotImplementedError

    def _parts(self, elapsed: float, ahead: Outlook | None) -> list[str]:
        """The standing in words, what matters most first."""
        trainer = self._trainer
        latest = trainer.history.latest
        epochs = f"/{integer(trainer.stopping.epochs)}" if trainer.stopping.epochs else ""
        examples_in = trainer.batches.epochs.examples_in
        rate = (examples_in(trainer.steps_done) - examples_in(self._before)) / elapsed
        parts = [f"epoch {integer(trainer.epoch + 1)}{epochs}", f"{fixed(rate, 0)} examples/s"]
        if ahead:
            parts.append(f"{duration(ahead.seconds_left)} left")
        parts.append(f"step loss {number(trainer.history.step_loss)}")
        if latest and latest.validation:
            loss, accuracy, _ = latest.validation
            parts.append(f"validation {number(loss)}" + ("" if accuracy is None else f" {percent(accuracy)}"))
        return [*parts, f"step {integer(trainer.steps_done)}"]


class Lines(Progress):
    """A plain line every few seconds, for a log file."""

    interval = 3.0

    def _say(self, elapsed: float) -> None:
        note(SEPARATOR.join(self._parts(elapsed, outlook(self._trainer, elapsed, self._before))))


class Bar(Progress):
    """One line of a terminal, written over and over."""

    interval = 0.1

    def _say(self, elapsed: float) -> None:
        ahead = outlook(self._trainer, elapsed, self._before)
        first, *others = self._parts(elapsed, ahead)
        overwrite(fitted([f"{bar(ahead.share)} {first}" if ahead else first, *others]))

    def close(self) -> None:
        overwrite("")


def bar(share: float) -> str:
    """A share as a bar, with the number after it."""
    full = round(BAR * min(share, 1))
    return "█" * full + "░" * (BAR - full) + f" {whole_percent(share):>4}"


def fitted(parts: Sequence[str]) -> str:
    """As many of the parts as a line of the terminal has room for."""
    room = width(sys.stderr) - 1
    line, *others = parts
    for part in others:
        longer = line + SEPARATOR + part
        line = longer if len(longer) <= room else line
    return line[:room]


def overwrite(line: str) -> None:
    """Put the line where the last one was."""
    sys.stderr.write(f"\r{line}\x1b[K")
    sys.stderr.flush()


def progress_of(trainer: Trainer) -> Progress:
    """A bar where stderr is a terminal, lines where it is not."""
    return Bar(trainer) if sys.stderr.isatty() else Lines(trainer)
