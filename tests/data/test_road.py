import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from nnviz.data.dataset import Dataset
from nnviz.data.drawn.pictures import open_drawn, write_folder
from nnviz.data.drawn.road import draw
from nnviz.data.sources import find_source, suggested
from nnviz.errors import InputError
from nnviz.experiment import combine
from nnviz.training.assembly import assemble


@pytest.fixture(scope="module")
def road() -> Dataset:
    return open_drawn("road", 32, grayscale=False)


def test_the_same_generator_draws_the_same_bytes() -> None:
    first, again, other = (draw(40, 32, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first[0].tobytes() == again[0].tobytes()
    np.testing.assert_array_equal(first[1], again[1])
    assert first[0].tobytes() != other[0].tobytes()


def test_larger_pictures_show_the_same_roads() -> None:
    small, steering = draw(20, 32, np.random.default_rng(1))
    large, large_steering = draw(20, 128, np.random.default_rng(1))
    np.testing.assert_array_equal(steering, large_steering)
    reduced = large.reshape(20, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(reduced - small).mean() < 6


def test_steering_is_one_number_from_left_to_right(road: Dataset) -> None:
    assert road.task.numbers == 1
    assert road.task.output_names(1) == ("steering",)
    for split in (road.train, road.validation, road.test):
        assert split.labels.dtype == np.float32
        assert split.labels.shape == (len(split), 1)
        assert np.abs(split.labels).max() <= 1
        shares = np.histogram(split.labels, 4, (-1, 1))[0] / len(split)
        assert shares.min() > 0.15


def test_no_two_pictures_are_alike(road: Dataset) -> None:
    pictures = [image.tobytes() for split in (road.train, road.validation, road.test) for image in split.inputs]
    assert len(set(pictures)) == len(pictures)
    assert road.test.inputs.std(axis=0).min() > 15


def test_the_road_leads_to_where_the_car_is_steered(road: Dataset) -> None:
    """Where the lane leads to the right, the right of the picture is as dark as a road, and the left is not."""
    gray = road.train.inputs.mean(axis=3)
    nearby = gray[:, 16:22]
    lean = nearby[:, :, 20:].mean(axis=(1, 2)) - nearby[:, :, :12].mean(axis=(1, 2))
    assert np.corrcoef(lean, road.train.labels[:, 0])[0, 1] < -0.4


def test_the_suggested_network_learns_to_steer(road: Dataset) -> None:
    trainer = assemble(
        combine(suggested(find_source("road")), {"data": {"source": "road"}, "training": {"threads": 1}}), road
    )
    # On shared cores, threads that wait for each other would take most of the time.
    with threadpool_limits(1):
        while trainer.stopped_by is None:
            trainer.step()
    error = np.abs(trainer.assess(road.test).predictions - road.test.labels).mean()
    of_the_mean = np.abs(road.train.labels.mean() - road.test.labels).mean()
    assert error < of_the_mean / 4


def test_a_folder_has_the_pictures_and_their_steering(tmp_path: Path) -> None:
    files = write_folder("road", tmp_path, 5, 16)
    assert write_folder("road", tmp_path, 5, 16) == files
    with (tmp_path / "driving_log.csv").open(newline="") as log:
        rows = list(csv.DictReader(log))
    assert [row["image"] for row in rows] == [path.name for path in files]
    for path in files:
        with Image.open(path) as picture:
            assert picture.size == (16, 16)
    assert all(-1 <= float(row["steering"]) <= 1 for row in rows)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "driving_log.csv").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files already"):
        write_folder("road", tmp_path, 5, 16)
    assert (tmp_path / "driving_log.csv").read_text() == "mine"
