"""The splits that a source does not come with, taken from its examples to train on."""

from collections.abc import Collection

import numpy as np

from nnviz.data.split import Split

SHARE = 0.15
"""Of the training examples of each class, for a split that the source does not have."""


def complete(
    splits: dict[str, Split], generator: np.random.Generator, elsewhere: Collection[str] = ()
) -> tuple[str, ...]:
    """Take `validation` and `test`, where they are missing, from `train`: 15 % of each class.

    Where `validation` alone was given beside `train`, `test` stays empty, and so does a split that comes from
    `elsewhere`. The same splits and the same state of the generator give the same result. Returns the names of those
    that were taken.
    """
    given = splits.keys() | set(elsewhere)
    missing = [role for role in ("validation", "test") if role not in given]
    empty = [role for role in elsewhere if role not in splits]
    if missing == ["test"]:
        empty.append(missing.pop())
    splits |= {role: splits["train"].select([]) for role in empty}
    # A share of what is left: of 100 first 15, then 15/85 of the other 85.
    share = SHARE
    for role in missing:
        splits["train"], splits[role] = _divide(splits["train"], share, generator)
        share = SHARE / (1 - SHARE)
    return tuple(missing)


def _divide(split: Split, share: float, generator: np.random.Generator) -> tuple[Split, Split]:
    """The rest, and that share of each class, chosen at random; both in the order that they had."""
    # Where the targets are numbers, there are no classes to be fair to.
    classes = split.labels if split.labels.ndim == 1 else np.zeros(len(split), np.int64)
    taken = np.zeros(len(split), bool)
    for label in np.unique(classes):
        positions = np.flatnonzero(classes == label)
        taken[generator.permutation(positions)[: round(share * len(positions))]] = True
    return split.select(np.flatnonzero(~taken)), split.select(np.flatnonzero(taken))
