"""The notation of networks: what is written is read, what is read can be written, and mistakes are named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.errors import InputError
from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import ACTIVATIONS, FOLLOWERS, LARGEST_KERNEL, LARGEST_LAYER, describe, parse

LAYERS = ("dense", "conv", "pool", "globalpool", "flatten")


def write_conv(outputs, size, stride, padding):
    """As `describe` writes it: without what is so by default."""
    words = [f"conv {outputs} {size}x{size}"]
    words += [f"stride {stride}"] * (stride != 1) + [f"padding {padding}"] * (padding != size // 2)
    return " ".join(words)


counts = st.integers(1, LARGEST_LAYER)
sizes = st.integers(1, LARGEST_KERNEL)
heads = st.one_of(
    st.builds("dense {}".format, counts),
    sizes.flatmap(lambda size: st.builds(write_conv, counts, st.just(size), sizes, st.integers(0, size - 1))),
    st.builds("pool {}".format, sizes),
    st.sampled_from(["globalpool", "flatten"]),
)
shares = st.integers(0, 10**9 - 1).map(lambda billionths: f"{billionths / 1e9:.9f}".rstrip("0").rstrip("."))
followers = st.one_of(st.sampled_from([*sorted(ACTIVATIONS), "batchnorm"]), st.builds("dropout {}".format, shares))
parts = st.builds(lambda head, following: " ".join([head, *following]), heads, st.lists(followers, max_size=3))
networks = st.lists(parts, max_size=5).map(", ".join)

# What belongs to the notation, in any order, with numbers that a small network is built of.
PHRASES = """dense 3|conv 2 3x3|conv 3 2x2 stride 2 padding 0|pool 2|globalpool|flatten|relu|tanh|batchnorm|dropout 0.5
|sigmoid|dropout 1|conv 3x2|2"""
separators = st.sampled_from([", ", ", ", ", ", " "])
phrases = st.lists(st.tuples(st.sampled_from(PHRASES.replace("\n", "").split("|")), separators), max_size=8)
PICTURE = (6, 5, 2)
AFTER_A_LAYER = ", ".join(FOLLOWERS)


def summary(layers):
    """All that makes a layer what it is before it is built."""
    names = ("outputs", "size", "stride", "padding", "share", "biased", "initializer")
    return [(layer.kind, *(getattr(layer, name, None) for name in names)) for layer in layers]


@given(networks)
def test_describe_writes_what_parse_reads(text):
    layers = parse(text)
    assert describe(layers) == text
    assert summary(parse(describe(layers))) == summary(layers)


@settings(max_examples=200)
@given(st.one_of(st.text(), phrases.map(lambda pairs: "".join(map("".join, pairs)))))
def test_any_text_is_a_network_or_an_input_error(text):
    try:
        layers = parse(text)
        again = parse(describe(layers))
        network = Network([*layers, Dense(2)], CrossEntropy(), PICTURE, np.random.default_rng(0))
    except InputError:
        return
    assert summary(again) == summary(layers)
    for each in (network, network.for_evaluation()):
        assert each.forward(np.ones((2, *PICTURE), np.float32)).shape == (2, 2)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("", ""),
        ("  Dense   64 ReLU ,dense 32", "dense 64 relu, dense 32"),
        ("dense 8, relu, dense 4, tanh", "dense 8 relu, dense 4 tanh"),
        (", dense 8,, dense 4 ,", "dense 8, dense 4"),
        ("CONV 4 3X3 Stride 1 padding 1", "conv 4 3x3"),
        ("conv 4 3x3 padding 0 stride 2 relu", "conv 4 3x3 stride 2 padding 0 relu"),
        ("conv 4 5x5, batchnorm, relu, dropout .50", "conv 4 5x5 batchnorm relu dropout 0.5"),
        ("batchnorm, dropout 0.0, pool 2", "batchnorm dropout 0, pool 2"),
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
        ("dense 8 rely", f"'rely'.*{AFTER_A_LAYER}"),
        ("dense 8 16", f"'16'.*{AFTER_A_LAYER}"),
        ("relu dense 8", "comma is missing before 'dense'"),
        ("relu, dense 8", "'relu' has no layer before it"),
        ("conv 8 3x3 pool 2", "comma is missing before 'pool'.*'conv 8 3x3 pool 2'"),
        ("dense 8 relu dense 4", "comma is missing before 'dense'"),
        ("conv 3x3", "'conv 3x3'.*number of its feature maps"),
        ("conv 0 3x3", "'conv 0 3x3'.*1 to 65,536"),
        ("conv 8", "'conv 8'.*square kernels.*'conv 8 3x3 relu'"),
        ("conv 8 3", "'conv 8 3'.*square kernels"),
        ("conv 8 3x5", "'conv 8 3x5'.*square kernels"),
        ("conv 8 0x0", "'conv 8 0x0'.*square kernels"),
        ("conv 8 65x65", "'conv 8 65x65'.*square kernels"),
        ("conv 8 3x3 stride", "number from 1 on after 'stride'"),
        ("conv 8 3x3 stride 0", "number from 1 on after 'stride'"),
        ("conv 8 3x3 padding 3", "number from 0 to 2 after 'padding'"),
        ("conv 8 3x3 padding -1", "number from 0 to 2 after 'padding'"),
        ("conv 8 3x3 relu stride 2", "'stride' cannot follow"),
        ("pool", "'pool'.*side of its cells"),
        ("pool 0", "'pool 0'.*side of its cells"),
        ("pool 65", "'pool 65'.*side of its cells"),
        ("dense 8 dropout", "'dense 8 dropout'.*share of units"),
        ("dense 8 dropout 1", "'dense 8 dropout 1'.*share of units"),
        ("dense 8 dropout 1.5", "share of units"),
        ("dense 8 dropout -0.5", "share of units"),
        ("dense 8 dropout nan", "share of units"),
        ("dense 8 dropout 30", "share of units"),
        ("globalpool 2", f"'2'.*{AFTER_A_LAYER}"),
    ],
    ids=lambda value: value[:20],
)
def test_mistakes_are_named(text, named):
    with pytest.raises(InputError, match=named):
        parse(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dense 8, conv 4 3x3 stride 2", "'conv 4 3x3 stride 2' needs a picture"),
        ("flatten, pool 2", "'pool 2' needs feature maps"),
        ("globalpool, globalpool", "'globalpool' needs feature maps"),
        ("pool 6", "'pool 6' is larger than its input of 6×5"),
        ("pool 2, pool 3", "'pool 3' is larger than its input of 3×2"),
        ("conv 4 6x6 padding 0", "'conv 4 6x6 padding 0' is larger than its input of 6×5"),
    ],
)
def test_layers_that_do_not_fit_what_comes_before_them_are_named(text, named):
    with pytest.raises(InputError, match=named):
        Network([*parse(text), Dense(2)], CrossEntropy(), PICTURE, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "biased"),
    [
        ("dense 4 batchnorm relu", [False]),
        ("conv 4 3x3 batchnorm, conv 4 3x3, batchnorm", [False, False]),
        ("conv 4 3x3 relu batchnorm, pool 2 batchnorm, dense 4 dropout 0.5 batchnorm", [True, True]),
    ],
)
def test_a_layer_directly_before_batch_normalisation_has_no_biases(text, biased):
    layers = parse(text)
    assert [layer.biased for layer in layers if layer.kind in ("dense", "conv")] == biased
    network = Network([*layers, Dense(2)], CrossEntropy(), PICTURE, np.random.default_rng(0))
    named = network.parameters.named()
    assert [f"{layer.name}.biases" in named for layer in layers if layer.kind in ("dense", "conv")] == biased


@pytest.mark.parametrize(
    ("following", "is_he"),
    [
        ("relu", True),
        ("leakyrelu", True),
        (", relu", True),
        ("batchnorm relu", True),
        ("dropout 0.3 leakyrelu", True),
        ("sigmoid", False),
        ("tanh", False),
        ("tanh relu", False),
        ("", False),
        (", dense 3 relu", False),
    ],
)
@pytest.mark.parametrize("layer", ["dense 200", "conv 200 5x5"])
def test_weights_start_with_the_variance_that_fits_the_activation(layer, following, is_he):
    """He before ReLU, Glorot otherwise; 60,000 draws pin the variance down to about 1 %."""
    # Either layer computes each of its 200 outputs from 300 numbers.
    input_shape = (300,) if layer == "dense 200" else (5, 5, 12)
    layers = [*parse(f"{layer} {following}"), Dense(2)]
    network = Network(layers, CrossEntropy(), input_shape, np.random.default_rng(4), np.float64)
    weights = layers[0].weights.values
    assert weights.size == 60_000
    variance = 2 / 300 if is_he else 2 / 500
    assert weights.var() == pytest.approx(variance, rel=0.05)
    assert abs(weights.mean()) < 5 * np.sqrt(variance / weights.size)
    assert not any(array.any() for name, array in network.parameters.named().items() if name.endswith("biases"))
