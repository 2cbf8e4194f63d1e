"""The side of a watched training that talks to a screen, in a thread of its own."""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace
from torch import nn
from torch.optim import Optimizer

from nnviz.errors import InputError
from nnviz.frame.blame_view import BlameView
from nnviz.frame.blame_view import Measure as BlameMeasure
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame, FrameUpdate, Parts, Rates, State
from nnviz.frame.layer_measures import Measure
from nnviz.frame.stages import Phase
from nnviz.frame.verification_view import VerificationView
from nnviz.frame.watched_health import WatchedHealth
from nnviz.live.blaming import blame
from nnviz.live.camera import WatchedCamera
from nnviz.live.gate import Stop
from nnviz.live.own_example import OwnExample, OwnExamples, Shows
from nnviz.live.recording import Recording
from nnviz.live.saliency import InputGradients
from nnviz.live.shared import Shared
from nnviz.live.structure import Structure
from nnviz.live.tensors import is_spread
from nnviz.live.trace import WatchedTrace
from nnviz.live.verification import WatchedVerification

RATE_SECONDS = 1.0
AGAIN = "ask again when it has stopped"
SEVERAL = 2
UNHEARD = (
    "the optimizer that watch was given has none of the model's parameters, so no step is heard of: make it, and call "
    "watch, after what replaces them (fully_shard)"
)


