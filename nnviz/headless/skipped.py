"""What a source holds and its dataset does not, told on stderr."""

from nnviz.data.dataset import Dataset
from nnviz.data.left_out import told
from nnviz.headless.console import note


def tell_skipped(dataset: Dataset) -> None:
    """Say what there is to know of the source, and what was left out, by cause, naming the first few."""
    for line in dataset.notes:
        note(f"{dataset.name}: {line}")
    if dataset.skipped:
        note(told(dataset.skipped))
