"""The plane of a frame: true, up to date, and nothing that training could notice."""

import pickle

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.sources import open_source
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import Data
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.plane_views import POINTS, SURFACE_SIDE
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera

LAYERS = "dense 7 tanh, dense 5 batchnorm leakyrelu dropout 0.2"


def take(camera: Camera, example=0):
    return camera.take(Focus(example), State.RUNNING, Rates()).surface


@pytest.fixture
def make_plane_trainer(make_experiment):
    """A trainer on a built-in plane; keywords as those of `make_experiment`."""

    def make(source="circles", **settings):
        return assemble(make_experiment(**settings), open_source(Data(source=source), np.random.default_rng(0)))

    return make


def several_classes(count=3) -> Dataset:
    generator = np.random.default_rng(2)
    labels = np.arange(60) % count
    points = (generator.normal(size=(60, 2)) + labels[:, None] * 2).astype(np.float32)
    split = Split(points, labels, [str(i) for i in range(60)])
    return Dataset("few", tuple("abcdefgh"[:count]), split, split, split, Standardization.of(points))


def middles(plane):
    """The point (x, y) in the middle of each cell, as the frame says that they lie."""
    for row in range(SURFACE_SIDE):
        for column in range(SURFACE_SIDE):
            across, up = (column + 0.5) / SURFACE_SIDE, 1 - (row + 0.5) / SURFACE_SIDE
            (left, bottom), (right, top) = plane.low, plane.high
            yield left + across * (right - left), bottom + up * (top - bottom)


def logits_by_hand(trainer, points):
    """A forward pass of dense-tanh layers with a dense one at the end, in float64, by nobody's code but this."""
    named = {name: array.astype(np.float64) for name, array in trainer.network.parameters.named().items()}
    inputs = trainer.dataset.train.inputs.astype(np.float64)
    a = (points - inputs.mean(axis=0)) / inputs.std(axis=0)
    dense = sum(name.endswith("weights") for name in named)
    for k in range(1, dense + 1):
        z = a @ named[f"dense{k}.weights"] + named[f"dense{k}.biases"]
        a = np.tanh(z)
    return z


def test_cells_are_what_a_forward_pass_gives_at_their_middles(make_plane_trainer):
    trainer = make_plane_trainer(layers="dense 6 tanh, dense 5 tanh", learning_rate=0.1)
    camera = Camera(trainer)
    for _ in range(60):
        trainer.step()
    plane = take(camera)
    z = logits_by_hand(trainer, np.array(list(middles(plane))))
    expected = 1 / (1 + np.exp(z[:, 0] - z[:, 1]))
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(plane.values.ravel(), expected, atol=1e-4)
    sure = np.abs(expected - 0.5) > 1e-3
    np.testing.assert_array_equal(plane.classes.ravel()[sure], (expected > 0.5)[sure])


def test_of_several_classes_it_is_the_most_likely_one(make_experiment):
    trainer = assemble(make_experiment(layers="dense 6 tanh", learning_rate=0.1), several_classes())
    for _ in range(50):
        trainer.step()
    plane = take(Camera(trainer))
    z = logits_by_hand(trainer, np.array(list(middles(plane))))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert set(np.unique(plane.classes)) == {0, 1, 2}
    np.testing.assert_allclose(plane.values.ravel(), p.max(axis=1), atol=1e-4)
    sure = np.sort(p, axis=1)[:, -1] - np.sort(p, axis=1)[:, -2] > 1e-3
    np.testing.assert_array_equal(plane.classes.ravel()[sure], p.argmax(axis=1)[sure])


def test_of_numbers_it_is_the_prediction(make_plane_trainer):
    trainer = make_plane_trainer("waves", layers="dense 9 tanh")
    camera = Camera(trainer)
    for _ in range(200):
        trainer.step()
    plane = take(camera)
    assert plane.classes is None
    labels = trainer.dataset.train.labels
    assert plane.targets == (labels.min(), labels.max())
    points = np.array(list(middles(plane)), np.float32)
    np.testing.assert_allclose(plane.values.ravel(), trainer.predict(points)[:, 0], atol=1e-5)
    # In the units of the targets, whatever the network itself works in.
    heights = np.sin(3 * points[:, 0]) * np.cos(3 * points[:, 1])
    assert np.corrcoef(plane.values.ravel(), heights)[0, 1] > 0.5
    assert plane.values.std() == pytest.approx(labels.std(), rel=0.6)


def test_looking_in_the_middle_of_a_step_changes_no_bit(make_plane_trainer):
    trainers = [make_plane_trainer(layers=LAYERS, optimizer="adam") for _ in range(2)]
    for _ in range(3 * len(trainers[0].engine.stages)):
        before = pickle.dumps([trainers[0].engine.outputs, trainers[0].engine.output_gradients])
        take(Camera(trainers[0]))  # A new camera has to compute its surface, here and now.
        assert pickle.dumps([trainers[0].engine.outputs, trainers[0].engine.output_gradients]) == before
        for trainer in trainers:
            trainer.advance()
        seen, unseen = (trainer.network.parameters for trainer in trainers)
        for name in ("values", "gradients", "statistics"):
            assert getattr(seen, name).tobytes() == getattr(unseen, name).tobytes()


