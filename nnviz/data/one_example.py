"""OneExample: batches of a single example of any split, one that somebody chooses."""

import numpy as np

from nnviz.data.batches import Batch
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.experiment import Choices


class OneExample:
    """Batches of the example at place `number` of a split, always that one until another is chosen."""

    batch_size = per_epoch = 1
    changes_pictures = False

    def __init__(self, split: Split, encoder: Encoder, number: int) -> None:
        self.split, self.encoder, self.number = split, encoder, number

    def choose(self, chosen: Choices) -> None:
        """Nothing is chosen of how an example is looked at."""

    def examples_in(self, steps: int) -> int:
        """How many examples so many training steps go through."""
        return steps

    def load(self, epoch: int, batch: int) -> Batch:  # noqa: ARG002
        """The example, at whatever place of the run."""
        indices = np.array([self.number])
        labels = self.split.labels[indices]
        inputs = self.encoder.inputs(np.asarray(self.split.inputs[self.number : self.number + 1]))
        return Batch(indices, inputs, self.encoder.targets(labels), self.encoder.weights(labels))
