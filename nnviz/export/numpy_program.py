"""NumPy: the network as a program of a few lines that anybody can read, and its numbers beside it."""

from io import BytesIO
from keyword import iskeyword
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.export.blueprint import Answer, Blueprint
from nnviz.export.facts import End, channels_last_input, output_of
from nnviz.export.source_text import heading, names_of, program
from nnviz.frame import hill
from nnviz.frame.operations import (
    Activation,
    Convolution,
    Custom,
    Function,
    LargestOfCells,
    LeavingOut,
    MeanOfMaps,
    Normalisation,
    Reshaping,
    WeightedSums,
)
from nnviz.frame.step_trace import LayerTraits
from nnviz.nn.activations import LeakyReLU

FUNCTIONS: dict[Activation, str] = {
    Activation.RELU: "np.maximum(x, 0)",
    Activation.LEAKY_RELU: f"np.maximum(x, {LeakyReLU.slope} * x)",
    Activation.SIGMOID: "sigmoid(x)",
    Activation.TANH: "np.tanh(x)",
}
# What a line may call, by its name.
HELPERS: dict[str, list[str]] = {
    "conv": [
        "def conv(x, weights, stride, padding):",
        "    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])",
        "    windows = np.lib.stride_tricks.sliding_window_view(x, weights.shape[:2], axis=(1, 2))",
        "    return np.tensordot(windows[:, ::stride, ::stride], weights.transpose(2, 0, 1, 3), axes=3)",
    ],
    "pool": [
        "def pool(x, size):",
        "    n, rows, columns, maps = x.shape[0], x.shape[1] // size, x.shape[2] // size, x.shape[3]",
        "    cells = x[:, : rows * size, : columns * size].reshape(n, rows, size, columns, size, maps)",
        "    return cells.max(axis=(2, 4))",
    ],
    "sigmoid": [
        "def sigmoid(z):",
        "    odds = np.exp(-np.abs(z))",
        "    return np.where(z < 0, odds, 1) / (1 + odds)",
    ],
}


class NumpyForm:
    """A Python file, and beside it an .npz with the numbers that it reads."""

    def paths(self, target: Path) -> tuple[Path, ...]:
        if not target.stem.isidentifier() or iskeyword(target.stem):
            raise InputError(f"{target}: Python imports no file of that name; give one of letters, digits and _")
        return target, target.with_suffix(".npz")

    def contents(self, blueprint: Blueprint, target: Path) -> tuple[bytes, ...]:
        return program(_program(blueprint, self.paths(target)[1].name)), _numbers(blueprint)

    def reads(self, blueprint: Blueprint) -> End:
        return channels_last_input(blueprint)

    def use(self, blueprint: Blueprint, target: Path) -> str:
        return (
            f"import {target.stem}\n{output_of(blueprint).name} = {target.stem}.predict({self.reads(blueprint).name})"
        )


def _numbers(blueprint: Blueprint) -> bytes:
    arrays: dict[str, Array] = {**blueprint.arrays, "scale": blueprint.scale, "shift": blueprint.shift}
    if blueprint.answer is Answer.SCALED:
        arrays |= {"deviation": blueprint.deviation, "mean": blueprint.mean}
    if blueprint.answer is Answer.HILL:
        arrays["directions"] = hill.DIRECTIONS
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _program(blueprint: Blueprint, numbers: str) -> list[str]:
    read, said = channels_last_input(blueprint).told("numbers"), output_of(blueprint).told(str(blueprint.dtype))
    lines = [line for layer in blueprint.layers for line in _layer(layer)] + _answer(blueprint)
    called = [name for name in HELPERS if any(f"{name}(" in line for line in lines)]
    return [
        *heading(blueprint, f"Its numbers are in {numbers!r}.", f"Input: {read}.", f"Output: {said}."),
        "from pathlib import Path",
        "",
        "import numpy as np",
        "",
        *names_of(blueprint),
        f"w = dict(np.load(Path(__file__).with_name({numbers!r})))",
        *[line for name in called for line in ("", "", *HELPERS[name])],
        "",
        "",
        "def predict(x):",
        '    x = np.asarray(x, w["scale"].dtype) * w["scale"] + w["shift"]',
        *[f"    {line}" for line in lines],
    ]


def _layer(layer: LayerTraits) -> list[str]:
    def own(kind: str) -> str:
        return f'w["{layer.name}.{kind}"]'

    match layer.operation:
        case WeightedSums(biased):
            row = "x.reshape(len(x), -1)" if len(layer.input_shape) == 3 else "x"
            return [f"x = {row} @ {own('weights')}{_plus(own('biases'), biased)}"]
        case Convolution(biased, _, stride, padding):
            return [f"x = conv(x, {own('weights')}, {stride}, {padding}){_plus(own('biases'), biased)}"]
        case LargestOfCells(size):
            return [f"x = pool(x, {size})"]
        case MeanOfMaps():
            return ["x = x.mean(axis=(1, 2))"]
        case Function(activation):
            return [f"x = {FUNCTIONS[activation]}"]
        case LeavingOut():
            return []
        case Normalisation(epsilon):
            return [
                f"factor = {own('scales')} / np.sqrt({own('variance')} + {epsilon})",
                f"x = x * factor + ({own('shifts')} - {own('mean')} * factor)",
            ]
        case Reshaping():
            return ["x = x.reshape(len(x), -1)"]
        case Custom():
            raise TypeError(f"no other program knows what {layer.name} does")


def _plus(biases: str, biased: bool) -> str:
    return f" + {biases}" if biased else ""


def _answer(blueprint: Blueprint) -> list[str]:
    """The lines from logits to what the network says."""
    match blueprint.answer:
        case Answer.SOFTMAX:
            return [
                "x = np.exp(x - x.max(axis=1, keepdims=True))",
                "return x / x.sum(axis=1, keepdims=True)",
            ]
        case Answer.SIGMOIDS:
            return ["return sigmoid(x)"]
        case Answer.PAIR:
            both = "-x, x" if blueprint.task.positive_class == 1 else "x, -x"
            return [f"return sigmoid(np.concatenate([{both}], axis=1))"]
        case Answer.HILL:
            return [
                "active = sigmoid(x)",
                f"near = np.abs(np.arange({hill.UNITS}) - active.argmax(axis=1)[:, None]) <= {hill.REACH}",
                "mass = np.where(near, active.astype(np.float64), 0)",
                'middle = (mass @ w["directions"])[:, None] / np.maximum(mass.sum(axis=1, keepdims=True), 1e-300)',
                "return np.clip(middle, -1, 1).astype(x.dtype)",
            ]
        case Answer.LINEAR:
            return ["return x"]
        case Answer.SCALED:
            return ['return x * w["deviation"] + w["mean"]']
