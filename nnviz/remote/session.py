"""Session: the run that goes on, all that belongs to it, and the way to another of its moments that it is on."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from nnviz.data.reading import Reading, Tell, nobody
from nnviz.errors import InputError
from nnviz.experiment import Choices, Experiment
from nnviz.insight.health.alert_log import AlertLog
from nnviz.insight.health.rules import RuleRunner
from nnviz.remote.beginnings import Beginning, next_directory
from nnviz.remote.branches import Branch, Branches
from nnviz.remote.by_hand import ByHand
from nnviz.remote.messages import Order
from nnviz.remote.watching import Watched
from nnviz.remote.ways import Stop, Way, nothing
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.runs.opening import FIRST
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.camera import Camera
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.timeline import Keyframes, Position, Timeline
from nnviz.training.trainer import Trainer

# What takes no longer than this needs no words.
SILENT_SECONDS = 0.25


class Training(NamedTuple):
    """What belongs to one experiment: branches that begin with the same weights share it."""

    experiment: Experiment
    trainer: Trainer
    camera: Camera
    timeline: Timeline
    rules: RuleRunner


class Session:
    """What there is of runs, the branch that goes on, and where in it somebody is.

    It knows of no pace: who has it go somewhere else has halted before. `interruption` ends whatever evaluation goes
    on; `clock` is in seconds. What `tell_scores` gives hears how far the scores are of what is set down. `watched` is
    what another process trains of it, None where that is nothing.
    """

    def __init__(
        self,
        order: Order,
        beginning: Beginning,
        interruption: Interruption,
        clock: Callable[[], float],
        tell_scores: Callable[[], Tell] = lambda: nobody,
    ) -> None:
        self.order, self.interruption, self.clock = order, interruption, clock
        self.tell_scores = tell_scores
        self.watched: Watched | None = None
        self._said = list(beginning.told)
        self.opened = beginning.opened
        trainer, stored = beginning.trainer, self.opened.stored if self.opened else None
        timeline = Timeline(trainer.engine, trainer.first, stored=stored)
        self.training = self._equipped(beginning.experiment, trainer, timeline)
        first = Branch(FIRST, beginning.experiment, beginning.directory, trainer.first.learning_rate)
        first.written = trainer.furthest
        self.branches = Branches(first)
        self.way: Way | None = None
        # What was chosen in the past, by its key: going on with it begins a branch.
        self.chosen: dict[str, Any] = {}
        self.take_up(first)
        if beginning.evaluation is not None:
            self.keeper.record(beginning.evaluation)

    @property
    def experiment(self) -> Experiment:
        """What the run that goes on was asked to be."""
        return self.training.experiment

    @property
    def trainer(self) -> Trainer:
        """Its trainer."""
        return self.training.trainer

    @property
    def camera(self) -> Camera:
        """What takes its frames."""
        return self.training.camera

    @property
    def timeline(self) -> Timeline:
        """Where its moments are kept."""
        return self.training.timeline

    @property
    def here(self) -> Position:
        """The moment that there is."""
        return Position(self.trainer.engine.index, self.trainer.engine.done)

    # What goes on

    def assembled(self, experiment: Experiment, shared: Keyframes) -> Training:
        """What another experiment takes, with the place for keyframes that there is. Raises InputError."""
        trainer = assemble(experiment, open_dataset(experiment, Reading(self.order.cached)))
        return self._equipped(experiment, trainer, Timeline(trainer.engine, trainer.first, shared=shared))

    def _equipped(self, experiment: Experiment, trainer: Trainer, timeline: Timeline) -> Training:
        trainer.interruption = self.interruption
        return Training(experiment, trainer, Camera(trainer), timeline, RuleRunner(trainer))

    def replace_training(self, experiment: Experiment) -> None:
        """Train what another experiment says. Two networks need not be in memory at a time. Raises InputError."""
        keyframes = self.timeline.keyframes
        self.trainer.close()
        del self.training, self.keeper
        self.training = self.assembled(experiment, keyframes)

    def take_up(self, branch: Branch) -> None:
        """Let this branch be the one that goes on."""
        self.branches.go_on_with(branch)
        branch.course = None
        self.by_hand = ByHand(self.trainer)
        self.timeline.follow(branch.line, self.trainer.furthest)
        self.keeper = Keeper(
            self.trainer, branch.directory, lambda _: None, self.clock, self.order.checkpoints, branch.written
        )
        # The screen shows what the rules say now.
        self.alert_log = AlertLog(self.trainer, self.training.rules, lambda *_: None)

    def take_up_again(self, branch: Branch) -> None:
        """The same with one that was left: in its own directory, unless somebody else has made something of that."""
        try:
            branch.directory.take_back()
        except InputError:
            branch.directory, branch.written = self.new_directory(), 0
            self.take_up(branch)
            self.record_all()
        else:
            self.take_up(branch)

    def record_all(self) -> None:
        """Write all evaluations that there were into a directory that has none of them."""
        for evaluation in self.trainer.history.evaluations:
            self.keeper.record(evaluation)

    def say(self, words: str) -> None:
        """Have that told with the next frame."""
        self._said.append(words)

    def told(self) -> str | None:
        """What is to be told with this frame, if anything is."""
        words, self._said = "; ".join(self._said) or None, []
        return words

    def new_directory(self) -> RunDirectory:
        """For a branch that begins here. Raises InputError."""
        return next_directory(self.order, self.experiment)

    # The way to another moment

    def set_out(
        self,
        stops: Iterable[Stop],
        origin: Position | None,
        arrive: Callable[[], None] = nothing,
        give_up: Callable[[], None] = nothing,
    ) -> None:
        """Go to moments that a run has had: at once, or, where it takes longer, in the background."""
        self.forget_choices()
        end = self.clock() + SILENT_SECONDS
        self.way = Way(self.trainer, self.timeline, stops, origin, arrive, give_up)
        self.follow(lambda: self.clock() >= end)

    def follow(self, called: Callable[[], bool]) -> None:
        """Go on with the way, if there is one, until `called` says that somebody waits."""
        way = self.way
        if way is None:
            return

        def check() -> None:
            if called():
                raise AbandonedError

        with suppress(AbandonedError):
            way.go(check)
            self.way = None
            way.arrive()

    def finish_way(self) -> None:
        """Be where the way leads to, unless somebody wants out."""
        way = self.way
        if way is not None:
            try:
                way.go(self.interruption.watch())
            except AbandonedError:
                self.leave_way()
            else:
                self.way = None
                way.arrive()

    def leave_way(self) -> None:
        """Have the run as it was, wherever on the way its engine is."""
        way, self.way = self.way, None
        if way is not None:
            way.give_up()

    def stay(self) -> None:
        """Leave the way, and be where somebody set out."""
        origin = self.way.origin if self.way else None
        self.leave_way()
        if origin is not None:
            self.set_out([(origin, nothing)], origin)

    # What is chosen in the past

    def choose(self, key: str, value: Any) -> None:
        """Go by this value of a key where somebody goes on from here; a rate shows what it would do."""
        self.chosen[key] = value
        if key == "learning_rate":
            self.trainer.update_rule.learning_rate = value

    def forget_choices(self) -> Choices:
        """Have what the run has here. What was chosen in its place is returned, but for weights."""
        self.by_hand.forget()
        journal, rule, at = self.trainer.journal, self.trainer.update_rule, self.next_proposal
        chosen, self.chosen = self.chosen, {}
        if "learning_rate" in chosen:
            rule.learning_rate = journal.rate_at(at)
        there = {"learning_rate": journal.rate_at(at), **self.held_at(at)}
        return {key: value for key, value in chosen.items() if there[key] != value}

    @property
    def has_choices(self) -> bool:
        """Whether to go on from here is to begin a branch."""
        return bool(self.chosen) or self.by_hand.is_trying

    def held_at(self, step: int) -> Choices:
        """What holds at a training step of all that can be chosen anew for one, but for the rate."""
        data, training = self.experiment.data, self.experiment.training
        begun_with = self.trainer.update_rule.begun_with | {"augment": data.augment, "batch_size": training.batch_size}
        return {**begun_with, **self.trainer.journal.chosen_at(step)}

    @property
    def next_proposal(self) -> int:
        """The training step whose update will be the first that is proposed."""
        engine = self.trainer.engine
        return engine.index + (engine.done >= len(engine.stages) - 1)
