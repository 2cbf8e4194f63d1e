import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.errors import InputError
from nnviz.experiment import Experiment, combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.hill import as_numbers
from nnviz.frame.task import Task
from nnviz.nn.gradcheck import numerical_gradient, relative_error
from nnviz.training.assembly import assemble, ending
from nnviz.training.camera import Camera

TABLES = {
    "network": {"layers": "dense 8 tanh", "output": "hill"},
    "training": {"learning_rate": 0.5, "batch_size": 16, "dtype": "float64"},
    "stopping": {"epochs": 60},
}


def examples(largest: float = 1.0, outputs: int = 1) -> Dataset:
    """Two features; the number to predict lies in the first."""
    inputs = np.random.default_rng(0).uniform(-1, 1, (240, 2)).astype(np.float32)
    labels = np.repeat(inputs[:, :1] * largest, outputs, axis=1)
    splits = [Split(inputs[part], labels[part], [""] * 80) for part in (slice(80), slice(80, 160), slice(160, 240))]
    return Dataset("numbers", (), *splits, Standardization.of(inputs))


def experiment(**network: str) -> Experiment:
    return combine(TABLES, {"network": network})


@pytest.mark.parametrize("loss", ["cross-entropy", "mse"])
def test_the_error_is_told_in_the_unit_of_the_number(loss: str) -> None:
    trainer = assemble(experiment(loss=loss), examples())
    before = trainer.assess(trainer.dataset.test).score.distances[0]
    while trainer.stopped_by is None:
        trainer.step()
    assessed = trainer.assess(trainer.dataset.test)
    assert assessed.predictions.shape == (80, 45)
    errors = as_numbers(assessed.predictions) - trainer.dataset.test.labels
    distance = assessed.score.distances[0]
    assert (distance.mae, distance.rmse) == pytest.approx((np.abs(errors).mean(), np.sqrt((errors**2).mean())))
    assert distance.mae < 0.25 < 0.75 < before.mae


@pytest.mark.parametrize("loss", ["cross-entropy", "mse"])
def test_its_gradient_is_that_of_its_loss(loss: str) -> None:
    trainer = assemble(experiment(loss=loss), examples())
    batch = trainer.engine.batch
    assert batch.targets.shape == (16, 45)
    network = trainer.network
    expected = numerical_gradient(network, batch.inputs, batch.targets)
    network.loss.forward(network.forward(batch.inputs), batch.targets)
    network.backward()
    assert relative_error(network.parameters.gradients, expected) < 1e-6


def test_it_is_for_one_number_alone() -> None:
    with pytest.raises(InputError, match="one number to predict, and here are 2 numbers"):
        assemble(experiment(), examples(outputs=2))
    with pytest.raises(InputError, match="one number to predict, and here are classes"):
        ending(experiment().network, Task((2,), ("cat", "dog")))


def test_it_is_for_numbers_from_minus_one_to_one() -> None:
    with pytest.raises(InputError, match="from −1 to 1"):
        assemble(experiment(), examples(largest=3.0))


def test_the_units_that_are_shown_are_those_around_the_target() -> None:
    trainer = assemble(experiment(), examples())
    camera = Camera(trainer)
    for place in (0, 5):
        frame = camera.take(Focus(place, camera.blocks - 1), State.PAUSED, Rates())
        peak = int(trainer.engine.batch.targets[place].argmax())
        assert frame.errors.indices[0] == peak
        distances = np.abs(frame.errors.indices - peak)
        assert (np.diff(distances) >= 0).all()
        shown = np.sort(frame.layers[-1].units.indices)
        assert peak in shown
        assert (np.diff(shown) == 1).all()
