"""Nielsen's first network, as his book writes it down, step for step."""

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.training import assembly
from nnviz.training.assembly import assemble, open_dataset

NETWORK = {"layers": "dense 30 sigmoid", "output": "sigmoid", "loss": "quadratic", "initial": "normal"}
TRAINING = {"learning_rate": 3.0, "momentum": 0.0, "batch_size": 10, "dtype": "float64", "threads": 1}


@pytest.fixture
def pictures(monkeypatch):
    """Sixty pictures of bytes and of ten classes, in the place of those of a source."""
    generator = np.random.default_rng(2)
    labels = np.arange(60) % 10
    inputs = generator.integers(0, 256, (60, 28, 28, 1), np.uint8)
    split = Split(inputs, labels, [str(k) for k in range(60)])
    names = tuple(f"digit {k}" for k in range(10))
    dataset = Dataset("digits", names, split, split.select([]), split, Standardization.of(inputs))
    monkeypatch.setattr(assembly, "open_source", lambda *_, **__: dataset)
    return dataset


@pytest.mark.usefixtures("pictures")
def test_it_is_trained_as_the_book_says():
    experiment = combine({"data": {"inputs": "raw"}, "network": NETWORK, "training": TRAINING})
    dataset = open_dataset(experiment)
    trainer = assemble(experiment, dataset)
    w1, b1, w2, b2 = (array.copy() for array in trainer.network.parameters.named().values())
    assert w1.shape == (784, 30)
    for array in (w1, b1, w2):
        assert array.std() == pytest.approx(1, abs=0.3)
        assert abs(array.mean()) < 0.6
    assert b2.std() > 0.4

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    for _ in range(20):
        trainer.step()
        indices = trainer.engine.batch.indices
        x = dataset.train.inputs[indices].reshape(len(indices), 784) / 255
        y = np.eye(10)[dataset.train.labels[indices]]
        a1 = sigmoid(x @ w1 + b1)
        a2 = sigmoid(a1 @ w2 + b2)
        assert trainer.engine.scores.mean == pytest.approx(((a2 - y) ** 2).sum() / (2 * len(x)), rel=1e-10)
        # (BP1) and (BP2), then the mean over the batch of (BP3) and (BP4).
        delta2 = (a2 - y) * a2 * (1 - a2)
        delta1 = delta2 @ w2.T * a1 * (1 - a1)
        w2, b2 = w2 - 3.0 * a1.T @ delta2 / len(x), b2 - 3.0 * delta2.mean(axis=0)
        w1, b1 = w1 - 3.0 * x.T @ delta1 / len(x), b1 - 3.0 * delta1.mean(axis=0)
    for ours, book in zip(trainer.network.parameters.named().values(), (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(ours, book, rtol=1e-9, atol=1e-10)


def test_raw_inputs_are_what_is_stored_and_pixels_from_0_to_1(pictures):
    raw = open_dataset(combine({"data": {"inputs": "raw"}}))
    assert (raw.standardization.mean.tolist(), raw.standardization.deviation.tolist()) == ([0], [255])
    assert open_dataset(combine({})).standardization is pictures.standardization
    numbers = Standardization.none_of(np.ones((3, 4), np.float32))
    assert (numbers.mean.tolist(), numbers.deviation.tolist()) == ([0] * 4, [1] * 4)