def test_it_changes_when_the_update_lands_and_not_before(make_plane_trainer):
    trainer = make_plane_trainer(learning_rate=0.1)
    camera = Camera(trainer)
    for _ in range(2):
        before = take(camera)
        for _ in trainer.engine.stages[:-1]:
            trainer.advance()
            np.testing.assert_array_equal(take(camera).values, before.values)
        trainer.advance()
        assert np.any(take(camera).values != before.values)


def test_it_is_not_computed_again_without_a_reason(make_plane_trainer, monkeypatch):
    trainer = make_plane_trainer()
    camera = Camera(trainer)
    asked = []
    predict = trainer.predict
    monkeypatch.setattr(trainer, "predict", lambda points: asked.append(len(points)) or predict(points))
    for example in range(4):
        take(camera, example)
        trainer.advance()
    assert asked == [SURFACE_SIDE**2]
    # Nor for an update that does not ask for it.
    trainer.step()
    camera.update(frozenset({"example", "points"}), Focus(), Rates())
    assert len(asked) == 1
    take(camera)
    assert len(asked) == 2


def test_it_says_of_which_step_it_is(make_plane_trainer):
    trainer = make_plane_trainer()
    camera = Camera(trainer)
    for steps in range(3):
        for _ in trainer.engine.stages:
            assert take(camera).steps == steps
            trainer.advance()
    assert take(camera).steps == 3


@pytest.mark.parametrize("batch_size", [64, 300])
def test_it_lasts_so_long_that_it_takes_a_hundredth_of_the_training(make_plane_trainer, batch_size):
    """Counted in multiplications, of which nearly all the work of a large network consists."""
    trainer = make_plane_trainer(layers="dense 300 relu, dense 300 relu", batch_size=batch_size)
    lasts = take(Camera(trainer)).lasts
    # The way back takes twice what the way forward does.
    assert SURFACE_SIDE**2 / (lasts * 3 * batch_size) == pytest.approx(0.01, rel=0.25)


def test_restored_weights_are_seen(make_plane_trainer):
    trainer = make_plane_trainer(learning_rate=0.1)
    camera = Camera(trainer)
    first, checkpoint = take(camera), trainer.engine.state()
    for _ in range(5):
        trainer.step()
    assert np.any(take(camera).values != first.values)
    trainer.engine.restore(checkpoint)
    np.testing.assert_array_equal(take(camera).values, first.values)


def test_the_points_are_the_batch_and_some_others(make_plane_trainer):
    trainer = make_plane_trainer(batch_size=300)
    camera, train = Camera(trainer), trainer.dataset.train
    for example in (0, 7, POINTS + 40):
        plane = camera.take(Focus(example), State.PAUSED, Rates()).points
        number = trainer.engine.batch.indices[example]
        np.testing.assert_array_equal(plane.points[plane.focused], train.inputs[number])
        assert plane.labels[plane.focused] == train.labels[number]
        assert plane.batch == POINTS
        batch = {tuple(point) for point in train.inputs[trainer.engine.batch.indices].tolist()}
        assert {tuple(point) for point in plane.points[: plane.batch].tolist()} <= batch
        assert len(plane.points) == 2 * POINTS


def test_a_circle_is_round_and_everything_is_inside(make_plane_trainer):
    trainer = make_plane_trainer()
    plane = take(Camera(trainer))
    extent = np.subtract(plane.high, plane.low)
    assert extent[0] == pytest.approx(extent[1], abs=0.11)
    assert np.all(trainer.dataset.train.inputs >= plane.low)
    assert np.all(trainer.dataset.train.inputs <= plane.high)


def test_a_column_that_never_changes_has_a_width_all_the_same(make_experiment):
    points = np.stack([np.linspace(0, 5, 40), np.full(40, 7.0)], axis=1).astype(np.float32)
    split = Split(points, np.arange(40) % 2, [""] * 40)
    dataset = Dataset("line", ("a", "b"), split, split, split, Standardization.of(points))
    plane = take(Camera(assemble(make_experiment(), dataset)))
    assert plane.low[1] < 7 < plane.high[1]
    assert np.isfinite(plane.values).all()


def test_other_inputs_have_no_plane(make_trainer, make_picture_trainer):
    assert take(Camera(make_trainer())) is None
    assert take(Camera(make_picture_trainer())) is None


def test_it_is_a_copy_and_small(make_plane_trainer):
    trainer = make_plane_trainer()
    camera = Camera(trainer)
    frame = camera.take(Focus(), State.PAUSED, Rates())
    kept = pickle.dumps((frame.surface, frame.points))
    assert len(kept) < 30_000
    for _ in range(3):
        trainer.step()
        take(camera)
    assert pickle.dumps((frame.surface, frame.points)) == kept
    assert not np.shares_memory(frame.points.points, trainer.dataset.train.inputs)
