"""Setting down: what there is of a session is written into its directories, when a branch is left and at the end."""

from collections.abc import Callable
from itertools import count

from msgspec import structs

from nnviz.experiment import Choices
from nnviz.remote.session import Session
from nnviz.remote.ways import nothing
from nnviz.runs.account import batches_to_score
from nnviz.runs.ending import Ending
from nnviz.runs.opening import FIRST
from nnviz.runs.result import PartedFrom, written
from nnviz.training.interruption import AbandonedError
from nnviz.training.stopping import BY_PERSON
from nnviz.training.timeline import Position

# So long somebody who begins another branch waits for the scores of the one that is left.
BRANCH_SECONDS = 3.0


def set_down(session: Session, chosen: Choices) -> None:
    """Write down the branch that goes on, if it has come further than when that was done last.

    Raises AbandonedError if somebody would rather stay than wait for its scores: then all is as it was, with what was
    `chosen` there.
    """
    if session.trainer.furthest != session.branches.current.written:
        here, asked = session.here, session.interruption.times
        _write_down(session, BRANCH_SECONDS)
        if session.interruption.times > asked:
            _be_back(session, here, chosen)
            raise AbandonedError


def get_ready_to_leave(session: Session, seconds: float) -> None:
    """Write the branch down that goes on, so that there is nothing more to wait for at the end; all is as it was."""
    branch = session.branches.current
    result = written(branch.directory.path)
    if session.trainer.furthest != branch.written or (result is not None and not result.is_scored):
        here, chosen = session.here, session.forget_choices()
        _write_down(session, seconds)
        _be_back(session, here, chosen)


def _be_back(session: Session, here: Position, chosen: Choices) -> None:
    session.set_out([(here, nothing)], here)
    for key, value in chosen.items():
        session.choose(key, value)


def _write_down(session: Session, seconds: float) -> None:
    """Do it; the engine is to be restored then. What is kept is scored as far as that takes no longer."""
    trainer, branch = session.trainer, session.branches.current
    course, states = trainer.course(), trainer.kept_states()
    trainer.interrupt(BY_PERSON)
    ending = session.keeper.set_down(_watch(session, seconds), **_more(session))
    # What came out is in its directory; of a thousand branches it would fill the memory.
    branch.ending = structs.replace(ending, result=None)
    branch.written = trainer.furthest
    # To score what is kept, the network was put into that state.
    trainer.follow(course, states)
    session.timeline.lose_place()
    session.timeline.remember(states.end)


def _watch(session: Session, seconds: float) -> Callable[[], None]:
    """The check of scores that may take so long, and whose progress is told."""
    check, tell = session.interruption.watch(seconds), session.tell_scores()
    done, total = count(), batches_to_score(session.trainer)

    def watched() -> None:
        tell(next(done), total)
        check()

    return watched


def conclude(session: Session, seconds: float) -> Ending:
    """Write down all that there is, and close it. What is kept is scored as far as that takes no longer."""
    ending = structs.replace(_concluded(session, seconds), earlier=_earlier(session))
    session.trainer.close()
    session.timeline.close()
    return ending


def _concluded(session: Session, seconds: float) -> Ending:
    branch, trainer = session.branches.current, session.trainer
    if trainer.furthest and trainer.furthest == branch.written:
        # It was gone back to, and is as it was.
        result = written(branch.directory.path)
        if result is None and session.opened is not None and branch.number == FIRST:
            branch.directory.release()
            return Ending(looked_at=str(session.opened.path))
        if result is not None:
            branch.directory.release()
            return structs.replace(branch.ending, result=result)
    trainer.interrupt(BY_PERSON)
    return session.keeper.conclude(_watch(session, seconds), **_more(session))


def _earlier(session: Session) -> tuple[Ending, ...]:
    """Where the other branches are kept. What came out of each is in its directory."""
    others = [branch for branch in session.branches if branch is not session.branches.current]
    for branch in others:
        branch.directory.release()
    return tuple(branch.ending for branch in others)


def _more(session: Session) -> dict[str, object]:
    """What is to be written down of the branch that its own training does not know: its health, what it parted from."""
    health: dict[str, object] = {"health": session.alert_log.account()}
    branch, opened = session.branches.current, session.opened
    if branch.parent is None:
        return health
    run = branch.parent.directory.path
    if opened is not None and branch.parent.number == FIRST and branch.start <= opened.steps:
        run = opened.path.resolve()
    return {**health, "parted_from": PartedFrom(str(run), branch.start)}
