"""Frame: all that there is to see at one moment, frozen.

A frame is copied out of the buffers that the training step itself filled: looking never computes anything of the
network again, but for the plane, for which a replica is asked what it says of places where no example is. What the
current stage has not reached yet is None.
"""

from enum import StrEnum
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.data.task import Task

# Bounds that keep a frame small however large the network is.
UNITS = 24
LISTED_UNITS = 64
MATRIX_ROWS, MATRIX_COLUMNS = 96, 192
CURVE_BINS = 256
PIXELS = 128
FEATURES = 256
# Width of a feature's name.
NAME = 40
# Of a text: characters that are shown, and n-grams that are marked in it.
TEXT, MARKED = 800, 6
# Of kernels and feature maps: so many in a row or column, numbers on a side, and numbers in all.
TILES = 64
TILE_SIDE = 48
TILE_NUMBERS = 12_288
# Of the plane: cells on a side, and points of the batch and others that are shown on it.
SURFACE_SIDE = 64
POINTS = 192
# Weights between the units of a diagram, in all.
EDGES = 12_288


class State(StrEnum):
    """What the run is doing."""

    READY = "ready"
    RUNNING = "running"
    REPLAYING = "replaying"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"


class Quantity(StrEnum):
    """What the matrix of the focused layer can show."""

    GRADIENT = "gradient"
    WEIGHT = "weight"
    UPDATE = "update"
    ACTIVATION = "activation"


class Focus(msgspec.Struct, frozen=True):
    """What is looked at: an example of the batch (counted round and round), a block's number, a quantity."""

    example: int = 0
    block: int = 0
    quantity: Quantity = Quantity.GRADIENT


class Moment(msgspec.Struct, frozen=True):
    """Where the run is. All counts are from 0; `done` is the number of stages of this training step that have run.

    furthest  how many training steps have ever been finished
    is_back   whether somebody went back behind one of them
    """

    step: int
    epoch: int
    batch: int
    batches: int
    depth: int
    done: int
    furthest: int
    is_back: bool


class NGramView(msgspec.Struct, frozen=True):
    """An n-gram of a text, or several that share an input.

    name      of those in the beginning that is shown; where none is, the commonest of the data set and "+3" for others
    count     how often it is in the whole text; 255 where more often
    strength  the length of what it adds to the sums of the first layer's units, beyond what an average text adds
    """

    name: str
    count: int
    strength: float


class TextView(msgspec.Struct, frozen=True):
    """The focused example's text, and what in it counts most.

    text       its beginning on one line, without control characters; `more` is how many characters follow
    marks      (characters,) float32, the strength of the strongest n-gram that covers a character as a share of that
               of the strongest of all; 0 where none of `strongest` does
    strongest  of the whole text, the strongest first; empty where strengths are not finite, as after divergence
    """

    text: str
    more: int
    marks: Array
    strongest: tuple[NGramView, ...]


class ExampleView(msgspec.Struct, frozen=True):
    """The focused example.

    number      its place in the training split; `place` is its place in the batch of `batch_size`; both from 0
    label       its class, None where targets are numbers
    weight      its share of all that the examples of the batch weigh; None where all count the same
    pixels      (height, width, channels) uint8, the picture as the network saw it; None for features
    augmented   whether that is a changed picture and not the one that is stored
    features    (features,) float, standardised; None for pictures
    stored      (features,) float, the same in their own units; None for pictures
    feature_names  of these, empty where they have none
    text        None where the features are not counts of a text's n-grams
    target      (outputs,)
    logits      (outputs,), from the end of the forward pass on
    prediction, error  (outputs,), from the loss on; error is prediction − target
    loss        of this example alone, from the loss on
    said        the class that the prediction means, None where targets are numbers
    wanted      where there is one number to predict: that number, in its own unit, whatever tells it
    told        the number that the prediction means, from the loss on
    """

    number: int
    place: int
    batch_size: int
    name: str
    label: int | None
    weight: float | None
    pixels: Array | None
    augmented: bool
    features: Array | None
    stored: Array | None
    feature_names: tuple[str, ...]
    text: TextView | None
    target: Array
    logits: Array | None
    prediction: Array | None
    error: Array | None
    loss: float | None
    said: int | None
    wanted: float | None
    told: float | None


class Units(msgspec.Struct, frozen=True):
    """Some units of one layer's output (or of the input), those whose weights were the strongest at the start first.

    Of the last layer's they are the focused example's own class and the one that was said, then the first ones.

    A unit is one number of the output. Where the output is feature maps, a unit is a map, and what is told of it is
    its number of largest magnitude, with its sign.

    sides        (height, width) of a map, None where a unit is one number
    indices      (k,) places in the layer's flattened output or numbers of maps, `total` of them in all
    names        (k,) of an input that counts n-grams, else empty
    activations  (k,) of the focused example: what the layer gave
    gradients    (k,) ∂L/∂(the same numbers)
    strongest    of all units, shown or not: the number of the one whose activation is of largest magnitude, and that
    silent       how many of all units are exactly 0
    """

    sides: tuple[int, int] | None
    total: int
    indices: Array
    names: tuple[str, ...]
    activations: Array | None
    gradients: Array | None
    strongest: tuple[int, float] | None
    silent: int | None


