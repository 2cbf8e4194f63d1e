"""What the screen and the trainer say to each other: one request, one answer.

Light to import, so that the screen can be painted before NumPy is there.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from nnviz.runs.checkpoint_rule import DEFAULT, CheckpointRule
from nnviz.runs.ending import Ending
from nnviz.runs.places import END

if TYPE_CHECKING:
    from nnviz.array import Array
    from nnviz.data.sources import Source
    from nnviz.experiment import Experiment, Tables
    from nnviz.frame.blame_view import BlameView, Measure
    from nnviz.frame.branch_views import BranchView
    from nnviz.frame.focus import Focus
    from nnviz.frame.frame import Frame, FrameUpdate, Parts
    from nnviz.frame.health_view import HealthView
    from nnviz.frame.layer_measures import Measure as LayerMeasure
    from nnviz.frame.task import Task
    from nnviz.frame.verification_view import VerificationView
    from nnviz.remote.terminal import Terminal
    from nnviz.training.judgement import Judgement


class Order(msgspec.Struct, frozen=True):
    """What a new trainer is to train, and the directory that is to keep the run.

    A run is kept once a training step is finished. `terminal` is the one that the screen is drawn on: the trainer gives
    it back to the user if the screen is killed. `cached` says whether decoded images are kept for the next time,
    `source` what was found of the experiment's source, and `checkpoints` when these are made.

    `opened` is a run that is opened, at `place`; what is trained from there on is a run of its own. `resumed` is a run
    that goes on in its own directory, where it was written down last.
    """

    experiment: Experiment
    out: Path
    terminal: Terminal | None = None
    cached: bool = True
    source: Source | None = None
    checkpoints: CheckpointRule = DEFAULT
    opened: Path | None = None
    place: str = END
    resumed: Path | None = None


# Requests. Those with `parts` are answered by an update of them while training runs; without, by a frame.


class Goal(StrEnum):
    """How far a single request takes the training."""

    STAGE = "stage"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"
    STEP = "step"
    EPOCH = "epoch"


class Pace(msgspec.Struct, frozen=True):
    """How fast a running trainer goes: so many stages or steps a second, or as fast as it can (None)."""

    goal: Goal
    per_second: float | None
    words: str


PACES = (
    Pace(Goal.STAGE, 1, "1 stage/s"),
    Pace(Goal.STAGE, 4, "4 stages/s"),
    Pace(Goal.STEP, 1, "1 step/s"),
    Pace(Goal.STEP, 5, "5 steps/s"),
    Pace(Goal.STEP, 25, "25 steps/s"),
    Pace(Goal.STEP, None, "full speed"),
)


class Advance(msgspec.Struct, frozen=True):
    """Go on to a goal, then stop there. An epoch is run in the background: look until it is done."""

    goal: Goal


class Destination(StrEnum):
    """A moment of the run, by what it is to the present one or to the whole of it."""

    STAGE_BACK = "stage back"
    STEP_BACK = "step back"
    START = "start"
    BEST = "best"
    END = "end"


class EndOfEpoch(msgspec.Struct, frozen=True):
    """Where so many epochs are over."""

    epochs: int


class GoTo(msgspec.Struct, frozen=True):
    """Be at a place, or where so many training steps are done; what was not done yet is trained.

    What takes long goes on in the background: look until it is done.
    """

    place: Destination | EndOfEpoch | int


class Stay(msgspec.Struct, frozen=True):
    """Back to where the way to another moment began."""


class Run(msgspec.Struct, frozen=True):
    """Train on until something stops it."""

    pace: Pace


class Pause(msgspec.Struct, frozen=True):
    """Stop where the training is."""


class Look(msgspec.Struct, frozen=True):
    """Just what there is to see at this moment."""

    parts: Parts | None = None


class SetFocus(msgspec.Struct, frozen=True):
    """Look at another example of the batch, another block of layers or another quantity from now on."""

    focus: Focus
    parts: Parts | None = None


class Change(msgspec.Struct, frozen=True):
    """Train with this learning rate from now on."""

    learning_rate: float
    parts: Parts | None = None


class Options(msgspec.Struct, frozen=True):
    """What the run goes by."""


class DoAgain(msgspec.Struct, frozen=True):
    """How to do the run again."""


class Choose(msgspec.Struct, frozen=True):
    """Go by that value of the key at `place`, such as `training.clip`, from now on."""

    place: str
    value: Any


class BeginWith(msgspec.Struct, frozen=True):
    """A new branch from the first step on, of an experiment in which these keys are others."""

    tables: Tables


class SetWeight(msgspec.Struct, frozen=True):
    """Do this training step with another value of one number: `index` of the array `name`, as "dense1.weights".

    What is done of it is done again. In the past, to go on with it begins a branch.
    """

    name: str
    index: tuple[int, ...]
    value: float


class Restart(msgspec.Struct, frozen=True):
    """A new branch from the first step on, with the same initial weights."""


class Reseed(msgspec.Struct, frozen=True):
    """A new branch from the first step on, with the weights and the order of a seed that no other one has."""


class Health(msgspec.Struct, frozen=True):
    """What the layers do, and what the rules of health say of the run."""


class Try(msgspec.Struct, frozen=True):
    """Do what an alert says is to be tried, in a branch, as far as the run has come that the alert is about."""

    rule: str
    layer: str | None


class Follow(msgspec.Struct, frozen=True):
    """Have the curve of a measure of a layer in the frames from now on."""

    layer: int
    measure: LayerMeasure


class ListBranches(msgspec.Struct, frozen=True):
    """Which branches there are."""


class Visit(msgspec.Struct, frozen=True):
    """Go to where a branch ended, and on with it from there."""

    number: int


class LayOver(msgspec.Struct, frozen=True):
    """Show the losses of another branch over those of the one that is trained; or of none (None) any more."""

    number: int | None


class Test(msgspec.Struct, frozen=True):
    """Score the network as it is now on examples that it never trained on."""


class Examine(msgspec.Struct, frozen=True):
    """Look at examples of a split as at those that are trained on, by a copy of the network; the training waits.

    numbers  places in the split; `place` is which of them is looked at first. `SetFocus` chooses among them, `Advance`
             and `GoTo` move its stages as far as backprop; `Stay`, and whatever moves the training on, ends it
    """

    split: str
    numbers: tuple[int, ...]
    place: int


class Blame(msgspec.Struct, frozen=True):
    """Say which weights are to blame: of the focused block or everywhere, for the focused example or the batch."""

    focus: Focus
    measure: Measure
    of_example: bool
    everywhere: bool


class Verify(msgspec.Struct, frozen=True):
    """Begin to compare gradients with what the loss does when a weight changes; a running training is paused.

    block, chosen  one of a block's weights, or some of which the one with the largest gradient is meant: from … to
                   before …, axis by axis. It is compared first; None for none
    """

    block: int
    chosen: tuple[tuple[int, int], ...] | None


class LookAtVerification(msgspec.Struct, frozen=True):
    """How far that is. Whatever moves the training on ends it."""


class SetDown(msgspec.Struct, frozen=True):
    """Keep and score the run, since somebody is about to leave; who then stays finds it as it was."""


class Close(msgspec.Struct, frozen=True):
    """Keep the run and end."""


Request = (
    Advance
    | GoTo
    | Stay
    | Run
    | Pause
    | Look
    | SetFocus
    | Change
    | SetWeight
    | Options
    | DoAgain
    | Choose
    | BeginWith
    | Restart
    | Reseed
    | Try
    | Follow
    | ListBranches
    | Health
    | Visit
    | LayOver
    | Test
    | Examine
    | Blame
    | Verify
    | LookAtVerification
    | SetDown
    | Close
)

# Answers; a request about the training is answered by a Frame or a FrameUpdate


class Mistake(msgspec.Struct, frozen=True):
    """A test example that the network was most wrong about.

    number  its place in the split, from 0
    label, said  the class and the one that was said, or the numbers
    probability  how sure it was of what it said; None for numbers
    pixels  (height, width, channels) uint8, or None where the examples are not pictures
    text    its beginning, or None where the examples are not texts
    """

    number: int
    name: str
    label: str
    said: str
    probability: float | None
    loss: float
    pixels: Array | None
    text: str | None = None


class TestReport(msgspec.Struct, frozen=True):
    """How the network does on a split it never trained on; `confusion` rows are labels, columns what it said.

    judgement  how good that is; None without an example. Its thresholds are hundredths
    true, predicted  (k,) the first of the numbers and what the network said, of at most 2,000 examples
    """

    split: str
    task: Task
    examples: int
    step: int
    loss: float
    accuracy: float | None
    confusion: Array | None
    mistakes: tuple[Mistake, ...]
    judgement: Judgement | None = None
    true: Array | None = None
    predicted: Array | None = None


class BranchList(msgspec.Struct, frozen=True):
    """All branches, as they began; the answer to `ListBranches`."""

    branches: tuple[BranchView, ...]


class OptionsView(msgspec.Struct, frozen=True):
    """What the run goes by; the answer to what asks for it or changes it.

    experiment  with all that was chosen anew since it began
    at_once     places of the keys that this run can change on its way
    is_back     whether somebody is back in the past, where a change begins a branch
    refused     why what was asked for cannot be, if it cannot
    """

    experiment: Experiment
    at_once: tuple[str, ...]
    is_back: bool
    refused: str | None = None


class Recipe(msgspec.Struct, frozen=True):
    """What does the run again; the answer to `DoAgain`.

    command  on the command line, toml the content of a file, and notes what neither says
    """

    command: str
    toml: str
    notes: tuple[str, ...] = ()


class Closing(msgspec.Struct, frozen=True):
    """The trainer has heard that it is to end, or to be ready for that, and keeps the run; the answer comes later."""


class Died(msgspec.Struct, frozen=True):
    """The trainer ends because of this.

    reason     if what the user gave is wrong, what is wrong; else what the trainer did
    exit_code  2 if what the user gave is wrong, else 1
    ending     what has become of the run, None if none was begun
    details    if it is a fault of nnviz, what else there is to say of it
    """

    reason: str
    exit_code: int
    ending: Ending | None = None
    details: str | None = None


Answer: TypeAlias = (
    "Frame | FrameUpdate | TestReport | BranchList | OptionsView | Recipe | BlameView | VerificationView | HealthView "
    "| Ending | Died"
)
