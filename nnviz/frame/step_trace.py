"""StepTrace: what a training step has filled so far, whoever takes that step."""

from typing import Protocol

import msgspec

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Operation
from nnviz.frame.stages import Phase, Stage


class LayerTraits(msgspec.Struct, frozen=True):
    """What a layer is, and stays.

    shapes      without the batch: (units,), or (height, width, maps)
    parameters  the kinds of its arrays, weights first: weights, biases, scales, shifts; those of somebody else's model
                may have names of their own
    alone       whether the next layer is the only one that what it gives goes into
    """

    name: str
    kind: str
    described: str
    operation: Operation
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: tuple[str, ...]
    alone: bool = True


class StepBatch(Protocol):
    """The examples that a training step works on."""

    @property
    def indices(self) -> Array:
        """(n,) places in the training split."""

    @property
    def inputs(self) -> Array:
        """(n, *input_shape), as the network gets them."""

    @property
    def targets(self) -> Array:
        """(n, outputs)."""

    @property
    def weights(self) -> Array | None:
        """(n,) how much each example counts; None where all count the same."""

    @property
    def seen(self) -> Array | None:
        """(n, height, width, channels) uint8, pictures that were changed for this step; None where none were."""


class StepScores(Protocol):
    """What the loss makes of a batch."""

    @property
    def mean(self) -> float:
        """The loss of the batch."""

    @property
    def each(self) -> Array:
        """(n,) the loss of each example."""

    @property
    def prediction(self) -> Array:
        """(n, outputs)."""

    @property
    def errors(self) -> Array:
        """(n, outputs) prediction − target."""


class LossTraits(msgspec.Struct, frozen=True):
    """How the derivative of the loss comes from the error p − y of an example.

    output  the output function whose derivative ∂L/∂p has to go through, softmax or sigmoid; None where ∂L/∂z is p − y
            times a number already, because the two belong together
    factor  what p − y is multiplied by, besides the example's share of the batch: of each output, or of all
    """

    output: str | None
    factor: float | Array


class StepTrace(Protocol):
    """A training step as it is at this moment, through which everybody reads it who wants to see it.

    What the step has not reached yet is None. Arrays are the step's own buffers: whoever keeps them copies them.
    """

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""

    @property
    def layers(self) -> tuple[LayerTraits, ...]:
        """The layers, in the order in which they work."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages of the step, in order."""

    @property
    def done(self) -> int:
        """How many of them have run."""

    @property
    def index(self) -> int:
        """The training step's number, from 0."""

    @property
    def batch(self) -> StepBatch:
        """What the step trains on."""

    @property
    def scores(self) -> StepScores | None:
        """What the loss made of it."""

    @property
    def loss(self) -> LossTraits:
        """What the loss is."""

    def reached(self, phase: Phase) -> bool:
        """Whether that phase is done."""

    @property
    def proposed(self) -> bool:
        """Whether the update is proposed."""

    def output(self, layer: int) -> Array | None:
        """What layer number `layer` (−1: the input) gave for the whole batch, (n, *shape)."""

    def output_gradient(self, layer: int) -> Array | None:
        """∂L/∂(output of layer number `layer`) for the whole batch, (n, *shape); None for the input, always."""

    def parameter(self, layer: int, kind: str, quantity: Quantity) -> Array | None:
        """One of a layer's arrays, in its own shape: its values, gradient or update. None where it has no such."""

    def adds_up(self, layer: int) -> bool:
        """Whether a layer's gradients are the sum of what each example of the batch adds, and of nothing else."""

    def winners(self, layer: int, place: int) -> Array | None:
        """Of an example: which number of its cell won, counted row by row, where a layer takes the largest."""

    def factors(self, layer: int, place: int) -> Array | None:
        """Of an example: what each number was multiplied by, where a layer leaves some out by chance."""

    def moments(self, layer: int) -> tuple[Array, Array] | None:
        """(units,) mean and variance of the batch, where a layer normalises by them."""
