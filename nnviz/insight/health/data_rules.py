"""Rules about the examples, as the network gets them."""

import numpy as np

from nnviz.data.alike import looked_through
from nnviz.frame.health_view import Alert
from nnviz.insight.health.attempts import Remedy, balanced, standardised
from nnviz.insight.health.evidence import CannotRunError, Evidence
from nnviz.wording import count, integer, listed, number, percent

SHARED = 0.01


def inputs_badly_scaled(e: Evidence) -> list[Alert]:
    """Inputs of a size (root mean square) below 0.1 or above 10, all the same, or squeezed together by a few far ones.

    LeCun et al. 1998, "Efficient BackProp", section 4.3: inputs of mean 0 and variance 1. A factor of 10 either way is
    that of the learning rate which somebody would have to find instead. Squeezed: 98% of the values of an input within
    a fiftieth of the largest distance from their middle; of the n-grams of texts, most are as rare as that.
    """
    _several(e)
    inputs, scale = e.beginning.inputs, e.beginning.scale_of_inputs
    if scale.is_constant:
        return [_inputs(e, "All examples have the same inputs.")]
    if not 0.1 <= scale.size <= 10:
        return [_inputs(e, f"The inputs have a size of {number(scale.size)}, where about 1 is usual.", standardised)]
    if inputs.ndim > 2 or e.beginning.of_texts or not len(scale.squeezed):
        return []
    squeezed, many = len(scale.squeezed), inputs.shape[1]
    return [
        _inputs(
            e,
            f"{count(squeezed, 'input')} of {integer(many)} {'has' if squeezed == 1 else 'have'} "
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
    _several(e)
    scale = e.beginning.scale_of_targets
    if scale.is_constant:
        seen = "All examples have the same target."
    elif len(scale.squeezed):
        seen = "Nearly all targets are close together, because a few are very far from them."
    elif e.beginning.is_raw and not 0.01 <= scale.size <= 100:
        seen = f"The targets have a size of {number(scale.size)}, where about 1 is usual."
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


def shared_examples(e: Evidence) -> list[Alert]:
    """At least one in a hundred examples of validation or test, and two, whose inputs are those of a training example.

    Barz & Denzler 2020, "Do we train on test data?": 3.3% of the test images of CIFAR-10 have a duplicate in its
    training split, and that is enough to change which network seems better.
    """
    judged = [name for name, split in e.beginning.splits.items() if name != "training" and len(split)]
    if not judged:
        raise CannotRunError("there is no validation and no test split")
    counts = {name: (shared_with_training(e, name), len(looked_through(e.beginning.splits[name]))) for name in judged}
    found = {name: (shared, many) for name, (shared, many) in counts.items() if shared >= max(2, SHARED * many)}
    if not found:
        return []
    told = listed(
        [f"{integer(shared)} of the {count(many, f'{name} example')}" for name, (shared, many) in found.items()]
    )
    return [
        Alert(
            "shared-examples",
            None,
            0,
            f"{told} have the same inputs as one to train on.",
            "What is measured there is partly what was learnt by heart, and looks better than it is.",
            "Leave out the repeated ones before splitting, or keep them together in one split.",
        )
    ]


def shared_with_training(e: Evidence, name: str) -> int:
    """How many examples of a split that was looked through have the same inputs as one to train on."""
    number = [*e.beginning.splits].index(name)
    return sum(place.split == number for group in e.beginning.alike if not group[0].split for place in group)


def contradicting_labels(e: Evidence) -> list[Alert]:
    """At least one in a hundred training examples, and two, whose label another one with the same inputs outvotes.

    No network can be right about these. One in a hundred is less than the wrong labels of most public data (Northcutt
    et al. 2021, "Pervasive label errors in test sets": 3.3% on average).
    """
    if not e.beginning.task.class_names:
        raise CannotRunError("the targets are numbers")
    outvoted, many = outvoted_examples(e), len(looked_through(e.beginning.splits["training"]))
    if outvoted < max(2, SHARED * many):
        return []
    return [
        Alert(
            "contradicting-labels",
            None,
            0,
            f"{integer(outvoted)} of {count(many, 'training example')} have the same inputs as others of another "
            "class.",
            f"No network can put more than {percent(1 - outvoted / many)} of them in their class.",
            "Look at the labels of these examples; or give inputs that tell them apart.",
        )
    ]


def outvoted_examples(e: Evidence) -> int:
    """How many training examples are not of the class that most of those with the same inputs are of."""
    labels = e.beginning.splits["training"].labels
    groups = ([labels[place.example] for place in group if not place.split] for group in e.beginning.alike)
    return sum(len(group) - int(np.bincount(group).max()) for group in groups if group)


def _several(e: Evidence) -> None:
    """Raises CannotRunError if there is nothing to compare."""
    if len(e.beginning.inputs) < 2:
        raise CannotRunError("there is only one training example")
