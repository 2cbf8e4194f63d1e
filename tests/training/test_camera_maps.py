"""A frame shows convolutions, pools and whatever else there is as what they are, out of the trainer's own buffers."""

import pickle

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Rates, State
from nnviz.frame.matrix_views import MatrixView, TilesView
from nnviz.frame.stages import Phase, end_of, training_step
from nnviz.nn.gradcheck import relative_error
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from tests.training.test_camera import arrays, take

HEIGHT, WIDTH = 8, 6
LAYERS = "conv 5 3x3 batchnorm relu dropout 0.2, pool 2, conv 4 3x3 tanh, flatten, dense 7 relu"
CONV1, POOL1, CONV2, DENSE1, DENSE2 = range(5)


def pictures(height=HEIGHT, width=WIDTH, channels=3):
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (24, height, width, channels), dtype=np.uint8)
    split = Split(images, np.arange(24) % 3, [f"{i}.png" for i in range(24)])
    return Dataset("noise", ("ant", "bee", "cow"), split, split, split, Standardization.of(images))


@pytest.fixture
def make(make_experiment):
    """A trainer and its camera, for a network on pictures."""

    def made(layers=LAYERS, dataset=None, **training):
        training = {"dtype": "float64", **training}
        trainer = assemble(make_experiment(layers=layers, **training), dataset or pictures())
        return trainer, Camera(trainer)

    return made


def extremes(array):
    """The number of largest magnitude of each channel, one after the other."""
    columns = array.reshape(-1, array.shape[-1]).T
    return np.array([column[np.abs(column).argmax()] for column in columns])


def numbers(trainer, name):
    return [layer.name for layer in trainer.network.layers].index(name)


def loss_from(trainer, layer, output):
    """The loss of the batch if layer number `layer` had given `output`; forward passes as training makes them."""
    for following in trainer.network.layers[layer + 1 :]:
        output = following.forward(output)
    return trainer.network.loss.forward(output, trainer.engine.batch.targets).mean


def differences(values, loss, step=1e-6):
    """Central differences of `loss()` in each of `values`, which it reads."""
    slopes = np.empty_like(values)
    for place in np.ndindex(values.shape):
        kept = values[place]
        values[place] = kept + step
        above = loss()
        values[place] = kept - step
        slopes[place] = (above - loss()) / (2 * step)
        values[place] = kept
    return slopes


@pytest.mark.parametrize(("name", "block"), [("conv1", CONV1), ("conv2", CONV2)])
def test_gradients_of_kernels_match_central_differences(make, name, block):
    trainer, camera = make()
    trainer.finish_phase(Phase.BACKWARD)
    shown = take(camera, block=block).matrix
    weights = trainer.network.layers[numbers(trainer, name)].weights.values
    inputs = trainer.engine.batch.inputs.copy()
    expected = differences(weights, lambda: loss_from(trainer, -1, inputs))
    assert shown.cells.shape == (weights.shape[3], weights.shape[2], 3, 3)
    assert relative_error(shown.cells, expected[:, :, shown.columns[:, None], shown.rows].transpose(3, 2, 0, 1)) < 1e-5


@pytest.mark.parametrize(
    ("block", "first", "last"),
    [
        (CONV1, "conv1", "dropout1"),
        (POOL1, "pool1", "pool1"),
        (CONV2, "conv2", "flatten1"),
        (DENSE1, "dense1", "relu2"),
    ],
)
def test_errors_of_maps_match_central_differences(make, block, first, last):
    trainer, camera = make()
    trainer.finish_phase(Phase.BACKWARD)
    errors = take(camera, example=2, block=block).errors
    kept = [output.copy() for output in trainer.engine.outputs]
    assert errors.of_maps == (block != DENSE1)
    assert (errors.grad_z is None) == (errors.z is None) == (block == POOL1)
    by_unit = {}
    for name in (first, last):
        layer = numbers(trainer, name)
        output = kept[layer + 1].copy()
        slopes = differences(output[2], lambda layer=layer, output=output: loss_from(trainer, layer, output))
        by_unit[name] = slopes.reshape(-1, errors.total)
    # Of a map, both are of one place: where ∂L/∂a is largest.
    places = np.abs(by_unit[last]).argmax(axis=0)[errors.indices]
    np.testing.assert_allclose(errors.grad_a, by_unit[last][places, errors.indices], atol=1e-8)
    if errors.grad_z is not None:
        np.testing.assert_allclose(errors.grad_z, by_unit[first][places, errors.indices], atol=1e-8)
        np.testing.assert_array_equal(
            errors.z, kept[numbers(trainer, first) + 1][2].reshape(-1, errors.total)[places, errors.indices]
        )
    np.testing.assert_array_equal(
        errors.a, kept[numbers(trainer, last) + 1][2].reshape(-1, errors.total)[places, errors.indices]
    )
    assert np.abs(errors.grad_a).tolist() == sorted(np.abs(errors.grad_a), reverse=True)


