"""Every rule stops the run, and says that it was the one."""

import json
from itertools import count
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from nnviz.runs.account import account, scored
from nnviz.runs.directory import RunDirectory
from nnviz.training import trainer as training


def run(trainer, at_most=2000):
    evaluations = []
    while trainer.stopped_by is None and trainer.steps_done < at_most:
        evaluation = trainer.step()
        if evaluation:
            evaluations.append(evaluation)
    return evaluations


@pytest.mark.parametrize(
    ("stopping", "why", "steps"),
    [
        ({"steps": 5}, "steps", 5),
        ({"epochs": 3}, "epochs", 21),
        ({"epochs": 3, "steps": 5}, "steps", 5),
        ({"target_loss": 50.0}, "target loss", 14),
        ({"target_accuracy": 0.0}, "target accuracy", 14),
        ({"seconds": 3.5}, "seconds", 5),
    ],
)
def test_a_rule_stops_the_run_and_is_named(make_trainer, monkeypatch, stopping, why, steps):
    # A second each time that the clock is looked at: at the begin of each step and at its end.
    seconds = count()
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: next(seconds)))
    trainer = make_trainer(stopping=stopping)
    evaluations = run(trainer)
    assert (trainer.stopped_by, trainer.steps_done) == (why, steps)
    assert evaluations[-1].step == steps, "the last moment of a run is always evaluated"


def test_steps_alone_are_not_cut_short_by_epochs(make_trainer):
    trainer = make_trainer(stopping={"steps": 400})
    run(trainer)
    assert trainer.steps_done == 400 > trainer.batches.epochs.end_of(20)


def test_patience_goes_back_to_the_best(make_trainer, dataset):
    trainer = make_trainer(stopping={"patience": 4, "epochs": 500}, learning_rate=0.1)
    evaluations = run(trainer, at_most=10_000)
    assert trainer.stopped_by == "patience"
    best = min(evaluations, key=lambda e: e.validation.loss)
    assert evaluations[-1].epoch - best.epoch == 4
    assert [e.epoch for e in evaluations] == list(range(1, best.epoch + 5)), "epochs are counted, so each is evaluated"
    assert trainer.kept().step == best.step < trainer.steps_done
    result = scored(account(trainer), trainer)
    assert result.kept_step == best.step
    assert result.validation["loss"] == best.validation.loss == trainer.assess(dataset.validation).score.loss


@pytest.mark.parametrize("stopping", [{"epochs": 50}, {"steps": 1}, {"steps": 2}, {"seconds": 1e-9}])
@pytest.mark.parametrize("learning_rate", [1e6, 1e30, 1e38])
def test_numbers_that_are_not_finite_stop_the_run_and_are_not_kept(make_trainer, stopping, learning_rate):
    trainer = make_trainer(stopping=stopping, learning_rate=learning_rate)
    with np.errstate(all="ignore"):
        run(trainer)
        result = scored(account(trainer), trainer)
    assert np.isfinite(trainer.network.parameters.values).all()
    assert (trainer.stopped_by == "diverged") == (trainer.kept() is trainer.standing.last_good)
    if learning_rate > 1e30:
        assert trainer.stopped_by == "diverged"
    json.dumps(msgspec.to_builtins(result), allow_nan=False)


def test_a_nan_in_the_loss_is_divergence_at_once(make_trainer):
    trainer = make_trainer()
    trainer.step()
    good = trainer.standing.last_good
    trainer.network.parameters.values[0] = np.nan
    trainer.step()
    assert trainer.stopped_by == "diverged"
    assert trainer.kept() is good


def test_an_interrupted_run_keeps_what_it_has_unless_that_is_broken(make_trainer):
    trainer = make_trainer()
    trainer.step()
    trainer.interrupt()
    assert (trainer.stopped_by, trainer.kept().step) == ("interrupted", 1)
    trainer.restart()
    trainer.step()
    trainer.network.parameters.values[0] = np.inf
    trainer.interrupt()
    assert (trainer.stopped_by, trainer.kept().step) == ("diverged", 0)


def test_metrics_are_strict_json_however_large_a_loss_is(make_trainer, make_experiment, tmp_path):
    trainer = make_trainer(stopping={"steps": 3})
    evaluation = run(trainer)[-1]
    endless = type(evaluation)(3, 1, 0.1, float("nan"), evaluation.validation._replace(loss=float("inf")))
    directory = RunDirectory(tmp_path / "run", make_experiment())
    directory.add(endless)
    directory.write_metrics()
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [record["split"] for record in records] == ["train", "validation"]
    assert (records[0]["mean_step_loss"], records[1]["loss"]) == (None, None)


def test_carrying_on_lifts_the_rule_but_not_divergence(make_trainer):
    trainer = make_trainer(stopping={"steps": 2})
    run(trainer)
    trainer.carry_on()
    assert trainer.stopped_by is None
    run(trainer, at_most=30)
    assert trainer.steps_done == 30
