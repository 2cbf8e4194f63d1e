"""Each check of the recipe finds what was made ill for it, is quiet on what is not, and its numbers are true."""

import math

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.data.split import joined
from nnviz.experiment import combine
from nnviz.insight.checks.gradients import gradients
from nnviz.insight.checks.one_batch import one_batch
from nnviz.insight.checks.outcome import Verdict
from nnviz.insight.checks.rate_range import HIGHEST, LOWEST, rate_range
from nnviz.insight.checks.recipe import RECIPE
from nnviz.insight.checks.subject import Subject, evenly
from nnviz.insight.health.rules import RULES
from nnviz.nn.layers import Dense
from nnviz.options import Options
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.interruption import AbandonedError, unwatched
from tests.zoo.animals import classes, numbers, pictures
from tests.zoo.ill import all_same, doubled, far_input, far_target, leaking

CHECKS = {check.id: check.look for check in RECIPE}


def subject(dataset, layers="dense 16 relu, dense 12 relu", network=None, stopping=None, **training):
    tables = {"network": {"layers": layers, **(network or {})}, "training": training, "stopping": stopping or {}}
    return Subject.of(combine(tables), dataset)


def outcome(check, of):
    return CHECKS[check](of, unwatched)


def rules(found):
    return [alert.rule for alert in found.alerts]


ILL = {
    "splits": (lambda: subject(leaking(classes())), "shared-examples"),
    "inputs": (lambda: subject(classes(spoil=all_same)), "inputs-badly-scaled"),
    "inputs, one far off": (lambda: subject(classes(spoil=far_input)), "inputs-badly-scaled"),
    "targets": (lambda: subject(numbers(spoil=far_target)), "targets-badly-scaled"),
    "targets, a rare class": (lambda: subject(classes(counts=(400, 8))), "unequal-classes"),
    "targets, labels": (lambda: subject(classes(spoil=doubled)), "contradicting-labels"),
    "first-loss": (lambda: subject(classes(), network={"initial": "normal"}), "first-loss"),
    "one-batch": (lambda: subject(classes(), "dense 16 relu dropout 0.99"), "one-batch"),
    "one-batch, a rate": (lambda: subject(classes(), learning_rate=1e-7), "one-batch"),
    "learning-rate": (lambda: subject(numbers(), learning_rate=5.0), "learning-rate"),
    "learning-rate, too low": (lambda: subject(classes(), learning_rate=1e-6), "learning-rate"),
    "learning-rate, none helps": (lambda: subject(classes(), clip=1e-6), "learning-rate"),
    "run": (lambda: subject(classes(), ", ".join(["dense 16 sigmoid"] * 8)), "vanishing-gradient"),
}


@pytest.mark.parametrize("name", ILL)
def test_each_check_finds_what_was_made_ill_for_it(name):
    make, rule = ILL[name]
    found = outcome(name.partition(",")[0], make())
    assert found.verdict is Verdict.WRONG
    assert rule in rules(found)


QUIET = {
    "blobs": lambda: subject(classes(), stopping={"epochs": 25}),
    "numbers": lambda: subject(numbers(), "dense 16 tanh", stopping={"epochs": 25}),
    "pictures": lambda: subject(pictures(), "conv 4 3x3 batchnorm relu, pool 2, dense 12 relu", stopping={"epochs": 8}),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_healthy_is_left_alone(name):
    of = QUIET[name]()
    for check in RECIPE:
        found = check.look(of, unwatched)
        assert (check.id, found.verdict, found.alerts) == (check.id, Verdict.OK, ())


@pytest.mark.parametrize("name", ["xor", "gauss", "waves", "worked"])
def test_built_in_sources_are_left_alone(name):
    experiment = Options.of(source=name).experiment()
    of = Subject.of(experiment, open_dataset(experiment))
    assert [rules(check.look(of, unwatched)) for check in RECIPE] == [[]] * len(RECIPE)


def test_every_rule_is_asked_by_one_check():
    of = QUIET["blobs"]()
    asked = [
        rule
        for check in RECIPE
        for found in [check.look(of, unwatched)]
        for rule in (*rules(found), *found.quiet, *(each.rule for each in found.unable))
    ]
    # Of these, targets are classes or numbers.
    assert sorted([*asked, "targets-badly-scaled"]) == sorted(rule.id for rule in RULES)


def test_what_is_told_of_the_splits_is_so():
    data = classes()
    repeated = joined([data.train, data.train.select([3, 3, 7])])
    # Nor is what validation and test share an example to train on.
    twice = replace(data, train=repeated, test=joined([data.train.select([5]), data.validation.select([0])]))
    found = outcome("splits", subject(twice))
    assert found.numbers == {
        "examples": {"training": 243, "validation": 96, "test": 2},
        "compared": {"training": 243, "validation": 96, "test": 2},
        "shared_with_training": {"validation": 0, "test": 1},
        "repeated": 3,
    }
    # Of a single one, chance may be the reason.
    assert found.verdict is Verdict.OK
    assert found.done[1].startswith("3 of training repeat an earlier one; 0 of validation stand there too; 1 of test")


def test_what_is_told_of_inputs_and_targets_is_so():
    data = classes(counts=(50, 30, 20))
    found = outcome("inputs", subject(data)).numbers
    ready = data.standardization.deviation**-1 * (data.train.inputs - data.standardization.mean)
    assert found["size"] == pytest.approx(math.sqrt((ready**2).mean()), rel=1e-6)
    assert (found["lowest"], found["highest"]) == pytest.approx((ready.min(), ready.max()), rel=1e-6)
    assert (found["inputs"], found["constant"]) == (6, 0)
    held = replace(data, train=replace(data.train, inputs=data.train.inputs * [1, 0, 1, 0, 1, 1]))
    assert outcome("inputs", subject(held)).numbers["constant"] == 2
    assert outcome("targets", subject(data)).numbers["classes"] == {"ant": 50, "bee": 30, "cow": 20}


def test_the_first_loss_stands_beside_what_knows_nothing():
    data = classes(counts=(100, 50, 50))
    found = outcome("first-loss", subject(data)).numbers
    assert found["chance"] == pytest.approx(math.log(3), rel=1e-6)
    shares = np.array([0.5, 0.25, 0.25])
    assert found["constant"] == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-5)
    trainer = assemble(subject(data).experiment, data)
    trainer.step()
    assert found["loss"] == trainer.history.training.first
    assert "which is ln 3" in outcome("first-loss", subject(data)).done[0]
    # Squared errors are shares of the variance of the targets.
    assert outcome("first-loss", subject(numbers())).numbers["chance"] == pytest.approx(1, rel=1e-5)