def test_a_unit_is_a_map_and_tells_its_number_of_largest_magnitude(make):
    trainer, camera = make()
    trainer.finish_phase(Phase.BACKWARD)
    frame = take(camera, example=3)
    assert (frame.input.total, frame.input.sides) == (3, (HEIGHT, WIDTH))
    np.testing.assert_array_equal(frame.input.activations, extremes(trainer.engine.outputs[0][3])[frame.input.indices])
    sides = {CONV1: (8, 6), POOL1: (4, 3), CONV2: (4, 3), DENSE1: None, DENSE2: None}
    for number, layer in enumerate(frame.layers):
        maps = (1, 1) if sides[layer.block] is None else sides[layer.block]
        units = layer.units
        assert (units.total, units.sides) == ((5, 5, 4, 7, 3)[layer.block], sides[layer.block])
        output, gradient = (
            buffers[number + 1][3].reshape(*maps, -1)
            for buffers in (trainer.engine.outputs, trainer.engine.output_gradients)
        )
        np.testing.assert_array_equal(units.activations, extremes(output)[units.indices])
        np.testing.assert_array_equal(units.gradients, extremes(gradient)[units.indices])


def test_an_edge_is_the_largest_weight_between_two_units(make):
    trainer, camera = make()
    frame = take(camera)
    layers = {layer.name: layer for layer in frame.layers}
    weights = {layer.name: layer.weights.values for layer in trainer.network.layers if hasattr(layer, "weights")}
    assert [name for name, layer in layers.items() if layer.edges is not None] == ["conv1", "conv2", "dense1", "dense2"]
    for name, before in (
        ("conv1", frame.input),
        ("conv2", layers["pool1"].units),
        ("dense1", layers["flatten1"].units),
    ):
        units = layers[name].units
        between = weights[name].reshape(-1, before.total, units.total)
        expected = extremes(between.reshape(len(between), -1)).reshape(before.total, units.total)
        np.testing.assert_array_equal(layers[name].edges, expected[np.ix_(before.indices, units.indices)])


def test_the_units_with_the_strongest_weights_are_shown_and_a_pool_shows_those_of_the_block_before(make):
    trainer, camera = make("conv 40 3x3 relu, pool 2, conv 5 3x3")
    shown = {layer.name: layer.units.indices for layer in take(camera).layers}
    assert shown["conv1"].tolist() == shown["relu1"].tolist() == shown["pool1"].tolist()
    first, second = (trainer.network.layers[numbers(trainer, name)].weights.values for name in ("conv1", "conv2"))
    strength = (first**2).sum((0, 1, 2)) * (second**2).sum((0, 1, 3))
    assert shown["conv1"].tolist() == np.argsort(-strength)[:24].tolist()
    assert take(camera, block=1, quantity=Quantity.ACTIVATION).matrix.rows[:24].tolist() == shown["pool1"].tolist()


@pytest.mark.parametrize("block", [CONV1, CONV2])
def test_kernels_and_their_updates_are_shown_as_they_are(make, block):
    trainer, camera = make(optimizer="adam")
    trainer.step()
    layer = trainer.network.layers[numbers(trainer, f"conv{1 + (block == CONV2)}")]
    for quantity, weights in (
        (Quantity.WEIGHT, layer.weights.values),
        (Quantity.GRADIENT, layer.weights.gradients),
        (Quantity.UPDATE, layer.weights.view(trainer.update_rule.optimizer.updates)),
    ):
        shown = take(camera, block=block, quantity=quantity).matrix
        assert (shown.shape, shown.sides) == (weights.shape[:1:-1], weights.shape[:2])
        for r, map_out in enumerate(shown.rows):
            for c, map_in in enumerate(shown.columns):
                np.testing.assert_array_equal(shown.cells[r, c], weights[:, :, map_in, map_out])


def test_feature_maps_of_the_focused_example(make):
    trainer, camera = make()
    trainer.finish_phase(Phase.BACKWARD)
    for block, last in ((CONV1, "dropout1"), (POOL1, "pool1"), (CONV2, "flatten1")):
        shown = take(camera, example=4, block=block, quantity=Quantity.ACTIVATION).matrix
        output = trainer.engine.outputs[numbers(trainer, last) + 1][4].reshape(*shown.sides, -1)
        np.testing.assert_array_equal(shown.cells[:, 0], output[:, :, shown.rows].transpose(2, 0, 1))