class Spread(msgspec.Struct, frozen=True):
    """The size of many numbers: root of their mean square, and the largest magnitude."""

    rms: float
    largest: float


class ParameterView(msgspec.Struct, frozen=True):
    """One array of a layer's parameters.

    kind       weights, biases, scales or shifts
    count      of its numbers
    values, gradients, updates  how large they are
    before     how large the values were before this step's update; known with the update
    """

    kind: str
    count: int
    values: Spread
    gradients: Spread | None
    updates: Spread | None
    before: Spread | None


class LayerView(msgspec.Struct, frozen=True):
    """One layer.

    block    the layers of a block share their units: a layer that makes new ones, and those after it that work on each
             number alone (activation functions, batch normalisation, dropout) or only reshape (flatten)
    edges    (units before, units here), the weights between the units shown; where a pair of units has several, as in a
             kernel, the one of largest magnitude. None for a layer that joins no units by weights
    parameters  its arrays, weights first
    """

    name: str
    kind: str
    described: str
    block: int
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: tuple[ParameterView, ...]
    units: Units
    edges: Array | None


class PassedError(msgspec.Struct, frozen=True):
    """One number of a layer that works on each number alone, on the way back: that of the largest ∂L/∂(its output).

    unit      its unit, and `place` where in a feature map (row, column); None where the unit is one number
    came      ∂L/∂(the layer's output) there, and `went`, ∂L/∂(its input)
    """

    unit: int
    place: tuple[int, int] | None
    came: float
    went: float


class BlockErrors(msgspec.Struct, frozen=True):
    """The error that reached each unit of the focused block, for the focused example, the largest first.

    Of the outputs for classes, the one of the target comes before all others; numbers are in their own order. Units are
    ordered by ∂L/∂a.

    Of a feature map, all numbers are those of one place: where ∂L/∂a is of largest magnitude, or a until that is known.

    of_maps           whether the units are feature maps (or stand for one each)
    weighted          whether the block begins with weighted sums
    indices           (k,) units, `total` in all
    z, grad_z         (k,) these sums, before any batch normalisation, and ∂L/∂z; None in a block without
    a, grad_a         (k,) what the block's last layer gave, and ∂L/∂a
    """

    name: str
    of_maps: bool
    weighted: bool
    total: int
    indices: Array
    z: Array | None
    a: Array | None
    grad_z: Array | None
    grad_a: Array | None


class MatrixView(msgspec.Struct, frozen=True):
    """A matrix of the focused block, reduced to what a screen can hold.

    Rows are the units of the block. Columns are the units before it (gradient, weight, update), or the examples of
    the batch (activation). A cell is the number of largest magnitude, with its sign, in a block of
    `row_step` × `column_step` numbers of the whole matrix of `shape`.

    by_example  whether columns are examples; in a block without weights they always are, and its gradient is ∂L/∂a
    biases      (rows,) the same quantity of the units' biases; None where there are none, or not yet
    """

    quantity: Quantity
    name: str
    by_example: bool
    shape: tuple[int, int]
    row_step: int
    column_step: int
    cells: Array | None
    biases: Array | None


class TilesView(msgspec.Struct, frozen=True):
    """Small pictures of the focused block: the kernels of a convolution, or feature maps of the focused example.

    A block with kernels shows them for gradient, weight and update, and its feature maps for activation. One without
    (pool, globalpool) has feature maps for activation and their ∂L/∂a for gradient, and nothing for weight and update.

    kind     of the block's first layer
    shape    (maps, maps before them) of all kernels; (maps, 1) of feature maps
    sides    (height, width) of one of them, before it was reduced
    rows     (r,) numbers of the maps, those whose weights were the strongest at the start first
    columns  (c,) numbers of the maps before them, in the same order; None for feature maps
    step     a cell is the number of largest magnitude, with its sign, of `step` × `step` numbers
    cells    (r, c, height, width), feature maps with c = 1
    before   (r, height, width), the maps that go into a pool or globalpool, for activation; None where too large
    kept     (r, height, width) bool, which of these numbers a pool passed on
    biases   (r,) of kernels: the same quantity of their biases; None where there are none, or not yet
    """

    quantity: Quantity
    name: str
    kind: str
    shape: tuple[int, int]
    sides: tuple[int, int]
    rows: Array
    columns: Array | None
    step: int
    cells: Array | None
    before: Array | None
    kept: Array | None
    biases: Array | None


class SurfaceView(msgspec.Struct, frozen=True):
    """What the network says all over the plane, where an input is two numbers.

    To compute it is dear: whoever watches a training at full speed asks for it again `lasts` steps after `steps`. It is
    the number of training steps that take about a hundred times as long; it follows from the network's size.

    steps      finished training steps, whose weights it is of
    names      of the two inputs
    low, high  (x, y), the lower left corner and the upper right one, in the units that the inputs are stored in
    classes    (rows, columns) int16, the most likely class in the middle of each cell, the top row first; None for
               numbers
    values     (rows, columns) float32, the probability of the second of two classes, that of the most likely one of
               several, or the first of the numbers to predict
    targets    (lowest, highest) of the numbers to predict, None for classes
    """

    steps: int
    lasts: int
    names: tuple[str, ...]
    low: tuple[float, float]
    high: tuple[float, float]
    classes: Array | None
    values: Array
    targets: tuple[float, float] | None


