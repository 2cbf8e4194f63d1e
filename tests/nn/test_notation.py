"""The notation of networks: what is written is read, what is read can be written, and mistakes are named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.errors import InputError
from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import ACTIVATIONS, LARGEST_LAYER, describe, parse

activations = st.lists(st.sampled_from(sorted(ACTIVATIONS)), max_size=3)
dense = st.builds(
    lambda units, following: " ".join([f"dense {units}", *following]),
    st.integers(1, LARGEST_LAYER),
    activations,
)
networks = st.lists(dense, max_size=5).map(", ".join)


def summary(layers):
    return [(layer.kind, getattr(layer, "outputs", None), getattr(layer, "initializer", None)) for layer in layers]


@given(networks)
def test_describe_writes_what_parse_reads(text):
    layers = parse(text)
    assert describe(layers) == text
    assert summary(parse(describe(layers))) == summary(layers)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("", ""),
        ("  Dense   64 ReLU ,dense 32", "dense 64 relu, dense 32"),
        ("dense 8, relu, dense 4, tanh", "dense 8 relu, dense 4 tanh"),
        (", dense 8,, dense 4 ,", "dense 8, dense 4"),
    ],
)
def test_freedom_in_writing(written, canonical):
    assert describe(parse(written)) == canonical


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dense 8 relu, conc 4", "'conc'"),
        ("64", "'64'"),
        ("dense", "'dense'.*number"),
        ("dense relu", "'dense relu'.*number"),
        ("dense 0", "'dense 0'.*1 to 65,536"),
        ("dense -3", "'dense -3'.*1 to 65,536"),
        ("dense 2.5", "'dense 2.5'.*number"),
        ("dense ²", "'dense ²'.*number"),
        (f"dense {LARGEST_LAYER + 1}", "1 to 65,536"),
        ("dense " + "9" * 5000, "1 to 65,536"),
        ("dense 8 rely", "'rely'.*relu, leakyrelu, sigmoid, tanh"),
        ("dense 8 16", "'16'.*relu, leakyrelu, sigmoid, tanh"),
        ("relu dense 8", "'dense'"),
        ("relu, dense 8", "'relu' has no layer before it"),
    ],
    ids=lambda value: value[:20],
)
def test_mistakes_are_named(text, named):
    with pytest.raises(InputError, match=named):
        parse(text)


@pytest.mark.parametrize(
    ("following", "variance"),
    [
        ("relu", 2 / 300),
        ("leakyrelu", 2 / 300),
        (", relu", 2 / 300),
        ("sigmoid", 2 / 500),
        ("tanh", 2 / 500),
        ("", 2 / 500),
    ],
)
def test_weights_start_with_the_variance_that_fits_the_activation(following, variance):
    """He before ReLU, Glorot otherwise; 60,000 draws pin the variance down to about 1 %."""
    layers = [*parse(f"dense 200 {following}"), Dense(2)]
    network = Network(layers, CrossEntropy(), (300,), np.random.default_rng(4), np.float64)
    weights = network.parameters.named()["dense1.weights"]
    assert weights.var() == pytest.approx(variance, rel=0.05)
    assert abs(weights.mean()) < 5 * np.sqrt(variance / weights.size)
    assert not network.parameters.named()["dense1.biases"].any()
