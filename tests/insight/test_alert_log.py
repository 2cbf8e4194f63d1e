"""The alerts of a run: when the rules are asked, and that a run which goes on has those that it would have had."""

from types import SimpleNamespace

import pytest

from nnviz.data.reading import CACHED
from nnviz.insight.health.alert_log import AlertLog
from nnviz.insight.health.rules import RuleRunner
from nnviz.runs import opening, restoring, resuming
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.runs.metrics import read_alerts
from nnviz.runs.paths import ALERTS
from nnviz.runs.result import read_result
from nnviz.training.interruption import unwatched
from tests.training.conftest import dataset, make_experiment, make_trainer

__all__ = ["dataset", "make_experiment", "make_trainer"]

STEPS, CURED, EVERY = 450, 260, 30
# So small a rate that nothing is learnt, until it is cured.
ILL = {"stopping": {"steps": STEPS}, "learning_rate": 1e-7}


@pytest.fixture(autouse=True)
def asked_often(monkeypatch, dataset):
    """The rules are asked after 64 steps and then after every 64."""
    monkeypatch.setattr("nnviz.insight.health.alert_log.step_cost", lambda _: 1e12)
    for module in (opening, restoring, resuming):
        monkeypatch.setattr(module, "open_dataset", lambda *_: dataset)


def bring(trainer, directory, steps=None):
    """Train until so many steps are done, as if it were killed there, or to the end; what was told meanwhile."""
    told = []
    keeper = Keeper(trainer, directory, pytest.fail, rule=CheckpointRule(steps=EVERY))
    log = AlertLog(trainer, RuleRunner(trainer), lambda alert, _: told.append(alert.rule))
    while trainer.stopped_by is None and trainer.steps_done != steps:
        evaluation = trainer.step()
        if trainer.steps_done == CURED:
            trainer.change_rate(0.1)
        if evaluation is not None:
            keeper.record(evaluation)
        log.look()
        keeper.keep_up()
    if trainer.stopped_by is None:
        directory.release()
    else:
        keeper.conclude(unwatched, health=log.account())
    return told


@pytest.fixture
def whole(make_trainer, make_experiment, tmp_path):
    """A run that was never interrupted, and its trainer at the end."""
    run, trainer = tmp_path / "whole", make_trainer(**ILL)
    bring(trainer, RunDirectory(run, make_experiment(**ILL)))
    return run, trainer


def test_an_alert_that_is_over_stays_with_the_run(whole):
    run, trainer = whole
    alerts = read_alerts(run / ALERTS)
    now = {alert.rule for alert in RuleRunner(trainer).diagnosis().alerts}
    assert next(each.asked for each in alerts if each.alert.rule == "updates-too-small") == 64
    assert "loss-does-not-fall" in {each.alert.rule for each in alerts} - now, "the rate was raised meanwhile"
    assert {each.asked for each in alerts} <= {64, *range(128, STEPS, 64)}
    assert all(each.alert in read_result(run).health.alerts for each in alerts)


@pytest.mark.parametrize("killed", [(64,), (150, 255, 263), (400,)])
def test_a_run_that_was_killed_has_the_alerts_of_one_that_was_not(
    whole, make_trainer, make_experiment, tmp_path, killed
):
    expected, run = whole[0], tmp_path / "killed"
    first, *others = [*killed, None]
    told = bring(make_trainer(**ILL), RunDirectory(run, make_experiment(**ILL)), first)
    for steps in others:
        resumed = resuming.resume(run, {}, 1 << 30, CACHED)
        told += bring(resumed.trainer, resumed.directory, steps)
        trainer = resumed.trainer
    assert (run / ALERTS).read_bytes() == (expected / ALERTS).read_bytes()
    assert read_result(run).health == read_result(expected).health
    assert RuleRunner(trainer).diagnosis() == RuleRunner(whole[1]).diagnosis(), "what the screen shows"


def test_what_only_the_end_brings_up_is_none_of_a_run_that_goes_on(make_trainer, make_experiment, whole, tmp_path):
    short, settings = tmp_path / "short", {**ILL, "stopping": {"steps": 230}}
    told = bring(make_trainer(**settings), RunDirectory(short, make_experiment(**settings)))
    noticed = {each.alert.rule for each in read_alerts(short / ALERTS)}
    assert "loss-does-not-fall" in {alert.rule for alert in read_result(short).health.alerts} - noticed
    assert "loss-does-not-fall" in told
    resumed = resuming.resume(short, {"steps": STEPS}, 1 << 30, CACHED)
    bring(resumed.trainer, resumed.directory)
    assert (short / ALERTS).read_bytes() == (whole[0] / ALERTS).read_bytes()


@pytest.mark.parametrize("step", [63, 64, 100, 300])
def test_at_any_step_of_a_run_there_are_the_alerts_until_then(whole, step):
    run, trainer = whole
    expected = tuple(each for each in trainer.standing.alerts if each.asked <= step)
    assert restoring.read_checkpoint(run, step).trainer.standing.alerts == expected
    assert opening.run_at(run, str(step)).trainer.standing.alerts == expected
    assert opening.open_run(run, str(step)).trainer.standing.alerts == trainer.standing.alerts


@pytest.mark.parametrize(("cost", "expected"), [(1e12, [64, 64, 128, 128, 320]), (1, [64, 64, 256, 256, 1024])])
def test_the_rules_are_asked_at_the_same_steps_by_a_run_that_goes_on(monkeypatch, cost, expected):
    monkeypatch.setattr("nnviz.insight.health.alert_log.step_cost", lambda _: cost)
    trainers = [SimpleNamespace(furthest=steps, engine=None) for steps in (0, 20, 64, 100, 256)]
    assert [AlertLog(trainer, None, print).due for trainer in trainers] == expected


def test_a_damaged_line_is_named(whole):
    file = whole[0] / ALERTS
    file.write_bytes(file.read_bytes() + b'{"asked": 3}\n')
    with pytest.raises(restoring.InputError, match=r"alerts\.jsonl: line \d+ is damaged"):
        resuming.resume(whole[0], {"steps": 900}, 1 << 30, CACHED)
