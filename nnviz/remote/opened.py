"""A run that was opened: where somebody begins to look at it, and how it is followed while another trains it."""

from nnviz.frame.stages import Phase
from nnviz.remote.destinations import end_of_step
from nnviz.remote.session import Session
from nnviz.remote.ways import nothing
from nnviz.runs.opening import OpenedRun, in_one_line, long_way, renewed


def go_to_opened(session: Session, opened: OpenedRun) -> None:
    """Be at the place of a run that was opened where somebody wants to be, or at its end."""
    here, trainer = session.here, session.trainer
    moment = end_of_step(trainer.furthest if opened.place is None else opened.place, trainer)
    words = long_way(session.timeline.steps_to(moment), trainer.seconds / max(trainer.furthest, 1))
    if session.watched is not None and opened.place is None:
        _look_ahead(session)
    elif words is not None and opened.place is None:
        session.say(f"this is the end of the run; to see what its last step computed, {words}")
    elif here != moment:
        if words:
            session.say(f"{words}; escape stays at the end of the run")
        session.set_out([(moment, nothing)], here)


def keep_watching(session: Session) -> None:
    """Be where the run is that is watched, if it went on; who looks back is not disturbed."""
    watched, opened = session.watched, session.opened
    if watched is None or opened is None or session.way is not None or session.trainer.is_back:
        return
    if not watched.has_news():
        return
    opened = session.opened = renewed(opened)
    branch = session.branches.current
    branch.written = opened.steps
    branch.directory.begin_with(opened.metrics)
    session.timeline.keep_stored(opened.stored)
    session.take_up(branch)
    if not watched.is_over:
        _look_ahead(session)
        return
    session.watched = None
    session.say(in_one_line(opened.path))
    session.say("it is open here now, and what is trained from here on is a run of its own")
    go_to_opened(session, opened)


def _look_ahead(session: Session) -> None:
    """Have something to look at where a run is watched: its next training step, as far as the update."""
    session.trainer.finish_phase(Phase.BACKWARD)
