"""Examining: an example that was never trained on, looked at stage by stage like those that are."""

from typing import NamedTuple

from msgspec.structs import replace

from nnviz.frame.examined import Examined
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame, Rates, State
from nnviz.frame.stages import Phase, end_of
from nnviz.remote import messages as m
from nnviz.training.camera import Camera
from nnviz.training.examiner import examiner_of
from nnviz.training.trainer import Trainer

# Fields of a frame that are the training's own, whatever is looked at.
_OF_TRAINING = (
    "title",
    "task",
    "learning_rate",
    "rate",
    "update_rule",
    "curves",
    "rates",
    "goal",
    "said",
    "alerts",
)


class _Chosen(NamedTuple):
    """Examples of a split, by their numbers."""

    split: str
    numbers: tuple[int, ...]


class Examination:
    """A look at one of several examples of a split, by a copy of the network: forward, and back as far as asked.

    The training waits meanwhile, as it is. What moves the training on is not for an examination, and ends it.
    """

    def __init__(self, trainer: Trainer, camera: Camera, asked: m.Examine, focus: Focus) -> None:
        self._chosen = _Chosen(asked.split, asked.numbers)
        self.focus = replace(focus, example=asked.place, unit=None, input=None)
        self.trainer, self._example = examiner_of(trainer, getattr(trainer.dataset, asked.split), self._number)
        self._step = trainer.engine.index
        self._camera = Camera(self.trainer, camera.ranked)
        stages = self.trainer.engine.stages
        self._loss, self._gradients = end_of(Phase.LOSS, stages), end_of(Phase.BACKWARD, stages)
        self._begin()
        self._be_at(self._loss)

    @property
    def _place(self) -> int:
        return self.focus.example % len(self._chosen.numbers)

    @property
    def _number(self) -> int:
        return self._chosen.numbers[self._place]

    def _be_at(self, done: int) -> None:
        """Have so many stages done on the example."""
        engine = self.trainer.engine
        if done <= engine.done or self._example.number != self._number:
            self._begin()
        if done > engine.done:
            engine.run(done - engine.done)

    def _begin(self) -> None:
        """Be at the chosen example, none of it done; the step is that of the training, for whoever names it."""
        self._example.number = self._number
        self.trainer.engine.begin(self._step)

    def serves(self, request: m.Request) -> bool:
        """Do what a request asks, if it is about the example; say whether it was."""
        done = self.trainer.engine.done
        match request:
            case m.SetFocus(focus):
                self.focus = focus
                self._be_at(done)
            case m.Advance(m.Goal.STAGE) if done < self._gradients:
                self._be_at(done + 1)
            case m.Advance(m.Goal.LOSS):
                self._be_at(self._loss)
            case m.Advance(m.Goal.BACKWARD):
                self._be_at(self._gradients)
            case m.GoTo(m.Destination.STAGE_BACK) if done:
                self._be_at(done - 1)
            case _:
                return False
        return True

    def view(self, training: Frame) -> Frame:
        """What there is to see of the example, in a frame of the training that waits."""
        frame = self._camera.take(self.focus, State.PAUSED, Rates(), outcome=False)
        self.focus = frame.focus
        return replace(
            frame,
            batch=None,
            moment=replace(training.moment, done=frame.moment.done),
            examined=Examined(self._chosen.split, self._place, len(self._chosen.numbers)),
            **{name: getattr(training, name) for name in _OF_TRAINING},
        )

    def close(self) -> None:
        """Let its copy of the network be gone."""
        self.trainer.engine.close()
