"""Convolution: what its definition says, however it is cut into pieces."""

import numpy as np
import pytest

from nnviz.nn import convolution
from nnviz.nn.convolution import Conv2d
from nnviz.nn.parameters import Parameters


def build(layer, input_shape, dtype=np.float64):
    parameters = Parameters()
    layer.build(input_shape, parameters)
    parameters.allocate(np.random.default_rng(2), dtype)
    parameters.values[...] = np.random.default_rng(3).normal(size=parameters.size)
    return layer


def by_definition(layer, x):
    """y[i, j] = Σ x[i·stride + u − padding, j·stride + v − padding] W[u, v] + b."""
    p, size, stride = layer.padding, layer.size, layer.stride
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    y = np.empty((len(x), *layer.output_shape))
    for i, j in np.ndindex(layer.output_shape[:2]):
        window = padded[:, i * stride : i * stride + size, j * stride : j * stride + size]
        y[:, i, j] = np.einsum("nuvc,uvco->no", window, layer.weights.values)
    return y if layer.biases is None else y + layer.biases.values


def gradients_by_definition(layer, x, grad_y):
    """∂L/∂W[u, v] = Σ x[i·stride + u − padding, j·stride + v − padding] ∂L/∂y[i, j], and ∂L/∂b = Σ ∂L/∂y[i, j]."""
    p, size, stride = layer.padding, layer.size, layer.stride
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    gradients = np.zeros(layer.weights.shape)
    for i, j in np.ndindex(layer.output_shape[:2]):
        window = padded[:, i * stride : i * stride + size, j * stride : j * stride + size]
        gradients += np.einsum("nuvc,no->uvco", window, grad_y[:, i, j])
    return gradients, grad_y.sum(axis=(0, 1, 2))


# Few channels, few kernels, or many of both: windows are taken in pairs, where they can, or one by one.
@pytest.mark.parametrize(("channels", "outputs"), [(1, 3), (4, 3), (3, 9), (4, 9)])
@pytest.mark.parametrize("padding", [0, None, "most"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_definition(size, stride, padding, channels, outputs):
    layer = build(Conv2d(outputs, size, stride, size - 1 if padding == "most" else padding), (6, 9, channels))
    # A smaller batch after a larger one, and other numbers: nothing is left of the batch before.
    for batch in (5, 5, 1):
        generator = np.random.default_rng(batch)
        x = generator.normal(size=(batch, 6, 9, channels))
        grad_y = generator.normal(size=(batch, *layer.output_shape))
        np.testing.assert_allclose(layer.forward(x), by_definition(layer, x), rtol=0, atol=1e-13)
        layer.parameter_gradients(grad_y)
        expected = gradients_by_definition(layer, x, grad_y)
        np.testing.assert_allclose(layer.weights.gradients, expected[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(layer.biases.gradients, expected[1], rtol=0, atol=1e-12)


def test_by_default_an_odd_kernel_keeps_the_size_of_the_picture():
    assert [Conv2d(4, size).build((6, 9, 2), Parameters()) for size in (1, 3, 5, 7)] == [(6, 9, 4)] * 4


def test_pieces_make_one_whole(monkeypatch):
    x = np.random.default_rng(4).normal(size=(7, 12, 9, 2)).astype(np.float32)
    grad_y = np.random.default_rng(5).normal(size=(7, 12, 9, 3)).astype(np.float32)

    def compute(piece_bytes):
        monkeypatch.setattr(convolution, "UNROLLED_BYTES", piece_bytes)
        layer = build(Conv2d(3, 3), (12, 9, 2), np.float32)
        y, grad_x = layer.forward(x), layer.backward(grad_y)
        return y, grad_x, layer.weights.gradients, layer.biases.gradients

    whole = compute(1 << 30)
    line = 9 * 3 * 3 * 2 * 4
    for piece_bytes in (1, 5 * line, 25 * line):
        for measured, expected in zip(compute(piece_bytes), whole, strict=True):
            np.testing.assert_allclose(measured, expected, rtol=1e-4, atol=1e-5)
