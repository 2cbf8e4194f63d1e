"""The network that textbooks and lectures work out by hand, with its one example and its first weights.

Matt Mazur, *A Step by Step Backpropagation Example* (2015): two inputs, two hidden sigmoids, two output sigmoids, half
the squared error, a learning rate of 0.5. All in float64 and without standardisation: each number is the one there.
"""

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization

INPUTS, TARGETS = [[0.05, 0.10]], [[0.01, 0.99]]
DECIMALS = 9
"""Of the published numbers."""
NOTICE = (
    "Compare with the textbook: loss, each ∂L/∂w, new weights. There the biases stay; here they are trained too, so "
    "from step 2 on numbers are others."
)


def open_worked() -> Dataset:
    """One example to train on, inputs (1, 2) and targets (1, 2) float64, and none to validate or test."""
    train = Split(np.array(INPUTS), np.array(TARGETS), ["worked example"])
    none = train.select([])
    return Dataset(
        name="worked",
        class_names=(),
        train=train,
        validation=none,
        test=none,
        standardization=Standardization(np.zeros(2), np.ones(2)),
        notice=NOTICE,
        feature_names=("i1", "i2"),
        target_names=("o1", "o2"),
        decimals=DECIMALS,
    )
