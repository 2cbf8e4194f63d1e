"""What two workers do by halves is what one does."""

import threading

import numpy as np
import pytest

from nnviz.nn import workers
from nnviz.nn.layers import WIDE
from nnviz.nn.notation import parse
from nnviz.nn.parameters import Parameters
from nnviz.nn.workers import TwoWorkers


@pytest.fixture(autouse=True)
def _everything_is_divided(monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 0)


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


def test_the_gradient_of_many_inputs_is_the_same_every_time_by_two():
    generator, two = np.random.default_rng(4), TwoWorkers()
    layer, parameters = parse("dense 5")[0], Parameters()
    layer.build((WIDE + 1,), parameters)
    parameters.allocate(generator, np.float32)
    layer.workers = two
    layer.forward(generator.normal(size=(3, WIDE + 1)).astype(np.float32))
    grad_y = generator.normal(size=(3, 5)).astype(np.float32)
    first = layer.input_gradient(grad_y).copy()
    np.testing.assert_allclose(first, grad_y @ layer.weights.values.T, rtol=1e-4, atol=1e-6)
    for _ in range(5):
        assert layer.input_gradient(grad_y).tobytes() == first.tobytes()
    two.close()
