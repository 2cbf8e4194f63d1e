"""Frames: what there is to see of a session, whole or in parts, looked at from where somebody has the focus."""

from msgspec import structs

from nnviz.frame.focus import Focus
from nnviz.frame.frame import AlertMark, Curves, Frame, FrameUpdate, Parts, State
from nnviz.frame.health_view import Diagnosis
from nnviz.frame.layer_measures import Measure
from nnviz.remote import messages as m
from nnviz.remote.driver import Driver
from nnviz.remote.examining import Examination
from nnviz.remote.session import Session
from nnviz.training.curves import followed
from nnviz.training.trainer import Trainer


class Frames:
    """Owns what is being looked at: an example, a unit, a layer's number that is followed, an examined example.

    focus        where somebody looks
    followed     a layer's number, and which of its measures; None: none
    examination  of an example that was never trained on, None while the training itself is on screen
    """

    def __init__(self, session: Session, driver: Driver) -> None:
        self._session, self._driver = session, driver
        self.examination: Examination | None = None
        self.followed: tuple[int, Measure] | None = None
        self.focus = Focus(0, session.camera.blocks - 1)

    @property
    def trainer(self) -> Trainer:
        """Whose stages are on screen: the examiner's, while an example is examined."""
        return self._session.trainer if self.examination is None else self.examination.trainer

    def look_again(self) -> None:
        """Look at the first example and the last layer, as at the first step; at the quantity that was looked at."""
        self.focus = Focus(0, self._session.camera.blocks - 1, self.focus.quantity)

    def examine(self, asked: m.Examine) -> None:
        """Look at examples that were never trained on, from now on."""
        self.stop_examining()
        self.examination = Examination(self._session.trainer, self._session.camera, asked, self.focus)

    def stop_examining(self) -> None:
        """Look at the training."""
        if self.examination is not None:
            self.examination.close()
            self.examination = None

    def diagnosis(self) -> Diagnosis:
        """What the rules of health say; while training runs, they are not asked for every frame."""
        rules = self._session.training.rules
        return rules.lately() if self._driver.state is State.RUNNING else rules.diagnosis()

    def view(self, parts: Parts | None = None) -> Frame | FrameUpdate:
        """What there is to see now; while training runs, only the parts that are asked for."""
        session, pacing = self._session, self._driver.pacing
        pacing.measure(session.trainer.steps_done, session.trainer.batches)
        if self.examination is not None:
            return self.examination.view(self.take())
        if parts is None or self._driver.state is not State.RUNNING:
            return self.take()
        fields = session.camera.update(parts, self.focus, pacing.rates).fields
        if "curves" in fields:
            fields["curves"] = self._completed(fields["curves"])
        if "title" in fields:
            fields["alerts"] = len(self.diagnosis().alerts)
        return FrameUpdate(fields)

    def take(self) -> Frame:
        """A whole frame of the training as it is."""
        session, pacing, state = self._session, self._driver.pacing, self._driver.state
        at_full_speed = state is State.RUNNING and pacing.is_full
        frame = session.camera.take(self.focus, state, pacing.rates, outcome=not at_full_speed)
        goal = session.way.steps if session.way else None
        alerts, curves = len(self.diagnosis().alerts), self._completed(frame.curves)
        return structs.replace(frame, goal=goal, said=session.told(), curves=curves, alerts=alerts)

    def _completed(self, curves: Curves) -> Curves:
        """The curves with those of other branches, with the alerts, and with the number of a layer that is followed."""
        branches, layers = self._session.branches, self._session.trainer.layers
        return structs.replace(
            curves,
            branch=branches.name(),
            others=branches.others(),
            marks=tuple(AlertMark(alert.step, alert.rule, alert.layer) for alert in self.diagnosis().alerts),
            followed=followed(layers, *self.followed) if self.followed in layers.cells else None,
        )
