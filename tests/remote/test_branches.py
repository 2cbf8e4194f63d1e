"""Branches: what was is kept, whatever is made of the run, and can be gone on with."""

import json
from functools import partial
from itertools import count

import numpy as np
import pytest

from nnviz.frame.branch_views import Origin
from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.trained_network import load_run
from nnviz.training.keyframes import NearKeyframes

from .conftest import ask, first, look_until, rested, steps, straight

PARTED = (7, 0.5)


def go(trainer, place):
    ask(trainer, m.GoTo(place))
    return look_until(trainer, lambda frame: frame.state in (State.PAUSED, State.FINISHED))


def branched(trainer, end=20, parted=PARTED, until=12):
    """A run of so many steps, and a branch of it."""
    first(trainer)
    go(trainer, end)
    go(trainer, parted[0])
    ask(trainer, m.Change(parted[1]))
    return go(trainer, until)


def visit(trainer, number):
    ask(trainer, m.Visit(number))
    return look_until(trainer, lambda frame: frame.state is not State.REPLAYING)


def listed(trainer):
    return ask(trainer, m.ListBranches()).branches


def oracle(experiment, until, parted=PARTED):
    """The same training straight through, with a rate that is changed on the way."""
    trainer = straight(experiment, min(parted[0], until))
    if until >= parted[0]:
        trainer.change_rate(parted[1])
    while trainer.steps_done < until:
        trainer.step()
    return trainer


def kept(path):
    return load_run(path).network.parameters.values


def same(frame, trainer):
    """Whether a frame at the end of a step has the numbers of a trainer that is there too."""
    example = frame.example
    place = example.place
    np.testing.assert_array_equal(example.prediction, trainer.engine.scores.prediction[place])
    assert frame.batch_loss == trainer.engine.scores.mean
    assert frame.curves.latest == trainer.history.training.latest
    assert frame.curves.total == trainer.steps_done
    judged = [one.validation.loss for one in trainer.history.evaluations]
    np.testing.assert_array_equal(frame.curves.validation_losses, judged)
    assert frame.learning_rate == trainer.update_rule.learning_rate


RULES = [{"optimizer": "adam", "schedule": "plateau", "drop_every": 1, "drop": 0.5}, {"optimizer": "nesterov"}]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["optimizer"])
def test_any_branch_is_gone_back_to_and_on_with_as_if_it_had_never_been_left(start, make_order, rule):
    order = make_order(learning_rate=0.01, **rule)
    trainer = start(order)
    same(branched(trainer), oracle(order.experiment, 12))
    frame = visit(trainer, 1)
    assert (steps(frame), frame.moment.is_back, frame.curves.branch) == (20, False, "branch 1")
    same(frame, straight(order.experiment, 20))
    same(go(trainer, 26), straight(order.experiment, 26))
    frame = visit(trainer, 2)
    same(frame, oracle(order.experiment, 12))
    assert frame.curves.branch == "branch 2"
    same(go(trainer, 30), oracle(order.experiment, 30))
    same(visit(trainer, 1), straight(order.experiment, 26))
    ending = trainer.close()
    second = order.out.with_name("run-2")
    assert (ending.directory, [one.directory for one in ending.earlier]) == (str(order.out), [str(second)])
    np.testing.assert_array_equal(kept(order.out), straight(order.experiment, 26).network.parameters.values)
    np.testing.assert_array_equal(kept(second), oracle(order.experiment, 30).network.parameters.values)
    for path, expected in ((order.out, straight(order.experiment, 26)), (second, oracle(order.experiment, 30))):
        lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
        records = [record for evaluation in expected.history.evaluations for record in evaluation.records()]
        assert [{**line, "seconds": 0} for line in lines] == [{**record, "seconds": 0} for record in records]
    assert json.loads((second / "result.json").read_text())["parted_from"] == {"run": str(order.out), "step": 7}
    assert json.loads((order.out / "result.json").read_text())["parted_from"] is None


