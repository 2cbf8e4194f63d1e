"""First weights that are given: published ones, by the name of their example, or those in a file. Light to import."""

import os
from pathlib import Path

from msgspec.structs import replace

from nnviz.experiment import Experiment
from nnviz.file_digest import file_digest

KNOWN_WEIGHTS = {
    "worked": {
        # w1 and w3 of input i1, w2 and w4 of i2: a column for each hidden unit.
        "dense1.weights": [[0.15, 0.25], [0.20, 0.30]],
        "dense1.biases": [0.35, 0.35],
        # w5 and w7 of hidden unit 1, w6 and w8 of hidden unit 2: a column for each output.
        "dense2.weights": [[0.40, 0.50], [0.45, 0.55]],
        "dense2.biases": [0.60, 0.60],
    }
}
"""Name of the example → name of the array, as in a checkpoint → its numbers: rows are inputs and columns are units."""


def pinned(experiment: Experiment) -> Experiment:
    """The same, with a file of first weights named in full, and by its digest: what it takes to do the run again.

    Raises InputError if it cannot be read.
    """
    net = experiment.network
    if net.weights is None or net.weights in KNOWN_WEIGHTS:
        return experiment
    path = os.path.abspath(os.path.expanduser(net.weights))
    digest = net.weights_digest or file_digest(Path(path))
    return replace(experiment, network=replace(net, weights=path, weights_digest=digest))
