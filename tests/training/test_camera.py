"""A frame shows what the training step computed, all of it and nothing else, and is a copy."""

import pickle

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase, end_of, training_step
from nnviz.nn.gradcheck import numerical_gradient, relative_error
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from nnviz.training.reduction import reduced
from tests.frame_arrays import arrays

DEPTH = 5
"""Of the small network: dense1 tanh1 dense2 relu1 dense3."""
BLOCKS = {"dense1": 0, "dense2": 1, "dense3": 2}


def take(camera: Camera, example=0, block=0, quantity=Quantity.GRADIENT):
    return camera.take(Focus(example, block, quantity), State.PAUSED, Rates())


def test_gradients_shown_match_central_differences(make_trainer):
    trainer = make_trainer(dtype="float64", optimizer="adam")
    camera = Camera(trainer)
    trainer.step()
    trainer.finish_phase(Phase.BACKWARD)
    network = trainer.network.for_evaluation()
    expected = numerical_gradient(network, trainer.engine.batch.inputs.copy(), trainer.engine.batch.targets)
    named = trainer.network.parameters.named(expected)
    for name, block in BLOCKS.items():
        shown = take(camera, block=block).matrix
        assert relative_error(shown.cells, named[f"{name}.weights"].T) < 1e-6
    layers = {layer.name: layer for layer in take(camera).layers}
    for name in BLOCKS:
        for parameter in layers[name].parameters:
            gradients = named[f"{name}.{parameter.kind}"]
            assert parameter.count == gradients.size
            assert parameter.gradients.largest == pytest.approx(np.abs(gradients).max(), rel=1e-6)
            assert parameter.gradients.rms == pytest.approx(np.sqrt(np.mean(gradients**2)), rel=1e-6)
        biases = take(camera, block=BLOCKS[name]).matrix.biases
        assert relative_error(biases, named[f"{name}.biases"]) < 1e-6