def test_the_list_says_what_became_of_each(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    branched(trainer)
    ask(trainer, m.Change(0.2))
    ask(trainer, m.LayOver(1))
    go(trainer, 14)
    one, two = listed(trainer)
    assert (one.name, one.origin, one.parent, one.steps, one.rates) == ("branch 1", Origin.FIRST, None, 20, ())
    assert (two.name, two.origin, two.parent, two.start) == ("branch 2", Origin.RATE, "branch 1", 7)
    assert (two.before, two.rate, two.rates, two.steps) == (0.01, 0.5, ((12, 0.2),), 14)
    assert ([one.is_current, two.is_current], [one.is_chosen, two.is_chosen]) == ([False, True], [True, False])
    expected = straight(order.experiment, 20).history
    assert (one.loss, one.validation) == (expected.training.latest, expected.latest.validation.loss)
    assert (one.best_loss, one.best_step) == (expected.best.validation.loss, expected.best.step)
    trainer.close()


def test_the_future_that_was_stays_on_the_curve_and_another_one_can_be_laid_over(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    frame = branched(trainer)
    [other] = frame.curves.others
    assert (other.name, other.start, other.total, other.chosen) == ("branch 1", 7, 20, False)
    np.testing.assert_allclose(other.means, losses(order.experiment, 20))
    ask(trainer, m.Restart())
    frame = go(trainer, 3)
    [other] = frame.curves.others
    assert (other.name, other.start, other.total) == ("branch 2", 0, 12)
    chosen, other = ask(trainer, m.LayOver(1)).curves.others
    assert (chosen.name, chosen.start, chosen.chosen, other.name) == ("branch 1", 0, True, "branch 2")
    [other] = ask(trainer, m.LayOver(None)).curves.others
    assert other.name == "branch 2"
    [other] = visit(trainer, 1).curves.others
    assert (other.name, other.start) == ("branch 2", 7), "what parted from it"
    trainer.close()


def losses(experiment, steps):
    trainer = straight(experiment, 0)
    told = []
    while trainer.steps_done < steps:
        trainer.step()
        told.append(trainer.engine.scores.mean)
    return told


def test_a_change_to_what_was_is_none(make_order):
    """Neither the rate that the run had there, nor one that was chosen and taken back, nor one that was left again."""
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    branched(trainer)
    visit(trainer, 1)
    before = go(trainer, 9)
    for rates in ([0.01], [0.5, 0.01]):
        for rate in rates:
            ask(trainer, m.Change(rate))
        frame = ask(trainer, m.Advance(m.Goal.STEP))
        assert (steps(frame), frame.moment.furthest, frame.moment.is_back) == (10, 20, True)
        go(trainer, 9)
    ask(trainer, m.Change(0.3))
    go(trainer, m.Destination.STEP_BACK)
    frame = go(trainer, m.Destination.END)
    same(frame, straight(order.experiment, 20))
    ask(trainer, m.GoTo(9))
    ask(trainer, m.Change(0.3))
    same(go(trainer, m.Destination.END), straight(order.experiment, 20))
    after = go(trainer, 9)
    assert (after.moment, after.learning_rate) == (before.moment, 0.01)
    visit(trainer, 2)
    go(trainer, 9)
    ask(trainer, m.Change(0.5))
    assert ask(trainer, m.Advance(m.Goal.STEP)).moment.is_back, "what branch 2 had there"
    assert len(listed(trainer)) == 2
    trainer.close()


def test_a_change_while_the_past_runs_again_begins_a_branch_there(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order, steps=3)
    first(trainer)
    go(trainer, 20)
    go(trainer, 5)
    ask(trainer, m.Run(m.PACES[-1]))
    frame = ask(trainer, m.Change(0.5))
    assert frame.state is State.RUNNING
    frame = ask(trainer, m.Pause())
    assert not frame.moment.is_back
    [_, two] = listed(trainer)
    same(frame, oracle(order.experiment, steps(frame), (two.start, 0.5)))
    trainer.close()


def test_from_the_same_weights_again_what_was_is_kept(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    first(trainer)
    go(trainer, 11)
    ask(trainer, m.Change(0.1))
    frame = ask(trainer, m.Restart())
    assert (steps(frame), frame.moment.furthest, frame.curves.total, frame.learning_rate) == (0, 0, 0, 0.1)
    same(go(trainer, 9), oracle(order.experiment, 9, (0, 0.1)))
    one, two = listed(trainer)
    assert (two.origin, two.parent, two.start, two.before, two.rate) == (Origin.RESTART, "branch 1", 0, 0.01, 0.1)
    assert (one.steps, one.rates) == (11, ((11, 0.1),))
    frame = visit(trainer, 1)
    same(frame, oracle(order.experiment, 11, (11, 0.1)))
    trainer.close()
    assert load_run(order.out.with_name("run-2")).step == 9


def test_with_another_seed_what_was_is_kept_and_gone_back_to(start, make_order):
    order = make_order(learning_rate=0.01, optimizer="adam")
    trainer = start(order)
    first(trainer)
    go(trainer, 11)
    ask(trainer, m.Reseed())
    reseeded = order.experiment.with_seed(1)
    same(go(trainer, 8), straight(reseeded, 8))
    same(visit(trainer, 1), straight(order.experiment, 11))
    same(go(trainer, 13), straight(order.experiment, 13))
    ask(trainer, m.Reseed())
    go(trainer, 2)
    same(visit(trainer, 2), straight(reseeded, 8))
    assert [one.seed for one in listed(trainer)] == [0, 1, 2], "no seed comes twice"
    ending = trainer.close()
    assert len(ending.earlier) == 2
    np.testing.assert_array_equal(kept(order.out), straight(order.experiment, 13).network.parameters.values)


def test_what_never_came_to_a_step_is_no_branch(make_order):
    order = make_order()
    trainer = LocalTrainer(order)
    first(trainer)
    ask(trainer, m.Restart())
    ask(trainer, m.Reseed())
    go(trainer, 2)
    ask(trainer, m.Restart())
    ask(trainer, m.Advance(m.Goal.LOSS))
    ask(trainer, m.Reseed())
    assert [(one.number, one.parent, one.steps) for one in listed(trainer)] == [(1, None, 2), (2, "branch 1", 0)]
    same(visit(trainer, 1), straight(order.experiment.with_seed(1), 2))
    assert len(listed(trainer)) == 1
    assert trainer.close().earlier == ()
    assert not order.out.with_name("run-2").exists()


def test_a_branch_has_nothing_of_one_that_had_its_number_and_never_came_to_a_step(make_order):
    order = make_order()
    trainer = LocalTrainer(order)
    first(trainer)
    go(trainer, 2)
    ask(trainer, m.Reseed())
    ask(trainer, m.LayOver(2))
    visit(trainer, 1)
    ask(trainer, m.Restart())
    assert [(one.seed, one.is_chosen) for one in listed(trainer)] == [(0, False), (0, False)]
    ask(trainer, m.Advance(m.Goal.STAGE))
    ask(trainer, m.GoTo(0))
    look_until(trainer, lambda frame: frame.state is State.READY)
    same(go(trainer, 1), straight(order.experiment, 1))
    trainer.close()


@pytest.mark.parametrize("way", ["visit", "other seed", "branch"])
def test_a_long_way_is_shown_and_can_be_left(make_order, monkeypatch, way):
    """By a clock on which every step takes a tenth of a second, without keyframes."""
    monkeypatch.setattr(NearKeyframes, "keep", lambda *_: None)
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order, steps=2, clock=partial(next, count(step=0.1)))
    branched(trainer, 40, (30, 0.5), 35)
    if way == "branch":
        before = go(trainer, 34)
        ask(trainer, m.Change(0.1))
        on_the_way = ask(trainer, m.Advance(m.Goal.STEP))
    else:
        if way == "other seed":
            ask(trainer, m.Reseed())
            go(trainer, 4)
        before = ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
        before = look_until(trainer, lambda frame: frame.state is State.PAUSED)
        on_the_way = ask(trainer, m.Visit(1))
    assert on_the_way.state is State.REPLAYING
    ask(trainer, m.Stay())
    after = look_until(trainer, lambda frame: frame.state is State.PAUSED)
    assert after.moment == before.moment
    np.testing.assert_array_equal(after.example.prediction, before.example.prediction)
    assert after.curves.branch == before.curves.branch
    assert after.learning_rate == before.learning_rate
    number = len(listed(trainer))
    if way != "branch":
        ask(trainer, m.Visit(1))
        frame = look_until(trainer, lambda frame: frame.state is State.PAUSED)
        same(frame, straight(order.experiment, 40))
    ask(trainer, m.Visit(2))
    ending = trainer.close()
    assert len(ending.earlier) == number - 1, "on the way, everything is kept"
    assert all(one.trouble is None for one in ending.earlier)


def test_a_key_that_comes_on_the_way_to_a_branch_is_meant_for_its_end(make_order, monkeypatch):
    monkeypatch.setattr(NearKeyframes, "keep", lambda *_: None)
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order, steps=1, clock=partial(next, count(step=0.1)))
    branched(trainer, 40, (30, 0.5), 35)
    assert ask(trainer, m.Visit(1)).state is State.REPLAYING
    same(ask(trainer, m.Advance(m.Goal.STEP)), straight(order.experiment, 41))
    go(trainer, 20)
    ask(trainer, m.Change(0.5))
    assert ask(trainer, m.Advance(m.Goal.STEP)).state is State.REPLAYING
    same(ask(trainer, m.Advance(m.Goal.STEP)), oracle(order.experiment, 22, (20, 0.5)))
    trainer.close()


def test_a_branch_that_stopped_or_diverged_is_so_when_somebody_comes_back(make_order):
    order = make_order(learning_rate=0.01, stopping={"steps": 9})
    trainer = LocalTrainer(order)
    first(trainer)
    ask(trainer, m.Run(m.PACES[-1]))
    assert look_until(trainer, rested).state is State.FINISHED
    go(trainer, 4)
    ask(trainer, m.Change(1e30))
    with np.errstate(all="ignore"):
        ask(trainer, m.Run(m.PACES[-1]))
        frame = look_until(trainer, rested)
        assert frame.state is State.DIVERGED
        good = trainer.service.session.trainer.standing.last_good
        frame = visit(trainer, 1)
        assert (frame.state, frame.stopped_by, steps(frame)) == (State.FINISHED, "steps", 9)
        assert visit(trainer, 2).state is State.DIVERGED
    np.testing.assert_array_equal(trainer.service.session.trainer.standing.last_good.values, good.values)
    trainer.close()


def test_a_branch_that_has_an_earlier_rate_again_has_it_wherever_it_is_come_from(make_order):
    """The keyframe where it parted is one of both, with the rate of what it parted from."""
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    first(trainer)
    go(trainer, 12)
    ask(trainer, m.Change(0.5))
    go(trainer, 20)
    go(trainer, 12)
    ask(trainer, m.Change(0.01))
    same(go(trainer, 14), straight(order.experiment, 14))
    visit(trainer, 1)
    go(trainer, 2)
    go(trainer, 13)
    visit(trainer, 2)
    go(trainer, 5)
    assert go(trainer, 13).learning_rate == 0.01
    same(ask(trainer, m.Advance(m.Goal.STEP)), straight(order.experiment, 14))
    trainer.close()


def test_a_branch_that_waits_is_left_to_others_and_gone_on_with_elsewhere_if_they_made_something_of_it(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    branched(trainer)
    metrics = order.out / "metrics.jsonl"
    lines = metrics.read_text()
    assert not (order.out / ".lock").exists(), "nobody trains into it now"
    metrics.write_text(lines + "{}\n")
    same(visit(trainer, 1), straight(order.experiment, 20))
    go(trainer, 24)
    ending = trainer.close()
    third = order.out.with_name("run-3")
    assert ending.directory == str(third)
    assert metrics.read_text() == lines + "{}\n"
    np.testing.assert_array_equal(kept(third), straight(order.experiment, 24).network.parameters.values)
    records = [json.loads(line)["step"] for line in (third / "metrics.jsonl").read_text().splitlines()]
    assert records == [json.loads(line)["step"] for line in lines.splitlines()]
