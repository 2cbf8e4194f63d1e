"""Branching: what makes another branch of a session's run the one that goes on, a new one or one that was left.

Each writes the branch down that goes on until then; if somebody would rather stay than wait for its scores, it raises
AbandonedError, and all is as it was. Who calls has halted.
"""

from collections.abc import Callable
from typing import NamedTuple

from nnviz.experiment import SEEDS, Choices, Experiment, Stopping
from nnviz.frame.branch_views import Origin
from nnviz.remote.branches import Branch
from nnviz.remote.destinations import end_of_step
from nnviz.remote.session import Session
from nnviz.remote.setting_down import set_down
from nnviz.remote.ways import Stop, nothing
from nnviz.training.course import Course, Kept
from nnviz.training.engine import EngineState
from nnviz.training.giving_back import give_memory_back
from nnviz.training.interruption import AbandonedError
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import network_of


def branch_off(session: Session, chosen: Choices, on: Callable[[], None]) -> None:
    """Keep the run as it was, and go on from this moment with what was chosen, in a branch of its own."""
    trainer, parent, here = session.trainer, session.branches.current, session.here
    shared, at = trainer.steps_done, session.next_proposal
    before, held = trainer.journal.rate_at(at), session.held_at(at)
    set_down(session, chosen)
    losses: list[float] = []
    best: list[EngineState] = []

    def note_loss() -> None:
        losses.append(trainer.engine.scores.mean)

    stops: list[Stop] = [(end_of_step(done, trainer), note_loss) for done in _unknown(trainer, shared)]
    found = next((one.step for one in reversed(trainer.history.bests) if one.step <= shared), None)
    if found is not None:
        stops.append((end_of_step(found, trainer), lambda: best.append(trainer.engine.state())))

    def arrive() -> None:
        course = trainer.course()
        directory = session.new_directory()
        _leave(session, parent, course)
        trainer.branch_off(best[0] if best else None, losses)
        number = session.branches.next_number
        session.take_up(Branch(number, session.experiment, directory, before, Origin.RATE, parent, shared, at, held))
        session.record_all()
        for key, value in chosen.items():
            trainer.choose(key, value)
        on()

    session.set_out([*stops, (here, nothing)], None, arrive, lambda: session.set_out([(here, nothing)], here))


def _unknown(trainer: Trainer, steps: int) -> range:
    """How many steps are done at the ends of those before `steps` whose own losses a branch has to know.

    They are those since the last evaluation, and since the last bin of the curve was full; the last one at least.
    """
    history = trainer.history
    judged = max((one.step for one in history.evaluations if one.step <= steps), default=0)
    full = steps // history.training.stride * history.training.stride
    return range(min(judged, full, max(steps - 1, 0)) + 1, steps + 1)


def go_over(session: Session, branch: Branch, course: Course) -> None:
    """Leave the branch that goes on for another one, and go to where that ended. Raises InputError."""
    left, training, origin = session.branches.current, session.training, session.here
    set_down(session, session.forget_choices())
    own, states = session.trainer.course(), session.trainer.kept_states()
    left.course = own
    session.timeline.remember(states.end)
    if branch.experiment != session.experiment:
        session.training = session.assembled(branch.experiment, training.timeline.keyframes)
    trainer, timeline = session.trainer, session.timeline
    trainer.follow(course, Kept(trainer.first, None, trainer.first))
    timeline.follow(branch.line, course.history.training.steps)
    timeline.lose_place()
    found: dict[int, EngineState] = {}

    def note() -> None:
        found[trainer.steps_done] = network_of(trainer.engine.state())

    def arrive() -> None:
        best = None if course.best is None else found[course.best]
        trainer.follow(course, Kept(trainer.engine.state(), best, found[course.last_good]))
        trainer.go_to(course.end, timeline)
        _leave(session, left, own)
        if trainer is not training.trainer:
            training.trainer.close()
        session.take_up_again(branch)

    def give_up() -> None:
        if trainer is not training.trainer:
            trainer.close()
        session.training = training
        training.trainer.follow(own, states)
        training.timeline.follow(left.line, training.trainer.furthest)
        training.timeline.lose_place()
        left.course = None
        session.set_out([(origin, nothing)], origin)

    marks = {course.best, course.last_good} - {None}
    stops: list[Stop] = [(end_of_step(mark, trainer), note) for mark in marks if mark is not None]
    session.set_out([*stops, (course.end, nothing)], None, arrive, give_up)


def begin_with(session: Session, experiment: Experiment) -> None:
    """Begin with another experiment; the run that was is kept. Raises InputError, and then all is as it was."""
    training = session.assembled(experiment, session.timeline.keyframes)
    try:
        left = _left(session)
    except AbandonedError:
        training.trainer.close()
        raise
    session.trainer.close()
    session.training = training
    _begin(session, left._replace(chosen={}, stopping=experiment.stopping), Origin.OPTIONS)


class _Left(NamedTuple):
    """What a new branch has of the one before it: what it is said to part from, and what was chosen there last."""

    parent: Branch | None
    chosen: Choices
    stopping: Stopping


def restart(session: Session) -> None:
    """Begin again with the same weights."""
    left = _left(session)
    session.trainer.restart()
    _begin(session, left, Origin.RESTART)


def reseed(session: Session) -> None:
    """Begin again with a seed that no branch has had. Raises InputError."""
    left = _left(session)
    seeds = [session.experiment.training.seed, *(one.experiment.training.seed for one in session.branches)]
    # The seed splits the examples too; the new run's experiment has to be all that it takes to do it again.
    session.replace_training(session.experiment.with_seed((max(seeds) + 1) % SEEDS))
    _begin(session, left, Origin.RESEED)


def _left(session: Session) -> _Left:
    """Leave the branch that goes on for one that begins at the first step."""
    trainer = session.trainer
    rate, choices = trainer.update_rule.learning_rate, trainer.journal.chosen_at(session.next_proposal)
    chosen_here = session.forget_choices()
    stopping = session.experiment.stopping if trainer.is_lifted else trainer.stopping
    set_down(session, chosen_here)
    chosen = {"learning_rate": rate, **choices, **chosen_here}
    return _Left(_leave(session, session.branches.current, trainer.course()), chosen, stopping)


def _begin(session: Session, left: _Left, origin: Origin) -> None:
    before = session.trainer.update_rule.learning_rate
    origin = origin if left.parent is not None else Origin.FIRST
    number, directory = session.branches.next_number, session.new_directory()
    held = session.held_at(0)
    session.take_up(Branch(number, session.experiment, directory, before, origin, left.parent, held=held))
    # The experiment is what was asked for; what was changed since is kept, and written down as a change.
    for key, value in left.chosen.items():
        session.trainer.choose(key, value)
    if left.stopping != session.trainer.stopping:
        session.trainer.stop_by(left.stopping)
    # What the network took that was left, and the file that it was written into.
    give_memory_back()


def _leave(session: Session, branch: Branch, course: Course) -> Branch | None:
    """Set a branch aside. If nothing came of it, it is forgotten, and what it parted from is returned."""
    branch.directory.release()
    if course.history.training.steps:
        branch.course = course
        return branch
    session.branches.drop(branch)
    # Without a step of its own, it is in the file of keyframes nowhere.
    session.timeline.forget(branch.number)
    return branch.parent
