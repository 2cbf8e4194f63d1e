"""Rules about the losses of training steps and evaluations."""

import math

import numpy as np

from nnviz.frame.health_view import Alert
from nnviz.insight.health.attempts import (
    balanced,
    clipped,
    faster,
    no_slower_than_usual,
    scaled_weights,
    slower,
    standardised,
    stopped_early,
    unburdened,
    unpunished,
)
from nnviz.insight.health.evidence import CannotRunError, Evidence
from nnviz.insight.health.loss_shapes import PARTS, spike, swing, turn
from nnviz.training.stopping import DIVERGED
from nnviz.wording import integer, number, percent

# Training steps that a person would wait for a sign of learning, and for more than one.
STEPS, MORE_STEPS = 200, 500
NEVER = 30


def first_loss(e: Evidence) -> list[Alert]:
    """A first loss more than 2.5 times what chance gives, and 2 above it; ten times, where outputs are numbers.

    "Look for correct loss at chance performance" (Karpathy, CS231n and "A recipe for training neural networks"): ln K
    for K classes. Random weights of the usual size are within these factors of it; ten times too large ones are not.
    """
    e.after(1)
    if e.first_loss is None:
        raise CannotRunError("the loss of the first step is not known")
    chance = e.beginning.chance
    most = 10 * chance if e.beginning.is_linear else max(2.5 * chance, chance + 2)
    if not chance or e.first_loss <= most:
        return []
    return [
        Alert(
            "first-loss",
            None,
            1,
            f"The loss of the first step was {number(e.first_loss)}, and who knows nothing gets {number(chance)}.",
            "The network is sure of something before it has learnt anything, and first has to unlearn that.",
            *e.to_try("inputs and targets of a size near 1", scaled_weights, standardised),
        )
    ]


def diverging(e: Evidence) -> list[Alert]:
    """A loss or weights that are no finite numbers, or a loss 100 times that of the best constant prediction.

    A bound of our own: Amazon SageMaker Debugger's ExplodingTensor waits for what is no finite number, soon after.
    """
    e.after(1)
    latest = math.nan if e.latest_loss is None else e.latest_loss
    far = e.beginning.constant > 0 and not latest < 100 * e.beginning.constant
    if e.stopped_by != DIVERGED and math.isfinite(latest) and not far:
        return []
    what = (
        f"At step {integer(e.steps)} the loss was {number(latest)}, and the one that says the same of all examples has "
        f"{number(e.beginning.constant)}."
    )
    return [
        Alert(
            "diverging",
            None,
            _above_for_good(e, e.beginning.constant),
            what,
            "Weights and loss grow without end, up to numbers that cannot be computed with.",
            *e.to_try("--clip 1, or a warm-up", slower),
        )
    ]


def loss_does_not_fall(e: Evidence) -> list[Alert]:
    """After 200 steps, a loss within 3% of that of the best constant prediction, or above it.

    That prediction needs no network at all; "input-independent baseline" in Karpathy's recipe. 3% is more than the
    chance of an eighth of so many batches makes of it.
    """
    e.after(STEPS)
    if not e.beginning.constant:
        raise CannotRunError("all targets are the same")
    if e.learnt > 0.03:
        return []
    return [
        Alert(
            "loss-does-not-fall",
            None,
            0,
            f"After {integer(e.steps)} steps the loss is {number(e.recent_loss)}; always saying the same would give "
            f"{number(e.beginning.constant)}.",
            "Nothing has been learnt of the inputs.",
            *e.to_try("look whether labels belong to their examples", unburdened),
        )
    ]


def loss_falls_slowly(e: Evidence) -> list[Alert]:
    """After 500 steps, less than a tenth gone of the loss of the best constant prediction, but more than 3%.

    A bound of our own, for what AutoTrainer calls slow convergence, where the accuracy gains less than 0.01.
    """
    e.after(MORE_STEPS)
    if not 0.03 < e.learnt <= 0.1:
        return []
    return [
        Alert(
            "loss-falls-slowly",
            None,
            0,
            f"After {integer(e.steps)} steps, {percent(e.learnt)} is gone of the loss that always saying the same has.",
            "It may take very long, or the network may not be able to learn more than that.",
            *e.to_try("adam as the optimizer, or more units", faster),
        )
    ]


