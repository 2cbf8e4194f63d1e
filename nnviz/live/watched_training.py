"""A training that goes on in somebody else's loop, and what is looked at of it."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from torch import Tensor, nn
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
from nnviz.live.backward_calls import listen
from nnviz.live.blaming import blame
from nnviz.live.camera import WatchedCamera, chosen
from nnviz.live.gate import Gate, Stop
from nnviz.live.guard import Guard
from nnviz.live.learning_rates import LearningRates
from nnviz.live.own_example import OwnExample, OwnExamples, Shows
from nnviz.live.past import Past
from nnviz.live.recorder import Recorder
from nnviz.live.recording import Recording
from nnviz.live.step_loss import StepLoss
from nnviz.live.structure import Structure
from nnviz.live.tensors import is_spread
from nnviz.live.trace import WatchedTrace
from nnviz.live.verification import WatchedVerification

ATTACHED, ALONE = 0.015, 0.003
"""Looking may take such a share of the time, with a screen and without one; taking frames may take `ATTACHED` again."""
LOOKS_PER_SECOND = 20
ALONE_SECONDS = 1.0
"""At least so long lies between two looks when nobody is there."""
RATE_SECONDS = 1.0
AGAIN = "ask again when it has stopped"
SEVERAL = 2
UNHEARD = (
    "the optimizer that watch was given has none of the model's parameters, so no step is heard of: make it, and call "
    "watch, after what replaces them (fully_shard)"
)


class Watch:
    """Counts the training steps of a model, looks at some of them, and can have it wait.

    `steps_before` is how many steps were made before it was watched: they are not counted, and the screen says so.
    `example` shows an example in its user's own way, and `classes` are the names of the classes.
    `clock`, in seconds, is what looks and rates go by. It touches nothing that training depends on: what it reads are
    copies, and whatever fails in it is kept in `guard.fault`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        name: str,
        scaler: Any = None,
        clock: Callable[[], float] = time.perf_counter,
        steps_before: int = 0,
        example: Shows | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        self.name, self.steps, self._steps_before = name, 0, steps_before
        self._model, self._optimizers, self._scaler, self._clock = model, list(optimizers), scaler, clock
        self.guard, self.gate, self.past = Guard(), Gate(), Past()
        self._examples, self._classes = None if example is None else OwnExamples(example), tuple(classes)
        self._recorder = Recorder(model, self.guard, self._reached)
        self._structure: Structure | None = None
        self._shown: tuple[Structure, Recording, int] | None = None
        self._camera: WatchedCamera | None = None
        self.focus: Focus | None = None
        self._step_loss = StepLoss(self._optimizers, self.guard)
        self.learning_rates = LearningRates(self._optimizers)
        # The rate that was asked for and is not there yet, what has come of the last one, and whether any of the
        # optimizers has begun to step in this training step.
        self._asked_rate: float | None = None
        self._told_rate = ""
        self._is_updating = False
        self._verification: WatchedVerification | None = None
        self._are_replaced = False
        self._passes = 0
        self._position = 0
        self._due = 0.0
        self._last: Frame | None = None
        self._measured: tuple[float, int] | None = None
        self._rates = Rates()
        self._pid = os.getpid()
        watched = self.guard.watched
        self._stops = [listen(self._before_backward, self._after_backward)]
        for optimizer in self._optimizers:
            pre = optimizer.register_step_pre_hook(_ignoring(self._before_step))
            landed = optimizer.register_step_post_hook(_ignoring(self._step_loss.end_update))
            self._stops += [pre.remove, landed.remove]
        post = self._optimizers[-1].register_step_post_hook(_ignoring(self._after_step))
        self._stops.append(post.remove)
        self._look_next = watched(self._arm)
        self._begin_backward = watched(self._recorder.begin_backward)
        self._begin_update = watched(self._recorder.begin_update)
        self._end_backward = watched(self._recorder.end_backward)
        self._finish = watched(self._finish_look)
        self._set_rate = watched(self._set_asked_rate)
        self._read_losses = watched(self._read_waiting)
        self._look_next()

    def close(self) -> None:
        """Leave the training alone."""
        self.gate.attach(False)
        for stop in self._stops:
            stop()
        self._recorder.disarm()
        self._read_losses()

    # In the training's own thread

    def _before_backward(self, value: Tensor) -> None:
        if os.getpid() != self._pid:
            return
        loss = value.detach().reshape(())
        scale = getattr(self._scaler, "_scale", None)
        if scale is not None:
            # Not by get_scale, which waits for a GPU.
            loss = loss / scale
        self._step_loss.begin_pass(loss)
        if self._recorder.is_armed:
            self._recorder.scale = 1.0 if scale is None else float(scale)
            self._begin_backward(value)

    def _after_backward(self) -> None:
        self._passes += 1
        is_anew = self._step_loss.end_pass()
        if self._recorder.is_armed:
            if is_anew:
                self._recorder.forget_passes()
            self._end_backward()

    def _before_step(self) -> None:
        self._is_updating = True
        self._step_loss.begin_update()
        if self._recorder.is_armed:
            self._begin_update()

    def _after_step(self) -> None:
        """A training step is over: most often there is nothing more to do than to count it."""
        if os.getpid() != self._pid:
            return
        self._is_updating = False
        self.steps += 1
        loss = self._step_loss.take()
        if loss is not None and self.guard.fault is None:
            self.past.add(self.steps, loss)
            if self.past.is_full:
                self._read_losses()
        self.past.left_out = self._step_loss.thrown_away
        if self.guard.fault is not None:
            self._recorder.disarm()
        elif self._recorder.is_armed:
            self._finish()
        elif self.gate.stop is not None or self._clock() >= self._due:
            self._look_next()
        if self._asked_rate is not None:
            self._set_rate()

    def _read_waiting(self) -> None:
        with self.gate.lock:
            self.past.read()

    def _arm(self) -> None:
        self._position = 0
        parameters = dict(self._model.named_parameters())
        recording = Recording(self.steps, parameters)
        self._recorder.arm(recording)
        self._recorder.copy_parameters()

    def _finish_look(self) -> None:
        """The step that was recorded is over."""
        if not self._recorder.has_its_parameters():
            self._are_replaced = True
            self._recorder.disarm()
            return
        rates = self.learning_rates.now()
        # Before it may wait: whoever looks then is to see the rate that was asked for.
        self._set_asked_rate()
        recording = self._recorder.end_update(rates)
        structure = self._structure
        if recording is not None and structure is not None:
            with self.gate.lock:
                self._read_past(structure, recording)
        self._recorder.disarm()
        self._space_looks()
        if self.gate.stop is not None:
            self._arm()

    def _set_asked_rate(self) -> None:
        with self.gate.lock:
            if self._asked_rate is None:
                return
            try:
                self._told_rate = self.learning_rates.change(self._asked_rate)
            except InputError as refusal:
                self._told_rate = str(refusal)
            self._asked_rate = None
            self.gate.lock.notify_all()

    def _read_past(self, structure: Structure, recording: Recording) -> None:
        self.past.read()
        trace = WatchedTrace(structure, recording)
        reading = trace.reading
        right = np.nan
        if reading is not None and reading.labels is not None:
            right = float((chosen(reading.prediction) == reading.labels).mean())
        self.past.look(trace, right)

    def _space_looks(self) -> None:
        """The next look comes when this one has taken no more than its share."""
        spent, self.guard.spent = self.guard.spent, 0.0
        attached = self.gate.is_attached
        least = 1 / LOOKS_PER_SECOND if attached else ALONE_SECONDS
        self._due = self._clock() + max(least, spent / (ATTACHED if attached else ALONE))

    def _reached(self, phase: Phase, place: int) -> None:
        """The step that is recorded has come so far."""
        recording = self._recorder.recording
        if recording is None:
            return
        structure = self._structure
        if phase is Phase.LOSS and (structure is None or not structure.is_of(recording)):
            structure = self._structure = Structure(recording)
        if structure is None or not structure.fits(recording):
            return
        if phase is Phase.FORWARD and place <= 1:
            self._position = 0
        self._position = max(self._position, structure.done(phase, place))
        if not self.gate.is_attached:
            return
        stop = self.gate.stop
        is_to_stop = stop is not None and stop.is_reached(recording.index, self._position, structure.ends)
        if is_to_stop or phase is Phase.UPDATE:
            with self.gate.lock:
                self._shown = structure, recording, self._position
                self.gate.lock.notify_all()
        if is_to_stop:
            self.guard.spent -= self.gate.wait()

    # In the thread that talks to the screen

    def attach(self, is_attached: bool) -> None:
        """A screen has come, or is gone; nothing is kept for one that is gone."""
        with self.gate.lock:
            self._shown = self._camera = self._last = self.focus = self._asked_rate = None
            self._verification = None
            self._due = 0.0
        self.gate.attach(is_attached)

    @property
    def told_fault(self) -> str | None:
        """What has gone wrong, in a line."""
        log = self.past.log
        for fault, said in (
            (self.guard.fault, "nnviz does not look any more"),
            (None if log is None else log.fault, "what happens is not written down any more"),
        ):
            if fault is not None:
                return f"{said}, and training goes on: {type(fault).__name__}: {fault}"
        return None

    @property
    def has_looked(self) -> bool:
        """Whether there is something to see since a screen came."""
        return self._shown is not None

    @property
    def unheard(self) -> str | None:
        """Why no training step is heard of, where that is known."""
        stepping = [
            each for optimizer in self._optimizers for group in optimizer.param_groups for each in group["params"]
        ]
        own = {*map(id, self._model.parameters())}
        has_own = any(id(each) in own or is_spread(each) for each in stepping)
        return UNHEARD if not self.steps and self._passes >= SEVERAL and not has_own else None

    def view(self, parts: Parts | None) -> Frame | FrameUpdate | None:
        """What there is to see; None before the first look."""
        shown = self._shown
        if shown is None:
            return None
        # The user's own function may take its time: training does not wait for it.
        own = self._own_example(shown[1])
        with self.gate.lock:
            if shown is not self._shown and self.gate.is_stopped:
                # Meanwhile it has come further, and waits there.
                return self.view(parts)
            structure, recording, done = shown
            self._measure()
            if not self.gate.is_stopped and not recording.is_over:
                # It is on its way to where it was told to go.
                if self._last is None:
                    return None
                return replace(self._last, state=State.RUNNING, learning_rate=self.learning_rates.first())
            camera = self._camera_of(structure, recording)
            if self.focus is None:
                self.focus = Focus(0, camera.blocks - 1)
            camera.trace.at(recording, done)
            camera.own, camera.are_replaced = own, self._are_replaced
            if parts is not None and not self.gate.is_stopped and self._last is not None:
                return camera.update(parts, self.focus, self.past, self.steps, self._rates)
            state = State.PAUSED if self.gate.is_stopped else State.RUNNING
            self._last = camera.take(self.focus, state, self.past, self.steps, self._rates)
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
        with self.gate.lock:
            if self._shown is None:
                return None
            structure, recording, done = self._shown
            if not self.gate.is_stopped and not recording.is_over:
                return None
            task = self._camera_of(structure, recording).task
        # What was recorded stays as it is, and training need not wait for this.
        trace = WatchedTrace(structure, recording)
        trace.at(recording, done)
        return blame(trace, task, focus, measure, of_example, everywhere)

    def verify(self, block: int, chosen: Sequence[tuple[int, int]] | None) -> VerificationView:
        """Begin to compare gradients of the step in which training is stopped, after backprop.

        Raises InputError where it is not, or where the step cannot be done again.
        """
        with self.gate.lock:
            self._verification = None
            if self._shown is None or not self.gate.is_stopped:
                raise InputError(f"gradients are verified while training waits, and it is on its way: {AGAIN}")
            structure, recording, done = self._shown
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
        with self.gate.lock:
            if self._verification is None or not self.gate.is_stopped:
                return None
            self._verification.go_on(called)
            return self._verification.view()

    def advance(self, goal: str) -> None:
        """Let training go on as far as that: "stage", "loss", "backward", "update" or "step"."""
        with self.gate.lock:
            if self._shown is None:
                return
            structure, recording, done = self._shown
            phase = {"loss": Phase.LOSS, "backward": Phase.BACKWARD}.get(goal, Phase.UPDATE)
            end = done + 1 if goal == "stage" else structure.ends[phase]
            if not self.gate.is_stopped:
                step = None
            else:
                step = recording.index + (not done < end <= len(structure.stages))
            is_within = step == recording.index
            self._verification = None
            place = phase if goal != "stage" else done + 1 if is_within else 1
            self.gate.go_on(Stop(step, place))

    def pause(self) -> None:
        """Have it stop at the end of the next training step that is recorded: all of that can then be seen."""
        with self.gate.lock:
            self._verification = None
            if not self.gate.is_stopped:
                self.gate.stop = Stop(None, Phase.UPDATE)

    def run(self) -> None:
        """Let it go on."""
        self._verification = None
        self.gate.go_on(None)

    def change_rate(self, rate: float, seconds: float) -> str:
        """Have the first parameter group train at that rate, and the others in proportion; what came of it.

        Never while an update goes on: at once where training waits, else when its step is over, which is awaited for so
        many seconds.
        """
        with self.gate.lock:
            self._asked_rate = rate
            if self.gate.is_stopped and not self._is_updating:
                self._set_rate()
            if self.gate.lock.wait_for(lambda: self._asked_rate is None, seconds):
                return self._told_rate
            return "the learning rate is changed when this training step is over"

    def follow(self, layer: int, measure: str) -> None:
        """Have the curve of a measure of a layer in the frames from now on."""
        with self.gate.lock:
            self.past.follows = layer, Measure(measure)

    def health(self) -> WatchedHealth:
        """What the layers did at the steps that were looked at, and all losses."""
        with self.gate.lock:
            return self.past.health(self.steps)

    def _measure(self) -> None:
        now = self._clock()
        if self._measured is None:
            self._measured = now, self.steps
        began, steps = self._measured
        if now - began >= RATE_SECONDS:
            self._rates = Rates((self.steps - steps) / (now - began))
            self._measured = now, self.steps


def _ignoring(do: Callable[[], object]) -> Callable[..., None]:
    """A hook that needs none of what it is handed."""

    def hook(*_: Any) -> None:
        do()

    return hook
