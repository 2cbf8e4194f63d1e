"""Options that are changed while a run goes on, and those that begin another one."""

import json

import pytest

from nnviz.experiment import combine, read_tables
from nnviz.frame.frame import Frame
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.restoring import read_checkpoint
from nnviz.runs.trained_network import load_run

from .conftest import ask, straight

CHOSEN = {
    "training.learning_rate": 0.03,
    "training.momentum": 0.5,
    "training.weight_decay": 0.2,
    "training.l1": 0.01,
    "training.l2": 0.02,
    "training.clip": 0.5,
    "data.augment": ["flip", "brightness"],
}


def advance(trainer, steps):
    for _ in range(steps):
        frame = ask(trainer, m.Advance(m.Goal.STEP))
    return frame


def choose(trainer, **chosen):
    for place, value in chosen.items():
        view = ask(trainer, m.Choose(place, value))
        assert view.refused is None
    return view


def values(path):
    return load_run(path).network.parameters.values.tobytes()


def test_what_is_chosen_holds_at_once_and_the_run_that_is_kept_is_had_again_with_it(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    advance(trainer, 4)
    view = choose(trainer, **CHOSEN)
    asked = {"training": {}, "data": {}}
    for place, value in CHOSEN.items():
        table, key = place.split(".")
        asked[table][key] = value
        assert getattr(getattr(view.experiment, table), key) == (tuple(value) if isinstance(value, list) else value)
    advance(trainer, 5)
    trainer.close()
    oracle = straight(order.experiment, 4)
    asked["data"] |= {"source": order.experiment.data.source, "image_size": 4}
    asked["training"] |= {"batch_size": 5}
    other = straight(combine(asked, {"network": {"layers": "dense 3 relu"}}), 0)
    other.engine.restore(oracle.engine.state())
    other.update_rule.learning_rate = 0.03
    while other.steps_done < 9:
        other.engine.run(len(other.engine.stages))
    assert values(order.out) == other.network.parameters.values.tobytes()
    assert read_tables(order.out / "experiment.toml")["training"]["learning_rate"] == 0.01, "what was asked"
    again = read_checkpoint(order.out, 6)
    again.trainer.replay(9, [], again.trainer.journal.made_of(_log(order.out)))
    assert again.trainer.network.parameters.values.tobytes() == values(order.out)
    told = json.loads((order.out / "result.json").read_text())["option_changes"]
    assert {(change["step"], change["key"]) for change in told} == {
        (4, place.partition(".")[2]) for place in CHOSEN if place != "training.learning_rate"
    }


def _log(run):
    from nnviz.runs.metrics import read_log

    return read_log(run / "journal.jsonl")


def test_in_the_past_it_begins_a_branch_that_has_it_from_there(make_order):
    order = make_order()
    trainer = LocalTrainer(order)
    advance(trainer, 6)
    ask(trainer, m.GoTo(3))
    view = choose(trainer, **{"training.l2": 0.5, "training.momentum": 0.0})
    assert view.is_back
    assert (view.experiment.training.l2, view.experiment.training.momentum) == (0.5, 0.0)
    branches = ask(trainer, m.ListBranches()).branches
    assert len(branches) == 1, "nothing has gone on yet"
    advance(trainer, 3)
    first, second = ask(trainer, m.ListBranches()).branches
    assert (first.steps, second.steps, second.start) == (6, 6, 3)
    oracle = straight(order.experiment, 3)
    oracle.choose("l2", 0.5)
    oracle.choose("momentum", 0.0)
    for _ in range(3):
        oracle.step()
    assert second.loss == oracle.history.training.latest != first.loss
    ask(trainer, m.Visit(1))
    view = ask(trainer, m.Options())
    assert (view.experiment.training.l2, view.experiment.training.momentum) == (0.0, 0.9)
    trainer.close()


def test_what_is_as_it_was_begins_no_branch(make_order):
    trainer = LocalTrainer(make_order())
    advance(trainer, 6)
    ask(trainer, m.GoTo(3))
    choose(trainer, **{"training.l2": 0.0, "training.momentum": 0.9, "training.clip": None})
    advance(trainer, 1)
    assert len(ask(trainer, m.ListBranches()).branches) == 1
    trainer.close()


def test_begun_again_it_keeps_what_was_chosen(make_order):
    trainer = LocalTrainer(make_order())
    advance(trainer, 2)
    choose(trainer, **{"training.l2": 0.5, "stopping.patience": 7})
    for request in (m.Restart(), m.Reseed()):
        ask(trainer, request)
        asked = ask(trainer, m.Options()).experiment
        assert (asked.training.l2, asked.stopping.patience) == (0.5, 7)
        advance(trainer, 1)
    trainer.close()


def test_another_network_is_a_branch_from_the_beginning_and_the_run_that_was_is_kept(make_order):
    order = make_order(learning_rate=0.01)
    trainer = LocalTrainer(order)
    advance(trainer, 3)
    choose(trainer, **{"training.l2": 0.5, "training.learning_rate": 0.02})
    tables = {"network": {"layers": "dense 5 tanh, dense 2 relu"}, "training": {"optimizer": "adam"}}
    view = ask(trainer, m.BeginWith(tables))
    assert view.refused is None
    assert (view.experiment.network.layers, view.experiment.training.optimizer) == (
        "dense 5 tanh, dense 2 relu",
        "adam",
    )
    assert (view.experiment.training.l2, view.experiment.training.learning_rate) == (0.5, 0.02)
    frame = advance(trainer, 2)
    assert isinstance(frame, Frame)
    assert [layer.name for layer in frame.layers][:2] == ["dense1", "tanh1"]
    oracle = straight(view.experiment, 2)
    assert frame.curves.latest == oracle.history.training.latest
    names = [(one.name, one.steps) for one in ask(trainer, m.ListBranches()).branches]
    assert names == [("branch 1", 3), ("branch 2", 2)]
    before = straight(order.experiment, 3)
    assert ask(trainer, m.Visit(1)).curves.latest == before.history.training.latest
    trainer.close()
    again = order.out.with_name(order.out.name + "-2")
    assert combine(read_tables(again / "experiment.toml")) == view.experiment


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (m.Choose("training.clip", -1.0), "training.clip: expected a number >= 1e-38"),
        (m.Choose("training.seed", 3), "training.seed: a run cannot change it on the way; begin again with it"),
        (m.Choose("stopping.steps", 2), "stopping.steps: the run has 3 steps already; give more"),
        (m.BeginWith({"network": {"layers": "dens 3"}}), "no layer is called 'dens'"),
        (m.BeginWith({"network": {"output": "hill"}}), "network.output"),
        (m.BeginWith({"data": {"source": "nowhere"}}), "nowhere: no such folder or file"),
        (m.BeginWith({"training": {"schedule": "cosine"}, "stopping": {"steps": None}}), "training.schedule: 'cosine'"),
        (m.BeginWith({"network": {"weights": "nowhere"}}), "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_and_all_is_as_it_was(make_order, request_, told):
    order = make_order()
    trainer = LocalTrainer(order)
    advance(trainer, 3)
    before = ask(trainer, m.Options())
    view = ask(trainer, request_)
    assert told in view.refused
    assert view.experiment == before.experiment == order.experiment
    frame = advance(trainer, 1)
    assert frame.curves.latest == straight(order.experiment, 4).history.training.latest
    assert len(ask(trainer, m.ListBranches()).branches) == 1
    trainer.close()


def test_where_it_stops_is_chosen_at_once_but_not_where_the_schedule_goes_by_it(make_order):
    trainer = LocalTrainer(make_order(stopping={"steps": 2}))
    advance(trainer, 2)
    choose(trainer, **{"stopping.steps": 5})
    ask(trainer, m.Run(m.PACES[-1]))
    while (frame := ask(trainer, m.Look())).state.value == "running":
        pass
    assert frame.moment.furthest == 5
    trainer.close()
    trainer = LocalTrainer(make_order(stopping={"steps": 4}, schedule="cosine"))
    assert "stopping.steps" not in ask(trainer, m.Options()).at_once
    trainer.close()


def test_what_a_run_has_nothing_of_cannot_be_changed_at_once(make_order):
    for training, lacks in (({"optimizer": "adam"}, True), ({"momentum": 0.0}, True), ({}, False)):
        trainer = LocalTrainer(make_order(**training))
        assert ("training.momentum" not in ask(trainer, m.Options()).at_once) == lacks
        trainer.close()
