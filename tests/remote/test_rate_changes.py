"""A learning rate that is changed by hand: what is kept of a run says what was asked, and what was changed when."""

import json
from operator import itemgetter

import pytest

from nnviz.experiment import combine, read_tables
from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.trained_network import load_run
from nnviz.training.assembly import assemble, open_dataset

from .conftest import ask

ASKED = 0.01


def advance(trainer, steps):
    for _ in range(steps):
        ask(trainer, m.Advance(m.Goal.STEP))


def change(trainer, *rates):
    for rate in rates:
        frame = ask(trainer, m.Change(rate))
    return frame


def result_of(path):
    return json.loads((path / "result.json").read_text(), parse_constant=pytest.fail)


def done_again(path):
    """The parameters of the run that is kept at `path`, trained again from what it says of itself alone."""
    experiment = combine(read_tables(path / "experiment.toml"))
    told = result_of(path)
    trainer = assemble(experiment, open_dataset(experiment))
    changes = {change["step"]: change["learning_rate"] for change in told["learning_rate_changes"]}
    while trainer.steps_done < told["steps"]:
        if trainer.steps_done in changes:
            trainer.change_rate(changes[trainer.steps_done])
        trainer.step()
    return trainer.network.parameters.values.tobytes()


def test_a_rate_that_is_changed_before_the_first_step_is_one_change(make_order):
    order = make_order(learning_rate=ASKED)
    trainer = LocalTrainer(order)
    change(trainer, 0.02, 0.05, 0.1, 0.2)
    advance(trainer, 3)
    trainer.close()
    assert result_of(order.out)["learning_rate_changes"] == [{"step": 0, "learning_rate": 0.2}]
    assert load_run(order.out).experiment.training.learning_rate == ASKED
    assert done_again(order.out) == load_run(order.out).network.parameters.values.tobytes()


def test_a_rate_that_is_changed_back_is_no_change(make_order):
    order = make_order(learning_rate=ASKED)
    trainer = LocalTrainer(order)
    change(trainer, 0.02, 0.05, ASKED)
    advance(trainer, 2)
    change(trainer, 0.02)
    advance(trainer, 1)
    change(trainer, 0.05, 0.02)
    advance(trainer, 1)
    trainer.close()
    assert result_of(order.out)["learning_rate_changes"] == [{"step": 2, "learning_rate": 0.02}]


@pytest.mark.parametrize("request_", [m.Restart(), m.Reseed()], ids=["restart", "reseed"])
def test_a_run_that_is_begun_again_keeps_the_changed_rate_and_says_so(make_order, request_):
    order = make_order(learning_rate=ASKED)
    trainer = LocalTrainer(order)
    advance(trainer, 2)
    change(trainer, 0.02, 0.05)
    advance(trainer, 2)
    frame = ask(trainer, request_)
    assert (frame.state, frame.learning_rate) == (State.READY, 0.05)
    advance(trainer, 2)
    trainer.close()
    first, second = order.out, order.out.with_name("run-2")
    changes = [[one.values() for one in result_of(path)["learning_rate_changes"]] for path in (first, second)]
    assert [[tuple(one) for one in run] for run in changes] == [[(2, 0.05)], [(0, 0.05)]]
    for path, seed in ((first, 0), (second, int(request_ == m.Reseed()))):
        training = load_run(path).experiment.training
        assert (training.learning_rate, training.seed) == (ASKED, seed)
        assert done_again(path) == load_run(path).network.parameters.values.tobytes()


def test_a_rate_that_is_lowered_again_after_a_restart_is_the_one_that_was_asked_for(make_order):
    order = make_order(learning_rate=ASKED)
    trainer = LocalTrainer(order)
    change(trainer, 0.05)
    advance(trainer, 1)
    ask(trainer, m.Restart())
    change(trainer, 0.02, ASKED)
    advance(trainer, 1)
    trainer.close()
    assert result_of(order.out.with_name("run-2"))["learning_rate_changes"] == []


def test_a_person_who_ends_a_run_is_named(make_order):
    order = make_order(learning_rate=ASKED)
    trainer = LocalTrainer(order)
    advance(trainer, 1)
    ask(trainer, m.Restart())
    advance(trainer, 1)
    trainer.close()
    for path in (order.out, order.out.with_name("run-2")):
        assert result_of(path)["stopped_by"] == "you"


def test_a_rule_that_ended_a_run_is_named_unless_somebody_went_on(make_order):
    order = make_order(stopping={"steps": 2})
    trainer = LocalTrainer(order)
    advance(trainer, 2)
    ask(trainer, m.Restart())
    advance(trainer, 3)
    trainer.close()
    told = [itemgetter("steps", "stopped_by")(result_of(order.out.with_name(name))) for name in ("run", "run-2")]
    assert told == [(2, "steps"), (3, "you")]
