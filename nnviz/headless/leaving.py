"""What is said when a run has ended: whether it is kept, and what went wrong."""

from nnviz.headless.console import note
from nnviz.training.ending import Ending
from nnviz.wording import listed

LISTED = 5


def tell_leaving(ending: Ending) -> None:
    """Say on stderr what the result does not say."""
    for one in ending.earlier:
        if one.trouble is not None:
            note(f"an earlier run: {one.trouble}; {one.where}")
    if kept := [one.directory for one in ending.earlier if one.directory is not None and one.trouble is None]:
        note(f"earlier runs are kept in {listed(kept, LISTED)}")
    if ending.trouble is not None:
        note(f"{ending.trouble}; {ending.where}")
    elif ending.directory is None:
        note(ending.where)
    if ending.directory is not None and ending.result is not None and not ending.is_scored:
        note(f"not all scores were waited for; 'nnviz test {ending.directory}' scores the network")
