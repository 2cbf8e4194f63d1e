"""How weights start: small random numbers whose variance keeps signals the same size from layer to layer.

`shape` is (inputs, outputs) for a dense layer; in general the last axis counts the outputs and the product
of the others counts the inputs of each.
"""

import math

import numpy as np

from nnviz.array import Array


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    return math.prod(shape[:-1]), shape[-1]


def he(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal with variance 2 / inputs, for layers followed by a ReLU (He et al. 2015, arXiv 1502.01852)."""
    inputs, _ = _fans(shape)
    return generator.normal(0.0, math.sqrt(2.0 / inputs), shape)


def glorot(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Uniform with variance 2 / (inputs + outputs), for tanh, sigmoid and linear outputs (Glorot & Bengio 2010)."""
    inputs, outputs = _fans(shape)
    limit = math.sqrt(6.0 / (inputs + outputs))
    return generator.uniform(-limit, limit, shape)


def unit_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal with variance 1, whatever the number of inputs, as the simplest textbooks begin (Nielsen 2015, ch. 1)."""
    return generator.standard_normal(shape)


def zeros(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:  # noqa: ARG001
    """All zero: where every bias starts."""
    return np.zeros(shape)


def ones(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:  # noqa: ARG001
    """All one: where the scales of batch normalisation start."""
    return np.ones(shape)
