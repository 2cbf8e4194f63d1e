"""The built-in points of the plane: always the same, learnable at once, and refused where they make no sense."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.data.drawn.pictures import write_folder
from nnviz.data.drawn.plane import PLANES as DRAWN
from nnviz.data.sources import BUILT_IN, PLANES, find_source, open_source, refuse_misplaced, suggested
from nnviz.errors import InputError
from nnviz.experiment import Data, combine
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.trainer import Trainer


def opened(source: str, **options: object):
    return open_source(Data(source=source, **options), np.random.default_rng(0))


def trained(source: str, layers: str | None = None) -> Trainer:
    chosen = {"data": {"source": source}, "network": {} if layers is None else {"layers": layers}}
    experiment = combine(suggested(find_source(source)), chosen)
    trainer = assemble(experiment, open_dataset(experiment))
    while not trainer.stopped_by:
        trainer.step()
    return trainer


def test_all_planes_are_built_in() -> None:
    assert tuple(DRAWN) == PLANES
    assert set(PLANES) <= set(BUILT_IN)


@pytest.mark.parametrize("source", PLANES)
def test_the_points_are_always_the_same_and_those_of_each_use_are_others(source: str) -> None:
    first, again = opened(source), opened(source)
    uses = [first.train, first.validation, first.test]
    assert [len(split) for split in uses] == [1000, 250, 500]
    assert first.train.inputs.dtype == np.float32
    assert first.feature_names == ("x", "y")
    assert first.notice.endswith(".")
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    np.testing.assert_array_equal(first.test.labels, again.test.labels)
    points = {tuple(point) for split in uses for point in split.inputs.tolist()}
    assert len(points) == 1750
    assert np.abs(first.train.inputs).max() < 1.6


@pytest.mark.parametrize("source", PLANES)
def test_examples_and_noise_can_be_chosen(source: str) -> None:
    clean, noisy, noisier = (opened(source, examples=40, noise=noise) for noise in (0.0, 0.1, 0.2))
    assert [len(split) for split in (clean.train, clean.validation, clean.test)] == [40, 10, 20]
    assert len(opened(source, examples=2).validation) == 1
    # Numbers are made noisy themselves; classes are what they are, and their points are pushed.
    what = "inputs" if clean.class_names else "labels"
    still, pushed, further = (getattr(dataset.train, what) for dataset in (clean, noisy, noisier))
    np.testing.assert_allclose(further - still, 2 * (pushed - still), atol=1e-6)
    assert np.std(pushed - still) == pytest.approx(0.1, rel=0.25)
    if clean.class_names:
        np.testing.assert_array_equal(clean.train.labels, noisier.train.labels)
        assert clean.train.labels.sum() == 20


def test_without_noise_the_classes_are_what_they_say() -> None:
    xor, circles = opened("xor", noise=0.0).train, opened("circles", noise=0.0).train
    np.testing.assert_array_equal(xor.labels, (xor.inputs.prod(axis=1) < 0).astype(int))
    np.testing.assert_array_equal(circles.labels, (np.hypot(*circles.inputs.T) > 0.6).astype(int))
    waves = opened("waves", noise=0.0).train
    x, y = waves.inputs.astype(np.float64).T
    np.testing.assert_allclose(waves.labels[:, 0], np.sin(3 * x) * np.cos(3 * y), atol=1e-6)


@pytest.mark.parametrize(("source", "least"), [("xor", 0.97), ("circles", 0.97), ("gauss", 0.97), ("spiral", 0.95)])
def test_what_is_suggested_learns_the_classes(source: str, least: float) -> None:
    trainer = trained(source)
    accuracy = trainer.assess(trainer.dataset.test).score.accuracy
    assert accuracy is not None
    assert accuracy >= least


def test_what_is_suggested_for_waves_explains_them() -> None:
    trainer = trained("waves")
    test = trainer.dataset.test
    residual = trainer.predict(test.inputs) - test.labels
    assert residual.var() < 0.05 * test.labels.var()


def test_no_straight_line_does_xor_and_one_does_gauss() -> None:
    """As their notices say."""
    lines = {source: trained(source, layers="") for source in ("xor", "gauss")}
    accuracies = {source: trainer.assess(trainer.dataset.test).score.accuracy for source, trainer in lines.items()}
    assert accuracies["xor"] == pytest.approx(0.5, abs=0.1)
    assert accuracies["gauss"] is not None
    assert accuracies["gauss"] > 0.97


@pytest.mark.parametrize("option", [{"noise": 0.1}, {"examples": 50}])
def test_other_sources_refuse_the_options_in_one_line(option: dict[str, float]) -> None:
    name = next(iter(option))
    with pytest.raises(InputError, match=rf"^data\.{name}: only xor, .* have it; leave it out for pets$"):
        opened("pets", **option)
    refuse_misplaced(Data(source="xor", **option), find_source("xor"))


@pytest.mark.parametrize("option", [{"noise": 1.5}, {"noise": -0.1}, {"examples": 1}])
def test_options_out_of_range_are_told_by_name(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=rf"data\.{next(iter(option))}: expected"):
        combine({"data": {"source": "xor", **option}})


def test_a_plane_cannot_be_drawn_as_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^'spiral' cannot be drawn; .*pets[^\n]*$"):
        write_folder("spiral", tmp_path / "folder", 6, 16)
    assert not (tmp_path / "folder").exists()
