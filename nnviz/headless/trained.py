"""The network of a run, for commands that use it: the one that it kept, or the one that it had at a place."""

from pathlib import Path

from nnviz.headless.console import note
from nnviz.headless.reading_progress import told_reading
from nnviz.runs.opening import network_at
from nnviz.runs.places import checked_place
from nnviz.runs.trained_network import TrainedNetwork, load_run


def trained_at(run: Path, place: str | None, cached: bool = True) -> TrainedNetwork:
    """That network; what has to be said of it is. Raises InputError, ChangedDataError."""
    if place is None:
        trained = load_run(run)
    else:
        with told_reading(cached) as reading:
            trained = network_at(run, checked_place(place), reading, note)
    if trained.notice is not None:
        note(trained.notice)
    return trained
