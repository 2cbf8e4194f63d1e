"""A trained network as every form of export is made from it: layers, numbers, what goes in and comes out."""

from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from nnviz.array import Array
from nnviz.data.encoding import Encoding
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.frame.step_trace import LayerTraits
from nnviz.frame.task import Task
from nnviz.nn.outputs import Logistic, Softmax
from nnviz.nn.scaled_error import InUnits
from nnviz.runs.trained_network import TrainedNetwork
from nnviz.training.layer_traits import traits_of


class Answer(StrEnum):
    """How logits become what the network says, (n, classes) or (n, numbers).

    SOFTMAX   the probability of each class
    SIGMOIDS  a probability from each logit alone, of a class, or as a number from 0 to 1
    PAIR      the one logit is of the positive of two classes; the probabilities of both
    HILL      sigmoids that stand for directions; the one number that their hill means
    LINEAR    the logits as numbers
    SCALED    mean + deviation · logits
    """

    SOFTMAX = "softmax"
    SIGMOIDS = "sigmoids"
    PAIR = "pair"
    HILL = "hill"
    LINEAR = "linear"
    SCALED = "scaled"


class Blueprint(msgspec.Struct, frozen=True):
    """What a trained network is when nothing is trained.

    origin        the name of its run
    step          how many training steps it has done
    arrays        by their names, `dense1.weights` and so on, in the type that the network computes in
    scale, shift  (channels,) or (inputs,): stored inputs x become x · scale + shift
    mean, deviation  (outputs,) of the targets where the answer is SCALED, else empty
    """

    origin: str
    step: int
    experiment: Experiment
    task: Task
    encoding: Encoding | None
    layers: tuple[LayerTraits, ...]
    arrays: dict[str, Array]
    scale: Array
    shift: Array
    answer: Answer
    mean: Array
    deviation: Array

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """What the network computes in."""
        return self.scale.dtype

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of an example, as nnviz stores it: pictures are (height, width, channels)."""
        return self.task.input_shape

    @property
    def is_of_pictures(self) -> bool:
        return len(self.task.input_shape) == 3

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each input is called; none for pictures, texts, and rows of numbers without names."""
        return self.encoding.input_names if isinstance(self.encoding, TableEncoding) else ()

    @property
    def output_names(self) -> tuple[str, ...]:
        """What each number of an answer stands for: the classes, or what is predicted."""
        return self.task.class_names or self.task.output_names(self.task.numbers)

    def own(self, layer: LayerTraits) -> dict[str, Array]:
        """The arrays of a layer: `weights`, `biases`, `scales`, `mean` and so on."""
        start = f"{layer.name}."
        return {name.removeprefix(start): array for name, array in self.arrays.items() if name.startswith(start)}


def blueprint_of(trained: TrainedNetwork, origin: str) -> Blueprint:
    """The blueprint of a trained network. Raises InputError if its weights are not numbers."""
    network, task, encoder = trained.network, trained.task, trained.encoder
    arrays = {**network.parameters.named(), **network.parameters.named_statistics()}
    broken = next((name for name, array in arrays.items() if not np.isfinite(array).all()), None)
    if broken is not None:
        raise InputError(f"{origin}: {broken} holds what is no finite number; choose an earlier place with --at-step")
    output, outputs = network.loss.output, network.output_shape[0]
    mean, deviation = (output.mean, output.deviation) if isinstance(output, InUnits) else ((), ())
    return Blueprint(
        origin,
        trained.step,
        trained.experiment,
        task,
        trained.encoding,
        tuple(traits_of(layer) for layer in network.layers),
        {name: np.ascontiguousarray(array) for name, array in arrays.items()},
        encoder.scale,
        encoder.shift,
        _answer(output, outputs, task),
        _numbers(mean, network.dtype),
        _numbers(deviation, network.dtype),
    )


def _numbers(numbers: npt.ArrayLike, dtype: npt.DTypeLike) -> Array:
    return np.asarray(numbers, dtype)


def _answer(output: object, outputs: int, task: Task) -> Answer:
    if isinstance(output, Softmax):
        return Answer.SOFTMAX
    if isinstance(output, Logistic):
        if task.is_hill(outputs):
            return Answer.HILL
        return Answer.PAIR if len(task.class_names) > outputs else Answer.SIGMOIDS
    return Answer.SCALED if isinstance(output, InUnits) else Answer.LINEAR
