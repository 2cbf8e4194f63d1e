"""PyTorch: weights as safetensors under the names of a module's state, and the file that defines the module."""

import json
import re
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.export.blueprint import Answer, Blueprint
from nnviz.export.channels_first import SINGLE, channels_first, standardising
from nnviz.export.facts import End, channels_first_input, metadata, output_of
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
    Activation.RELU: "nn.ReLU()",
    Activation.LEAKY_RELU: f"nn.LeakyReLU({LeakyReLU.slope})",
    Activation.SIGMOID: "nn.Sigmoid()",
    Activation.TANH: "nn.Tanh()",
}


class TorchForm:
    """A file of safetensors, and beside it the Python file of its module."""

    def paths(self, target: Path) -> tuple[Path, ...]:
        return target, target.with_name(re.sub(r"\W", "_", f"{target.stem}_torch") + ".py")

    def contents(self, blueprint: Blueprint, target: Path) -> tuple[bytes, ...]:
        from safetensors.numpy import save

        # In one key: several are written in another order each time.
        facts = {"nnviz": json.dumps(metadata(blueprint, self.reads(blueprint)))}
        return save(_state(blueprint), facts), program(_module(blueprint, target))

    def reads(self, blueprint: Blueprint) -> End:
        return channels_first_input(blueprint)

    def use(self, blueprint: Blueprint, target: Path) -> str:
        read, said = self.reads(blueprint).name, output_of(blueprint).name
        module = self.paths(target)[1].stem
        return f"import {module}\nmodel = {module}.load()\n{said} = model({read})"


def _buffers(blueprint: Blueprint) -> dict[str, Array]:
    """What the module keeps beside its layers."""
    scale, shift = standardising(blueprint)
    buffers = {"scale": scale, "shift": shift}
    if blueprint.answer is Answer.SCALED:
        buffers |= {"deviation": blueprint.deviation.astype(SINGLE), "mean": blueprint.mean.astype(SINGLE)}
    if blueprint.answer is Answer.HILL:
        buffers["directions"] = hill.DIRECTIONS[:, None]
    return buffers


def _state(blueprint: Blueprint) -> dict[str, Array]:
    """The module's state: name → array, each of which lies in memory as it is written."""
    state, made = _buffers(blueprint), channels_first(blueprint)
    for layer in blueprint.layers:
        arrays = made[layer.name]
        if isinstance(layer.operation, Normalisation):
            arrays = {**arrays, "num_batches_tracked": np.array(blueprint.step)}
        state |= {f"layers.{layer.name}.{name}": array for name, array in arrays.items()}
    return {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in state.items()}


def _module(blueprint: Blueprint, target: Path) -> list[str]:
    read, said = channels_first_input(blueprint).told("float32"), output_of(blueprint).told("float32")
    layers = [f"            {name}={made}," for layer in blueprint.layers for name, made in _modules(layer)]
    ready = "x * self.scale + self.shift"
    if blueprint.scale.dtype != SINGLE:
        # In the precision that its layers are in then.
        ready = f"({ready}).to(next(self.parameters()).dtype)"
    return [
        *heading(blueprint, f"Its weights are in {target.name!r}.", f"Input: {read}.", f"Output: {said}."),
        "from collections import OrderedDict",
        "from pathlib import Path",
        "",
        "import torch",
        "from safetensors.torch import load_file",
        "from torch import nn",
        "",
        *names_of(blueprint),
        "",
        "",
        "class Model(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *[f"        self.register_buffer({name!r}, {_zeros(array)})" for name, array in _buffers(blueprint).items()],
        "        self.layers = nn.Sequential(OrderedDict(",
        *layers,
        "        ))",
        "",
        "    def logits(self, x):",
        f"        return self.layers({ready})",
        "",
        "    def forward(self, x):",
        *[f"        {line}" for line in _answer(blueprint)],
        "",
        "",
        f"def load(path=Path(__file__).with_name({target.name!r})):",
        '    """The network with its weights, as it is when nothing is trained."""',
        "    model = Model()",
        "    model.load_state_dict(load_file(path))",
        "    return model.eval()",
    ]


def _zeros(array: Array) -> str:
    shape = ", ".join(map(str, array.shape))
    return f"torch.zeros({shape})" if array.dtype == SINGLE else f"torch.zeros({shape}, dtype=torch.float64)"


def _modules(layer: LayerTraits) -> list[tuple[str, str]]:
    """The modules that a layer is, each with its name."""
    name, shape, is_of_maps = layer.name, layer.input_shape, len(layer.input_shape) == 3
    match layer.operation:
        case WeightedSums(biased):
            inputs, units = int(np.prod(shape)), layer.output_shape[0]
            row = [(f"{name}_row", "nn.Flatten()")] if is_of_maps else []
            return [*row, (name, f"nn.Linear({inputs}, {units}{_unbiased(biased)})")]
        case Convolution(biased, size, stride, padding):
            maps = f"{shape[2]}, {layer.output_shape[2]}, {size}, stride={stride}, padding={padding}"
            return [(name, f"nn.Conv2d({maps}{_unbiased(biased)})")]
        case LargestOfCells(size):
            return [(name, f"nn.MaxPool2d({size})")]
        case MeanOfMaps():
            return [(name, "nn.AdaptiveAvgPool2d(1)"), (f"{name}_row", "nn.Flatten()")]
        case Function(activation):
            return [(name, FUNCTIONS[activation])]
        case LeavingOut(share):
            return [(name, f"nn.Dropout({share})")]
        case Normalisation(epsilon):
            return [(name, f"nn.BatchNorm{2 if is_of_maps else 1}d({shape[-1]}, eps={epsilon})")]
        case Reshaping():
            return [(name, "nn.Flatten()")]
        case Custom():
            raise TypeError(f"no other program knows what {layer.name} does")


def _unbiased(biased: bool) -> str:
    return "" if biased else ", bias=False"


def _answer(blueprint: Blueprint) -> list[str]:
    """The lines from logits to what the network says."""
    match blueprint.answer:
        case Answer.SOFTMAX:
            return ["return torch.softmax(self.logits(x), dim=1)"]
        case Answer.SIGMOIDS:
            return ["return torch.sigmoid(self.logits(x))"]
        case Answer.PAIR:
            both = "-z, z" if blueprint.task.positive_class == 1 else "z, -z"
            return ["z = self.logits(x)", f"return torch.sigmoid(torch.cat([{both}], dim=1))"]
        case Answer.HILL:
            return [
                "active = torch.sigmoid(self.logits(x)).double()",
                f"units = torch.arange({hill.UNITS}, device=x.device)",
                f"near = (units - active.argmax(dim=1, keepdim=True)).abs() <= {hill.REACH}",
                "mass = torch.where(near, active, 0.0)",
                "middle = mass @ self.directions / mass.sum(dim=1, keepdim=True).clamp_min(1e-300)",
                "return middle.clamp(-1, 1).to(x.dtype)",
            ]
        case Answer.LINEAR:
            return ["return self.logits(x)"]
        case Answer.SCALED:
            return ["return self.logits(x) * self.deviation + self.mean"]
