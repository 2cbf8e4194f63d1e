"""Rules about the examples, as the network gets them."""

import numpy as np

from nnviz.array import Array
from nnviz.frame.health_view import Alert
from nnviz.insight.health.attempts import Remedy, balanced, standardised
from nnviz.insight.health.evidence import CannotRunError, Evidence
from nnviz.wording import count, integer, number, percent


def inputs_badly_scaled(e: Evidence) -> list[Alert]:
    """Inputs of a size (root mean square) below 0.1 or above 10, all the same, or squeezed together by a few far ones.

    LeCun et al. 1998, "Efficient BackProp", section 4.3: inputs of mean 0 and variance 1. A factor of 10 either way is
    that of the learning rate which somebody would have to find instead. Squeezed: 98% of the values of an input within
    a fiftieth of the largest distance from their middle; of the n-grams of texts, most are as rare as that.
    """
    inputs = e.beginning.inputs.reshape(len(e.beginning.inputs), -1)
    size = float(np.sqrt(np.mean(inputs.astype(np.float64) ** 2)))
    if not np.ptp(inputs, axis=0).any():
        return [_inputs(e, "All examples have the same inputs.")]
    if not 0.1 <= size <= 10:
        return [_inputs(e, f"The inputs have a size of {number(size)}, where about 1 is usual.", standardised)]
    if e.beginning.inputs.ndim > 2 or e.beginning.of_texts:
        return []
    squeezed = _squeezed(inputs)
    if not len(squeezed):
        return []
    return [
        _inputs(
            e,
            f"{count(len(squeezed), 'input')} of {integer(inputs.shape[1])} {'has' if len(squeezed) == 1 else 'have'} "
            "nearly all values close together, because a few are very far from them.",
            standardised,
        )
    ]


def _inputs(e: Evidence, seen: str, *remedies: Remedy) -> Alert:
    return Alert(
        "inputs-badly-scaled",
        None,
        0,
        seen,
        "Weights are given and changed in the same way for all inputs: one of another size learns too fast or not.",
        *e.to_try(
            "look for wrong values, take logarithms of what spans many sizes, leave out what is always the same",
            *remedies,
        ),
    )


def targets_badly_scaled(e: Evidence) -> list[Alert]:
    """Numbers to predict that are all the same, or of which a few are so far off that the others are as one.

    The mean of squares is then all about these few. The bound is that of `inputs_badly_scaled`.
    """
    if e.beginning.task.class_names:
        raise CannotRunError("the targets are classes")
    targets = e.beginning.targets
    size = float(np.sqrt(np.mean(targets.astype(np.float64) ** 2)))
    if not np.ptp(targets, axis=0).any():
        seen = "All examples have the same target."
    elif len(_squeezed(targets)):
        seen = "Nearly all targets are close together, because a few are very far from them."
    elif e.beginning.is_raw and not 0.01 <= size <= 100:
        seen = f"The targets have a size of {number(size)}, where about 1 is usual."
    else:
        return []
    return [
        Alert(
            "targets-badly-scaled",
            None,
            0,
            seen,
            "The loss is all about the few that are far off, or there is nothing to learn.",
            *e.to_try("look for wrong values, and take logarithms of what spans many sizes"),
        )
    ]


def unequal_classes(e: Evidence) -> list[Alert]:
    """A class with less than a twentieth of the examples that the commonest one has, where all count alike.

    Buda et al. 2018, "A systematic study of the class imbalance problem": from ratios of 10 to 50 on, rare classes are
    hardly learnt.
    """
    names, counts = e.beginning.task.class_names, e.beginning.counts
    if not names:
        raise CannotRunError("the targets are numbers")
    if e.experiment.training.class_weights is not None:
        return []
    rare = [name for name, many in zip(names, counts, strict=True) if many * 20 < counts.max()]
    if not rare:
        return []
    return [
        Alert(
            "unequal-classes",
            None,
            0,
            f"{percent(float(counts.max() / counts.sum()))} of the training examples are of one class; "
            f"{count(len(rare), 'class')} of {integer(len(names))} {'has' if len(rare) == 1 else 'have'} less than a "
            "twentieth of that.",
            "Never to say a rare class costs almost nothing, and accuracy does not show it.",
            *e.to_try("more examples of the rare ones", balanced),
        )
    ]


def _squeezed(columns: Array) -> Array:
    """Which columns (n, columns) have 98% of their values within a fiftieth of the largest distance from the middle."""
    if len(columns) < 50:
        return np.empty(0, np.int64)
    low, middle, high = np.percentile(columns, (1, 50, 99), axis=0)
    far, near = np.abs(columns - middle).max(axis=0), high - low
    # Of yes and no, or of counts that are mostly 0, one value is most of them.
    return np.flatnonzero((near > 0) & (near < far / 50))
