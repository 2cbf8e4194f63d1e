"""What the rules would try: a valid experiment, the one that the words tell of, and one that mends."""

import pytest

from nnviz.experiment import Experiment, combine
from nnviz.frame.health_view import Alert
from nnviz.insight.experiment_words import told_changes
from nnviz.insight.health import attempts
from nnviz.insight.health.rules import RuleRunner
from nnviz.nn.notation import parse
from tests.zoo.ill import ILL
from tests.zoo.mending import attempted, outcome, trained

QUICK = [ill for ill in ILL if ill.steps <= 60]
MENDED = (
    "biases of −20 before relu",
    "sgd at 5",
    "weights times 0.01",
    "inputs times 1,000",
    "batches of 2 with batchnorm",
)


def experiment(layers: str = "dense 16 relu, dense 8 relu", network=None, data=None, **training: object) -> Experiment:
    tables = {"network": {"layers": layers, **(network or {})}, "data": data or {}, "training": training}
    return combine(tables)


@pytest.mark.parametrize("ill", QUICK, ids=lambda ill: ill.name)
def test_what_is_tried_is_a_valid_experiment_and_the_one_that_the_words_tell_of(ill) -> None:
    made = trained(ill.make(0), ill.steps)
    alerts = RuleRunner(made).diagnosis().alerts
    assert alerts
    for alert in alerts:
        after = made.experiment.changed(alert.changes)
        words = told_changes(made.experiment, after)
        assert bool(words) == bool(alert.changes)
        assert alert.attempt.casefold().startswith(words.casefold())
        assert made.experiment.differences(after) == alert.changes
        if alert.changes:
            attempted(made, alert).step()
    assert any(alert.changes for alert in alerts if alert.rule == ill.rule) or ill.only_by_hand


@pytest.mark.parametrize("ill", [ill for ill in ILL if ill.name in MENDED], ids=lambda ill: ill.name)
def test_an_attempt_mends(ill) -> None:
    assert outcome(ill, 0) == "mended"


@pytest.mark.parametrize(
    ("remedy", "before", "words"),
    [
        (attempts.slower, experiment(learning_rate=0.01), "a learning rate of 0.001 instead of 0.01"),
        (attempts.slower, experiment(learning_rate=5.0), "a learning rate of 0.01 instead of 5"),
        (
            attempts.slower,
            experiment(optimizer="adam", learning_rate=0.5, momentum=0.99),
            "a learning rate of 0.001 instead of 0.5 and a momentum of 0.9 instead of 0.99",
        ),
        (attempts.faster, experiment(learning_rate=1e-7), "a learning rate of 0.01 instead of 1e−7"),
        (attempts.faster, experiment(learning_rate=0.01), "a learning rate of 0.1 instead of 0.01"),
        (attempts.unhindered, experiment(clip=1e-6), "no clip"),
        (attempts.unhindered, experiment(clip=0.1, warmup=2.0), "no clip and no warm-up"),
        (attempts.unburdened, experiment(l2=50.0), "no L2 penalty"),
        (attempts.clipped, experiment(), "gradients no longer than 1"),
        (attempts.scaled_weights, experiment(), ""),
        (
            attempts.scaled_weights,
            experiment(network={"initial": "normal"}),
            "first weights by chance, scaled instead of normal",
        ),
        (
            attempts.rectified,
            experiment("dense 4 sigmoid, dense 3 tanh", learning_rate=0.01),
            "the layers “dense 4 relu, dense 3 relu”",
        ),
        (attempts.standardised, experiment(data={"inputs": "raw"}), "inputs standardized instead of raw"),
        (attempts.balanced, experiment(), "class weights balanced"),
        (attempts.enough_in_a_batch, experiment(batch_size=4), "batches of 16 instead of 4"),
        (attempts.stopped_early, experiment(), "a patience of 2 epochs"),
    ],
)
def test_a_remedy_is_told_by_what_it_changes(remedy, before, words) -> None:
    assert told_changes(before, remedy(before)) == words


def test_layers_are_normalised_and_fewer() -> None:
    before = experiment("conv 4 3x3 relu, pool 2, dense 12 batchnorm relu dropout 0.3", batch_size=2)
    after = attempts.normalised(before)
    assert after.network.layers == "conv 4 3x3 batchnorm relu, pool 2, dense 12 batchnorm relu dropout 0.3"
    assert after.training.batch_size == 16
    deep = experiment(", ".join(["dense 9 sigmoid"] * 10))
    assert attempts.shallower(attempts.rectified(deep)).network.layers == ", ".join(["dense 9 relu"] * 3)
    assert len(parse(attempts.shallower(deep).network.layers)) == 6
    # Weights that were given fit no other layers.
    given = before.changed({"network": {"weights": "a.safetensors"}})
    assert attempts.normalised(given).network.weights is None


def test_a_change_of_the_rate_alone_begins_on_the_way_to_where_the_alert_did() -> None:
    def alert(changes, step=101):
        return Alert("x", None, step, "", "", "", changes)

    assert attempts.begins_at(alert({"training": {"learning_rate": 0.1}})) == 50
    assert attempts.begins_at(alert({"training": {"learning_rate": 0.1, "clip": 1.0}})) == 0
    assert attempts.begins_at(alert({"network": {"layers": ""}})) == 0
