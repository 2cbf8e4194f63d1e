"""The side of a watched training that is in its own thread: it hears of each step, and records some of them."""

import math
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from nnviz.frame.frame import CURVE_BINS
from nnviz.frame.stages import Phase
from nnviz.live.backward_calls import Listener
from nnviz.live.camera import chosen
from nnviz.live.recorder import Recorder
from nnviz.live.recording import Recording
from nnviz.live.shared import Shared, Shown
from nnviz.live.step_loss import StepLoss
from nnviz.live.structure import Structure
from nnviz.live.trace import WatchedTrace
from nnviz.live.uncompiled import uncompiled

ATTACHED, ALONE = 0.01, 0.003
"""Looking may take such a share of the time, with a screen and without one; taking frames may take `ATTACHED` again."""
LOOKS_PER_SECOND = 20
ALONE_SECONDS = 1.0
"""At least so long lies between two looks when nobody is there."""
HEARD_SECONDS = 0.05
"""Of shorter steps one in so long a time is heard of, or one for each point of the loss curve: it costs some 0.1 ms."""
FEWEST_APART = 4
"""To hear of each step costs no more than to wake for every second one or third."""


class TrainingSide:
    """Hears of each training step, looks at some of them, and waits where a screen has told it to.

    All of it but `close` is called from the thread that trains. It touches nothing that training depends on: what it
    reads are copies, and whatever fails in it is kept in the guard. `clock`, in seconds, is what looks go by.
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
        _sides.add(self)
        self._begin_step, self._end_part = uncompiled(self._before_step), uncompiled(self._step_loss.end_update)
        watched = self._guard.watched
        self._listener = Listener(uncompiled(self._before_backward), uncompiled(self._after_backward))
        self._optimizers = optimizers
        self._counting = optimizers[-1].register_step_post_hook(uncompiled(self._after_step))
        # Held while something is hung or taken down: it may be closed from another thread.
        self._hanging = threading.Lock()
        self._hearing: list[RemovableHandle] = []
        self._heard = 0
        self._is_closed = False
        self._hear_due = self._hear_step = 0.0
        self._look_next = watched(self._arm)
        self._begin_backward = watched(self._recorder.begin_backward)
        self._begin_update = watched(self._recorder.begin_update)
        self._end_backward = watched(self._recorder.end_backward)
        self._finish = watched(self._finish_look)
        self._read_losses = watched(self._read_waiting)
        self._prepare()

    def close(self) -> None:
        """Leave the training alone."""
        self._gate.attach(False)
        self._is_closed = True
        self._sleep()
        self._counting.remove()
        self._recorder.disarm()
        self._read_losses()

    def leave_alone(self) -> None:
        """A process that is forked from this one has its own copy of all this, which is to hear of nothing."""
        self._hanging = threading.Lock()
        self._sleep()
        self._hear_due = self._hear_step = math.inf

    def _prepare(self) -> None:
        """Choose whether the next step is looked at, heard of or only counted."""
        shared, now = self._shared, self._clock()
        if self._guard.fault is not None:
            self._recorder.disarm()
        elif self._recorder.recording is None and (self._gate.stop is not None or now >= shared.due):
            self._look_next()
        is_due = shared.steps >= self._hear_step or now >= self._hear_due
        if is_due:
            apart = shared.steps // CURVE_BINS
            self._hear_due = now + HEARD_SECONDS
            self._hear_step = shared.steps + (apart if apart >= FEWEST_APART else 1)
        if is_due or self._recorder.recording is not None or self._hears_all():
            self._wake()
        else:
            self._sleep()
        if shared.rate_change.is_asked:
            shared.rate_change.make()

    def _hears_all(self) -> bool:
        """What is written down has all losses in it; and a scaler leaves steps out, which are to be counted."""
        return self._past.log is not None or self._scaler is not None

    def _wake(self) -> None:
        with self._hanging:
            if self._hearing or self._is_closed:
                return
            self._hearing = [each.register_step_pre_hook(self._begin_step) for each in self._optimizers]
            self._hearing += [each.register_step_post_hook(self._end_part) for each in self._optimizers[:-1]]
            self._listener.wake()

    def _sleep(self) -> None:
        with self._hanging:
            for handle in self._hearing:
                handle.remove()
            self._hearing.clear()
            self._listener.sleep()

    def _after_step(self, *_: object) -> None:
        """The last optimizer has stepped, and a training step is over: of short ones, most are only counted."""
        self._shared.steps += 1
        if self._hearing:
            self._end_heard_step()
        elif self._shared.steps < self._hear_step and self._clock() < self._hear_due:
            return
        self._prepare()

    # What is called in each step that is heard of.

    def _before_backward(self, value: Tensor) -> None:
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

    def _end_heard_step(self) -> None:
        self._shared.rate_change.is_updating = False
        self._heard += 1
        loss = self._step_loss.end_step()
        self._past.unheard, self._past.left_out = self._shared.steps - self._heard, self._step_loss.thrown_away
        if self._guard.fault is not None:
            return
        if loss is not None and self._past.add(self._shared.steps, loss):
            self._read_losses()
        if self._recorder.recording is not None:
            self._finish()

    def _read_waiting(self) -> None:
        with self._gate.lock:
            self._past.read()

    def _arm(self) -> None:
        self._position = 0
        parameters = dict(self._model.named_parameters())
        recording = Recording(self._shared.steps, parameters)
        self._recorder.arm(recording)
        self._recorder.copy_parameters()
        # From another thread, between this and that.
        if self._is_closed:
            self._recorder.disarm()

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
        side.leave_alone()


os.register_at_fork(after_in_child=_leave_alone)