class ScreenSide:
    """Shows what was recorded, and tells training where to stop, as long as a screen is there.

    All of it is called from the thread that talks to the screen; one at a time does.

    steps_before  how many steps were made before it was watched: they are not counted, and the screen says so
    example       shows an example in its user's own way
    classes       the names of the classes
    clock         in seconds: what the rate of steps goes by
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        name: str,
        shared: Shared,
        clock: Callable[[], float],
        steps_before: int,
        example: Shows | None,
        classes: Sequence[str],
    ) -> None:
        self.name, self.shared = name, shared
        self._model, self._optimizers, self._clock, self._steps_before = model, optimizers, clock, steps_before
        self._examples, self._classes = None if example is None else OwnExamples(example), tuple(classes)
        self.focus: Focus | None = None
        self._camera: WatchedCamera | None = None
        self._verification: WatchedVerification | None = None
        self._input_gradients = InputGradients(model)
        self._last: Frame | None = None
        self._measured: tuple[float, int] | None = None
        self._rates = Rates()

    def attach(self, is_attached: bool) -> None:
        """A screen has come, or is gone; nothing is kept for one that is gone."""
        with self.shared.gate.lock:
            self.shared.shown = self._camera = self._last = self.focus = self._verification = None
            self._input_gradients = InputGradients(self._model)
            self.shared.rate_change.forget()
            self.shared.due = 0.0
        self.shared.gate.attach(is_attached)

    @property
    def told_fault(self) -> str | None:
        """What has gone wrong, in a line."""
        log = self.shared.past.log
        for fault, said in (
            (self.shared.guard.fault, "nnviz does not look any more"),
            (None if log is None else log.fault, "what happens is not written down any more"),
        ):
            if fault is not None:
                return f"{said}, and training goes on: {type(fault).__name__}: {fault}"
        return None

    @property
    def has_looked(self) -> bool:
        """Whether there is something to see since a screen came."""
        return self.shared.shown is not None

    @property
    def unheard(self) -> str | None:
        """Why no training step is heard of, where that is known."""
        stepping = [
            each for optimizer in self._optimizers for group in optimizer.param_groups for each in group["params"]
        ]
        own = {*map(id, self._model.parameters())}
        has_own = any(id(each) in own or is_spread(each) for each in stepping)
        return UNHEARD if not self.shared.steps and self.shared.passes >= SEVERAL and not has_own else None

    def view(self, parts: Parts | None) -> Frame | FrameUpdate | None:
        """What there is to see; None before the first look."""
        shown = self.shared.shown
        if shown is None:
            return None
        # The user's own function may take its time: training does not wait for it.
        own = self._own_example(shown.recording)
        with self.shared.gate.lock:
            if shown is not self.shared.shown and self.shared.gate.is_stopped:
                # Meanwhile it has come further, and waits there.
                return self.view(parts)
            structure, recording, done = shown
            self._measure()
            if not self.shared.gate.is_stopped and not recording.is_over:
                # It is on its way to where it was told to go.
                if self._last is None:
                    return None
                return replace(self._last, state=State.RUNNING, learning_rate=self.shared.learning_rates.first())
            camera = self._camera_of(structure, recording)
            if self.focus is None:
                self.focus = Focus(0, camera.blocks - 1)
            camera.trace.at(recording, done)
            camera.own, camera.are_replaced = own, self.shared.are_replaced
            if parts is not None and not self.shared.gate.is_stopped and self._last is not None:
                return camera.update(parts, self.focus, self.shared.past, self.shared.steps, self._rates)
            state = State.PAUSED if self.shared.gate.is_stopped else State.RUNNING
            self._last = camera.take(self.focus, state, self.shared.past, self.shared.steps, self._rates)
            return self._last

    def _own_example(self, recording: Recording) -> OwnExample | None:
        place = 0 if self.focus is None else self.focus.example
        return None if self._examples is None else self._examples.of(recording, place)

    def _camera_of(self, structure: Structure, recording: Recording) -> WatchedCamera:
        camera = self._camera
        if camera is None or camera.structure is not structure:
            camera = self._camera = WatchedCamera(
                self.name, self._model, self._optimizers, structure, recording, self._steps_before, self._classes
            )
        return camera

    def blame(self, focus: Focus, measure: BlameMeasure, of_example: bool, everywhere: bool) -> BlameView | None:
        """Which weights are to blame in the step that there is to see; None while that goes on."""
        with self.shared.gate.lock:
            if self.shared.shown is None:
                return None
            structure, recording, done = self.shared.shown
            if not self.shared.gate.is_stopped and not recording.is_over:
                return None
            task = self._camera_of(structure, recording).task
            trace = WatchedTrace(structure, recording)
            trace.at(recording, done)
            find = partial(blame, trace, task, focus, measure, of_example, everywhere)
            if self.shared.gate.is_stopped:
                # It cannot go on meanwhile: the recorded pass may have to be run again.
                return find(partial(self._input_gradients.saliency, recording, trace.batch.inputs))
        # What was recorded stays as it is, and training need not wait for this.
        return find(lambda _: None)

    def verify(self, block: int, chosen: Sequence[tuple[int, int]] | None) -> VerificationView:
        """Begin to compare gradients of the step in which training is stopped, after backprop.

        Raises InputError where it is not, or where the step cannot be done again.
        """
        with self.shared.gate.lock:
            self._verification = None
            if self.shared.shown is None or not self.shared.gate.is_stopped:
                raise InputError(f"gradients are verified while training waits, and it is on its way: {AGAIN}")
            structure, recording, done = self.shared.shown
            trace = WatchedTrace(structure, recording)
            trace.at(recording, done)
            if not (trace.reached(Phase.BACKWARD) and recording.is_backward_over):
                raise InputError("gradients are verified once backprop is over: b goes there")
            task = self._camera_of(structure, recording).task
            self._verification = WatchedVerification(trace, task, self._model, block, chosen)
            return self._verification.view()

    def go_on_verifying(self, called: Callable[[], bool]) -> VerificationView | None:
        """Compare more weights until `called` says that it is enough; None where training waits no more.

        It cannot go on meanwhile: that takes the lock.
        """
        with self.shared.gate.lock:
            if self._verification is None or not self.shared.gate.is_stopped:
                return None
            self._verification.go_on(called)
            return self._verification.view()

    def advance(self, goal: str) -> None:
        """Let training go on as far as that: "stage", "loss", "backward", "update" or "step"."""
        with self.shared.gate.lock:
            if self.shared.shown is None:
                return
            structure, recording, done = self.shared.shown
            phase = {"loss": Phase.LOSS, "backward": Phase.BACKWARD}.get(goal, Phase.UPDATE)
            end = done + 1 if goal == "stage" else structure.ends[phase]
            if not self.shared.gate.is_stopped:
                step = None
            else:
                step = recording.index + (not done < end <= len(structure.stages))
            is_within = step == recording.index
            self._verification = None
            place = phase if goal != "stage" else done + 1 if is_within else 1
            self.shared.gate.go_on(Stop(step, place))

    def pause(self) -> None:
        """Have it stop at the end of the next training step that is recorded: all of that can then be seen."""
        with self.shared.gate.lock:
            self._verification = None
            if not self.shared.gate.is_stopped:
                self.shared.gate.stop = Stop(None, Phase.UPDATE)

    def run(self) -> None:
        """Let it go on."""
        self._verification = None
        self.shared.gate.go_on(None)

    def change_rate(self, rate: float, seconds: float) -> str:
        """Have the optimizers train at that rate; what came of it, or that it takes longer than so many seconds."""
        return self.shared.rate_change.ask(rate, seconds)

    def follow(self, layer: int, measure: str) -> None:
        """Have the curve of a measure of a layer in the frames from now on."""
        with self.shared.gate.lock:
            self.shared.past.follows = layer, Measure(measure)

    def health(self) -> WatchedHealth:
        """What the layers did at the steps that were looked at, and all losses."""
        with self.shared.gate.lock:
            return self.shared.past.health(self.shared.steps)

    def _measure(self) -> None:
        now = self._clock()
        if self._measured is None:
            self._measured = now, self.shared.steps
        began, steps = self._measured
        if now - began >= RATE_SECONDS:
            self._rates = Rates((self.shared.steps - steps) / (now - began))
            self._measured = now, self.shared.steps
