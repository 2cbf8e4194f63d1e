"""Frame: all that there is to see at one moment, frozen.

A frame is copied out of the buffers that the training step itself filled: looking never computes anything of the
network again. What the current stage has not reached yet is None.
"""

from dataclasses import dataclass
from enum import StrEnum

from nnviz.data.dataset import Array, Task

# Bounds that keep a frame small however large the network is.
UNITS = 24
LISTED_UNITS = 64
MATRIX_ROWS, MATRIX_COLUMNS = 96, 192
CURVE_BINS = 256
PIXELS = 128
FEATURES = 256


class State(StrEnum):
    """What the run is doing."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"


class Quantity(StrEnum):
    """What the matrix of the focused layer can show."""

    GRADIENT = "gradient"
    WEIGHT = "weight"
    UPDATE = "update"
    ACTIVATION = "activation"


@dataclass(frozen=True, slots=True)
class Focus:
    """What is looked at: an example of the batch (counted round and round), a block's number, a quantity."""

    example: int = 0
    block: int = 0
    quantity: Quantity = Quantity.GRADIENT


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the run is. All counts are from 0; `done` is the number of stages of this training step that have run."""

    step: int
    epoch: int
    batch: int
    batches: int
    depth: int
    done: int


@dataclass(frozen=True, slots=True)
class ExampleView:
    """The focused example.

    number      its place in the training split; `place` is its place in the batch of `batch_size`
    label       its class, None where targets are numbers
    pixels      (height, width, channels) uint8, the picture as it is stored; None for features
    features    (features,) float, standardised; None for pictures
    target      (outputs,)
    logits      (outputs,), from the end of the forward pass on
    prediction, error  (outputs,), from the loss on; error is prediction − target
    loss        of this example alone, from the loss on
    said        the class that the prediction means, None where targets are numbers
    """

    number: int
    place: int
    batch_size: int
    name: str
    label: int | None
    pixels: Array | None
    features: Array | None
    target: Array
    logits: Array | None
    prediction: Array | None
    error: Array | None
    loss: float | None
    said: int | None


@dataclass(frozen=True, slots=True)
class Units:
    """Some units of one layer's output (or of the input), those with the strongest weights first.

    indices      (k,) places in the layer's flattened output, `total` of them in all
    activations  (k,) of the focused example
    gradients    (k,) ∂L/∂(activation) of the focused example
    """

    total: int
    indices: Array
    activations: Array | None
    gradients: Array | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The size of many numbers: root of their mean square, and the largest magnitude."""

    rms: float
    largest: float


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer.

    block    the layers of a block share their units: a layer with weights and the activations that follow it
    edges    (units before, units here), the weights between the units shown; None for a layer without weights
    weights, gradients, updates  how large they are, over all of the layer's parameters
    """

    name: str
    kind: str
    described: str
    block: int
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: int
    units: Units
    edges: Array | None
    weights: Spread | None
    gradients: Spread | None
    updates: Spread | None


@dataclass(frozen=True, slots=True)
class BlockErrors:
    """The error that reached each unit of the focused block, for the focused example, the largest first.

    indices           (k,) units, `total` in all
    z, a              (k,) what the units computed before and after the activation function
    grad_z, grad_a    (k,) ∂L/∂z and ∂L/∂a; in a block without activation function they are the same
    """

    name: str
    total: int
    indices: Array
    z: Array | None
    a: Array | None
    grad_z: Array | None
    grad_a: Array | None


@dataclass(frozen=True, slots=True)
class MatrixView:
    """A matrix of the focused block, reduced to what a screen can hold.

    Rows are the units of the block. Columns are the units before it (gradient, weight, update), or the examples of
    the batch (activation). A cell is the number of largest magnitude, with its sign, in a block of
    `row_step` × `column_step` numbers of the whole matrix of `shape`.
    """

    quantity: Quantity
    name: str
    shape: tuple[int, int]
    row_step: int
    column_step: int
    cells: Array | None


@dataclass(frozen=True, slots=True)
class Curves:
    """The run so far. A bin holds `stride` steps, the last one maybe fewer; `total` steps in all."""

    stride: int
    total: int
    means: Array
    lows: Array
    highs: Array
    validation_steps: Array
    validation_losses: Array
    best_step: int | None
    best_loss: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast training goes, measured over the last second or so of running; None until then."""

    steps_per_second: float | None = None
    examples_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """What stays the same while a run lasts, except the learning rate."""

    dataset: str
    notice: str
    network: str
    loss: str
    output: str
    optimizer: str
    parameters: int
    epochs: int | None
    skipped: int


@dataclass(frozen=True, slots=True)
class Frame:
    """All that there is to see at one moment.

    input      the units of the input; `layers` has those of each layer
    batch_loss the mean loss of the batch, from the loss on
    said_wrong how many examples of the batch were put in the wrong class; None before the loss and for numbers
    """

    title: Title
    task: Task
    state: State
    stopped_by: str | None
    moment: Moment
    focus: Focus
    learning_rate: float
    example: ExampleView
    input: Units
    layers: tuple[LayerView, ...]
    batch_loss: float | None
    said_wrong: int | None
    errors: BlockErrors
    matrix: MatrixView
    curves: Curves
    rates: Rates