def test_the_gradient_of_a_pool_is_that_of_its_whole_block(make):
    trainer, camera = make("pool 2 batchnorm relu, conv 3 3x3")
    trainer.finish_phase(Phase.BACKWARD)
    shown = take(camera, example=4, block=0).matrix
    gradient = trainer.engine.output_gradients[numbers(trainer, "relu1") + 1][4]
    np.testing.assert_array_equal(shown.cells[:, 0], gradient[:, :, shown.rows].transpose(2, 0, 1))


def test_large_feature_maps_are_reduced_to_signed_extremes(make):
    trainer, camera = make("conv 3 3x3", pictures(100, 70))
    trainer.finish_phase(Phase.FORWARD)
    shown = take(camera, block=0, quantity=Quantity.ACTIVATION).matrix
    output = trainer.engine.outputs[1][0]
    assert (shown.step, shown.cells.shape[2:]) == (3, (34, 24))
    for r, number in enumerate(shown.rows):
        for y, x in ((0, 0), (11, 7), (33, 23)):
            block = output[3 * y : 3 * y + 3, 3 * x : 3 * x + 3, number]
            assert shown.cells[r, 0, y, x] == block.flat[np.abs(block).argmax()]


@pytest.mark.parametrize(("size", "height", "width"), [(2, 8, 6), (2, 9, 7), (3, 8, 8), (1, 4, 4)])
@pytest.mark.parametrize("before", ["", "conv 5 3x3 relu, "])
def test_the_maps_before_a_pool_are_marked_where_it_kept_a_number(make, size, height, width, before):
    trainer, camera = make(f"{before}pool {size}", pictures(height, width))
    trainer.finish_phase(Phase.FORWARD)
    pool = numbers(trainer, "pool1")
    shown = take(camera, example=1, block=1 if before else 0, quantity=Quantity.ACTIVATION).matrix
    given, passed = trainer.engine.outputs[pool][1], trainer.engine.outputs[pool + 1][1]
    winners = trainer.network.layers[pool].winners(1)
    expected = np.zeros(given.shape, bool)
    for y, x, channel in np.ndindex(passed.shape):
        place = winners[y, x, channel]
        expected[y * size + place // size, x * size + place % size, channel] = True
    np.testing.assert_array_equal(shown.kept, expected[:, :, shown.rows].transpose(2, 0, 1))
    np.testing.assert_array_equal(shown.before, given[:, :, shown.rows].transpose(2, 0, 1))
    kept = [np.sort(tile[marks]) for tile, marks in zip(shown.before, shown.kept, strict=True)]
    np.testing.assert_array_equal(kept, [np.sort(tile.ravel()) for tile in shown.cells])


def test_a_global_pool_shows_the_maps_that_it_averages_and_one_number_of_each(make):
    trainer, camera = make("conv 4 3x3 relu, globalpool, dense 3 relu")
    trainer.finish_phase(Phase.BACKWARD)
    shown = take(camera, block=1, quantity=Quantity.ACTIVATION).matrix
    np.testing.assert_allclose(shown.cells[:, 0, 0, 0], shown.before.mean((1, 2)), rtol=1e-5)
    assert shown.kept is None
    gradient = take(camera, block=1).matrix
    expected = trainer.engine.output_gradients[numbers(trainer, "globalpool1") + 1][0][gradient.rows]
    np.testing.assert_array_equal(gradient.cells[:, 0, 0, 0], expected)
    layers = {layer.name: layer for layer in take(camera).layers}
    assert layers["globalpool1"].units.indices.tolist() == layers["conv1"].units.indices.tolist()
    assert layers["dense1"].edges.shape == (4, 3)


FIRST = {
    "dense 5 relu": (144, None, 2),
    "flatten, dense 5": (144, None, 3),
    "batchnorm, dense 5": (144, None, 3),
    "dropout 0.2, dense 5 relu": (144, None, 3),
    "dropout 0.2 batchnorm, flatten, dense 5": (144, None, 3),
    "batchnorm": (144, None, 2),
    "": (144, None, 1),
    "conv 4 3x3": (3, (8, 6), 2),
    "batchnorm, conv 4 3x3 relu, globalpool": (3, (8, 6), 4),
    "dropout 0.2, pool 2, conv 4 1x1, flatten, dropout 0.1": (3, (8, 6), 4),
    "pool 2, dense 5": (3, (8, 6), 3),
    "globalpool": (3, (8, 6), 2),
    "conv 4 5x5 stride 2 padding 0": (3, (8, 6), 2),
}


@pytest.mark.parametrize("layers", FIRST)
def test_every_kind_of_layer_may_be_the_first(make, layers):
    trainer, camera = make(layers)
    units, sides, blocks = FIRST[layers]
    trainer.step()
    for done in range(1, len(trainer.engine.stages) + 1):
        trainer.advance()
        for block in range(camera.blocks):
            for quantity in Quantity:
                frame = take(camera, block=block, quantity=quantity)
                assert (frame.input.total, frame.input.sides) == (units, sides)
                assert isinstance(frame.matrix, TilesView) == (frame.errors.of_maps), (block, quantity)
                weighted = leader(frame, block).kind in ("dense", "conv")
                assert (frame.errors.z is not None) == (weighted and done > first_of(frame, block))
                if quantity is Quantity.WEIGHT:
                    assert (frame.matrix.cells is not None) == weighted
                if quantity is Quantity.GRADIENT and not weighted:
                    assert (frame.matrix.cells is not None) == (frame.errors.grad_a is not None)
    assert camera.blocks == blocks
    assert frame.errors.grad_z is not None


def first_of(frame, block):
    return next(number for number, layer in enumerate(frame.layers) if layer.block == block)


def leader(frame, block):
    return frame.layers[first_of(frame, block)]


def test_a_block_that_follows_nothing_shows_what_it_does_to_the_examples(make):
    trainer, camera = make("dropout 0.3, dense 5 relu")
    trainer.finish_phase(Phase.BACKWARD)
    for quantity, batch in (
        (Quantity.ACTIVATION, trainer.engine.outputs[1]),
        (Quantity.GRADIENT, trainer.engine.output_gradients[1]),
    ):
        shown = take(camera, block=0, quantity=quantity).matrix
        assert isinstance(shown, MatrixView)
        assert shown.by_example
        assert shown.shape == (144, 8)
        expected = batch.reshape(8, -1).T
        for row, cells in enumerate(shown.cells):
            pair = expected[2 * row : 2 * row + 2]
            np.testing.assert_array_equal(cells, extremes(pair))


def test_a_frame_of_maps_is_a_copy(make):
    trainer, camera = make()
    trainer.step()
    frames = [take(camera, example=5, block=block, quantity=quantity) for block in range(5) for quantity in Quantity]
    kept = pickle.dumps(frames)
    buffers = [
        trainer.network.parameters.values,
        trainer.network.parameters.gradients,
        trainer.update_rule.optimizer.updates,
        *trainer.engine.outputs,
        *trainer.engine.output_gradients[1:],
    ]
    for frame in frames:
        for array in arrays(frame):
            assert not any(np.shares_memory(array, buffer) for buffer in buffers)
    trainer.step()
    assert pickle.dumps(frames) == kept


def test_nothing_of_the_step_before_is_left_in_a_frame_of_maps(make):
    trainer, camera = make()
    trainer.step()
    trainer.advance()
    for block in range(5):
        for quantity in (Quantity.GRADIENT, Quantity.UPDATE, Quantity.ACTIVATION):
            shown = take(camera, block=block, quantity=quantity).matrix
            assert shown.cells is None
            assert getattr(shown, "before", None) is None
    assert take(camera, block=CONV1, quantity=Quantity.WEIGHT).matrix.cells is not None
    assert trainer.engine.done == 1 < end_of(Phase.FORWARD, training_step(trainer.engine.depth))


@pytest.mark.parametrize(
    ("layers", "side"),
    [
        ("conv 96 3x3 relu, pool 2, conv 128 3x3 relu, globalpool", 32),
        ("conv 16 3x3 relu, pool 2, conv 4 33x33, dense 512", 128),
        ("pool 2, pool 2, conv 300 1x1, flatten, dense 64", 96),
        (", ".join(["conv 32 3x3 batchnorm relu dropout 0.1"] * 16), 4),
    ],
)
def test_a_frame_stays_small_whatever_the_network(make, layers, side):
    trainer, camera = make(layers, pictures(side, side), batch_size=4, dtype="float32")
    trainer.step()
    for block in range(camera.blocks):
        for quantity in Quantity:
            frame = camera.take(Focus(0, block, quantity), State.PAUSED, Rates())
            assert len(pickle.dumps(frame)) < 130_000, (block, quantity)
