"""Frame: all that there is to see at one moment, frozen.

A frame is copied out of the buffers that the training step itself filled: looking never computes anything of the
network again that a step does. What the current stage has not reached yet is None.

What the step never computes is computed, on copies, when somebody looks: what the plane says where no example is, and
what the update has done to the loss (`outcome`).
"""

from enum import StrEnum
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.frame.batch_view import BatchView
from nnviz.frame.branch_views import OtherCurve
from nnviz.frame.examined import Examined
from nnviz.frame.example_view import ExampleView
from nnviz.frame.focus import Focus
from nnviz.frame.layer_measures import Measure
from nnviz.frame.layer_views import BlockErrors, LayerView, PassedError, Units
from nnviz.frame.matrix_views import MatrixView, TilesView
from nnviz.frame.outcome_view import OutcomeView
from nnviz.frame.plane_views import PointsView, SurfaceView
from nnviz.frame.stages import Phase, Stage
from nnviz.frame.task import Targets, Task
from nnviz.frame.unit_view import UnitView

# A bound that keeps a frame small however long the run is.
CURVE_BINS = 256


class State(StrEnum):
    """What the run is doing."""

    READY = "ready"
    RUNNING = "running"
    REPLAYING = "replaying"
    WATCHING = "watching"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"


class Moment(msgspec.Struct, frozen=True):
    """Where the run is. All counts are from 0; `done` is the number of stages of this training step that have run.

    furthest  how many training steps have ever been finished
    is_back   whether somebody went back behind one of them
    """

    step: int
    epoch: int
    batch: int
    batches: int
    done: int
    furthest: int
    is_back: bool


class Readings(msgspec.Struct, frozen=True):
    """A curve of what is read after some training steps alone.

    steps  (bins,) the training step of the first reading in each bin, of which it holds `stride`, the last one maybe
           fewer; means, lows, highs of what is a finite number, NaN where nothing is
    """

    steps: Array
    stride: int
    means: Array
    lows: Array
    highs: Array


class Followed(msgspec.Struct, frozen=True):
    """A measure of a layer that is to be seen as a curve."""

    layer: str
    measure: Measure
    readings: Readings


class AlertMark(msgspec.Struct, frozen=True):
    """Where an alert of the rules of health began: after how many training steps."""

    step: int
    rule: str
    layer: str | None


class Curves(msgspec.Struct, frozen=True):
    """The run so far.

    means, lows, highs  of the losses of training steps. A bin holds `stride` steps, the last one maybe fewer; `total`
                        steps in all
    position            how many steps are done at this moment, where there were more before; else None
    latest              the loss of the last training step alone, None before the first
    validation_steps, validation_losses  of evaluations, some of them where there are too many, always with the latest
    accuracy            of the latest evaluation, None where targets are numbers
    batches_right       share of the examples of a batch whose class was said, None where targets are numbers
    validation_right    the same of the evaluations, at `validation_steps`
    followed            a measure of a layer, if one was chosen
    marks               of all alerts
    branch              what the run is called, if it is one of several branches; else None
    others              other branches that are to be seen beside it
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
    batches_right: Readings | None = None
    validation_right: Array | None = None
    followed: Followed | None = None
    marks: tuple[AlertMark, ...] = ()
    position: int | None = None
    branch: str | None = None
    others: tuple[OtherCurve, ...] = ()


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
    begins_from       where the first weights were given; None where chance gave them
    decimals          how many are told of each number where there is room; None where three digits are enough
    only_in_training  what the losses of training steps have in them, and those of evaluations have not
    is_watched        whether it is somebody else's loop that trains: it can be stopped, and not led otherwise
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
    begins_from: str | None = None
    decimals: int | None = None
    is_watched: bool = False


class Frame(msgspec.Struct, frozen=True):
    """All that there is to see at one moment.

    stages     of a training step, in order
    goal       how many steps are to be done at the moment that is gone to, while that takes its time; else None
    alerts     how many alerts the rules of health have about the run
    learning_rate  the rate that is chosen now; `rate` is what the schedule makes of it at this step
    input      the units of the input; `layers` has those of each layer
    passed     from the backward stage of a layer that works on each number alone, until the next stage; else None
    batch_loss the mean loss of the batch, from the loss on
    said_wrong how many examples of the batch were put in the wrong class; None before the loss and for numbers
    worst      place in the batch of the example with the highest loss, from the loss on
    unit       the one under the cursor; None where no unit is looked at
    surface    None where an input is not two numbers, or there is one example alone, as `points`
    said       what is to be said with this frame alone, and not again
    outcome    what the update does to the loss, from its proposal on; None while training runs at full speed
    examined   where the example comes from, if it is one that was never trained on: the stages are done on it alone, by
               a copy of the network, and the training waits at its moment
    batch      what each example of the batch costs; None once a training step is done, and there is a curve
    """

    title: Title
    task: Task
    stages: tuple[Stage, ...]
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
    unit: UnitView | None
    curves: Curves
    rates: Rates
    surface: SurfaceView | None
    points: PointsView | None
    goal: int | None = None
    said: str | None = None
    alerts: int = 0
    outcome: OutcomeView | None = None
    examined: Examined | None = None
    batch: BatchView | None = None

    @property
    def stage(self) -> Stage | None:
        """The stage that has run last; None at the beginning of a training step."""
        return self.stages[self.moment.done - 1] if self.moment.done else None

    def has_begun(self, phase: Phase) -> bool:
        """Whether a stage of that phase has run in this training step."""
        return any(stage.phase is phase for stage in self.stages[: self.moment.done])

    def has_reached(self, phase: Phase) -> bool:
        """Whether all stages of that phase have run in this training step."""
        return all(stage.phase is not phase for stage in self.stages[self.moment.done :])

    @property
    def in_units(self) -> Targets | None:
        """The targets, where each output tells one of them in its own unit; None for classes, hills and sigmoids."""
        return self.task.in_units(len(self.example.target)) if self.title.output == "linear" else None


Part = Literal[
    "title",
    "rates",
    "update_rule",
    "said_wrong",
    "example",
    "layers",
    "errors",
    "matrix",
    "unit",
    "curves",
    "surface",
    "points",
    "outcome",
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
