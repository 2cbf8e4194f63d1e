"""What it costs that the health of a network is watched while it is trained: readings of its layers, and rules.

One run, in short turns: in one it is watched as every run is, in the next one no layer is read, no loss that stands out
is noted, and no rule is asked. Without a screen it is trained as `nnviz train` does; on screen, by the service behind
it, of which a frame is asked 20 times a second. Rates are by the processor's time, which depends less on what else the
machine does; beside them stands how much of it goes to readings and rules.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
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


class Watched(NamedTuple):
    """A run that is watched, or not, while it is trained.

    train      for so many seconds: how many training steps a second that were
    spent      seconds that went to watching so far
    unwatched  while that lasts, nothing of it is watched
    """

    train: Callable[[float], float]
    spent: Callable[[], float]
    unwatched: Callable[[], AbstractContextManager[None]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long it is measured."""
    parser.add_argument("--turns", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=0.2, help="of training, watched and not, in each turn")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    prepare_process()
    rows = []
    for where, opened in (("no", _without_screen), ("yes", _on_screen)):
        for case in CASES:
            with opened(case) as run:
                rows.append([case.name, where, *_row(run, options.turns, options.seconds)])
    return (
        f"Training steps a second, medians of {options.turns} turns of {options.seconds:g} s each, and of their "
        f"ratios, with its standard error.\n\n"
        f"{table(['run', 'on screen', 'not watched', 'watched', 'ratio', 'in watching'], rows)}"
    )


def _row(run: Watched, turns: int, seconds: float) -> list[str]:
    run.train(WARM_UP_SECONDS)
    rates, ratios, spent, taken = [], [], run.spent(), 0.0
    for _ in range(turns):
        with run.unwatched():
            before = run.train(seconds / 2)
        begin = clock()
        with_it = run.train(seconds)
        taken += clock() - begin
        with run.unwatched():
            after = run.train(seconds / 2)
        rates.append(((before + after) / 2, with_it))
        ratios.append(2 * with_it / (before + after))
    # Of a median, where the numbers are about normal.
    error = 1.253 * statistics.stdev(ratios) / math.sqrt(turns)
    columns = (statistics.median(column) for column in zip(*rates, strict=True))
    share = (run.spent() - spent) / taken
    return [*(f"{rate:,.0f}" for rate in columns), f"{statistics.median(ratios):.3f} ± {error:.3f}", f"{share:.2%}"]


@contextmanager
def _without_screen(case: Case) -> Iterator[Watched]:
    experiment = case.experiment()
    with closing(assemble(experiment, open_dataset(experiment))) as trainer:
        alert_log = AlertLog(trainer, RuleRunner(trainer), lambda *_: None)

        def train(seconds: float) -> float:
            steps, begin = trainer.steps_done, clock()
            while clock() < begin + seconds:
                trainer.step()
                alert_log.look()
            return (trainer.steps_done - steps) / (clock() - begin)

        spent = _timed((trainer.layers, "read"), (trainer.standing.said, "read"), (alert_log, "_new"))
        yield Watched(train, spent, lambda: _unwatched(trainer, alert_log))


@contextmanager
def _on_screen(case: Case) -> Iterator[Watched]:
    nothing = Diagnosis((), (), ())
    with tempfile.TemporaryDirectory() as folder:
        service = Service(m.Order(case.experiment(), Path(folder) / "run"))
        session = service.session
        trainer, rules, alert_log = session.trainer, session.training.rules, session.alert_log
        spent = _timed(
            (trainer.layers, "read"), (trainer.standing.said, "read"), (alert_log, "_new"), (rules, "lately")
        )
        asked = rules.lately

        @contextmanager
        def unwatched() -> Iterator[None]:
            with _unwatched(trainer, alert_log):
                vars(rules)["lately"] = lambda: nothing
                yield
                vars(rules)["lately"] = asked

        yield Watched(_served(service), spent, unwatched)
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
            service.work(partial(_is_over, end))
            service.answer(m.Look())
        rate = (trainer.steps_done - steps) / (clock() - begin)
        service.answer(m.Pause())
        return rate

    return train


def _is_over(end: float) -> bool:
    return clock() >= end


@contextmanager
def _unwatched(trainer: Trainer, alert_log: AlertLog) -> Iterator[None]:
    """What is due of readings and rules is as far away afterwards as it was."""
    layers, spikes = trainer.layers, trainer.history.spikes
    left = layers.due - trainer.steps_done, alert_log.due - trainer.steps_done
    layers.due = alert_log.due = NEVER
    limit, spikes.limit = spikes.limit, math.inf
    yield
    layers.due, alert_log.due = (trainer.steps_done + steps for steps in left)
    spikes.limit = limit
