"""A weight that is set by hand in a running session: at the end of the run, in its past, and what is kept of it."""

import json
from operator import itemgetter

import pytest

from nnviz.experiment import combine, read_tables
from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.trained_network import load_run
from nnviz.training.assembly import assemble, open_dataset

from .conftest import STAGES, ask

NAME, INDEX = "dense1.weights", (7, 1)
SET = m.SetWeight(NAME, INDEX, 0.75)


def advance(trainer, *goals):
    for goal in goals:
        frame = ask(trainer, m.Advance(m.Goal(goal)))
    return frame


def place(frame):
    return frame.moment.step, frame.moment.done


def weight(trainer):
    return float(trainer.service.session.trainer.network.parameters.named()[NAME][INDEX])


def numbers(trainer):
    """All that the training step has, but for what is to come."""
    engine = trainer.service.session.trainer.engine
    arrays = [*engine.outputs[: engine.done + 1], engine.network.parameters.values]
    return [array.tobytes() for array in arrays]


def result_of(path):
    return json.loads((path / "result.json").read_text(), parse_constant=pytest.fail)


def done_again(path):
    """The parameters of the run that is kept at `path`, trained again from what it says of itself alone."""
    experiment, told = combine(read_tables(path / "experiment.toml")), result_of(path)
    trainer = assemble(experiment, open_dataset(experiment))
    while trainer.steps_done < told["steps"]:
        for change in told["weight_changes"]:
            if change["step"] == trainer.steps_done:
                trainer.set_weight(change["name"], tuple(change["index"]), change["value"])
        trainer.step()
    return trainer.network.parameters.values.tobytes()


def kept(path):
    return load_run(path).network.parameters.values.tobytes()


def test_the_forward_pass_is_done_again_with_it_and_going_back_undoes_it(make_order):
    order = make_order()
    trainer, same = LocalTrainer(order), LocalTrainer(make_order())
    first = advance(trainer, "step", "loss")
    before, was = numbers(trainer), weight(trainer)
    frame = ask(trainer, SET)
    assert (place(frame), weight(trainer), frame.state) == (place(first), 0.75, State.PAUSED)
    assert numbers(trainer) != before
    back = ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
    assert (place(back), weight(trainer)) == ((1, first.moment.done - 1), was)
    assert "as they were" in back.said
    advance(trainer, "stage")
    assert numbers(trainer) == before
    advance(trainer, "update", "step")
    advance(same, "step", "step", "step")
    assert numbers(trainer) == numbers(same)
    for each in (trainer, same):
        each.close()
    assert result_of(order.out)["weight_changes"] == []


def test_going_back_to_where_it_was_set_undoes_it_after_stages_too(make_order):
    trainer = LocalTrainer(make_order())
    was = weight(trainer)
    ask(trainer, SET)
    advance(trainer, "backward")
    assert weight(trainer) == 0.75
    # Not as long as that is later than where it was set.
    ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
    assert weight(trainer) == 0.75
    frame = ask(trainer, m.GoTo(m.Destination.STEP_BACK))
    assert (place(frame), weight(trainer)) == ((0, 0), was)
    trainer.close()


def test_several_are_undone_in_the_order_in_which_they_were_set(make_order):
    trainer = LocalTrainer(make_order())
    advance(trainer, "step")
    was = weight(trainer)
    ask(trainer, SET)
    advance(trainer, "stage")
    ask(trainer, m.SetWeight(NAME, INDEX, -2.0))
    advance(trainer, "stage")
    ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
    assert weight(trainer) == 0.75
    frame = ask(trainer, m.GoTo(m.Destination.STEP_BACK))
    assert (place(frame), weight(trainer)) == ((0, STAGES), was)
    trainer.close()


