"""OneExample: batches of a single example of any split, one that somebody chooses."""

from collections.abc import Sequence

import numpy as np

from nnviz.data.batches import Batch
from nnviz.data.encoder import Encoder
from nnviz.data.epochs import Epochs
from nnviz.data.split import Split
from nnviz.experiment import Choices


class OneExample:
    """Batches of the example at place `number` of a split, always that one until another is chosen."""

    epochs = Epochs(1, 1)
    changes_pictures = False

    def __init__(self, split: Split, encoder: Encoder, number: int) -> None:
        self.split, self.encoder, self.number = split, encoder, number

    def choose(self, chosen: Choices) -> None:
        """Nothing is chosen of how an example is looked at."""

    def resize(self, later: Sequence[tuple[int, int]]) -> None:
        """It stays one example."""

    def load(self, step: int) -> Batch:  # noqa: ARG002
        """The example, at whatever place of the run."""
        indices = np.array([self.number])
        labels = self.split.labels[indices]
        inputs = self.encoder.inputs(np.asarray(self.split.inputs[self.number : self.number + 1]))
        return Batch(indices, inputs, self.encoder.targets(labels), self.encoder.weights(labels))
