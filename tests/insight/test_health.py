"""Every ailment is found by its rule; on what is healthy the rules are silent, and each says whether it ran."""

import json

import numpy as np
import pytest
from msgspec import structs

from nnviz.frame.layer_measures import MEASURES, Measure
from nnviz.insight.health.evidence import Beginning, Evidence
from nnviz.insight.health.rules import RULES, RuleRunner, examine
from nnviz.nn.losses import CrossEntropy
from nnviz.training.stopping import DIVERGED
from tests.zoo.__main__ import found
from tests.zoo.animals import biased, classes, numbers, trainer
from tests.zoo.healthy import HEALTHY
from tests.zoo.ill import ILL, far_target, mislabelled

# Of each rule, the network that takes the fewest steps; `make zoo` has all of them.
QUICKEST = {rule.id: min((ill for ill in ILL if ill.rule == rule.id), key=lambda ill: ill.steps) for rule in RULES}
QUICK = [
    healthy for healthy in HEALTHY if healthy.name.startswith(("blobs", "numbers", "circles, dense", "xor, dense"))
]


def trained(made, steps):
    while made.stopped_by is None and made.steps_done < steps:
        made.step()
    return made


def diagnosis(made):
    return RuleRunner(made).diagnosis()


@pytest.mark.parametrize("ill", QUICKEST.values(), ids=QUICKEST)
def test_an_ailment_is_found_by_its_rule(ill):
    assert ill.rule in found(ill.make(0), ill.steps)


@pytest.mark.parametrize("healthy", QUICK, ids=lambda healthy: healthy.name)
def test_what_is_healthy_is_left_alone(healthy):
    assert found(healthy.make(0), healthy.steps) == []


@pytest.mark.parametrize("steps", [0, 1, 40, 250])
@pytest.mark.parametrize("make", [lambda: trainer(classes()), lambda: trainer(numbers(), "dense 8 batchnorm tanh")])
def test_every_rule_has_an_alert_or_ran_in_silence_or_says_why_it_could_not_run(make, steps):
    told = diagnosis(trained(make(), steps))
    spoke = {alert.rule for alert in told.alerts}
    unable = [each.rule for each in told.unable]
    assert sorted([*spoke, *told.quiet, *unable]) == sorted(rule.id for rule in RULES)
    assert all(each.reason for each in told.unable)
    if not steps:
        assert {"dead-units", "first-loss", "loss-does-not-fall"} <= {*unable}
    json.dumps([structs.asdict(alert) for alert in told.alerts], allow_nan=False)


def test_the_examples_are_measured_once_however_often_the_rules_are_asked():
    made, steps = trainer(numbers(), "dense 8 tanh"), (0, 50, 100)
    evidence = Beginning(made)
    told = [examine(Evidence(trained(made, many), evidence)) for many in steps[:1]]
    # They could not be read again as what they were.
    evidence.inputs[:] = evidence.targets[:] = np.nan
    told += [examine(Evidence(trained(made, many), evidence)) for many in steps[1:]]
    of_data = [{*each.quiet} & {"inputs-badly-scaled", "targets-badly-scaled"} for each in told]
    assert of_data == [{"inputs-badly-scaled", "targets-badly-scaled"}] * 3


def test_what_an_alert_says_of_dead_units_is_so():
    made = trained(trainer(classes(), "dense 16 relu, dense 12 relu", biased([-20] * 9 + [0] * 7, 0)), 100)
    silent = (made.engine.outputs[2] == 0).all(axis=0).mean()
    assert made.layers.latest[1, MEASURES.index(Measure.DEAD)] == silent == 9 / 16
    (alert,) = (alert for alert in diagnosis(made).alerts if alert.rule == "dead-units")
    assert alert.layer == "relu1"
    assert "56.2% of the 16 units of relu1" in alert.seen
    # The twelfth reading is the first that can tell.
    assert alert.step == 64


def test_chance_and_the_best_constant_are_those_of_the_loss():
    three = Beginning(trainer(classes(counts=(100, 50, 50))))
    assert three.chance == pytest.approx(np.log(3), rel=1e-6)
    shares = np.array([0.5, 0.25, 0.25])
    assert three.constant == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-6)
    # No logits do better.
    for logits in np.random.default_rng(0).normal(size=(20, 3)):
        said = np.broadcast_to(logits, three.targets.shape)
        assert CrossEntropy().forward(said.copy(), three.targets).mean >= three.constant - 1e-6
    ten = Beginning(trainer(classes(counts=(40, 40)), network={"output": "sigmoid"}))
    assert ten.chance == pytest.approx(2 * np.log(2), rel=1e-6)
    # Squared errors are shares of the variance of the targets.
    assert Beginning(trainer(numbers())).constant == pytest.approx(1, rel=1e-5)


def test_the_same_run_gives_the_same_diagnosis_resumed_or_not():
    whole = trained(trainer(classes(), optimizer="adam", learning_rate=0.5), 200)
    begun = trained(trainer(classes(), optimizer="adam", learning_rate=0.5), 90)
    resumed = trainer(classes(), optimizer="adam", learning_rate=0.5)
    resumed.restore(begun.state(), begun.history.evaluations, begun.journal.log)
    trained(resumed, 200)
    expected = examine(Evidence(whole, Beginning(whole)))
    assert any(alert.rule == "updates-too-large" for alert in expected.alerts)
    assert examine(Evidence(resumed, Beginning(resumed))) == expected


def test_a_run_that_diverges_is_told_with_the_step_where_that_began():
    made = trained(trainer(numbers(), learning_rate=1e6), 300)
    assert made.stopped_by == DIVERGED
    (alert,) = (alert for alert in diagnosis(made).alerts if alert.rule == "diverging")
    assert f"At step {made.furthest} the loss was" in alert.seen
    losses, constant = made.history.training.means, Beginning(made).constant
    assert (losses[alert.step - 1 : made.furthest - 1] > constant).all()
    assert alert.step == 1 or losses[alert.step - 2] <= constant


def test_a_split_that_was_not_evaluated_yet_is_not_called_missing():
    reasons = []
    whole = classes()
    for dataset in (whole, structs.replace(whole, validation=whole.validation.select(np.zeros(0, int)))):
        told = diagnosis(trained(trainer(dataset), 1))
        reasons.append({each.reason for each in told.unable if each.rule == "over-fitting"})
    assert reasons == [{"there is no validation loss yet"}, {"there is no validation split"}]


def test_what_an_alert_says_of_single_examples_is_so():
    made = trained(trainer(numbers(spoil=far_target), learning_rate=1e-4), 300)
    (alert,) = (alert for alert in diagnosis(made).alerts if alert.rule == "one-example")
    assert "Example #1 (example 0) had most of the loss at" in alert.seen
    data = classes(counts=(240, 240, 240), apart=5, spoil=mislabelled(0.1))
    made = trained(trainer(data), 300)
    (alert,) = (alert for alert in diagnosis(made).alerts if alert.rule == "labels-look-wrong")
    judged = made.assess(data.validation)
    said, labels = judged.predictions.argmax(axis=1), data.validation.labels
    assert f"where it is wrong, {(said != labels).sum()} times, as" in alert.seen
    worst = np.flatnonzero(said != labels)[judged.predictions.max(axis=1)[said != labels].argmax()]
    assert f"example {worst} (label {data.class_names[labels[worst]]}, said" in alert.seen
