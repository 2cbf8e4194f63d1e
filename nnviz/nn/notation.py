"""The one notation for networks: `dense 64 relu, dense 32 relu`.

Parts are separated by commas. A part is a layer with its numbers, and what follows within the comma is applied
after it, in that order. The output layer is not written: the data imply it.
"""

from collections.abc import Callable
from itertools import pairwise

from nnviz.errors import InputError
from nnviz.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from nnviz.nn.initializers import he
from nnviz.nn.layers import Dense, Layer

ACTIVATIONS: dict[str, Callable[[], Layer]] = {
    "relu": ReLU,
    "leakyrelu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
}
LARGEST_LAYER = 65_536


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
        # He's variance fits functions that cut half of their input away; Glorot's fits the others.
        if isinstance(layer, Dense) and following.kind in ("relu", "leakyrelu"):
            layer.initializer = he
    return layers


def _parse_part(part: str) -> list[Layer]:
    words = part.lower().split()
    if words[0] in ACTIVATIONS:
        return [_activation(word, part) for word in words]
    if words[0] != "dense":
        raise InputError(
            f"network: no layer is called '{words[0]}' (in '{part}'); write for example 'dense 64 relu, dense 32 relu'"
        )
    # Python refuses to read thousands of digits with an error of its own, so their count comes first.
    units = int(words[1]) if len(words) > 1 and words[1].isdecimal() and len(words[1]) < 10 else 0
    if not 1 <= units <= LARGEST_LAYER:
        raise InputError(
            f"network: '{part}' needs the number of its units, 1 to {LARGEST_LAYER:,}, as in 'dense 64 relu'"
        )
    return [Dense(units), *(_activation(word, part) for word in words[2:])]


def _activation(word: str, part: str) -> Layer:
    if word not in ACTIVATIONS:
        raise InputError(f"network: no activation is called '{word}' (in '{part}'); there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[word]()


def describe(layers: list[Layer]) -> str:
    """The notation of these layers; what `parse` reads back to the same."""
    parts: list[str] = []
    for layer in layers:
        if parts and layer.kind in ACTIVATIONS:
            parts[-1] += f" {layer.describe()}"
        else:
            parts.append(layer.describe())
    return ", ".join(parts)
