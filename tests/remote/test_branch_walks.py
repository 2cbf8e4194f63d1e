"""Wherever somebody comes from, and in whichever branch, a moment is what it was when it was first seen."""

from contextlib import closing

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.timeline import Position
from tests.frame_arrays import bytes_of_moment

from .conftest import ask, first, look_until

LAYERS = "conv 2 3x3 batchnorm relu, dropout 0.3, dense 3 tanh"
RULES = [{"optimizer": "adam", "schedule": "plateau", "drop_every": 1, "drop": 0.5}, {"optimizer": "nesterov"}]
RATE = 0.01


def told(frame) -> bytes:
    """The frame, but for what it has of the whole run."""
    return bytes_of_moment(frame, state=None, rates=None, goal=None)


class Known:
    """What is known of the branches without looking at them: their seeds, and the rates that were chosen."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.current, self.chosen = 1, None
        self.seeds, self.rates = {1: 0}, {1: {0: RATE}}

    def next_proposal(self, at: Position) -> int:
        return at.step + (at.done >= self.last - 1)

    def rate(self, step: int) -> float:
        return next(rate for when, rate in sorted(self.rates[self.current].items(), reverse=True) if when <= step)

    def key(self, at: Position) -> tuple[object, ...]:
        """What a moment depends on."""
        rates = tuple(self.rate(step) for step in range(self.next_proposal(at) + 1))
        return self.seeds[self.current], at, rates

    def change(self, at: Position, rate: float, is_back: bool) -> None:
        if is_back:
            self.chosen = rate
        else:
            self.rates[self.current][self.next_proposal(at)] = rate

    def go_on(self, at: Position) -> None:
        """With a rate that the run did not have there, as a new branch."""
        step = self.next_proposal(at)
        if self.chosen not in (None, self.rate(step)):
            rates = {when: rate for when, rate in self.rates[self.current].items() if when <= step}
            self.begin(self.seeds[self.current], {**rates, step: self.chosen})
        self.chosen = None

    def visit(self, number: int, furthest: int) -> None:
        left, self.current, self.chosen = self.current, number, None
        self.forget(left, furthest)

    def restart(self, rate: float, furthest: int, is_reseeded: bool) -> None:
        seed, left = self.seeds[self.current], self.current
        self.chosen = None
        if is_reseeded:
            seed = max(self.seeds[number] for number in self.rates) + 1
        self.current = 0
        self.forget(left, furthest)
        self.begin(seed, {0: rate})

    def forget(self, left: int, furthest: int) -> None:
        """A branch without a step is none once somebody has left it."""
        if not furthest and left != self.current:
            del self.rates[left]

    def begin(self, seed: int, rates: dict[int, float]) -> None:
        self.current = max(self.rates, default=0) + 1
        self.seeds[self.current], self.rates[self.current] = seed, rates


onward = st.sampled_from([m.Goal.STAGE, m.Goal.STEP, m.Goal.STEP, m.Goal.LOSS, m.Goal.BACKWARD, m.Goal.UPDATE])
walks = st.lists(
    st.one_of(
        onward,
        onward,
        st.integers(0, 10**6).map(lambda place: m.GoTo(place)),
        st.sampled_from([m.Destination.STAGE_BACK, m.Destination.STEP_BACK, m.Destination.END]),
        st.sampled_from([0.005, RATE, 0.3]),
        st.integers(1, 10**6).map(lambda number: m.Visit(number)),
        st.sampled_from([m.Restart(), m.Reseed(), m.Test()]),
    ),
    min_size=6,
    max_size=18,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["optimizer"])
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=walks)
def test_a_moment_is_what_it_was_in_every_branch_that_has_it(make_order, rule, walk):
    order = make_order(learning_rate=RATE, **rule)
    network = msgspec.structs.replace(order.experiment.network, layers=LAYERS)
    order = msgspec.structs.replace(order, experiment=msgspec.structs.replace(order.experiment, network=network))
    with closing(LocalTrainer(order)) as trainer:
        frame = first(trainer)
        known = Known(len(frame.stages))
        seen = {known.key(Position(0, 0)): told(frame)}
        # So far it goes and no farther: the walk is to come by where it has been.
        for way in [*[m.Goal.STEP] * 6, *walk]:
            at, is_back = Position(frame.moment.step, frame.moment.done), frame.moment.is_back
            rate, furthest = frame.learning_rate, frame.moment.furthest
            match way:
                case m.Goal():
                    known.go_on(at)
                    frame = ask(trainer, m.Advance(way))
                case float():
                    known.change(at, way, is_back)
                    frame = ask(trainer, m.Change(way))
                case m.GoTo(place):
                    steps = place % (furthest + 1)
                    end = Position(steps - 1, known.last) if steps else Position(0, 0)
                    known.go_on(at) if end > at else None
                    known.chosen = None
                    frame = ask(trainer, m.GoTo(steps))
                case m.Destination():
                    known.chosen = None
                    frame = ask(trainer, m.GoTo(way))
                case m.Visit(number):
                    branches = ask(trainer, m.ListBranches()).branches
                    known.visit(branches[number % len(branches)].number, furthest)
                    frame = ask(trainer, m.Visit(known.current))
                case m.Restart() | m.Reseed():
                    known.restart(rate, furthest, is_reseeded=isinstance(way, m.Reseed))
                    frame = ask(trainer, way)
                case m.Test():
                    ask(trainer, way)
                    frame = ask(trainer, m.Look())
            frame = look_until(trainer, lambda frame: frame.state not in (State.REPLAYING, State.RUNNING))
            if known.chosen is None:
                here = known.key(Position(frame.moment.step, frame.moment.done))
                assert seen.setdefault(here, told(frame)) == told(frame), way
        compare_with_straight(frame, order.experiment, known)


def compare_with_straight(frame, experiment, known: Known) -> None:
    """With a training that went straight there, without ever looking back."""
    straight = experiment.with_seed(known.seeds[known.current])
    trainer = assemble(straight, open_dataset(straight))
    end = Position(frame.moment.step, frame.moment.done)
    while (trainer.engine.index, trainer.engine.done) < end:
        at = Position(trainer.engine.index, trainer.engine.done)
        rate = known.rate(known.next_proposal(at))
        if rate != trainer.update_rule.learning_rate:
            trainer.change_rate(rate)
        trainer.advance()
    if end.done > len(frame.stages) // 2:
        assert frame.batch_loss == trainer.engine.scores.mean
    if not frame.moment.is_back:
        assert frame.curves.latest == trainer.history.training.latest
        assert frame.curves.total == trainer.history.training.steps
