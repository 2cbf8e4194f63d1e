"""Attempting: what an alert says is to be tried, done in a branch of a session's run."""

from collections.abc import Callable
from functools import partial

from nnviz.frame.health_view import Alert
from nnviz.insight.health.attempts import begins_at
from nnviz.remote.branching import begin_with, branch_off
from nnviz.remote.choosing import changed
from nnviz.remote.destinations import end_of_step
from nnviz.remote.session import Session
from nnviz.remote.ways import nothing


def attempt(session: Session, alert: Alert, on: Callable[[], None]) -> None:
    """Begin the branch in which its changes are made, and go `on`. Raises InputError, and then all is as it was.

    Another learning rate parts from the run before the alert began; all else takes a run from the first step on. Who
    calls has halted.
    """
    start = begins_at(alert)
    if not start:
        begin_with(session, changed(session, alert.changes))
        on()
        return
    here, before = session.here, end_of_step(start, session.trainer)
    back = partial(session.set_out, [(here, nothing)], here)
    go_on = partial(branch_off, session, alert.changes["training"], on)
    session.set_out([(before, nothing)], here, go_on, back)