def test_the_errors_shown_match_central_differences_of_the_loss_in_the_logits(make_trainer):
    trainer = make_trainer(dtype="float64")
    camera = Camera(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    logits, targets = trainer.engine.outputs[-1].copy(), trainer.engine.batch.targets
    frame = take(camera, example=3, block=2)
    loss = trainer.network.for_evaluation().loss
    for unit, shown in zip(frame.errors.indices, frame.errors.grad_z, strict=True):
        shifted = [logits.copy(), logits.copy()]
        shifted[0][3, unit] += 1e-6
        shifted[1][3, unit] -= 1e-6
        above, below = (loss.forward(z, targets).mean for z in shifted)
        assert shown == pytest.approx((above - below) / 2e-6, abs=1e-8)
    assert frame.example.error == pytest.approx(frame.example.prediction - frame.example.target)
    assert frame.batch_loss == pytest.approx(trainer.engine.scores.each.mean())


def test_hidden_errors_obey_the_chain_rule(make_trainer):
    trainer = make_trainer(dtype="float64")
    trainer.finish_phase(Phase.BACKWARD)
    errors = take(Camera(trainer), example=1, block=0).errors
    assert np.abs(errors.grad_a).tolist() == sorted(np.abs(errors.grad_a), reverse=True)
    np.testing.assert_allclose(errors.a, np.tanh(errors.z), atol=1e-12)
    np.testing.assert_allclose(errors.grad_z, errors.grad_a * (1 - errors.a**2), atol=1e-12)


def test_what_a_stage_has_not_reached_is_none(make_trainer):
    trainer = make_trainer()
    camera = Camera(trainer)
    trainer.step()
    for done in range(1, len(trainer.engine.stages) + 1):
        trainer.advance()
        assert trainer.engine.done == done
        frame = take(camera, block=2)
        scored = done >= end_of(Phase.LOSS, training_step(DEPTH))
        for value in (
            frame.batch_loss,
            frame.said_wrong,
            frame.example.prediction,
            frame.example.error,
            frame.example.loss,
            frame.example.said,
        ):
            assert (value is not None) == scored
        assert (frame.example.logits is not None) == (done >= DEPTH)
        for number, layer in enumerate(frame.layers):
            assert (layer.units.activations is not None) == (done > number)
            # The backward stage of the layer above leaves it; the last layer's is taken from the loss in its own.
            known = done >= min(2 * DEPTH + 1, max(2 * DEPTH - number, DEPTH + 2))
            assert (layer.units.gradients is not None) == known, (done, layer.name)
            for parameter in layer.parameters:
                assert (parameter.gradients is not None) == (done >= 2 * DEPTH + 1 - number)
                assert (parameter.updates is not None) == (done >= 2 * DEPTH + 2)
                assert (parameter.before is not None) == (done >= 2 * DEPTH + 2)
        assert (frame.matrix.cells is not None) == (done >= DEPTH + 2)
        assert frame.input.activations is not None
        assert frame.input.gradients is None, "nothing trains the input"


def test_nothing_of_the_step_before_is_left_in_a_frame(make_trainer):
    trainer = make_trainer()
    camera = Camera(trainer)
    trainer.step()
    trainer.advance()
    frame = take(camera)
    assert frame.moment.step == 1
    assert [layer.units.activations is not None for layer in frame.layers] == [True, False, False, False, False]
    assert frame.errors.grad_z is None
    assert frame.matrix.cells is None


def test_weights_and_proposed_update_are_shown_as_they_are(make_trainer):
    trainer = make_trainer(optimizer="adam")
    camera = Camera(trainer)
    trainer.step()
    before = take(camera, quantity=Quantity.WEIGHT).matrix.cells
    while trainer.engine.done != end_of(Phase.BACKWARD, training_step(DEPTH)) + 1:
        trainer.advance()
    proposed = take(camera, quantity=Quantity.UPDATE).matrix.cells
    np.testing.assert_array_equal(take(camera, quantity=Quantity.WEIGHT).matrix.cells, before)
    trainer.advance()
    np.testing.assert_array_equal(take(camera, quantity=Quantity.WEIGHT).matrix.cells, before + proposed)
    assert np.any(proposed)


def test_a_frame_is_a_copy(make_trainer):
    trainer = make_trainer()
    camera = Camera(trainer)
    trainer.step()
    frames = [take(camera, example=5, block=block, quantity=quantity) for block in range(3) for quantity in Quantity]
    kept = pickle.dumps(frames)
    buffers = [
        trainer.network.parameters.values,
        trainer.network.parameters.gradients,
        trainer.update_rule.optimizer.updates,
        trainer.engine.scores.prediction,
        trainer.engine.scores.each,
        trainer.engine.batch.targets,
        trainer.dataset.train.inputs,
        trainer.history.training.means,
        *trainer.engine.outputs,
        *trainer.engine.output_gradients[1:],
    ]
    for frame in frames:
        for array in arrays(frame):
            assert not any(np.shares_memory(array, buffer) for buffer in buffers)
    for _ in range(3):
        trainer.step()
    assert pickle.dumps(frames) == kept


def test_a_frame_of_a_large_network_and_a_long_run_stays_small(make_experiment):
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)
    split = Split(pictures, np.arange(24) % 10, [f"{i}.png" for i in range(24)])
    dataset = Dataset("many", tuple("abcdefghij"), split, split, split, Standardization.of(pictures))
    experiment = make_experiment(layers="dense 1024 relu, dense 1024 relu", batch_size=24)
    trainer = assemble(experiment, dataset)
    camera = Camera(trainer)
    for _ in range(3000):
        trainer.history.record_step(generator.normal())
    for epoch in range(3000):
        trainer.history.record_evaluation(epoch, epoch, 0.0, trainer.assess(split).score if epoch < 2 else None)
    trainer.step()
    sizes = [
        len(pickle.dumps(take(camera, block=block, quantity=quantity))) for block in range(3) for quantity in Quantity
    ]
    # A frame may have 200,000 bytes; one of so simple a network has less than six tenths of it.
    assert 80_000 < max(sizes) < 120_000


@pytest.mark.parametrize(
    ("shape", "steps"), [((5, 7), (1, 1)), ((5, 7), (2, 3)), ((96, 193), (1, 2)), ((9, 4), (9, 4))]
)
def test_reducing_a_matrix_keeps_the_signed_extreme_of_each_block(shape, steps):
    matrix = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    found = reduced(matrix, *steps)
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            block = matrix[row * steps[0] : (row + 1) * steps[0], column * steps[1] : (column + 1) * steps[1]]
            assert found[row, column] == block.flat[np.abs(block).argmax()]


