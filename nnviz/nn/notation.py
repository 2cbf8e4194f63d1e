"""The one notation for networks: `conv 16 3x3 batchnorm relu, pool 2, dense 64 relu, dropout 0.3`.

Parts are separated by commas. A part is a layer with its numbers, and what follows within the comma is applied
after it, in that order. The output layer is not written: the data imply it.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from nnviz.errors import InputError
from nnviz.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from nnviz.nn.convolution import Conv2d
from nnviz.nn.dropout import Dropout
from nnviz.nn.initializers import he
from nnviz.nn.layers import Dense, Flatten, Layer
from nnviz.nn.normalization import BatchNorm
from nnviz.nn.pooling import GlobalAveragePool, MaxPool2d

ACTIVATIONS: dict[str, Callable[[], Layer]] = {
    "relu": ReLU,
    "leakyrelu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
}
# What works on each unit alone, and so belongs to the layer before it.
FOLLOWERS = (*ACTIVATIONS, "batchnorm", "dropout")
LARGEST_LAYER = 65_536
LARGEST_KERNEL = 64
EXAMPLE = "conv 16 3x3 relu, pool 2, dense 64 relu"


def parse(text: str) -> list[Layer]:
    """The layers that `text` names, new and not built. An empty text is no hidden layer: a linear model.

    Raises InputError, naming the part that cannot be read.
    """
    layers: list[Layer] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        layers += _parse_part(part)
    if layers and layers[0].kind in ACTIVATIONS:
        raise InputError(f"network: '{layers[0].kind}' has no layer before it; write for example 'dense 64 relu'")
    for layer, following in pairwise(layers):
        if isinstance(layer, Dense | Conv2d) and following.kind == "batchnorm":
            # The normalisation takes the mean away, and a bias with it; it has one of its own.
            layer.biased = False
    for layer, activation in _activated(layers):
        # He's variance fits functions that cut half of their input away; Glorot's fits the others.
        if activation in ("relu", "leakyrelu"):
            layer.initializer = he
    return layers


def _activated(layers: list[Layer]) -> list[tuple[Dense | Conv2d, str]]:
    """Each layer with weights, and the kind of the first activation function between it and the next one."""
    found: list[tuple[Dense | Conv2d, str]] = []
    activation = ""
    for layer in reversed(layers):
        if isinstance(layer, Dense | Conv2d):
            found.append((layer, activation))
            activation = ""
        elif layer.kind in ACTIVATIONS:
            activation = layer.kind
    return found


def _parse_part(part: str) -> list[Layer]:
    words = part.lower().split()
    layers: list[Layer] = []
    while words:
        word = words.pop(0)
        read = _LAYERS.get(word) if not layers else None
        read = read or _FOLLOWERS.get(word)
        if read is None:
            raise InputError(_unknown(word, part, bool(layers)))
        layers.append(read(words, part))
    return layers


def _unknown(word: str, part: str, follows: bool) -> str:
    if not follows:
        kinds = ", ".join([*_LAYERS, *_FOLLOWERS])
        return f"network: no layer is called '{word}' (in '{part}'); there are {kinds}; write for example '{EXAMPLE}'"
    if word in _LAYERS:
        return f"network: a comma is missing before '{word}' (in '{part}')"
    return f"network: '{word}' cannot follow (in '{part}'); there are {', '.join(_FOLLOWERS)}"


def _dense(words: list[str], part: str) -> Layer:
    wanted = f"needs the number of its units, 1 to {LARGEST_LAYER:,}, as in 'dense 64 relu'"
    return Dense(_count(words, part, wanted, LARGEST_LAYER))


def _conv(words: list[str], part: str) -> Layer:
    wanted = f"needs the number of its feature maps, 1 to {LARGEST_LAYER:,}, as in 'conv 16 3x3 relu'"
    outputs = _count(words, part, wanted, LARGEST_LAYER)
    size = re.fullmatch(r"(\d{1,3})x(\d{1,3})", words[0]) if words else None
    if not size or size[1] != size[2] or not 1 <= int(size[1]) <= LARGEST_KERNEL:
        raise InputError(f"network: '{part}' needs the size of its square kernels, as in 'conv {outputs} 3x3 relu'")
    words.pop(0)
    kernel, stride, padding = int(size[1]), 1, None
    while words and words[0] in ("stride", "padding"):
        if words.pop(0) == "stride":
            stride = _count(words, part, "needs a number from 1 on after 'stride'", LARGEST_KERNEL)
        else:
            wanted = f"needs a number from 0 to {kernel - 1} after 'padding'"
            padding = _count(words, part, wanted, kernel - 1, smallest=0)
    return Conv2d(outputs, kernel, stride, padding)


def _pool(words: list[str], part: str) -> Layer:
    return MaxPool2d(_count(words, part, "needs the side of its cells, as in 'pool 2'", LARGEST_KERNEL))


def _dropout(words: list[str], part: str) -> Layer:
    share = words.pop(0) if words else ""
    if not re.fullmatch(r"0?\.\d{1,9}|0", share):
        raise InputError(f"network: '{part}' needs the share of units to leave out, 0 to below 1, as in 'dropout 0.3'")
    return Dropout(float(share))


def _count(words: list[str], part: str, wanted: str, largest: int, smallest: int = 1) -> int:
    """Take the next word, which is to be a whole number. Raises InputError saying what is `wanted`."""
    # Python refuses to read thousands of digits with an error of its own, so their count comes first.
    number = int(words[0]) if words and words[0].isdecimal() and len(words[0]) < 10 else -1
    if not smallest <= number <= largest:
        raise InputError(f"network: '{part}' {wanted}")
    words.pop(0)
    return number


def _plain(make: Callable[[], Layer]) -> "Callable[[list[str], str], Layer]":
    """How a layer without numbers is read."""
    return lambda words, part: make()  # noqa: ARG005


_LAYERS: dict[str, Callable[[list[str], str], Layer]] = {
    "dense": _dense,
    "conv": _conv,
    "pool": _pool,
    "globalpool": _plain(GlobalAveragePool),
    "flatten": _plain(Flatten),
}
_FOLLOWERS: dict[str, Callable[[list[str], str], Layer]] = {
    **{name: _plain(make) for name, make in ACTIVATIONS.items()},
    "batchnorm": _plain(BatchNorm),
    "dropout": _dropout,
}


def describe(layers: list[Layer]) -> str:
    """The notation of these layers; what `parse` reads back to the same."""
    parts: list[str] = []
    for layer in layers:
        if parts and layer.kind in FOLLOWERS:
            parts[-1] += f" {layer.describe()}"
        else:
            parts.append(layer.describe())
    return ", ".join(parts)
