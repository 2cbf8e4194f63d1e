import numpy as np
import pytest

from nnviz.data.batches import Batches, in_order
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.frame.task import Task


def small_split(n: int = 10) -> Split:
    inputs = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    return Split(inputs, np.arange(n) % 2, [f"example {i}" for i in range(n)])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_standardization_is_the_mean_and_deviation_of_each_channel(dtype: type) -> None:
    inputs = np.random.default_rng(0).integers(0, 256, (20, 4, 5, 3)).astype(dtype)
    inputs[..., 1] //= 3
    measured = Standardization.of(inputs)
    np.testing.assert_allclose(measured.mean, inputs.astype(np.float64).mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(measured.deviation, inputs.astype(np.float64).std(axis=(0, 1, 2)), rtol=1e-12)


def test_a_constant_channel_is_only_shifted() -> None:
    inputs = np.full((5, 2, 2, 1), 7, np.uint8)
    encoded = Encoder(Standardization.of(inputs), None).inputs(inputs)
    np.testing.assert_array_equal(encoded, 0)


def test_encoded_training_inputs_have_mean_0_and_deviation_1() -> None:
    inputs = np.random.default_rng(0).integers(0, 200, (50, 6, 6, 3)).astype(np.uint8)
    encoded = Encoder(Standardization.of(inputs), np.eye(2)).inputs(inputs)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(encoded.std(axis=(0, 1, 2)), 1, atol=1e-5)


def test_targets_are_the_rows_of_the_table_or_the_labels_themselves() -> None:
    standardization = Standardization(np.zeros(1), np.ones(1))
    one_hot = Encoder(standardization, np.eye(3)).targets(np.array([2, 0]))
    np.testing.assert_array_equal(one_hot, [[0, 0, 1], [1, 0, 0]])
    numbers = Encoder(standardization, None).targets(np.array([[1.5], [2.5]]))
    np.testing.assert_array_equal(numbers, [[1.5], [2.5]])


def batches_of(split: Split, entropy: int = 5) -> Batches:
    return Batches(split, Encoder(Standardization(np.zeros(3), np.ones(3)), np.eye(2)), 4, entropy)


def test_an_epoch_visits_every_example_once_and_ends_with_what_is_left_over() -> None:
    split = small_split(10)
    batches = batches_of(split)
    loaded = [batches.load(step) for step in range(batches.epochs.end_of(1))]
    assert [len(batch.indices) for batch in loaded] == [4, 4, 2]
    assert sorted(np.concatenate([batch.indices for batch in loaded])) == list(range(10))


def test_a_batch_holds_the_inputs_and_targets_of_its_indices() -> None:
    split = small_split(10)
    batches = batches_of(split)
    for step in range(batches.epochs.end_of(3), batches.epochs.end_of(4)):
        batch = batches.load(step)
        np.testing.assert_array_equal(batch.inputs[:, 0, 0, 0], batch.indices)
        np.testing.assert_array_equal(batch.targets.argmax(axis=1), split.labels[batch.indices])


def test_any_batch_can_be_loaded_again_and_epochs_differ() -> None:
    batches = batches_of(small_split(10))
    first = batches.load(1).indices.copy()
    later = batches.load(22).indices.copy()
    np.testing.assert_array_equal(batches.load(1).indices, first)
    np.testing.assert_array_equal(batches_of(small_split(10)).load(22).indices, later)
    assert not np.array_equal(first, later)
    assert not np.array_equal(batches_of(small_split(10), entropy=6).load(1).indices, first)


def test_in_order_goes_through_the_split_as_it_is_stored() -> None:
    encoder = Encoder(Standardization(np.zeros(3), np.ones(3)), np.eye(2))
    batches = list(in_order(small_split(10), encoder, 4))
    np.testing.assert_array_equal(np.concatenate([batch.indices for batch in batches]), np.arange(10))
    np.testing.assert_array_equal(np.concatenate([batch.inputs for batch in batches])[:, 0, 0, 0], np.arange(10))


@pytest.mark.parametrize(
    ("names", "positive"),
    [
        (("human", "nonhuman"), 0),
        (("cat", "not-cat"), 0),
        (("cat", "no cat"), 0),
        (("cat", "dog"), 1),
        (("a", "nona"), 0),
    ],
)
def test_the_positive_class_is_what_the_other_name_negates(names: tuple[str, str], positive: int) -> None:
    assert Task((2, 2, 3), names).positive_class == positive
