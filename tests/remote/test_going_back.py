"""Going to another moment of a run, and on from there; what was trained is kept, wherever it is looked at."""

import json
from functools import partial
from itertools import count

import numpy as np
import pytest

from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.trained_network import load_run
from nnviz.training.keyframes import NearKeyframes

from .conftest import STAGES, ask, first, look_until, rested, steps, straight

PLACES = [(m.Destination.START, 0), (m.Destination.END, 40), (7, 7), (39, 39), (60, 60)]


def trained(trainer, order_steps):
    first(trainer)
    ask(trainer, m.GoTo(order_steps))
    return look_until(trainer, rested)


def without_seconds(record):
    return {name: value for name, value in record.items() if name != "seconds"}


def kept(path):
    return load_run(path).network.parameters.values


@pytest.mark.parametrize(("place", "expected"), PLACES)
def test_a_place_is_gone_to_and_the_end_is_kept(start, make_order, place, expected):
    order = make_order(optimizer="adam")
    trainer = start(order)
    frame = trained(trainer, 40)
    assert (steps(frame), frame.state) == (40, State.PAUSED)
    ask(trainer, m.GoTo(place))
    frame = look_until(trainer, lambda frame: frame.state is State.PAUSED)
    assert (steps(frame), frame.moment.furthest, frame.moment.is_back) == (expected, max(40, expected), expected < 40)
    assert trainer.close().directory == str(order.out)
    assert json.loads((order.out / "result.json").read_text())["steps"] == max(40, expected)
    np.testing.assert_array_equal(
        kept(order.out), straight(order.experiment, max(40, expected)).network.parameters.values
    )


def test_forward_again_repeats_and_then_goes_on(make_order):
    order = make_order(optimizer="adam")
    trainer = LocalTrainer(order)
    trained(trainer, 20)
    ask(trainer, m.GoTo(5))
    assert ask(trainer, m.Run(m.PACES[-1])).state is State.RUNNING
    look_until(trainer, lambda frame: steps(frame) >= 30)
    frame = ask(trainer, m.Pause())
    assert not frame.moment.is_back
    assert frame.curves.total == steps(frame)
    trainer.close()
    expected = straight(order.experiment, steps(frame))
    np.testing.assert_array_equal(kept(order.out), expected.network.parameters.values)
    lines = [json.loads(line) for line in (order.out / "metrics.jsonl").read_text().splitlines()]
    assert len({(line["step"], line["split"]) for line in lines}) == len(lines)


def test_what_takes_long_goes_on_in_the_background_and_can_be_left(make_order, monkeypatch):
    """By a clock on which every step takes a tenth of a second, and all the way from the beginning."""
    monkeypatch.setattr(NearKeyframes, "keep", lambda *_: None)
    trainer = LocalTrainer(make_order(), steps=5, clock=partial(next, count(step=0.1)))
    trained(trainer, 40)
    origin = ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
    origin = look_until(trainer, lambda frame: frame.state is State.PAUSED)
    assert (origin.moment.step, origin.moment.done) == (39, STAGES - 1)
    on_the_way = ask(trainer, m.GoTo(32))
    assert (on_the_way.state, on_the_way.goal) == (State.REPLAYING, 32)
    assert steps(on_the_way) < 32
    ask(trainer, m.Stay())
    again = look_until(trainer, lambda frame: frame.state is State.PAUSED)
    assert again.moment == origin.moment
    np.testing.assert_array_equal(again.example.prediction, origin.example.prediction)
    ask(trainer, m.GoTo(32))
    there = look_until(trainer, lambda frame: frame.state is State.PAUSED)
    assert (steps(there), there.goal) == (32, None)


