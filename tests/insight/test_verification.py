"""Gradients beside central differences: on any network they agree, and what is wrong is found."""

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, note, settings

from nnviz.experiment import combine
from nnviz.frame.stages import Phase
from nnviz.insight.verification import Verification
from nnviz.nn.gradcheck import CentralDifferences, numerical_gradient
from nnviz.nn.layers import Dense
from nnviz.training.assembly import assemble
from nnviz.training.trainer_names import names_of
from tests.insight.test_story import make_dataset, make_pictures, make_trainer
from tests.tui import chance, test_numbers

MOST_LAYERS = 4
MOST_OFF, FEW_DIGITS = 5, 1e-3


def by_chance(random: Random):
    """A trainer of any network, that has been through backprop; maybe its update has landed."""
    pictures = chance.pictures(random.randint(4, 7), random.randint(4, 7)), {"loss": random.choice([None, "mse"])}
    data, choices = random.choice([pictures, test_numbers.dataset(random)])
    layers = chance.small_network(random, data.task.input_shape, MOST_LAYERS)
    smoothed = bool(data.class_names) and choices.get("output") != "single"
    settings = {
        "dtype": random.choice(["float32", "float64"]),
        "batch_size": random.randint(2, 6),
        "threads": 1,
        "learning_rate": 0.01,
        "class_weights": random.choice([None, "balanced"]) if data.class_names else None,
        "label_smoothing": random.choice([0.0, 0.1]) if smoothed else 0.0,
        "l2": random.choice([0.0, 0.1]),
    }
    note(f"{layers} · {choices} · {settings}")
    return ready(assemble(combine({"network": {"layers": layers, **choices}, "training": settings}), data), random)


def small(layers="dense 7 tanh, dense 5 relu", **training):
    """A trainer of four features and three classes."""
    return make_trainer(make_dataset(("ant", "bee", "cow")), {"layers": layers}, batch_size=5, **training)


def ready(trainer, random):
    for _ in range(random.choice([0, 2])):
        trainer.step()
    trainer.finish_phase(random.choice([Phase.BACKWARD, Phase.UPDATE]))
    return trainer


def verified(trainer, block=0, chosen=None, seed=1):
    verification = Verification(trainer, names_of(trainer), seed, block, chosen)
    verification.go_on(lambda: False)
    assert verification.is_done
    return verification.view()


def counts(view):
    """(compared, agreeing, crossed) of all layers."""
    return tuple(sum(getattr(layer, name) for layer in view.layers) for name in ("checked", "agreeing", "crossed"))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS)
@example(random=Random(1058))  # Smoothed labels, which in float32 do not add up to 1.
@example(random=Random(1069))  # All gradients cancel out.
@example(random=Random(5076))  # Three gradients that float32 has few digits of.
@example(random=Random(883354))  # Batch normalisation of a unit that is nearly constant: the loss bends a lot.
def test_the_gradients_of_any_network_agree(random):
    trainer = by_chance(random)
    view = verified(trainer)
    compared, agreeing, crossed = counts(view)
    assert compared == view.done == view.total
    off = [one for one in view.worst if not one.agrees]
    assert len(off) == compared - agreeing - crossed <= MOST_OFF, view.worst
    if trainer.network.dtype == np.float64:
        assert not off
    # In float32, batch normalisation of what hardly varies has few digits left; no more than that is forgiven.
    largest = float(np.abs(trainer.network.parameters.gradients).max())
    assert all(abs(one.shown - one.measured) <= FEW_DIGITS * largest for one in off), off
    assert [layer.checked for layer in view.layers] == [min(layer.weights, 200) for layer in view.layers]


@pytest.mark.parametrize("layers", ["dense 7 tanh, dense 5 relu", "dense 6 batchnorm sigmoid"])
def test_a_gradient_that_is_off_by_a_hundredth_is_found(layers, monkeypatch):
    gradients = Dense.parameter_gradients

    def off(layer, grad_y):
        gradients(layer, grad_y)
        layer.weights.gradients *= 1.01

    monkeypatch.setattr(Dense, "parameter_gradients", off)
    trainer = small(layers=layers)
    trainer.finish_phase(Phase.BACKWARD)
    view = verified(trainer)
    _, agreeing, _ = counts(view)
    biases = sum(layer.outputs for layer in trainer.network.layers if isinstance(layer, Dense))
    others = sum(2 * layer.channels for layer in trainer.network.layers if layer.kind == "batchnorm")
    assert agreeing <= biases + others
    assert not view.worst[0].agrees
    assert view.worst[0].off == pytest.approx(0.01 / 1.01, rel=0.05)


