"""One seed for a run, and an independent source of randomness for each thing that needs one."""

from typing import NamedTuple

import numpy as np


class Randomness(NamedTuple):
    """Generators for the initial weights and the splits; numbers from which each epoch's shuffle and each batch's
    augmentation follow.
    """

    initialisation: np.random.Generator
    splitting: np.random.Generator
    shuffling: int
    augmentation: int


def from_seed(seed: int) -> Randomness:
    """The same seed gives the same numbers; the sources do not depend on each other's use."""
    initialisation, splitting, *others = np.random.SeedSequence(seed).spawn(4)
    return Randomness(
        np.random.default_rng(initialisation),
        np.random.default_rng(splitting),
        *(int(other.generate_state(1, np.uint64)[0]) for other in others),
    )
