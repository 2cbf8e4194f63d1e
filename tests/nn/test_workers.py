"""Workers: two do what one does, the same every time, and a failure of the second one is heard of."""

import threading
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nnviz.nn import convolution, workers
from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.workers import OneWorker, Pieces, TwoWorkers, dot


def both(two, first, second, work):
    """Have them do one of these each."""
    two.each(Pieces(2, 1 << 20), lambda _, half: (first, second)[half](), work)


class Watched(TwoWorkers):
    """Two workers that count the tasks which they divided."""

    divided = 0

    def _share(self, first, second):
        self.divided += 1
        super()._share(first, second)


@pytest.fixture(autouse=True)
def _everything_is_divided(monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 0)
    monkeypatch.setattr(workers, "PIECE_BYTES", 1 << 12)
    monkeypatch.setattr(convolution, "UNROLLED_BYTES", 1 << 12)
    # As where nnviz trains: one thread of BLAS for each worker.
    with threadpool_limits(1):
        yield


def gradients(text, workers, dtype=np.float32):
    """Logits and all gradients of one batch, as one vector."""
    generator = np.random.default_rng(3)
    network = Network([*parse(text), Dense(3)], CrossEntropy(), (12, 9, 2), generator, dtype, workers)
    x = generator.normal(size=(8, 12, 9, 2)).astype(dtype)
    logits = network.forward(x)
    network.loss.forward(logits, np.eye(3, dtype=dtype)[np.arange(8) % 3])
    network.backward()
    return np.concatenate([logits.ravel(), network.parameters.gradients])


class OneForDense(Watched):
    """Two workers for all but the products of dense layers, whose bits may depend on how they are divided."""

    def product(self, work):  # noqa: ARG002
        return dot


@pytest.mark.parametrize(
    ("text", "divided"),
    [
        # Both halves meet where the pictures end, and where the gradients do.
        ("conv 6 3x3 relu, conv 5 3x3 stride 2 relu", 2),
        # And for the moments of each normalisation, and for their gradients.
        ("conv 6 3x3 batchnorm relu, pool 2, conv 5 2x2 batchnorm, pool 3", 2 + 2 * 2),
    ],
)
def test_convolutions_by_two_are_those_by_one_to_the_last_bit(text, divided):
    two = OneForDense()
    alone = gradients(text, OneWorker())
    for _ in range(5):
        two.divided = 0
        assert gradients(text, two).tobytes() == alone.tobytes()
        assert two.divided == divided


