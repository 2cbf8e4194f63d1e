"""What a frame has of the batch before there is a curve: what each of its examples costs."""

import msgspec

from nnviz.array import Array

# Examples, at most; a batch may be as large as the data.
EXAMPLES = 64


class BatchView(msgspec.Struct, frozen=True):
    """The first examples of the batch.

    numbers  (k,) their places in the training split, from 0
    labels   (k,) their classes, None where targets are numbers
    losses   (k,) what each costs, None before the loss is known
    """

    numbers: Array
    labels: Array | None
    losses: Array | None
