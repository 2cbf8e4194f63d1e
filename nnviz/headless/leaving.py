"""What is said when a screen or a run has ended: whether it is kept, and what went wrong."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from nnviz.fault import fault_words, written_down
from nnviz.headless.console import note
from nnviz.headless.signals import taken_signals
from nnviz.runs.ending import Ending
from nnviz.wording import listed

if TYPE_CHECKING:
    from nnviz.remote.client import AskableTrainer

LISTED = 5


def closed(trainer: "AskableTrainer", waiting: AbstractContextManager[None]) -> Ending:
    """How the run of a trainer ended. If the screen has not had it kept, that is done now, `waiting` meanwhile.

    A signal that asks to end then leaves out the scores.
    """
    with taken_signals() as signals:
        signals.hand_to(trainer.hurry, "the run is kept, without the scores that are still to come")
        with waiting:
            return trainer.close()


def tell_leaving(ending: Ending) -> None:
    """Say on stderr what the result does not say."""
    _tell_earlier(ending)
    if ending.trouble is not None:
        note("; ".join(filter(None, [ending.trouble, ending.where, ending.details])))
    elif ending.directory is None:
        note(ending.where)
    if ending.directory is not None and ending.result is not None and not ending.is_scored:
        note(f"not all scores were waited for; 'nnviz test {ending.directory}' scores the network")
    if ending.resuming is not None:
        note(ending.resuming)


def tell_fault(fault: BaseException, ending: Ending) -> None:
    """Say on stderr that the screen has ended by a fault of its own, and how the run ended by that."""
    _tell_earlier(ending)
    what = f"a fault of nnviz itself ({fault_words(fault)})"
    said = [what, ending.trouble, ending.where, ending.resuming, written_down(fault)]
    note("; ".join(filter(None, said)))


def _tell_earlier(ending: Ending) -> None:
    for one in ending.earlier:
        if one.trouble is not None:
            note("; ".join(filter(None, [f"an earlier run: {one.trouble}", one.where, one.details])))
    if kept := [one.directory for one in ending.earlier if one.directory is not None and one.trouble is None]:
        note(f"earlier runs are kept in {listed(kept, LISTED)}")
