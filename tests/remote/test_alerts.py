"""The alerts of a run that is trained from the screen are those of the same run without one."""

import pytest
from msgspec.structs import replace

from nnviz.headless import training
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.metrics import read_alerts
from nnviz.runs.paths import ALERTS
from nnviz.runs.result import read_result
from nnviz.training.standing import alerts_until

from .conftest import ask, first, look_until, rested

STEPS = 300
ILL = {"stopping": {"steps": STEPS}, "learning_rate": 1e-7}


@pytest.fixture(autouse=True)
def asked_often(monkeypatch):
    """The rules are asked after 64 steps and then after every 64."""
    monkeypatch.setattr("nnviz.insight.health.alert_log.step_cost", lambda _: 1e12)


def run_to(trainer, steps):
    ask(trainer, m.GoTo(steps))
    return look_until(trainer, rested)


def test_a_run_on_the_screen_has_the_alerts_of_one_without(make_order):
    order = make_order(**ILL)
    trainer = LocalTrainer(order)
    first(trainer)
    # By keys of all kinds.
    ask(trainer, m.Advance(m.Goal.LOSS))
    run_to(trainer, 64)
    ask(trainer, m.Advance(m.Goal.STEP))
    ask(trainer, m.GoTo(50))
    run_to(trainer, STEPS)
    trainer.close()
    alone = order.out.with_name("alone")
    training.train(order.experiment, alone)
    alerts = read_alerts(alone / ALERTS)
    assert {each.asked for each in alerts} >= {64, 256}
    assert read_alerts(order.out / ALERTS) == alerts
    assert read_result(order.out).health == read_result(alone).health


def test_a_run_that_is_opened_and_gone_on_with_has_them_too(make_order):
    order = make_order(**{**ILL, "stopping": {"steps": 150}})
    training.train(order.experiment, order.out)
    before = read_alerts(order.out / ALERTS)
    child = order.out.with_name("child")
    trainer = LocalTrainer(replace(order, opened=order.out, out=child))
    first(trainer)
    run_to(trainer, STEPS)
    trainer.close()
    assert read_alerts(child / ALERTS)[: len(before)] == before
    assert {each.asked for each in read_alerts(child / ALERTS)[len(before) :]} == {256}


def test_each_branch_has_the_alerts_of_what_it_shares_and_its_own(make_order):
    order = make_order(**ILL)
    trainer = LocalTrainer(order)
    first(trainer)
    run_to(trainer, 260)
    ask(trainer, m.GoTo(100))
    ask(trainer, m.Change(0.5))
    run_to(trainer, 270)
    ending = trainer.close()
    whole, branch = (read_alerts(run / ALERTS) for run in (order.out, order.out.with_name("run-2")))
    assert ending.directory == str(order.out.with_name("run-2"))
    assert [each for each in branch if each.asked <= 100] == [*alerts_until(100, whole)] != []
    assert any(each.asked > 100 for each in whole)
    assert "loss-does-not-fall" not in {each.alert.rule for each in branch}
    assert "loss-does-not-fall" in {alert.rule for alert in read_result(order.out).health.alerts}