def loss_oscillates(e: Evidence) -> list[Alert]:
    """The loss of neighbouring parts of the later half of a run apart by more than a quarter of it, mostly to and fro.

    AutoTrainer's oscillating loss counts such turns of the accuracy; a loss of less than a quarter of the best
    constant prediction's does so when little is left of it.
    """
    e.after(STEPS)
    found = swing(e.loss.means)
    if found is None:
        raise CannotRunError("there are too few losses that are numbers")
    if found.size <= 0.25 or found.turns < 0.5 or found.level < 0.25 * e.beginning.constant:
        return []
    # After the last part before those that was lower.
    low = np.flatnonzero(found.every[: PARTS // 2] < 0.25 * e.beginning.constant)
    begun = np.array_split(e.loss.steps, PARTS)[int(low[-1]) + 1 if len(low) else 0][0]
    return [
        Alert(
            "loss-oscillates",
            None,
            int(begun),
            f"The loss goes up and down by {percent(found.size)} from one part of the run to the next, around "
            f"{number(found.level)}.",
            "Steps are so long that they jump over what they are looking for.",
            *e.to_try("larger batches", slower),
        )
    ]


def loss_spikes(e: Evidence) -> list[Alert]:
    """A loss of ten times what it was usual before, and more than three times the best constant prediction's.

    As in reports of large trainings (Chowdhery et al. 2022, section 5.1), where the loss leaves its curve for some
    steps and comes back. The second bound leaves out what is merely a hard batch of a network that does well.
    """
    e.after(STEPS)
    highs = e.loss.highs
    found = spike(e.loss.means, highs, 3 * e.beginning.constant)
    if found is None:
        return []
    place, usual = found
    step = int(e.loss.steps[place])
    return [
        Alert(
            "loss-spikes",
            None,
            step,
            f"About step {integer(step)} the loss rose to {number(float(highs[place]))} from {number(usual)}.",
            "One batch threw the network far off what it had learnt.",
            *e.to_try("a look at the examples of that step", slower, clipped),
        )
    ]


def over_fitting(e: Evidence) -> list[Alert]:
    """A validation loss 20% above its lowest, while the training loss went on falling.

    Prechelt 1998, "Early stopping, but when?": the generalisation loss GL = 100 · (E_va / E_opt − 1), of which 5 is the
    largest of his thresholds; 20 as here, at the mean of three evaluations, leaves out what is chance.
    """
    e.validated()
    losses = np.array([one.validation.loss for one in e.evaluations if one.validation])
    if len(losses) < 5:
        raise CannotRunError("there are fewer than 5 evaluations")
    found = turn(losses)
    if found is None or found.now - found.best < 0.05 * e.beginning.constant:
        return []
    if e.evaluations[-1].step_loss >= e.evaluations[found.lowest].step_loss:
        return []
    step = e.evaluations[found.lowest].step
    return [
        Alert(
            "over-fitting",
            None,
            step,
            f"The validation loss turned at step {integer(step)}, where it was {number(found.best)}; now it is "
            f"{number(found.now)}, and that of training {number(e.evaluations[-1].step_loss)}.",
            "The network learns its training examples by heart, and does worse on others.",
            *e.to_try("more examples, --augment, dropout, --l2, or fewer units", stopped_early),
        )
    ]


def no_better_than_commonest(e: Evidence) -> list[Alert]:
    """After 200 steps, an accuracy on validation that is not above the share of the commonest class, and little learnt.

    That is what always saying this class would give, as scikit-learn's DummyClassifier does. A loss of which a tenth is
    gone tells of a network that is on its way, or of one that learns its training examples by heart.
    """
    if not e.beginning.task.class_names:
        raise CannotRunError("the targets are numbers")
    e.validated()
    e.after(STEPS)
    accuracies = [one.validation.accuracy for one in e.evaluations[-3:] if one.validation]
    accuracy, commonest = float(np.mean([a or 0.0 for a in accuracies])), e.beginning.commonest
    if accuracy > commonest or commonest == 1 or e.learnt > 0.1:
        return []
    return [
        Alert(
            "no-better-than-commonest",
            None,
            0,
            f"{percent(accuracy)} of the validation examples are put in their class; always saying the commonest one "
            f"would get {percent(commonest)}.",
            "The network has found nothing in the inputs that tells the classes apart.",
            *e.to_try("look whether labels belong to their examples", balanced, no_slower_than_usual),
        )
    ]


def class_never_said(e: Evidence) -> list[Alert]:
    """A class of which 30 examples were looked at, in training, without the network saying it once, of any example.

    Of a network that is right about one in six of them, that has a probability of (5/6)^30 = 0.4%. Only batches at
    which the layers are read are looked at.
    """
    names = e.beginning.task.class_names
    if not names:
        raise CannotRunError("the targets are numbers")
    e.after(STEPS)
    never = [name for name, missed in zip(names, e.missed, strict=True) if missed >= NEVER]
    if not never:
        return []
    which = f"the class {never[0]}" if len(never) == 1 else f"{integer(len(never))} of {integer(len(names))} classes"
    return [
        Alert(
            "class-never-said",
            None,
            0,
            f"Of {integer(int(e.missed.max()))} training examples of it that were looked at, none was said to be "
            f"of {which}."
            if len(never) == 1
            else f"The network never says {which}.",
            "Their examples are all counted as others.",
            *e.to_try("more examples of them, or a lower learning rate", balanced, unpunished),
        )
    ]


def _above_for_good(e: Evidence, level: float) -> int:
    """The first step from which on the loss stayed above a level."""
    low = np.flatnonzero(e.loss.means <= level)
    return int(e.loss.steps[min(low[-1] + 1, len(e.loss.steps) - 1)]) if len(low) else 1
