"""Branches: what has become of a run in several ways, each of which can be gone on with."""

import math
from collections.abc import Iterator

from nnviz.experiment import NO_CHOICES, Choices, Experiment
from nnviz.frame.branch_views import BranchView, Choice, Origin, OtherCurve, branch_name
from nnviz.frame.frame import CURVE_BINS
from nnviz.insight.experiment_words import told_changes
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.training.course import Course
from nnviz.training.history import selection_loss
from nnviz.training.journal import Journal, Rate, Weight
from nnviz.training.keyframes import Line


class Branch:
    """One of them.

    parent, start  what it parted from, and how many training steps both have in common; None and 0 of the first one
    at, before     the step whose learning rate it began with, and that rate in what it parted from; `held` is what
                   held there of all else that can be chosen anew
    line           where its keyframes are
    course         what it goes by, once it has been left; that of the one that goes on is in the trainer
    written        how many training steps were done when it was last set down, and `ending`, how that went
    """

    def __init__(
        self,
        number: int,
        experiment: Experiment,
        directory: RunDirectory,
        before: float,
        origin: Origin = Origin.FIRST,
        parent: "Branch | None" = None,
        start: int = 0,
        at: int = 0,
        held: Choices = NO_CHOICES,
    ) -> None:
        self.number, self.experiment, self.directory = number, experiment, directory
        self.origin, self.parent, self.start, self.at, self.before = origin, parent, start, at, before
        self.held = held
        shared = parent.line if parent is not None and start else ()
        self.line: Line = (*((branch, min(until, start)) for branch, until in shared), (number, math.inf))
        self.course: Course | None = None
        self.written = 0
        self.ending = Ending()

    @property
    def name(self) -> str:
        """What it is called."""
        return branch_name(self.number)

    def view(self, course: Course, is_current: bool, is_chosen: bool) -> BranchView:
        """What there is to see of it."""
        history, journal = course.history, course.journal
        latest, best = history.latest, history.best
        rates = [entry for entry in journal.entries if isinstance(entry, Rate) and entry.step > self.at]
        weights = [entry for entry in journal.entries if isinstance(entry, Weight) and entry.step >= self.start]
        return BranchView(
            number=self.number,
            name=self.name,
            parent=self.parent.name if self.parent else None,
            origin=self.origin,
            start=self.start,
            before=self.before,
            rate=journal.rate_at(self.at),
            chosen=tuple((key, *ends) for key, ends in self._chosen(journal).items()),
            rates=tuple((entry.step, entry.learning_rate) for entry in rates),
            weights=tuple((entry.step, entry.written, entry.before, entry.value) for entry in weights),
            seed=self.experiment.training.seed,
            steps=history.training.steps,
            loss=history.training.latest,
            validation=latest.validation.loss if latest and latest.validation else None,
            best_loss=selection_loss(best) if best else None,
            best_step=best.step if best else None,
            is_current=is_current,
            is_chosen=is_chosen,
            changes=told_changes(self.parent.experiment, self.experiment) if self.parent else "",
        )

    def _chosen(self, journal: Journal) -> dict[str, tuple[Choice, Choice]]:
        """What it began with otherwise than what it parted from: what held there, and what holds here."""
        now = journal.chosen_at(self.at)
        return {key: (self.held[key], now[key]) for key in now if self.held.get(key) != now[key]}


class Branches:
    """All of them, of which one goes on; another one may be laid over its curve."""

    def __init__(self, first: Branch) -> None:
        self._all = {first.number: first}
        self.current = first
        self.chosen: int | None = None

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._all.values())

    def get(self, number: int) -> Branch | None:
        """The one with a number."""
        return self._all.get(number)

    @property
    def next_number(self) -> int:
        """The number of a new one: no other one ever had it, unless nothing came of that."""
        return max(self._all, default=0) + 1

    def go_on_with(self, branch: Branch) -> None:
        """Let this be the one that goes on, an old one or a new one."""
        self._all[branch.number] = self.current = branch

    def drop(self, branch: Branch) -> None:
        """Forget one of which nothing came."""
        del self._all[branch.number]
        # Another one may have its number.
        self.chosen = None if self.chosen == branch.number else self.chosen

    def views(self, now: Course) -> tuple[BranchView, ...]:
        """What there is to see of each; `now` is what the one that goes on has gone by so far."""
        return tuple(
            one.view(one.course or now, one is self.current, one.number == self.chosen) for one in self._all.values()
        )

    def lay_over(self, number: int | None) -> None:
        """Have that one laid over, if there is such a one, or none."""
        self.chosen = number if number in self._all else None

    def name(self) -> str | None:
        """What the one that goes on is called, if there are others."""
        return self.current.name if len(self._all) > 1 else None

    def others(self) -> tuple[OtherCurve, ...]:
        """The curves to be seen beside that of the one that goes on: the chosen one, and what was instead of it."""
        curves = []
        chosen = self._all.get(self.chosen) if self.chosen is not None else None
        if chosen is not None and chosen is not self.current:
            curves.append(_curve(chosen, 0, is_chosen=True))
        instead = self._instead()
        if instead is not None and instead is not chosen:
            start = self.current.start if instead is self.current.parent else instead.start
            curves.append(_curve(instead, start, is_chosen=False))
        return tuple(curve for curve in curves if curve is not None)

    def _instead(self) -> Branch | None:
        """What the one that goes on parted from; else the last one that parted from it."""
        if self.current.parent is not None and self.current.parent.number in self._all:
            return self.current.parent
        return next((one for one in reversed(self._all.values()) if one.parent is self.current), None)


def _curve(branch: Branch, start: int, is_chosen: bool) -> OtherCurve | None:
    if branch.course is None:
        return None
    training = branch.course.history.training
    stride, means, _, _ = training.binned(CURVE_BINS)
    return OtherCurve(branch.name, stride, training.steps, means, start, is_chosen)
