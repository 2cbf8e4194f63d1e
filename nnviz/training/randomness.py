"""One seed for a run, and an independent source of randomness for each thing that needs one."""

from typing import NamedTuple

import numpy as np


class Randomness(NamedTuple):
    """Generators for the initial weights and the splits; a number from which each epoch's shuffle follows."""

    initialisation: np.random.Generator
    splitting: np.random.Generator
    shuffling: int


def from_seed(seed: int) -> Randomness:
    """The same seed gives the same numbers; the sources do not depend on each other's use."""
    initialisation, splitting, shuffling = np.random.SeedSequence(seed).spawn(3)
    return Randomness(
        np.random.default_rng(initialisation),
        np.random.default_rng(splitting),
        int(shuffling.generate_state(1, np.uint64)[0]),
    )
