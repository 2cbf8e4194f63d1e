from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from nnviz.data.dataset import Dataset
from nnviz.data.drawn.people import draw
from nnviz.data.drawn.pictures import open_drawn, write_folder
from nnviz.data.encoder import Encoder
from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.training.assembly import assemble


@pytest.fixture(scope="module")
def people() -> Dataset:
    return open_drawn("people", 32, grayscale=False)


def test_the_same_generator_draws_the_same_bytes() -> None:
    first, again, other = (draw(40, 32, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first[0].tobytes() == again[0].tobytes()
    np.testing.assert_array_equal(first[1], again[1])
    assert first[0].tobytes() != other[0].tobytes()


def test_larger_pictures_show_the_same() -> None:
    small, labels = draw(40, 32, np.random.default_rng(1))
    large, large_labels = draw(40, 128, np.random.default_rng(1))
    np.testing.assert_array_equal(labels, large_labels)
    reduced = large.reshape(40, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(reduced - small).mean() < 4


@pytest.mark.parametrize("count", [2, 3, 7])
def test_few_are_drawn_too(count: int) -> None:
    images, labels = draw(count, 16, np.random.default_rng(0))
    assert images.shape == (count, 16, 16, 3)
    assert set(labels) == {0, 1}


def test_a_single_output_says_human(people: Dataset) -> None:
    assert people.task.output_names(1) == ("human",)
    for split in (people.train, people.validation, people.test):
        np.testing.assert_array_equal(np.bincount(split.labels), [len(split) // 2] * 2)


def test_no_two_pictures_are_alike(people: Dataset) -> None:
    """Nor do the pictures of a class share a pixel or a colour: all vary by a good part of the scale."""
    pictures = [image.tobytes() for split in (people.train, people.validation, people.test) for image in split.inputs]
    assert len(set(pictures)) == len(pictures)
    for label in (0, 1):
        assert people.test.inputs[people.test.labels == label].std(axis=0).min() > 30


def test_a_folder_has_a_folder_for_each_class(tmp_path: Path) -> None:
    files = write_folder("people", tmp_path, 6, 16)
    assert [path.relative_to(tmp_path).as_posix() for path in files[2:4]] == [
        "human/human-003.png",
        "not human/not human-001.png",
    ]
    with Image.open(files[0]) as picture:
        assert picture.size == (16, 16)


def test_a_linear_model_does_not_tell_them_apart(people: Dataset) -> None:
    """Ridge regression at the best of several strengths, so that no lazy training flatters the result."""
    encoder = Encoder(people.standardization, None, np.float64)
    train, test = (encoder.inputs(split.inputs).reshape(len(split), -1) for split in (people.train, people.test))
    signs = people.train.labels * 2.0 - 1
    products, sums = train.T @ train, train.T @ signs
    accuracies = []
    for strength in (1e2, 1e3, 1e4):
        weights = np.linalg.solve(products + strength * np.eye(len(products)), sums)
        accuracies.append(((test @ weights > 0) == people.test.labels).mean())
    assert 0.6 < max(accuracies) < 0.9


def test_the_suggested_network_tells_them_apart(people: Dataset) -> None:
    experiment = combine(suggested(find_source("people")), {"data": {"source": "people"}, "training": {"threads": 1}})
    assert experiment.network.output == "single"
    trainer = assemble(experiment, people)
    # On shared cores, threads that wait for each other would take most of the time.
    with threadpool_limits(1):
        while trainer.stopped_by is None:
            trainer.step()
    accuracy = trainer.assess(people.test).score.accuracy
    assert accuracy is not None
    assert accuracy >= 0.95