def test_a_gradient_that_is_wrong_is_found(monkeypatch):
    of = subject(classes())
    assert gradients(of, unwatched).numbers["agreeing"] == gradients(of, unwatched).numbers["compared"] == 139
    right = Dense.parameter_gradients

    def wrong(self, grad):
        right(self, grad)
        # In one layer alone: which one of several that are as far off is named, rounding would decide.
        if self.weights.gradients.shape[-1] == 16:
            self.weights.gradients[...] *= 1.01

    monkeypatch.setattr(Dense, "parameter_gradients", wrong)
    found = gradients(of, unwatched)
    assert rules(found) == ["wrong-gradients"]
    assert found.alerts[0].layer == "dense1"
    assert "off by 0.990%" in found.alerts[0].seen


def test_a_few_examples_are_of_as_many_classes_as_there_are_and_their_loss_is_theirs():
    of = subject(classes(counts=(300, 40, 6)), label_smoothing=0.2, class_weights="balanced", schedule="cosine")
    found = one_batch(of, unwatched)
    assert found.numbers["by_heart"] is True
    labels = np.repeat([0, 1, 2], [3, 3, 2])
    shares = np.bincount(labels) / 8
    assert found.numbers["ignorant"] == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-5)
    assert found.numbers["loss"] <= 0.1 * found.numbers["ignorant"]


def test_the_range_test_tells_the_rates_of_a_plain_loop():
    of = subject(classes(), momentum=0.5)
    found = rate_range(of, unwatched).numbers
    trainer = of.free()
    sample = of.dataset.train.select(evenly(of.dataset.train, 256))
    rates, losses = [], [trainer.assess(sample).score.loss]
    for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, 200), 1):
        trainer.change_rate(float(rate))
        trainer.step()
        if step % 4 == 0:
            rates.append(rate)
            losses.append(trainer.assess(sample).score.loss)
        if losses[-1] > 4 * losses[0]:
            break
    assert (found["first_loss"], *found["losses"]) == tuple(losses)
    assert found["lowest"] == rates[int(np.argmin(losses[1:]))]
    fall = losses[0] - min(losses)
    assert found["falls"] == next(r for r, loss in zip(rates, losses[1:], strict=True) if loss <= losses[0] - fall / 10)
    means = [np.mean(part) for part in zip([losses[0], *losses], losses, losses[1:], strict=False)]
    slopes = np.diff(means)[: int(np.argmin(losses[1:])) + 1]
    assert found["fastest"] == rates[int(np.argmin(slopes))]
    assert found["falls"] <= found["fastest"] <= found["lowest"] < found["rises"]


def test_the_same_seed_finds_the_same():
    first, second = ([check.look(QUIET["numbers"](), unwatched) for check in RECIPE] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("check", ["gradients", "one-batch", "learning-rate", "run"])
def test_whoever_wants_out_is_let_out(check):
    def asked():
        raise AbandonedError

    with pytest.raises(AbandonedError):
        CHECKS[check](subject(classes()), asked)


def test_large_data_are_judged_by_some():
    data = classes(counts=(200, 200))
    many = replace(data, validation=joined([data.train] * 10))
    found = outcome("run", subject(many, stopping={"steps": 5, "epochs": None})).numbers
    assert (found["steps"], found["validation"]["examples"]) == (5, 2000)
