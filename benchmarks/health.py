"""What it costs that the health of a network is watched while it is trained: readings of its layers, and rules.

The same run twice in one process, in short turns that follow each other: one is watched as every run is, the other one
reads no layer, notes no loss that stands out, and asks no rule. Without a screen they are trained as `nnviz train`
does; on screen, by the service behind it, of which a frame is asked 20 times a second. Rates are by the processor's
time, which depends less on what else the machine does; beside them stands how much of it goes to readings and rules.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.going_back import Case
from benchmarks.results import table
from nnviz.frame.health_view import Diagnosis
from nnviz.insight.health.alert_log import AlertLog
from nnviz.insight.health.rules import RuleRunner
from nnviz.remote import messages as m
from nnviz.remote.service import Service
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.process import prepare_process
from nnviz.training.trainer import Trainer

TITLE = "Watching the health of a network"
CASES = (
    Case("pets, dense 64 relu, dense 32 relu", "pets", "dense 64 relu, dense 32 relu", 0),
    Case("2-8-2", "circles", "dense 8 tanh", 0),
    Case("pets, two convolutions", "pets", "conv 8 3x3 relu, pool 2, conv 16 3x3 relu, pool 2, dense 32 relu", 0),
)
FRAME_SECONDS = 1 / 20
# A training step that no run comes to.
NEVER = 1 << 62
# What is read and asked more often at first is over after these.
WARM_UP_SECONDS = 2.0

clock = time.process_time


class Contender(NamedTuple):
    """Trains for so many seconds, and says how many training steps a second that were; of it, `spent` in watching."""

    train: Callable[[float], float]
    spent: Callable[[], float] = lambda: 0.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long it is measured."""
    parser.add_argument("--turns", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=0.2, help="of training, watched and not, in each turn")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    prepare_process()
    rows = []
    for where, contenders in (("no", _without_screen), ("yes", _on_screen)):
        for case in CASES:
            with contenders(case) as (watched, bare):
                rows.append([case.name, where, *_row(watched, bare, options.turns, options.seconds)])
    return (
        f"Training steps a second, medians of {options.turns} turns of {options.seconds:g} s each, and of their "
        f"ratios, with its standard error.\n\n"
        f"{table(['run', 'on screen', 'not watched', 'watched', 'ratio', 'in watching'], rows)}"
    )


def _row(watched: Contender, bare: Contender, turns: int, seconds: float) -> list[str]:
    watched.train(WARM_UP_SECONDS)
    bare.train(WARM_UP_SECONDS)
    rates, ratios, spent, taken = [], [], watched.spent(), 0.0
    for _ in range(turns):
        before, begin = bare.train(seconds / 2), clock()
        with_it = watched.train(seconds)
        taken += clock() - begin
        after = bare.train(seconds / 2)
        rates.append(((before + after) / 2, with_it))
        ratios.append(2 * with_it / (before + after))
    # Of a median, where the numbers are about normal.
    error = 1.253 * statistics.stdev(ratios) / math.sqrt(turns)
    columns = (statistics.median(column) for column in zip(*rates, strict=True))
    share = (watched.spent() - spent) / taken
    return [*(f"{rate:,.0f}" for rate in columns), f"{statistics.median(ratios):.3f} ± {error:.3f}", f"{share:.2%}"]


@contextmanager
def _without_screen(case: Case) -> Iterator[tuple[Contender, Contender]]:
    experiment = case.experiment()
    dataset = open_dataset(experiment)
    with closing(assemble(experiment, dataset)) as watched, closing(assemble(experiment, dataset)) as bare:
        _watch_nothing(bare)
        alert_log = AlertLog(watched, RuleRunner(watched), lambda *_: None)

        def step_watched() -> None:
            watched.step()
            alert_log.look()

        spent = _timed((watched.layers, "read"), (watched.standing.said, "read"), (alert_log, "_new"))
        yield Contender(_in_a_loop(watched, step_watched), spent), Contender(_in_a_loop(bare, bare.step))


def _in_a_loop(trainer: Trainer, step: Callable[[], object]) -> Callable[[float], float]:
    def train(seconds: float) -> float:
        steps, begin = trainer.steps_done, clock()
        while clock() < begin + seconds:
            step()
        return (trainer.steps_done - steps) / (clock() - begin)

    return train


@contextmanager
def _on_screen(case: Case) -> Iterator[tuple[Contender, Contender]]:
    with tempfile.TemporaryDirectory() as folder:
        watched, bare = (Service(m.Order(case.experiment(), Path(folder) / name)) for name in ("watched", "bare"))
        session = bare.session
        _watch_nothing(session.trainer)
        session.alert_log.due = NEVER
        nothing = Diagnosis((), (), ())
        session.training.rules.lately = lambda: nothing
        own = watched.session
        spent = _timed(
            (own.trainer.layers, "read"),
            (own.trainer.standing.said, "read"),
            (own.alert_log, "_new"),
            (own.training.rules, "lately"),
        )
        yield Contender(_served(watched), spent), Contender(_served(bare))
        for service in (watched, bare):
            service.conclude()


def _timed(*calls: tuple[object, str]) -> Callable[[], float]:
    """Have calls of these methods timed; the seconds that all of them took so far."""
    spent = 0.0

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def taking(*given: Any) -> Any:
            nonlocal spent
            begin = clock()
            found = call(*given)
            spent += clock() - begin
            return found

        return taking

    for owner, name in calls:
        setattr(owner, name, timed(getattr(owner, name)))
    return lambda: spent


def _served(service: Service) -> Callable[[float], float]:
    def train(seconds: float) -> float:
        trainer = service.session.trainer
        service.answer(m.Run(m.PACES[-1]))
        steps, begin = trainer.steps_done, clock()
        while (now := clock()) < begin + seconds:
            end = min(now + FRAME_SECONDS, begin + seconds)
            service.work(lambda end=end: clock() >= end)
            service.answer(m.Look())
        rate = (trainer.steps_done - steps) / (clock() - begin)
        service.answer(m.Pause())
        return rate

    return train


def _watch_nothing(trainer: Trainer) -> None:
    trainer.layers.due = NEVER
    trainer.history.spikes.record = lambda *_: None
