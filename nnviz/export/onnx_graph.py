"""ONNX: a graph that onnxruntime and others run, from pictures from 0 to 1, or rows as they are, to the answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnviz import __version__
from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.export.blueprint import Answer, Blueprint
from nnviz.export.channels_first import SINGLE, channels_first, standardising
from nnviz.export.facts import End, channels_first_input, metadata, origin_of, output_of
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

# Every onnxruntime in use reads these; the newest ones that onnx writes by itself are refused by one a year old.
OPSET, IR = 17, 8
# Protobuf can have no more in one message.
MOST_BYTES = (1 << 31) - 1
EXAMPLES = "n"

FUNCTIONS: dict[Activation, tuple[str, dict[str, float]]] = {
    Activation.RELU: ("Relu", {}),
    Activation.LEAKY_RELU: ("LeakyRelu", {"alpha": LeakyReLU.slope}),
    Activation.SIGMOID: ("Sigmoid", {}),
    Activation.TANH: ("Tanh", {}),
}


class OnnxForm:
    """One file, with all in it."""

    def paths(self, target: Path) -> tuple[Path, ...]:
        return (target,)

    def contents(self, blueprint: Blueprint, target: Path) -> tuple[bytes, ...]:
        if sum(array.size for array in blueprint.arrays.values()) * SINGLE().itemsize > MOST_BYTES:
            raise InputError(f"{target}: a file of ONNX holds 2 GB at most; give a name that ends in .safetensors")
        try:
            import onnx  # noqa: F401
        except ModuleNotFoundError:
            raise InputError(
                f"{target}: ONNX needs the package onnx, which is not installed; 'pip install onnx'"
            ) from None
        return (_model(blueprint),)

    def reads(self, blueprint: Blueprint) -> End:
        return channels_first_input(blueprint)

    def use(self, blueprint: Blueprint, target: Path) -> str:
        read, said = self.reads(blueprint).name, output_of(blueprint).name
        return (
            "import onnxruntime\n"
            f"session = onnxruntime.InferenceSession({str(target)!r})\n"
            f"[{said}] = session.run(None, {{{read!r}: {read}}})"
        )


class _Graph:
    """Nodes in order, and the arrays that they read."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def array(self, name: str, numbers: Array) -> str:
        """Keep an array; its name, for nodes that read it."""
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node; the name of what it gives."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name


def _model(blueprint: Blueprint) -> bytes:
    from onnx import TensorProto, helper

    read, said = channels_first_input(blueprint), output_of(blueprint)
    graph = _Graph()
    x = _standardised(graph, read.name, blueprint)
    arrays = channels_first(blueprint)
    for layer in blueprint.layers:
        x = _layer(graph, x, layer, arrays[layer.name])
    _answer(graph, x, said.name, blueprint)
    ends = [
        [helper.make_tensor_value_info(end.name, TensorProto.FLOAT, [EXAMPLES, *end.shape])] for end in (read, said)
    ]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "nnviz", *ends, initializer=graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="nnviz",
        producer_version=__version__,
        doc_string=f"{origin_of(blueprint)}. Input: {read.told('float32')}. Output: {said.told('float32')}.",
    )
    helper.set_model_props(model, metadata(blueprint, read))
    content: bytes = model.SerializeToString()
    return content


def _standardised(graph: _Graph, x: str, blueprint: Blueprint) -> str:
    from onnx import TensorProto

    scale, shift = standardising(blueprint)
    exact = scale.dtype != SINGLE
    if exact:
        x = graph.node("Cast", [x], "exact", to=TensorProto.DOUBLE)
    x = graph.node("Mul", [x, graph.array("scale", scale)], "scaled")
    x = graph.node("Add", [x, graph.array("shift", shift)], "standardised")
    return graph.node("Cast", [x], "single", to=TensorProto.FLOAT) if exact else x


