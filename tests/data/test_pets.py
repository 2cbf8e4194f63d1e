from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.data.batches import Batches
from nnviz.data.dataset import Dataset
from nnviz.data.drawn.pets import draw
from nnviz.data.drawn.pictures import COUNTS, open_drawn, write_folder
from nnviz.data.encoder import Encoder
from nnviz.data.sources import find_source, suggested
from nnviz.data.split import Split
from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import Momentum


@pytest.fixture(scope="module")
def pets() -> Dataset:
    return open_drawn("pets", 32, grayscale=False)


def test_the_same_generator_draws_the_same_bytes() -> None:
    first, again, other = (draw(40, 32, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first[0].tobytes() == again[0].tobytes()
    np.testing.assert_array_equal(first[1], again[1])
    assert first[0].tobytes() != other[0].tobytes()


def test_how_many_are_painted_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = draw(11, 32, np.random.default_rng(1))
    monkeypatch.setattr("nnviz.data.drawn.shapes.CHUNK_PIXELS", 2 * 32 * 32)
    np.testing.assert_array_equal(draw(11, 32, np.random.default_rng(1))[0], expected)


def test_larger_pictures_show_the_same_pets() -> None:
    small, labels = draw(20, 32, np.random.default_rng(1))
    large, large_labels = draw(20, 128, np.random.default_rng(1))
    np.testing.assert_array_equal(labels, large_labels)
    reduced = large.reshape(20, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(reduced - small).mean() < 4


def test_both_classes_are_drawn_equally_often(pets: Dataset) -> None:
    assert pets.class_names == ("cat", "dog")
    for split in (pets.train, pets.validation, pets.test):
        assert split.inputs.dtype == np.uint8
        assert split.inputs.shape[1:] == (32, 32, 3)
        np.testing.assert_array_equal(np.bincount(split.labels), [len(split) // 2] * 2)


def test_no_picture_is_used_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With as many of each use, for the same stream would then draw the same pictures."""
    monkeypatch.setattr("nnviz.data.drawn.pictures.COUNTS", dict.fromkeys(COUNTS, 30))
    pets = open_drawn("pets", 16, grayscale=False)
    pictures = [image.tobytes() for split in (pets.train, pets.validation, pets.test) for image in split.inputs]
    pictures += [np.asarray(Image.open(path)).tobytes() for path in write_folder("pets", tmp_path, 30, 16)]
    assert len(set(pictures)) == len(pictures) == 120


def test_gray_pets_have_one_channel() -> None:
    gray = open_drawn("pets", 16, grayscale=True)
    assert gray.task.input_shape == (16, 16, 1)
    colour = open_drawn("pets", 16, grayscale=False)
    luma = colour.test.inputs @ np.array([0.299, 0.587, 0.114])
    assert np.abs(gray.test.inputs[..., 0] - luma).max() <= 1


def accuracy(network: Network, encoder: Encoder, split: Split) -> float:
    predicted = network.predict(encoder.inputs(split.inputs)).argmax(axis=1)
    return float((predicted == split.labels).mean())


def trained(pets: Dataset, layers: str, learning_rate: float, epochs: int) -> float:
    """Accuracy on the unseen pets."""
    encoder = Encoder(pets.standardization, np.eye(2))
    network = Network([*parse(layers), Dense(2)], CrossEntropy(), pets.task.input_shape, np.random.default_rng(0))
    optimizer = Momentum(learning_rate, 0.9)
    optimizer.attach(network.parameters.values)
    batches = Batches(pets.train, encoder, 16, entropy=0)
    for step in range(batches.epochs.end_of(epochs)):
        batch = batches.load(step)
        network.loss.forward(network.forward(batch.inputs), batch.targets)
        network.backward()
        network.parameters.values += optimizer.propose(network.parameters.gradients)
    return accuracy(network, encoder, pets.test)


def test_a_linear_model_does_not_tell_them_apart(pets: Dataset) -> None:
    """Ridge regression at the best of several strengths, so that no lazy training flatters the result."""
    encoder = Encoder(pets.standardization, None, np.float64)
    train, test = (encoder.inputs(split.inputs).reshape(len(split), -1) for split in (pets.train, pets.test))
    signs = pets.train.labels * 2.0 - 1
    kernel = train @ train.T
    accuracies = []
    for strength in (1e2, 1e3, 1e4, 1e5):
        weights = train.T @ np.linalg.solve(kernel + strength * np.eye(len(train)), signs)
        accuracies.append(((test @ weights > 0) == pets.test.labels).mean())
    assert 0.6 < max(accuracies) < 0.86


def test_the_suggested_network_tells_them_apart(pets: Dataset) -> None:
    tables = suggested(find_source("pets"))
    settings = tables["training"]
    assert (settings["optimizer"], settings["momentum"], settings["batch_size"]) == ("sgd", 0.9, 16)
    layers, epochs = tables["network"]["layers"], tables["stopping"]["epochs"]
    assert trained(pets, layers, settings["learning_rate"], epochs) >= 0.95