def test_a_focus_that_does_not_exist_moves_to_one_that_does(make_trainer):
    trainer = make_trainer()
    frame = take(Camera(trainer), example=8, block=17)
    assert (frame.example.place, frame.focus.block) == (0, 2)
    assert frame.example.number == trainer.engine.batch.indices[0]


def test_hidden_units_are_listed_by_the_error_that_has_reached_them(make_trainer):
    trainer = make_trainer()
    camera = Camera(trainer)
    for _ in trainer.engine.stages:
        trainer.advance()
        errors = take(camera, block=0).errors
        # The stage of the layer above the block leaves it.
        reached = trainer.engine.done >= end_of(Phase.BACKWARD, training_step(DEPTH)) - 2
        assert (errors.grad_a is not None) == reached
        if reached:
            assert list(np.abs(errors.grad_a)) == sorted(np.abs(errors.grad_a), reverse=True)


def test_nodes_keep_their_places_as_long_as_a_run_lasts(make_trainer):
    trainer = make_trainer(layers="dense 60 relu", learning_rate=0.5)
    weights = [trainer.network.layers[number].weights.values.copy() for number in (0, 2)]
    expected = np.argsort(-(weights[0] ** 2).sum(0) * (weights[1] ** 2).sum(1), kind="stable")[:24].tolist()
    for _ in range(3):
        for _ in range(300):
            trainer.step()
        assert take(Camera(trainer)).layers[0].units.indices.tolist() == expected


def test_inputs_that_never_vary_are_not_among_those_shown(make_experiment):
    inputs = np.random.default_rng(0).normal(size=(40, 60)).astype(np.float32)
    inputs[:, ::2] = 7
    split = Split(inputs, np.arange(40) % 2, [""] * 40)
    dataset = Dataset("half", ("a", "b"), split, split, split, Standardization.of(inputs))
    units = take(Camera(assemble(make_experiment(), dataset))).input
    assert len(units.indices) == 24
    assert np.all(units.indices % 2 == 1)


MANY = 300


@pytest.fixture
def many_classes(make_experiment):
    """A trainer of 300 classes, on an example of class 290, and its camera."""
    inputs = np.random.default_rng(2).normal(size=(MANY, 4)).astype(np.float32)
    split = Split(inputs, np.arange(MANY), [f"{i}" for i in range(MANY)])
    names = tuple(f"a class with the number {k}" for k in range(MANY))
    dataset = Dataset("many", names, split, split, split, Standardization.of(inputs))
    trainer = assemble(make_experiment(layers="dense 30 relu", batch_size=MANY), dataset)
    trainer.finish_phase(Phase.BACKWARD)
    return trainer, int(np.flatnonzero(trainer.engine.batch.indices == 290)[0])


def test_of_many_outputs_the_target_comes_first_and_then_the_largest_errors(many_classes):
    trainer, place = many_classes
    frame = take(Camera(trainer), place, block=1)
    errors = np.abs(frame.example.error)
    assert frame.errors.indices[0] == 290
    assert frame.errors.indices[1:].tolist() == [k for k in np.argsort(-errors, kind="stable") if k != 290][:63]
    np.testing.assert_array_equal(frame.errors.grad_z, trainer.engine.output_gradients[-1][place][frame.errors.indices])
    assert len(pickle.dumps(frame)) < 38_000


def test_the_outputs_of_a_diagram_are_the_example_s_own_classes_and_the_first_ones(many_classes):
    trainer, place = many_classes
    camera = Camera(trainer)
    frame = take(camera, place)
    indices = frame.layers[-1].units.indices
    own = [290, frame.example.said]
    assert indices.tolist() == [*own, *(k for k in range(30) if k not in own)][: len(indices)]
    np.testing.assert_array_equal(frame.layers[-1].units.activations, trainer.engine.outputs[-1][place][indices])
    weights = trainer.network.layers[-1].parameters()[0].values
    np.testing.assert_array_equal(frame.layers[-1].edges, weights[np.ix_(frame.layers[-2].units.indices, indices)])
    trainer.step()
    trainer.advance()
    assert take(camera, 0).layers[-1].units.indices[0] == trainer.engine.batch.indices[0]
