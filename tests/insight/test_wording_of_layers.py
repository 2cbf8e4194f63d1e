"""What sentences say of layers where it is easily said wrong: biases, zeros, a single kernel, a batch of one."""

import re

import numpy as np
import pytest

from nnviz.frame.stages import Phase
from tests.insight.test_story import NUMBER, make_dataset, make_pictures, make_trainer, number, told


def forward_through(layers, part=0, batch_size=3):
    """What is told once a network for pictures has gone forward through layer number `part`."""
    trainer = make_trainer(make_pictures(("cat", "dog")), {"layers": layers}, batch_size=batch_size)
    for _ in range(part + 1):
        trainer.advance()
    return trainer, told(trainer)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            "conv 4 3x3",
            "each of its 4 kernels of 3×3 was slid over the 3 channels of its input; every place of its map is ",
        ),
        ("conv 1 2x2", "its one kernel of 2×2 was slid over the 3 channels"),
        ("conv 1 1x1, conv 2 1x1", "over the one channel of its input"),
        ("dense 1", "its one unit added up 90 inputs, each times its weight, and a bias."),
        ("dense 5", "each of its 5 units added up 90 inputs, each times its weight, and a bias."),
    ],
)
def test_one_is_not_told_as_each_of_several(layers, said):
    _, text = forward_through(layers, layers.count(","))
    assert said in text
    assert not re.search(r"each of its (1|one)\b|\b1 (kernels|units|channels)", text)


@pytest.mark.parametrize("layer", ["conv 4 3x3", "conv 1 1x1", "dense 3"])
def test_a_bias_is_told_where_there_is_one(layer):
    trainer, text = forward_through(f"{layer} relu")
    assert "biases" in "".join(trainer.network.parameters.named())
    assert "times its weight, and a bias." in text
    # Batch normalisation has a shift of its own.
    trainer, text = forward_through(f"{layer} batchnorm relu")
    assert not any(name.endswith("1.biases") and "dense2" not in name for name in _of_first(trainer))
    assert "times its weight." in text


def _of_first(trainer):
    first = trainer.network.layers[0].name
    return [name for name in trainer.network.parameters.named() if name.startswith(f"{first}.")]


def test_a_gradient_that_is_0_is_exactly_0():
    trainer = make_trainer(make_dataset(("cat", "dog")), {"layers": "dense 3 relu"}, batch_size=3)
    trainer.network.parameters.named()["dense1.biases"][...] = -1000
    trainer.finish_phase(Phase.LOSS)
    trainer.advance()
    bias = np.abs(trainer.network.layers[-1].parameters()[1].gradients).max()
    exact = re.search(f"summed over the batch: exactly 0, a bias's at most {NUMBER}", told(trainer))
    assert exact, told(trainer)
    assert number(exact[1]) == pytest.approx(bias, rel=0.01)
    trainer.finish_phase(Phase.BACKWARD)
    assert not any(parameter.gradients.any() for parameter in trainer.network.layers[0].parameters())
    assert "summed over the batch: exactly 0, a bias's exactly 0." in told(trainer)
    assert "at most 0" not in told(trainer)


@pytest.mark.parametrize(("output", "classes"), [("single", 2), ("softmax", 2), ("softmax", 4)])
def test_a_smoothed_label_says_the_target_that_is_trained_on(output, classes):
    names = ("ant", "bee", "cow", "dog")[:classes]
    trainer = make_trainer(make_dataset(names), {"output": output}, label_smoothing=0.1, batch_size=7)
    trainer.finish_phase(Phase.LOSS)
    targets = trainer.engine.batch.targets
    labels = trainer.dataset.train.labels[trainer.engine.batch.indices]
    for example in range(7):
        said = re.search(rf"The label, smoothed, says {NUMBER}, so", told(trainer, example))
        assert said, told(trainer, example)
        share = 0.1 / classes
        is_high = output == "softmax" or labels[example] == 1
        assert number(said[1]) == pytest.approx(0.9 + share if is_high else share, abs=6e-4)
        assert targets[example].max() == pytest.approx(number(said[1]), abs=6e-4)


def test_batch_normalisation_of_a_single_example_leaves_nothing_and_lets_no_error_through():
    trainer = make_trainer(make_dataset(("cat", "dog")), {"layers": "dense 4 batchnorm relu"}, batch_size=1)
    trainer.advance()
    trainer.advance()
    assert not trainer.engine.outputs[2].any()
    assert "alone in its batch, each number is its own mean: 0 was left of it" in told(trainer)
    assert "variance" not in told(trainer)
    assert "deviation" not in told(trainer)
    trainer.finish_phase(Phase.LOSS)
    for _ in range(3):
        trainer.advance()
    assert not trainer.engine.output_gradients[1].any()
    assert "so no error goes on" in told(trainer)


def test_a_map_of_a_single_example_has_other_places_to_be_compared_with():
    _, text = forward_through("conv 2 3x3 batchnorm", 1, batch_size=1)
    assert "each map lost its mean over the batch and all its places, was divided by √(its variance there" in text
    _, text = forward_through("conv 2 3x3 batchnorm", 1, batch_size=3)
    assert "alone" not in text


@pytest.mark.parametrize("share", [0.2, 0.75])
def test_dropout_divides_the_error_as_it_divided_the_number(share):
    layers = f"dense 30 tanh dropout {share}"
    trainer = make_trainer(make_dataset(("cat", "dog")), {"layers": layers}, batch_size=3, dtype="float64")
    for _ in range(3):
        trainer.advance()
    assert f"the others were divided by 1 − {share}." in told(trainer)
    trainer.finish_phase(Phase.LOSS)
    trainer.advance()
    trainer.advance()
    kept = trainer.engine.outputs[3] != 0
    came, went = trainer.engine.output_gradients[3], trainer.engine.output_gradients[2]
    np.testing.assert_allclose(went, np.where(kept, came / (1 - share), 0))
    text = told(trainer)
    assert f"where the number was kept, divided by 1 − {share}, and stops where it was left out" in text
    said = re.search(rf"= {NUMBER} became ∂L/∂\S+ = {NUMBER}\.", text)
    assert said, text
    assert said[2] == "0" or number(said[2]) == pytest.approx(number(said[1]) / (1 - share), rel=0.01)
