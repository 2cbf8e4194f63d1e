"""What is shown and told of a network that is very sure has its digits too."""

import math

import numpy as np
import pytest

from nnviz.experiment import combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from nnviz.training.evaluation import BATCH, class_probabilities, logits_of

SURE = 18.0


@pytest.fixture
def make_sure(picture_dataset):
    """A trainer of a network that says the second class of everything, by logits that are `SURE` apart."""

    def make(output):
        experiment = combine({"network": {"layers": "", "output": output}, "training": {"batch_size": 22}})
        trainer = assemble(experiment, picture_dataset)
        parameters = trainer.network.parameters
        parameters.values[...] = 0
        parameters.named()["dense1.biases"][-1] = SURE
        return trainer

    return make


@pytest.mark.parametrize("output", ["single", "softmax"])
def test_the_error_of_a_sure_example_is_as_large_as_its_loss(make_sure, output):
    trainer = make_sure(output)
    trainer.finish_phase(Phase.LOSS)
    camera = Camera(trainer)
    chance = 1 / (1 + math.exp(SURE))
    seen = set()
    for place in range(len(trainer.engine.batch.indices)):
        example = camera.take(Focus(place), State.PAUSED, Rates()).example
        seen.add(example.label)
        if example.label == 1:
            assert example.error[-1] == pytest.approx(-chance, rel=1e-5)
            assert example.loss == pytest.approx(chance, rel=1e-5)
        else:
            assert example.error[-1] == pytest.approx(1 - chance)
            assert example.loss == pytest.approx(SURE)
    assert seen == {0, 1}


@pytest.mark.parametrize("output", ["single", "softmax"])
def test_the_chance_of_the_other_class_is_told(make_sure, output, picture_dataset):
    trainer = make_sure(output)
    logits = logits_of(trainer.network, picture_dataset.test.inputs, trainer.encoder)
    predict = trainer.network.loss.predict
    probabilities = class_probabilities(predict(logits), picture_dataset.task, predict(-logits))
    np.testing.assert_allclose(probabilities[:, 0], 1 / (1 + math.exp(SURE)), rtol=1e-5)
    np.testing.assert_array_equal(probabilities[:, 1], 1)


def test_logits_of_many_examples_are_those_of_each(make_sure, picture_dataset):
    trainer = make_sure("single")
    trainer.network.parameters.values[:] = np.random.default_rng(0).normal(size=trainer.network.parameters.size) / 50
    pictures = np.tile(picture_dataset.test.inputs, (BATCH // 5, 1, 1, 1))
    logits = logits_of(trainer.network, pictures, trainer.encoder)
    assert len(logits) > BATCH
    np.testing.assert_allclose(logits[:10], logits[-10:], rtol=1e-5, atol=1e-6)
    assert len(np.unique(logits.round(3))) > 5
