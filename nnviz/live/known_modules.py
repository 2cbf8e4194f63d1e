"""What nnviz knows of PyTorch's modules: the operation that each is, where it is one that frames can tell of."""

from torch import nn

from nnviz.array import Array
from nnviz.frame.operations import (
    Activation,
    Convolution,
    Custom,
    Function,
    LargestOfCells,
    LeavingOut,
    MeanOfMaps,
    Normalisation,
    Operation,
    Reshaping,
    WeightedSums,
)
from nnviz.live.layout import MAPS, SEQUENCE, Layout, Order

FIRST_DIMENSION = ("Conv1d", "ConvTranspose1d", "MaxPool1d", "AvgPool1d", "AdaptiveAvgPool1d", "AdaptiveMaxPool1d")
"""Modules for which a batch of three dimensions is (n, channels, length)."""
ACTIVATIONS = {nn.ReLU: Activation.RELU, nn.Sigmoid: Activation.SIGMOID, nn.Tanh: Activation.TANH}
FUNCTIONS = {
    "ReluBackward0": Activation.RELU,
    "SigmoidBackward0": Activation.SIGMOID,
    "TanhBackward0": Activation.TANH,
}
"""Functions that a model calls without a module, by what autograd calls them."""
FOLDS = ("ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0")
LEAK = 0.01


def operation_of(module: nn.Module, came: Layout, shape: tuple[int, ...], gave: Layout) -> Operation:
    """What a module does to what comes in, of that layout and shape (of one example, as frames have it)."""
    if type(module) in ACTIVATIONS:
        return Function(ACTIVATIONS[type(module)])
    match module:
        case nn.LeakyReLU(negative_slope=slope) if slope == LEAK:
            return Function(Activation.LEAKY_RELU)
        case nn.Identity():
            return LeavingOut(0.0)
        case nn.Dropout(p=share) if share < 1:
            return LeavingOut(share if module.training else 0.0)
        case nn.Flatten() if gave.order is Order.FOLDED:
            return Reshaping()
        case nn.BatchNorm1d() | nn.BatchNorm2d() if _normalises(module) and came.order in (Order.ROW, Order.MAPS):
            return Normalisation(module.eps)
        case nn.Linear():
            return _sums(module, module.in_features, came, shape)
        case nn.Conv2d() if came == MAPS and shape[-1] == module.in_channels:
            return _convolution(module)
        case nn.MaxPool2d() if came == MAPS:
            return _pool(module)
        case nn.AdaptiveAvgPool2d(output_size=1 | (1, 1)) if came == MAPS:
            return MeanOfMaps()
    if _is_linear_of_transformers(module):
        return _sums(module, module._parameters["weight"].shape[0], came, shape)
    return Custom()


def in_frame(module: nn.Module, kind: str, operation: Operation, came: Layout, numbers: Array) -> Array:
    """A module's own weights (or their gradient or update) in the order that frames have: units last."""
    if kind != "weights" or not operation.weighted:
        return numbers
    if isinstance(module, nn.Conv2d):
        return numbers.transpose(2, 3, 1, 0)
    matrix = numbers.T if isinstance(module, nn.Linear) else numbers
    return matrix[None, None] if isinstance(operation, Convolution) else came.rows(matrix)


def parameter_kind(module: nn.Module, name: str) -> str:
    """What frames call a parameter that a module calls `name`."""
    of_norm = "Norm" in type(module).__name__
    known = {"weight": "scales" if of_norm else "weights", "bias": "shifts" if of_norm else "biases"}
    # Keras has the names of the model and the layer before its own.
    _, of_keras, own = name.rpartition("/")
    if of_keras:
        known |= {"kernel": "weights", "gamma": "scales", "beta": "shifts"}
    return known.get(own, own)


def _normalises(module: nn.BatchNorm1d | nn.BatchNorm2d) -> bool:
    """Whether it normalises by the batch, and then scales and shifts."""
    return (module.training or module.running_mean is None) and module.affine


def _sums(module: nn.Module, inputs: int, came: Layout, shape: tuple[int, ...]) -> Operation:
    # Under a parametrization the weight is computed anew whenever somebody reads it, and reading may change it.
    if module._parameters.get("weight") is None or shape[-1] != inputs:
        return Custom()
    biased = module._parameters.get("bias") is not None
    if came == SEQUENCE:
        return Convolution(biased, 1, 1, 0)
    return WeightedSums(biased) if len(shape) == 1 else Custom()


def _is_linear_of_transformers(module: nn.Module) -> bool:
    """Conv1D of Hugging Face: a linear layer whose weights are (inputs, units)."""
    weight = module._parameters.get("weight")
    return type(module).__name__ == "Conv1D" and hasattr(module, "nf") and weight is not None and weight.ndim == 2


def _convolution(module: nn.Conv2d) -> Operation:
    (size, width), (stride, across), padding = module.kernel_size, module.stride, module.padding
    rings = padding if isinstance(padding, tuple) else (size // 2,) * 2 if padding == "same" else (0, 0)
    plain = module.groups == 1 and module.dilation == (1, 1) and module.padding_mode == "zeros"
    square = size == width and stride == across and rings[0] == rings[1] and (padding != "same" or size % 2 == 1)
    if not (plain and square) or module._parameters.get("weight") is None:
        return Custom()
    return Convolution(module._parameters.get("bias") is not None, size, stride, rings[0])


def _pool(module: nn.MaxPool2d) -> Operation:
    def one(value: int | tuple[int, ...]) -> int | None:
        return value if isinstance(value, int) else value[0] if len(set(value)) == 1 else None

    size, stride = one(module.kernel_size), one(module.stride)
    plain = one(module.padding) == 0 and one(module.dilation) == 1 and not module.ceil_mode
    return LargestOfCells(size) if plain and size is not None and size == stride else Custom()
