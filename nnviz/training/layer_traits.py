"""What the layers of a network are, in the words that are common to all networks."""

from nnviz.frame.operations import (
    Activation,
    Convolution,
    Function,
    LargestOfCells,
    LeavingOut,
    MeanOfMaps,
    Normalisation,
    Operation,
    Reshaping,
    WeightedSums,
)
from nnviz.frame.step_trace import LayerTraits
from nnviz.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from nnviz.nn.convolution import Conv2d
from nnviz.nn.dropout import Dropout
from nnviz.nn.layers import Dense, Flatten, Layer
from nnviz.nn.normalization import EPSILON, BatchNorm
from nnviz.nn.pooling import GlobalAveragePool, MaxPool2d


def traits_of(layer: Layer) -> LayerTraits:
    """What a layer of a network that is built is."""
    return LayerTraits(
        name=layer.name,
        kind=layer.kind,
        described=layer.describe(),
        operation=_operation(layer),
        input_shape=layer.input_shape,
        output_shape=layer.output_shape,
        parameters=tuple(array_kind(parameter.name) for parameter in layer.parameters()),
    )


def array_kind(name: str) -> str:
    """ "weights", of "dense1.weights"."""
    return name.rpartition(".")[2]


def _operation(layer: Layer) -> Operation:
    match layer:
        case Dense():
            return WeightedSums(layer.biases is not None)
        case Conv2d():
            return Convolution(layer.biases is not None, layer.size, layer.stride, layer.padding)
        case MaxPool2d():
            return LargestOfCells(layer.size)
        case GlobalAveragePool():
            return MeanOfMaps()
        case ReLU():
            return Function(Activation.RELU)
        case LeakyReLU():
            return Function(Activation.LEAKY_RELU)
        case Sigmoid():
            return Function(Activation.SIGMOID)
        case Tanh():
            return Function(Activation.TANH)
        case Dropout():
            return LeavingOut(layer.share)
        case BatchNorm():
            return Normalisation(EPSILON)
        case Flatten():
            return Reshaping()
    raise TypeError(f"nobody has said what a layer '{layer.kind}' does")
