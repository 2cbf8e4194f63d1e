"""What an alert says is to be tried is done in a branch, as far as the run had come; what was is kept."""

from pathlib import Path

import msgspec
import numpy as np

from nnviz.frame.branch_views import Origin
from nnviz.frame.frame import State
from nnviz.frame.health_view import Alert
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.trained_network import load_run

from .conftest import ask, first, look_until, steps, straight
from .test_branches import go

DEEP = ", ".join(["dense 4 sigmoid"] * 6)


def alert_of(trainer, rule: str) -> Alert:
    return next(alert for alert in ask(trainer, m.Health()).diagnosis.alerts if alert.rule == rule)


def tried(trainer, alert: Alert):
    frame = ask(trainer, m.Try(alert.rule, alert.layer))
    assert frame.said.startswith("branch 2 tries ")
    return look_until(trainer, lambda frame: frame.state in (State.PAUSED, State.FINISHED))


def test_another_network_is_a_run_from_the_first_step_on_beside_what_was(make_order):
    order = make_order(learning_rate=1e-3)
    network = msgspec.structs.replace(order.experiment.network, layers=DEEP)
    order = msgspec.structs.replace(order, experiment=msgspec.structs.replace(order.experiment, network=network))
    trainer = LocalTrainer(order)
    first(trainer)
    go(trainer, 40)
    alert = alert_of(trainer, "vanishing-gradient")
    frame = tried(trainer, alert)
    assert (frame.moment.furthest, frame.moment.is_back) == (40, False)
    after = order.experiment.changed(alert.changes)
    assert after.network.layers == ", ".join(["dense 4 relu"] * 3)
    oracle = straight(after, 40)
    assert frame.curves.latest == oracle.history.training.latest
    # Both curves are there.
    assert [(other.name, other.start, other.total) for other in frame.curves.others] == [("branch 1", 0, 40)]
    assert frame.curves.others[0].means[0] == straight(order.experiment, 1).history.training.latest
    views = ask(trainer, m.ListBranches()).branches
    assert [view.origin for view in views] == [Origin.FIRST, Origin.OPTIONS]
    assert views[1].changes == "the layers “dense 4 relu, dense 4 relu, dense 4 relu”"
    # There is a way back to what was, and each is kept as what it is.
    ask(trainer, m.Visit(1))
    frame = look_until(trainer, lambda frame: frame.state is not State.REPLAYING)
    assert frame.curves.latest == straight(order.experiment, 40).history.training.latest
    ending = trainer.close()
    kept = [load_run(Path(one.directory)).experiment for one in (*ending.earlier, ending)]
    assert {one.network.layers for one in kept} == {DEEP, after.network.layers}


def test_another_rate_parts_from_the_run_before_the_alert_began(make_order):
    order = make_order(learning_rate=0.001, optimizer="adam")
    trainer = LocalTrainer(order)
    first(trainer)
    go(trainer, 60)
    # A rate that is far too large from here on.
    ask(trainer, m.Change(100.0))
    go(trainer, 240)
    alert = alert_of(trainer, "updates-too-large")
    assert alert.step > 60
    assert {name: list(table) for name, table in alert.changes.items()} == {"training": ["learning_rate"]}
    frame = tried(trainer, alert)
    assert (frame.moment.furthest, frame.moment.is_back) == (240, False)
    start = alert.step // 2
    oracle = straight(order.experiment, start)
    oracle.change_rate(alert.changes["training"]["learning_rate"])
    while oracle.steps_done < 240:
        oracle.step()
    assert frame.curves.latest == oracle.history.training.latest
    [view] = [one for one in ask(trainer, m.ListBranches()).branches if one.is_current]
    assert (view.origin, view.start, view.rate) == (Origin.RATE, start, alert.changes["training"]["learning_rate"])
    assert np.isfinite(frame.curves.means).all()
    trainer.close()


def test_what_takes_a_person_and_what_is_gone_is_not_tried(make_order):
    trainer = LocalTrainer(make_order())
    first(trainer)
    go(trainer, 10)
    for request in (m.Try("no-such-rule", None), m.Try("dead-units", "relu1")):
        frame = ask(trainer, request)
        assert (steps(frame), frame.said, frame.curves.branch) == (10, None, None)
    trainer.close()