def test_a_slope_of_float32_alone_that_is_wrong_is_found():
    """As of two workers who add up the same half twice: in float64, on a copy, all is well."""
    trainer = small()
    trainer.finish_phase(Phase.BACKWARD)
    trainer.network.parameters.gradients[3] += 0.01
    wrong = [one for one in verified(trainer).worst if not one.agrees]
    assert [(one.layer, one.index) for one in wrong] == [("dense1", (0, 3))]


def test_a_weight_that_crosses_a_kink_is_not_called_wrong():
    trainer = small(layers="dense 4 relu", dtype="float64")
    named = trainer.network.parameters.named()
    named["dense1.weights"][:, 0] = 0
    named["dense1.biases"][0] = 0
    trainer.finish_phase(Phase.BACKWARD)
    view = verified(trainer)
    # Its five or six weights, and its bias, move a sum that is exactly 0 for every example.
    assert view.layers[0].crossed >= 2
    compared, agreeing, crossed = counts(view)
    assert agreeing + crossed == compared


def test_the_chosen_weight_is_the_one_of_some_with_the_largest_gradient():
    trainer = small()
    trainer.finish_phase(Phase.UPDATE)
    view = verified(trainer, 0, ((1, 4), (2, 5)))
    part = np.abs(trainer.network.parameters.named(trainer.network.parameters.gradients)["dense1.weights"][1:4, 2:5])
    row, column = np.unravel_index(part.argmax(), part.shape)
    assert view.chosen.index == (row + 1, column + 2)
    assert view.chosen.agrees
    assert view.done == view.total == 1 + counts(view)[0]


def test_it_changes_nothing_and_draws_by_the_seed():
    layers = "conv 4 3x3 batchnorm relu dropout 0.2, pool 2, dense 40 tanh"
    trainer, other = (make_trainer(make_pictures(("dark", "light")), {"layers": layers}) for _ in range(2))
    for one in (trainer, other):
        one.finish_phase(Phase.BACKWARD)
    first, again = verified(trainer), verified(trainer)
    assert first == again
    assert first.worst != verified(trainer, seed=2).worst
    for one in (trainer, other):
        one.step()
        one.step()
    np.testing.assert_array_equal(trainer.network.parameters.values, other.network.parameters.values)
    np.testing.assert_array_equal(trainer.network.parameters.statistics, other.network.parameters.statistics)


def test_it_lets_others_in_between_two_weights():
    trainer = small()
    trainer.finish_phase(Phase.BACKWARD)
    verification = Verification(trainer, names_of(trainer), 1, 0, None)
    for done in range(5):
        assert verification.view().done == done
        verification.go_on(iter([False, True]).__next__)
    assert not verification.is_done


def test_differences_one_at_a_time_are_those_of_the_whole_gradient():
    trainer = small(layers="dense 3 tanh, dense 2 sigmoid", dtype="float64")
    batch, network = trainer.engine.batch, trainer.network.replica()
    differences = CentralDifferences(network, batch.inputs, batch.targets)
    owners = {
        place: number
        for number, layer in enumerate(network.layers)
        for parameter in layer.parameters()
        for place in range(parameter.span.start, parameter.span.stop)
    }
    places = np.random.default_rng(0).permutation(len(owners)).tolist()
    found = {place: differences.at(owners[place], place).value for place in places}
    expected = numerical_gradient(network, batch.inputs, batch.targets)
    np.testing.assert_allclose([found[place] for place in range(len(owners))], expected, atol=1e-8)
    with pytest.raises(ValueError, match="float64"):
        CentralDifferences(trainer.network.replica(np.float32), batch.inputs, batch.targets)
