"""The side of a watched training that is in its own thread: it hears of each step, and records some of them."""

import os
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from nnviz.frame.stages import Phase
from nnviz.live.backward_calls import listen
from nnviz.live.camera import chosen
from nnviz.live.recorder import Recorder
from nnviz.live.recording import Recording
from nnviz.live.shared import Shared, Shown
from nnviz.live.step_loss import StepLoss
from nnviz.live.structure import Structure
from nnviz.live.trace import WatchedTrace

ATTACHED, ALONE = 0.015, 0.003
"""Looking may take such a share of the time, with a screen and without one; taking frames may take `ATTACHED` again."""
LOOKS_PER_SECOND = 20
ALONE_SECONDS = 1.0
"""At least so long lies between two looks when nobody is there."""


class TrainingSide:
    """Hears of each training step, looks at some of them, and waits where a screen has told it to.

    All of it is called from the thread that trains. It touches nothing that training depends on: what it reads are
    copies, and whatever fails in it is kept in the guard. `clock`, in seconds, is what looks go by.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        scaler: Any,
        shared: Shared,
        clock: Callable[[], float],
    ) -> None:
        self._model, self._scaler, self._shared, self._clock = model, scaler, shared, clock
        self._gate, self._guard, self._past = shared.gate, shared.guard, shared.past
        self._recorder = Recorder(model, self._guard, self._reached)
        self._step_loss = StepLoss(optimizers, self._guard)
        self._structure: Structure | None = None
        self._position = 0
        # A process that is forked from this one has its own copy of all this, which is to hear of nothing.
        self._is_forked = False
        _sides.add(self)
        watched = self._guard.watched
        self._stops = [listen(self._before_backward, self._after_backward)]
        for optimizer in optimizers:
            landed = self._after_step if optimizer is optimizers[-1] else self._step_loss.end_update
            pre = optimizer.register_step_pre_hook(self._before_step)
            post = optimizer.register_step_post_hook(landed)
            self._stops += [pre.remove, post.remove]
        self._look_next = watched(self._arm)
        self._begin_backward = watched(self._recorder.begin_backward)
        self._begin_update = watched(self._recorder.begin_update)
        self._end_backward = watched(self._recorder.end_backward)
        self._finish = watched(self._finish_look)
        self._read_losses = watched(self._read_waiting)
        self._look_next()

    def close(self) -> None:
        """Leave the training alone."""
        self._gate.attach(False)
        for stop in self._stops:
            stop()
        self._recorder.disarm()
        self._read_losses()

    # These four are called in each step, however short it is: what they call in turn costs more than what it does.

    def _before_backward(self, value: Tensor) -> None:
        if self._is_forked:
            return
        # Not by get_scale, which waits for a GPU.
        scale = None if self._scaler is None else getattr(self._scaler, "_scale", None)
        loss: Tensor | float
        if type(value) is Tensor and value.is_cpu:
            # Nothing has to be waited for, and nothing is kept: a small tensor that stays, between larger ones that go,
            # has those of the next step lie elsewhere, which takes a small model one twentieth of its step.
            loss = value.item()
        else:
            loss = value.detach().reshape(())
        if scale is not None:
            loss = loss / scale
        self._step_loss.begin_pass(loss)
        if self._recorder.recording is not None:
            self._recorder.scale = 1.0 if scale is None else float(scale)
            self._begin_backward(value)

    def _after_backward(self) -> None:
        self._shared.passes += 1
        is_anew = self._step_loss.end_pass()
        if self._recorder.recording is not None:
            if is_anew:
                self._recorder.forget_passes()
            self._end_backward()

    def _before_step(self, *_: object) -> None:
        self._shared.rate_change.is_updating = True
        self._step_loss.begin_update()
        if self._recorder.recording is not None:
            self._begin_update()

    def _after_step(self, *_: object) -> None:
        """The last optimizer has stepped, and a training step is over: most often that is only to be counted."""
        if self._is_forked:
            return
        shared, past, change = self._shared, self._past, self._shared.rate_change
        change.is_updating = False
        shared.steps += 1
        loss = self._step_loss.end_step()
        past.left_out = self._step_loss.thrown_away
        if self._guard.fault is not None:
            self._recorder.disarm()
        else:
            if loss is not None and past.add(shared.steps, loss):
                self._read_losses()
            if self._recorder.recording is not None:
                self._finish()
            elif self._gate.stop is not None or self._clock() >= shared.due:
                self._look_next()
        if change.is_asked:
            change.make()

    def _read_waiting(self) -> None:
        with self._gate.lock:
            self._past.read()

    def _arm(self) -> None:
        self._position = 0
        parameters = dict(self._model.named_parameters())
        recording = Recording(self._shared.steps, parameters)
        self._recorder.arm(recording)
        self._recorder.copy_parameters()

    def _finish_look(self) -> None:
        """The step that was recorded is over."""
        if not self._recorder.has_its_parameters():
            self._shared.are_replaced = True
            self._recorder.disarm()
            return
        rates = self._shared.learning_rates.now()
        # Before it may wait: whoever looks then is to see the rate that was asked for.
        self._shared.rate_change.make()
        recording = self._recorder.end_update(rates)
        structure = self._structure
        if recording is not None and structure is not None:
            with self._gate.lock:
                self._read_past(structure, recording)
        self._recorder.disarm()
        self._space_looks()
        if self._gate.stop is not None:
            self._arm()

    def _read_past(self, structure: Structure, recording: Recording) -> None:
        self._past.read()
        trace = WatchedTrace(structure, recording)
        reading = trace.reading
        right = np.nan
        if reading is not None and reading.labels is not None:
            right = float((chosen(reading.prediction) == reading.labels).mean())
        self._past.look(trace, right)

    def _space_looks(self) -> None:
        """The next look comes when this one has taken no more than its share."""
        spent, self._guard.spent = self._guard.spent, 0.0
        attached = self._gate.is_attached
        least = 1 / LOOKS_PER_SECOND if attached else ALONE_SECONDS
        self._shared.due = self._clock() + max(least, spent / (ATTACHED if attached else ALONE))

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
        if not self._gate.is_attached:
            return
        # Nobody is told of the place before it waits there, nor tells it another one.
        with self._gate.lock:
            stop = self._gate.stop
            is_to_stop = stop is not None and stop.is_reached(recording.index, self._position, structure.ends)
            if is_to_stop or phase is Phase.UPDATE:
                self._shared.shown = Shown(structure, recording, self._position)
                self._gate.lock.notify_all()
            if is_to_stop:
                self._guard.spent -= self._gate.wait()


_sides: weakref.WeakSet[TrainingSide] = weakref.WeakSet()


def _leave_alone() -> None:
    for side in _sides:
        side._is_forked = True


os.register_at_fork(after_in_child=_leave_alone)
