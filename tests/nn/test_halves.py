"""What two workers do by halves of a batch, or of the parameters, is what one does, to the last bit."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.nn import convolution, optimizers, workers
from nnviz.nn.layers import MANY, WIDE, Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, RMSprop
from nnviz.nn.parameters import Parameters
from nnviz.nn.regularizers import Penalty
from nnviz.nn.workers import OneWorker, TwoWorkers, dot

OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "sgd, decay": lambda: SGD(0.1, weight_decay=0.1),
    "momentum": lambda: Momentum(0.1, 0.9),
    "nesterov": lambda: Nesterov(0.1, 0.9, weight_decay=0.1),
    "rmsprop": lambda: RMSprop(0.01),
    "adam": lambda: Adam(0.01),
    "adamw": lambda: AdamW(0.01),
}
FOLLOWERS = st.lists(
    st.sampled_from(["relu", "leakyrelu", "sigmoid", "tanh", "batchnorm", "dropout 0.3"]), min_size=1, max_size=3
).map(" ".join)
MAPS = st.sampled_from(["conv 3 3x3", "conv 4 2x2 stride 2", "conv 2 1x1", "conv 3 3x3 padding 0"])


@pytest.fixture(autouse=True)
def _everything_is_divided(monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 0)
    monkeypatch.setattr(workers, "PIECE_BYTES", 1 << 10)
    monkeypatch.setattr(convolution, "UNROLLED_BYTES", 1 << 10)
    monkeypatch.setattr(optimizers, "CHUNK", 50)


class OneForDense(TwoWorkers):
    """Two workers for all but the products of dense layers, whose bits may depend on how they are divided."""

    def product(self, work):  # noqa: ARG002
        return dot


@st.composite
def networks(draw):
    """The text of a network with every kind of layer now and then."""
    parts = [f"{draw(MAPS)} {draw(FOLLOWERS)}"]
    if draw(st.booleans()):
        parts += ["pool 2", f"{draw(MAPS)} {draw(FOLLOWERS)}"]
    parts.append(draw(st.sampled_from(["globalpool", "flatten", f"dense 5 {draw(FOLLOWERS)}"])))
    return ", ".join(parts)


def stages(text, batches, make_optimizer, who, dtype):
    """What every stage of a few training steps leaves behind, evaluation too, as bytes."""
    generator = np.random.default_rng(5)
    network = Network([*parse(text), Dense(3)], CrossEntropy(), (11, 10, 2), generator, dtype, who)
    evaluated, parameters, found = network.for_evaluation(), network.parameters, []
    penalty = Penalty(0.01, 0.1, parameters.values, parameters.decaying(), who)
    optimizer = make_optimizer()
    optimizer.attach(parameters.values, parameters.decaying(), who)
    for step, n in enumerate(batches):
        network.at_step(step)
        x = generator.normal(size=(n, 11, 10, 2)).astype(dtype)
        output = x
        for layer in network.layers:
            output = layer.forward(output)
            found.append(output.tobytes())
        network.loss.forward(output, np.eye(3, dtype=dtype)[np.arange(n) % 3])
        gradient = network.loss.backward()
        for layer in reversed(network.layers):
            gradient = layer.backward(gradient)
            found.append(gradient.tobytes())
        optimizer.step(penalty.added_to(parameters.gradients))
        parameters.statistics[...] = parameters.following
        found += [array.tobytes() for array in (parameters.gradients, optimizer.updates, parameters.values)]
        found += [array.tobytes() for array in optimizer.state().values()]
        found.append(evaluated.forward(x).tobytes())
    return found


@given(
    networks(),
    st.lists(st.integers(1, 9), min_size=2, max_size=3),
    st.sampled_from(list(OPTIMIZERS)),
    st.sampled_from([np.float32, np.float64]),
)
def test_every_stage_by_two_is_that_by_one(text, batches, optimizer, dtype):
    two = OneForDense()
    by_two = stages(text, batches, OPTIMIZERS[optimizer], two, dtype)
    two.close()
    assert by_two == stages(text, batches, OPTIMIZERS[optimizer], OneWorker(), dtype)


@pytest.mark.parametrize("size", [1, 2, 49, 50, 51, 99, 101, 1003])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_by_two_are_those_by_one(name, size):
    generator = np.random.default_rng(1)
    first, gradients = generator.normal(size=size), generator.normal(size=(4, size))
    decaying = np.arange(size) % 2.0
    found = []
    for who in (OneWorker(), TwoWorkers()):
        values, optimizer = first.copy(), OPTIMIZERS[name]()
        optimizer.attach(values, decaying, who)
        for gradient in gradients:
            optimizer.propose(gradient)
            values += optimizer.updates
            optimizer.step(gradient)
        found.append([values, optimizer.updates, *optimizer.state().values()])
        who.close()
    for alone, by_two in zip(*found, strict=True):
        assert alone.tobytes() == by_two.tobytes()
    assert not np.array_equal(values, first)


@pytest.mark.parametrize("size", [1, 2, 100, 1003])
def test_both_workers_have_a_part_of_the_parameters_with_room_of_its_own(size):
    optimizer, two = Adam(0.1), TwoWorkers()
    optimizer.attach(np.zeros(size), workers=two)
    chunks = optimizer._chunks
    half = len(chunks) // 2
    assert [chunk.span.start for chunk in chunks[1:]] == [chunk.span.stop for chunk in chunks[:-1]]
    assert (chunks[0].span.start, chunks[half].span.start, chunks[-1].span.stop) == (0, size // 2, size)
    assert max(len(chunk.values) for chunk in chunks) <= optimizers.CHUNK
    for one in chunks[:half]:
        assert not any(np.shares_memory(one.scratch, other.scratch) for other in chunks[half:])


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_each_worker_gets_half_of_the_examples(n):
    two, seen = TwoWorkers(), []
    x, y = np.arange(n), np.zeros((n, 2))

    def task(x, y):
        y += x[:, None]
        seen.append((len(x), threading.current_thread().name))

    two.halves(task, 1, x, y)
    two.close()
    np.testing.assert_array_equal(y, np.stack([x, x], axis=1))
    assert sorted(length for length, _ in seen) == [n // 2, n - n // 2]
    assert len({name for _, name in seen}) == 2


@pytest.mark.parametrize("failing", [0, 1])
def test_a_failure_in_one_half_is_raised_and_the_other_half_is_done(failing):
    two, done = TwoWorkers(), []

    def task(x):
        if x[0] == failing:
            raise MemoryError
        done.append(x[0])

    with pytest.raises(MemoryError):
        two.halves(task, 1, np.arange(2))
    assert done == [1 - failing]
    two.halves(done.extend, 1, np.array([5, 6]))
    assert sorted(done[1:]) == [5, 6]
    two.close()


def test_an_activation_that_fails_in_one_half_is_heard_of(monkeypatch):
    """As of a batch for which there is no memory any more."""
    two = TwoWorkers()
    layer = parse("dense 4 relu")[1]
    layer.workers = two

    def fail(*_):
        if threading.current_thread().name == "second worker":
            raise MemoryError

    monkeypatch.setattr(layer, "_activate", fail)
    with pytest.raises(MemoryError):
        layer.forward(np.ones((6, 4)))
    two.close()


@pytest.mark.parametrize(("rows", "columns"), [(9, 4), (4, 9)])
def test_a_product_is_divided_along_its_longer_side(rows, columns):
    shapes = []

    class Seen(TwoWorkers):
        def _share(self, first, second):
            shapes.extend(task.args[-1].shape for task in (first, second))
            super()._share(first, second)

    two, generator = Seen(), np.random.default_rng(2)
    a, b = generator.normal(size=(3, rows)).T, generator.normal(size=(columns, 3)).T
    out = np.full((rows, columns), np.nan)
    two.product(0)(a, b, out)
    two.close()
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)
    assert shapes == [(4, 4), (5, 4)]


@pytest.mark.parametrize("kind", ["relu", "sigmoid"])
def test_small_batches_are_not_divided(kind, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 8_000_000)
    monkeypatch.setattr(optimizers, "CHUNK", 1000)
    two, threads = TwoWorkers(), threading.active_count()
    layer = parse(f"dense 4 {kind}")[1]
    layer.workers = two
    layer.forward(np.ones((100, 4)))
    layer.backward(np.ones((100, 4)))
    optimizer = Adam(0.1)
    optimizer.attach(np.ones(1000), workers=two)
    optimizer.step(np.ones(1000))
    assert threading.active_count() == threads
    assert len(optimizer._chunks) == 1
    # From so many numbers on that dividing them is worth it.
    layer.forward(np.ones((140_000, 4)))
    assert threading.active_count() == threads + 1
    two.close()


def test_the_gradient_of_many_inputs_and_outputs_is_the_same_every_time_by_two():
    generator, two = np.random.default_rng(4), TwoWorkers()
    layer, parameters = Dense(MANY + 1), Parameters()
    layer.build((WIDE + 1,), parameters)
    parameters.allocate(generator, np.float32)
    layer.workers = two
    layer.forward(generator.normal(size=(3, WIDE + 1)).astype(np.float32))
    grad_y = generator.normal(size=(3, MANY + 1)).astype(np.float32)
    first = layer.input_gradient(grad_y).copy()
    np.testing.assert_allclose(first, grad_y @ layer.weights.values.T, rtol=1e-4, atol=1e-5)
    for _ in range(5):
        assert layer.input_gradient(grad_y).tobytes() == first.tobytes()
    two.close()