def test_what_was_trained_with_it_is_kept_and_done_again_bit_for_bit(make_order):
    order = make_order()
    trainer = LocalTrainer(order)
    advance(trainer, "step", "step", "loss")
    was = weight(trainer)
    ask(trainer, SET)
    advance(trainer, "step", "step")
    at_end = numbers(trainer)
    # The past is as it was, on both sides of it.
    ask(trainer, m.GoTo(2))
    assert weight(trainer) == was
    ask(trainer, m.GoTo(3))
    ask(trainer, m.GoTo(4))
    assert numbers(trainer) == at_end
    trainer.close()
    told = result_of(order.out)["weight_changes"]
    assert told == [{"step": 2, "name": NAME, "index": list(INDEX), "value": 0.75, "before": was}]
    assert done_again(order.out) == kept(order.out)
    opened = LocalTrainer(m.Order(order.experiment, order.out.with_name("again"), opened=order.out, place="3"))
    assert weight(opened) != was
    opened.close()


def test_in_the_past_it_shows_what_it_does_and_begins_a_branch_once_somebody_goes_on(make_order):
    order = make_order()
    trainer = LocalTrainer(order)
    advance(trainer, *["step"] * 6)
    at_end = numbers(trainer)
    ask(trainer, m.GoTo(3))
    there = advance(trainer, "loss")
    assert there.moment.is_back
    here, was = numbers(trainer), weight(trainer)
    frame = ask(trainer, SET)
    assert (place(frame), weight(trainer)) == (place(there), 0.75)
    assert numbers(trainer) != here
    # Nobody went on: it was looked at, and no more.
    ask(trainer, m.GoTo(m.Destination.STAGE_BACK))
    assert weight(trainer) == was
    advance(trainer, "loss")
    assert numbers(trainer) == here
    ask(trainer, m.GoTo(m.Destination.END))
    assert numbers(trainer) == at_end
    ask(trainer, m.GoTo(3))
    advance(trainer, "loss")
    ask(trainer, SET)
    frame = advance(trainer, "update")
    assert (place(frame), frame.curves.branch) == ((3, STAGES), "branch 2")
    advance(trainer, "step")
    branches = ask(trainer, m.ListBranches()).branches
    assert [view.weights for view in branches] == [(), ((3, f"{NAME}[7, 1]", was, 0.75),)]
    with_it = numbers(trainer)
    ask(trainer, m.Visit(1))
    assert numbers(trainer) == at_end
    ask(trainer, m.Visit(2))
    assert numbers(trainer) == with_it
    trainer.close()
    first, second = order.out, order.out.with_name("run-2")
    assert [len(result_of(path)["weight_changes"]) for path in (first, second)] == [0, 1]
    assert (done_again(first), done_again(second)) == (kept(first), kept(second))


def test_the_value_that_there_is_in_the_past_begins_no_branch(make_order):
    trainer = LocalTrainer(make_order())
    advance(trainer, *["step"] * 3)
    ask(trainer, m.GoTo(1))
    ask(trainer, SET)
    ask(trainer, m.SetWeight(NAME, INDEX, weight(trainer)))
    ask(trainer, m.GoTo(1))
    ask(trainer, m.SetWeight(NAME, INDEX, weight(trainer)))
    frame = advance(trainer, "step")
    assert frame.curves.branch is None
    trainer.close()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e39])
def test_what_no_weight_can_be_is_refused_in_one_line(make_order, value):
    trainer = LocalTrainer(make_order())
    was = weight(trainer)
    frame = ask(trainer, m.SetWeight(NAME, INDEX, value))
    assert "not a number that a weight can be" in frame.said
    assert "\n" not in frame.said
    assert weight(trainer) == was
    trainer.close()


def test_while_training_runs_it_is_refused(make_order):
    order = make_order()
    trainer = LocalTrainer(order)
    ask(trainer, m.Run(m.PACES[-1]))
    frame = ask(trainer, SET)
    assert (frame.state, frame.said) == (State.RUNNING, "a weight is set while training rests: pause first")
    trainer.close()
    assert itemgetter("weight_changes")(result_of(order.out)) == []


def test_a_run_that_has_ended_goes_on_with_it(make_order):
    order = make_order(stopping={"steps": 2})
    trainer = LocalTrainer(order)
    assert advance(trainer, "step", "step").state is State.FINISHED
    frame = ask(trainer, SET)
    assert (place(frame), frame.state, weight(trainer)) == ((2, 0), State.PAUSED, 0.75)
    advance(trainer, "step")
    trainer.close()
    assert (result_of(order.out)["steps"], done_again(order.out)) == (3, kept(order.out))