def _layer(graph: _Graph, x: str, layer: LayerTraits, arrays: dict[str, Array]) -> str:
    name, is_of_maps = layer.name, len(layer.input_shape) == 3
    kept = {kind: graph.array(f"{name}.{kind}", array) for kind, array in arrays.items()}
    match layer.operation:
        case WeightedSums():
            x = graph.node("Flatten", [x], f"{name}.row", axis=1) if is_of_maps else x
            return graph.node("Gemm", [x, *kept.values()], name, transB=1)
        case Convolution(_, size, stride, padding):
            return graph.node(
                "Conv",
                [x, *kept.values()],
                name,
                kernel_shape=[size] * 2,
                strides=[stride] * 2,
                pads=[padding] * 4,
            )
        case LargestOfCells(size):
            return graph.node("MaxPool", [x], name, kernel_shape=[size] * 2, strides=[size] * 2)
        case MeanOfMaps():
            return graph.node("Flatten", [graph.node("GlobalAveragePool", [x], f"{name}.means")], name, axis=1)
        case Function(activation):
            kind, attributes = FUNCTIONS[activation]
            return graph.node(kind, [x], name, **attributes)
        case Normalisation(epsilon):
            return graph.node("BatchNormalization", [x, *kept.values()], name, epsilon=epsilon)
        case Reshaping():
            return graph.node("Flatten", [x], name, axis=1)
        case LeavingOut():
            return x
        case Custom():
            raise TypeError(f"no other program knows what {layer.name} does")


def _answer(graph: _Graph, z: str, name: str, blueprint: Blueprint) -> None:
    """Add the nodes from logits to what the network says."""
    match blueprint.answer:
        case Answer.SOFTMAX:
            graph.node("Softmax", [z], name, axis=1)
        case Answer.SIGMOIDS:
            # onnxruntime's Sigmoid gives 0 for what is below 6e-8; this is the same, and keeps its digits.
            rest = graph.node("Softplus", [graph.node("Neg", [z], "minus_z")], "minus_log_p")
            graph.node("Exp", [graph.node("Neg", [rest], "log_p")], name)
        case Answer.PAIR:
            # Softmax of 0 and z is 1 − p and p, with all the digits of both.
            both = [graph.node("Sub", [z, z], "other"), z]
            ordered = both if blueprint.task.positive_class == 1 else both[::-1]
            graph.node("Softmax", [graph.node("Concat", ordered, "both", axis=1)], name, axis=1)
        case Answer.HILL:
            _hill(graph, z, name)
        case Answer.LINEAR:
            graph.node("Identity", [z], name)
        case Answer.SCALED:
            scaled = graph.node("Mul", [z, graph.array("deviation", blueprint.deviation.astype(SINGLE))], "in_units")
            graph.node("Add", [scaled, graph.array("mean", blueprint.mean.astype(SINGLE))], name)


def _hill(graph: _Graph, z: str, name: str) -> None:
    """The centre of mass around the most active unit, in double precision as `hill.as_numbers` has it."""
    from onnx import TensorProto

    active = graph.node("Cast", [graph.node("Sigmoid", [z], "active")], "active_exact", to=TensorProto.DOUBLE)
    peak = graph.node("ArgMax", ["active"], "peak", axis=1, keepdims=1)
    away = graph.node("Sub", [graph.array("units", np.arange(hill.UNITS)), peak], "offset")
    away = graph.node("Abs", [away], "distance")
    near = graph.node("Less", [away, graph.array("reach", np.array(hill.REACH + 1))], "near")
    mass = graph.node("Where", [near, active, graph.array("nothing", np.array(0.0))], "mass")
    moment = graph.node("MatMul", [mass, graph.array("directions", hill.DIRECTIONS[:, None])], "moment")
    whole = graph.node("MatMul", [mass, graph.array("ones", np.ones((hill.UNITS, 1)))], "whole")
    whole = graph.node("Max", [whole, graph.array("least", np.array(1e-300))], "whole_or_least")
    middle = graph.node("Cast", [graph.node("Div", [moment, whole], "middle")], "middle_single", to=TensorProto.FLOAT)
    ends = [graph.array("left", np.array(-1, SINGLE)), graph.array("right", np.array(1, SINGLE))]
    graph.node("Clip", [middle, *ends], name)