def test_a_rate_that_is_changed_in_the_past_begins_a_run_of_its_own(start, make_order):
    order = make_order(learning_rate=0.01)
    trainer = start(order)
    trained(trainer, 20)
    ask(trainer, m.GoTo(7))
    frame = ask(trainer, m.Change(0.5))
    assert (steps(frame), frame.moment.furthest, frame.moment.is_back, frame.learning_rate) == (7, 20, True, 0.5)
    assert frame.curves.total == 20
    ask(trainer, m.GoTo(12))
    frame = look_until(trainer, rested)
    assert (steps(frame), frame.moment.furthest, frame.moment.is_back, frame.learning_rate) == (12, 12, False, 0.5)
    best = trainer.service.session.trainer.standing.best.step if isinstance(trainer, LocalTrainer) else None
    ending = trainer.close()
    second = order.out.with_name("run-2")
    assert (ending.directory, [earlier.directory for earlier in ending.earlier]) == (str(second), [str(order.out)])
    np.testing.assert_array_equal(kept(order.out), straight(order.experiment, 20).network.parameters.values)
    expected = straight(order.experiment, 7)
    expected.change_rate(0.5)
    while expected.steps_done < 12:
        expected.step()
    np.testing.assert_array_equal(kept(second), expected.network.parameters.values)
    # What it shares with the other run is in its metrics too.
    records = [record for evaluation in expected.history.evaluations for record in evaluation.records()]
    lines = [json.loads(line) for line in (second / "metrics.jsonl").read_text().splitlines()]
    assert [without_seconds(line) for line in lines] == [without_seconds(record) for record in records]
    assert best in (None, expected.standing.best.step)
    result = json.loads((second / "result.json").read_text())
    assert (result["steps"], result["learning_rate_changes"]) == (12, [{"step": 7, "learning_rate": 0.5}])


def test_a_run_that_stopped_has_not_stopped_before_its_end(make_order):
    trainer = LocalTrainer(make_order(stopping={"steps": 9}))
    first(trainer)
    ask(trainer, m.Run(m.PACES[-1]))
    frame = look_until(trainer, rested)
    assert (frame.state, frame.stopped_by) == (State.FINISHED, "steps")
    frame = ask(trainer, m.GoTo(4))
    assert (frame.state, frame.stopped_by) == (State.PAUSED, None)
    ask(trainer, m.Run(m.PACES[-1]))
    frame = look_until(trainer, rested)
    assert (frame.state, frame.stopped_by, steps(frame)) == (State.FINISHED, "steps", 9)
    assert steps(ask(trainer, m.Advance(m.Goal.STEP))) == 10


def test_a_diverged_run_shows_where_it_was_still_sound(make_order):
    trainer = LocalTrainer(make_order(learning_rate=1e30))
    first(trainer)
    with np.errstate(all="ignore"):
        ask(trainer, m.Run(m.PACES[-1]))
        frame = look_until(trainer, rested)
        assert frame.state is State.DIVERGED
        frame = ask(trainer, m.GoTo(m.Destination.STEP_BACK))
        assert frame.state is State.PAUSED
        ask(trainer, m.Advance(m.Goal.STEP))
        assert ask(trainer, m.Look()).state is State.DIVERGED


def test_a_test_in_the_past_is_of_the_network_as_it_was(make_order):
    trainer = LocalTrainer(make_order())
    first(trainer)
    ask(trainer, m.Advance(m.Goal.STEP))
    before = ask(trainer, m.Test())
    ask(trainer, m.GoTo(30))
    look_until(trainer, rested)
    ask(trainer, m.GoTo(1))
    report = ask(trainer, m.Test())
    assert (report.step, report.loss) == (1, before.loss)


def test_keys_that_come_on_a_long_way_are_meant_for_its_end(make_order, monkeypatch):
    monkeypatch.setattr(NearKeyframes, "keep", lambda *_: None)
    trainer = LocalTrainer(make_order(), steps=1, clock=partial(next, count(step=0.1)))
    trained(trainer, 40)
    for _ in range(3):
        frame = ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
        assert frame.state is State.REPLAYING
    frame = ask(trainer, m.Advance(m.Goal.STAGE))
    assert (frame.moment.step, frame.moment.done) == (39, STAGES - 2)
    assert ask(trainer, m.GoTo(12)).state is State.REPLAYING
    frame = ask(trainer, m.Change(0.5))
    assert (frame.state, steps(frame), frame.learning_rate) == (State.PAUSED, 12, 0.5)


def test_the_end_is_never_behind(make_order):
    trainer = LocalTrainer(make_order())
    first(trainer)
    for done, place in enumerate([m.Destination.END, m.Destination.BEST, m.Destination.END], 1):
        ask(trainer, m.Advance(m.Goal.STAGE))
        frame = ask(trainer, m.GoTo(place))
        assert (frame.moment.step, frame.moment.done) == (0, done)
    ask(trainer, m.Advance(m.Goal.STEP))
    ask(trainer, m.GoTo(m.Destination.STEP_BACK))
    assert steps(ask(trainer, m.GoTo(m.Destination.END))) == 1
