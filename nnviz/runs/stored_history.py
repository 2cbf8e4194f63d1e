"""What each layer of a run did, as its last checkpoint has it: without its data, and without training anything."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nnviz.errors import InputError
from nnviz.frame.step_trace import LayerTraits
from nnviz.runs.checkpoint_file import HISTORY, read
from nnviz.runs.restoring import checkpoints
from nnviz.training.layer_history import PREFIX, LayerHistory


def stored_layer_history(run: Path, layers: Sequence[LayerTraits]) -> LayerHistory | None:
    """The history of these layers; None if no checkpoint of the run that can be read has one that fits them."""
    for file in reversed(checkpoints(run)):
        with suppress(InputError, KeyError, ValueError, IndexError):
            tensors, _ = read(file)
            numbers = {name.removeprefix(HISTORY): array for name, array in tensors.items()}
            if f"{PREFIX}newest" in numbers:
                history = LayerHistory(layers, 1)
                history.restore(numbers)
                return history
    return None
