"""One sigmoid an output: for classes, and for numbers from 0 to 1."""

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.data.dataset import Dataset
from nnviz.errors import InputError
from nnviz.experiment import combine
from nnviz.training.assembly import assemble
from nnviz.training.evaluation import chosen_class
from nnviz.wording import trimmed

LOSSES = {"cross-entropy": "summed binary cross-entropy", "mse": "mean squared error", "quadratic": "quadratic loss"}


def open_trainer(dataset: Dataset, loss=None, output="sigmoid", **training):
    network = {"layers": "dense 7 tanh", "output": output, "loss": loss}
    return assemble(combine({"network": network, "training": {"learning_rate": 0.1, **training}}), dataset)


def with_numbers(dataset: Dataset, low=0.0, high=1.0, outputs=2) -> Dataset:
    """The same inputs; numbers between these two that depend on them."""

    def numbered(split):
        shares = 1 / (1 + np.exp(-split.inputs[:, :outputs]))
        return replace(split, labels=(low + (high - low) * shares).astype(np.float32))

    splits = {name: numbered(getattr(dataset, name)) for name in ("train", "validation", "test")}
    return replace(dataset, class_names=(), **splits)


@pytest.mark.parametrize("loss", [None, *LOSSES])
def test_classes_are_learnt_and_the_largest_one_is_said(dataset, loss):
    trainer = open_trainer(dataset, loss)
    assert trainer.network.loss.name == LOSSES[loss or "cross-entropy"]
    assert trainer.network.loss.output.name == "sigmoid"
    np.testing.assert_array_equal(trainer.encoder.target_table, np.eye(3))
    before = trainer.assess(dataset.train)
    for _ in range(60):
        trainer.step()
    after = trainer.assess(dataset.train)
    assert after.score.loss < before.score.loss
    assert not np.allclose(after.predictions.sum(axis=1), 1, atol=0.01)
    said = chosen_class(after.predictions, dataset.task)
    np.testing.assert_array_equal(said, after.predictions.argmax(axis=1))


@pytest.mark.parametrize("loss", [None, *LOSSES])
def test_numbers_from_0_to_1_are_learnt(dataset, loss):
    numbers = with_numbers(dataset)
    trainer = open_trainer(numbers, loss)
    assert trainer.network.loss.name == LOSSES[loss or "mse"]
    before = trainer.assess(numbers.train)
    for _ in range(60):
        trainer.step()
    after = trainer.assess(numbers.train)
    assert ((after.predictions > 0) & (after.predictions < 1)).all()
    assert max(each.rmse for each in after.score.distances) < min(each.rmse for each in before.score.distances)


@pytest.mark.parametrize(("low", "high"), [(-0.5, 1.0), (0.0, 2.0), (200.0, 900.0)])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_numbers_beyond_0_and_1_are_refused_whatever_split_they_are_in(dataset, low, high, split):
    beyond = getattr(with_numbers(dataset, low, high), split)
    numbers = replace(with_numbers(dataset), **{split: beyond})
    furthest = beyond.labels.max() if high > 1 else beyond.labels.min()
    told = trimmed(float(furthest), 6)
    with pytest.raises(InputError, match=rf"'sigmoid' is for numbers from 0 to 1, and here is {told}; leave it out"):
        open_trainer(numbers)


@pytest.mark.parametrize("loss", ["cross-entropy", "quadratic"])
def test_numbers_of_any_size_have_one_loss(dataset, loss):
    with pytest.raises(InputError, match="so output stays linear and loss is mse; for numbers from 0 to 1"):
        open_trainer(with_numbers(dataset), loss, output=None)