@pytest.mark.parametrize("n", [1, 2, 7, 8])
@pytest.mark.parametrize(
    "text",
    [
        "conv 6 3x3 relu, pool 2, dropout 0.3, conv 5 3x3 stride 2 tanh, globalpool",
        "conv 4 3x3 batchnorm leakyrelu, pool 2, conv 5 2x2 batchnorm, dense 7 batchnorm relu",
        "batchnorm relu, pool 3, flatten, dense 5 relu",
        "pool 2 batchnorm, conv 3 1x1 sigmoid",
    ],
)
@pytest.mark.parametrize("piece", [1 << 12, 1 << 18])
@pytest.mark.parametrize("worth", [0, 10**6])
def test_rows_of_tasks_come_to_what_stages_one_after_the_other_come_to(text, n, piece, worth, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", worth)
    monkeypatch.setattr(workers, "PIECE_BYTES", piece)
    monkeypatch.setattr(convolution, "UNROLLED_BYTES", piece)
    layers = [*parse(text), Dense(3)]
    network = Network(layers, CrossEntropy(), (12, 12, 2), np.random.default_rng(3), np.float32, OneForDense())
    x = np.random.default_rng(5).normal(size=(n, 12, 12, 2)).astype(np.float32)
    target = np.eye(3, dtype=np.float32)[np.arange(n) % 3]
    alone, given = [], x
    for layer in network.layers:
        alone.append(given := layer.forward(given))
    network.loss.forward(given, target)
    gradient = network.loss.backward()
    for layer in reversed(network.layers[1:]):
        alone.append(gradient := layer.backward(gradient))
    network.layers[0].parameter_gradients(gradient)
    alone.append(network.parameters.gradients)
    expected = [array.copy() for array in alone]
    for array in alone:
        # What is not done again is not right by chance.
        if array.base is not x:
            array[...] = np.nan
    again = []
    for layer in network.layers:
        layer.forward = noted(layer.forward, again)
        layer.backward = noted(layer.backward, again)
    network.loss.forward(network.forward(x), target)
    network.backward()
    again.append(network.parameters.gradients)
    assert [array.tobytes() for array in again] == [array.tobytes() for array in expected]


def noted(function, results):
    """The same; what it returns is noted."""

    def call(given):
        results.append(function(given))
        return results[-1]

    return call


def test_rows_go_through_one_piece_after_the_other(monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 100)
    monkeypatch.setattr(workers, "PIECE_BYTES", 1)
    two, pieces, done = Watched(), Pieces(4, 1), []
    note = lambda name: lambda piece, half: done.append(f"{name}{piece.start} of {half}")  # noqa: E731
    with two.in_rows():
        two.each(pieces, note("a"), 40)
        two.then(lambda: done.append("after"))
        two.each(pieces, note("b"), 40)
        assert done == []
        two.meet()
        # Too little for two.
        assert two.divided == 0
        assert done == [f"{name}{start} of {start // 2}" for start in range(4) for name in "ab"] + ["after"]
        del done[:]
        two.each(pieces, note("c"), 50)
        two.each(pieces, note("d"), 50)
        two.meet()
        assert two.divided == 1
        assert [name for name in done if name.endswith("0")] == ["c0 of 0", "d0 of 0", "c1 of 0", "d1 of 0"]
        assert len(done) == 8
        two.each(pieces, note("e"), 1)
        two.each(Pieces(2, 1), note("other pieces "), 1)
        assert done[-1] == "e3 of 1"
    assert done[-1] == "other pieces 1 of 1"

    def run_out() -> None:
        with two.in_rows():
            two.each(pieces, note("never"), 1)
            raise MemoryError

    with pytest.raises(MemoryError):
        run_out()
    two.each(pieces, note("f"), 1)
    assert done[-1] == "f3 of 1"
    assert not any("never" in name for name in done)
    two.close()


def test_a_batch_in_one_piece_is_not_handed_over():
    two, done = Watched(), []
    note = lambda name: lambda piece, half: done.append((name, piece, half))  # noqa: E731
    two.each(Pieces(1, 1), note("alone"), 10**9)
    with two.in_rows():
        two.each(Pieces(1, 1), note("in a row"), 10**9)
        two.then(lambda: done.append("after"))
        assert done == [("alone", slice(0, 1), 1), ("in a row", slice(0, 1), 1), "after"]
        # What was noted of other pieces comes first.
        two.each(Pieces(2, 1), note("noted"), 10**9)
        two.then(lambda: done.append("after both"))
        assert len(done) == 3
        two.each(Pieces(1, 1), note("at once"), 10**9)
        assert done[-2:] == ["after both", ("at once", slice(0, 1), 1)]
    assert two.divided == 1
    two.close()


@pytest.mark.parametrize("is_worth_it", [True, False])
def test_a_small_batch_is_in_halves_where_all_that_is_done_to_it_is_worth_dividing(is_worth_it, monkeypatch):
    """Not where one product of it is: in rows, two workers meet once for all of their layers."""
    monkeypatch.setattr(workers, "PIECE_BYTES", 1 << 30)
    convolution = 10 * 10 * 3 * 3 * 2 * 4
    # Batch normalisation needs both halves in the middle of its work: they meet twice.
    work = (convolution + workers.FETCH * (10 * 10 * 4 * 3 + 5 * 5 * 4)) // 2
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 6 * work + (0 if is_worth_it else 1))
    layers = [*parse("conv 4 3x3 batchnorm relu, pool 2"), Dense(3)]
    two = Watched()
    network = Network(layers, CrossEntropy(), (10, 10, 2), np.random.default_rng(3), np.float32, two)
    network.forward(np.ones((6, 10, 10, 2), np.float32))
    assert [len(half) for half in network.layers[0]._pieces.halves] == ([1, 1] if is_worth_it else [0, 1])
    # Evaluated, it does not, and fewer examples are enough.
    evaluated = network.for_evaluation()
    evaluated.forward(np.ones((4, 10, 10, 2), np.float32))
    assert [len(half) for half in evaluated.layers[0]._pieces.halves] == [1, 1]
    two.close()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dense_layers_by_two_are_the_same_every_time(dtype):
    two = Watched()
    text = "dense 65 relu, dense 33 tanh"
    first = gradients(text, two, dtype)
    assert two.divided == 8 + 2 * 2
    for _ in range(20):
        assert gradients(text, two, dtype).tobytes() == first.tobytes()
    np.testing.assert_allclose(first, gradients(text, OneWorker(), dtype), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("columns", [1, 2, 7])
def test_a_product_of_few_columns_is_whole(columns):
    a, b = np.arange(6.0).reshape(2, 3), np.arange(3.0 * columns).reshape(3, columns)
    out = np.full((2, columns), np.nan)
    TwoWorkers().product(0)(a, b, out)
    np.testing.assert_array_equal(out, a @ b)


def test_small_work_is_not_divided(monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 100)
    two, threads = Watched(), []
    task = lambda: threads.append(threading.current_thread())  # noqa: E731
    both(two, task, task, work=99)
    assert threads == [threading.current_thread()] * 2
    out = np.empty((3, 3))
    two.product(99)(np.eye(3), np.eye(3), out)
    assert two.divided == 0
    two.product(100)(np.eye(3), np.eye(3), out)
    assert two.divided == 1
    both(two, task, task, work=100)
    assert two.divided == 2
    assert len(set(threads)) == 2


@pytest.mark.parametrize("failing", ["first", "second", "both"])
def test_a_failure_is_raised_where_the_work_was_asked_for_and_the_next_task_works(failing):
    two = TwoWorkers()
    done = []

    def task(name):
        if failing in (name, "both"):
            raise MemoryError(name)
        done.append(name)

    for _ in range(3):
        with pytest.raises(MemoryError):
            both(two, lambda: task("first"), lambda: task("second"), work=1)
    assert len(done) == (0 if failing == "both" else 3)
    both(two, lambda: done.append("again"), lambda: done.append("again"), work=1)
    assert done[-2:] == ["again", "again"]


def test_a_failure_waits_until_the_other_worker_has_finished():
    """Else it would write into buffers that are used for something else by then."""
    two, finished, is_waited_for = TwoWorkers(), [], threading.Event()
    end = two._end

    class Noted:
        """The lock that the other worker is waited for by."""

        release = end.release

        def acquire(self):
            is_waited_for.set()
            return end.acquire()

    def slow():
        is_waited_for.wait()
        finished.append(True)

    def fail():
        raise MemoryError

    two._end = Noted()
    with pytest.raises(MemoryError):
        both(two, slow, fail, work=1)
    assert finished


def test_the_second_thread_comes_with_work_that_is_divided_and_goes_when_it_is_closed():
    two, before = TwoWorkers(), threading.active_count()
    two.close()
    for _ in range(2):
        assert threading.active_count() == before
        both(two, lambda: None, lambda: None, work=1)
        assert threading.active_count() == before + 1
        two.close()
    assert threading.active_count() == before


def test_what_is_too_large_for_a_number_means_the_same_to_both_workers():
    """To raise here: by default a thread warns, and the warning would stand in the terminal."""
    # The second thread has the first half.
    numbers = np.array([[1e30], [1.0]], np.float32)
    workers = TwoWorkers()
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        workers.halves(np.multiply, 10**9, numbers, numbers, np.empty_like(numbers))
    workers.close()
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        workers.halves(np.multiply, 10**9, numbers, numbers, np.empty_like(numbers))
    workers.close()