class PointsView(msgspec.Struct, frozen=True):
    """Some training examples of the plane.

    points  (k, 2), those of the batch first, `batch` in all, and number `focused` is the focused example
    labels  (k,) their classes or numbers
    """

    points: Array
    labels: Array
    batch: int
    focused: int


class Curves(msgspec.Struct, frozen=True):
    """The run so far.

    means, lows, highs  of the losses of training steps. A bin holds `stride` steps, the last one maybe fewer; `total`
                        steps in all
    position            how many steps are done at this moment, where there were more before; else None
    latest              the loss of the last training step alone, None before the first
    validation_steps, validation_losses  of evaluations, some of them where there are too many, always with the latest
    accuracy            of the latest evaluation, None where targets are numbers
    """

    stride: int
    total: int
    means: Array
    lows: Array
    highs: Array
    latest: float | None
    validation_steps: Array
    validation_losses: Array
    best_step: int | None
    best_loss: float | None
    accuracy: float | None
    position: int | None = None


class Rates(msgspec.Struct, frozen=True):
    """How fast training goes, measured over the last second or so of running; None until then."""

    steps_per_second: float | None = None
    examples_per_second: float | None = None


class UpdateRuleView(msgspec.Struct, frozen=True):
    """What happens to the gradient on its way to the update; each but the rule's words is None where there is no such.

    rule     the optimizer: SGD, RMSprop, Adam or AdamW
    momentum share of the last update's velocity that is kept; `ahead` if it looks a step ahead (Nesterov)
    decay    share of every weight that a step takes away, times the learning rate
    penalty  the penalty on large weights that is trained together with the loss, at the weights as they are
    clip     the longest gradient that is followed, and `norm`, how long this one was, from the proposal on
    chosen   the learning rate that was chosen for the update, and `rate`, what the schedule makes of it: of this step's
             Δw once it is proposed, whatever has been chosen since
    schedule what changes the rate at this step: the schedule, or the warm-up that leads up to it
    """

    rule: str
    momentum: float | None
    ahead: bool
    decay: float | None
    penalty: float | None
    clip: float | None
    norm: float | None
    chosen: float
    rate: float
    schedule: str | None


class Title(msgspec.Struct, frozen=True):
    """What stays the same while a run lasts, except the learning rate.

    caveats           sentences about how the data were read, and what was left out of them
    notice            what to look for
    only_in_training  what the losses of training steps have in them, and those of evaluations have not
    """

    dataset: str
    caveats: tuple[str, ...]
    notice: str
    network: str
    loss: str
    output: str
    optimizer: str
    parameters: int
    epochs: int | None
    skipped: int
    only_in_training: tuple[str, ...]


class Frame(msgspec.Struct, frozen=True):
    """All that there is to see at one moment.

    goal       how many steps are to be done at the moment that is gone to, while that takes its time; else None
    learning_rate  the rate that is chosen now; `rate` is what the schedule makes of it at this step
    input      the units of the input; `layers` has those of each layer
    passed     from the backward stage of a layer that works on each number alone, until the next stage; else None
    batch_loss the mean loss of the batch, from the loss on
    said_wrong how many examples of the batch were put in the wrong class; None before the loss and for numbers
    worst      place in the batch of the example with the highest loss, from the loss on
    surface    None where an input is not two numbers, as `points`
    """

    title: Title
    task: Task
    state: State
    stopped_by: str | None
    moment: Moment
    focus: Focus
    learning_rate: float
    rate: float
    update_rule: UpdateRuleView
    example: ExampleView
    input: Units
    layers: tuple[LayerView, ...]
    passed: PassedError | None
    batch_loss: float | None
    said_wrong: int | None
    worst: int | None
    errors: BlockErrors
    matrix: MatrixView | TilesView
    curves: Curves
    rates: Rates
    surface: SurfaceView | None
    points: PointsView | None
    goal: int | None = None


Part = Literal[
    "title",
    "rates",
    "update_rule",
    "said_wrong",
    "example",
    "layers",
    "errors",
    "matrix",
    "curves",
    "surface",
    "points",
]
"""What of a frame takes time to take: the names of its fields. With the layers come `input` and `passed`."""

Parts = frozenset[Part]
EVERY_PART: Parts = frozenset(get_args(Part))


class FrameUpdate(msgspec.Struct, frozen=True):
    """Some fields of a frame of a running training.

    They are the parts that were asked for, and all else that may change while it runs and takes no time.
    """

    fields: dict[str, Any]

    def over(self, frame: Frame) -> Frame:
        """The frame with these fields; the others are as they were."""
        return replace(frame, **self.fields)
