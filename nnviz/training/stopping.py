"""When a run stops, and why it stopped."""

import math

from nnviz.experiment import Stopping
from nnviz.training.history import Evaluation, selection_loss

DIVERGED = "diverged"
INTERRUPTED = "interrupted"
HOPELESS = "median rule"
"""In a sweep, others had done better by then."""
BY_PERSON = "you"
"""Whoever watched the run left it, or began another one."""


def after_step(rules: Stopping, step: int, seconds: float, loss: float) -> str | None:
    """Why the run stops after training step number `step`, or None if it goes on."""
    if not math.isfinite(loss):
        return DIVERGED
    if rules.steps is not None and step >= rules.steps:
        return "steps"
    if rules.seconds is not None and seconds >= rules.seconds:
        return "seconds"
    return None


def after_evaluation(rules: Stopping, evaluation: Evaluation, best: Evaluation) -> str | None:
    """Why the run stops at the end of this evaluation's epoch, or None if it goes on.

    The targets are compared with the validation split where there is one, else with the training loss.
    """
    accuracy = evaluation.validation.accuracy if evaluation.validation else None
    if rules.target_accuracy is not None and accuracy is not None and accuracy >= rules.target_accuracy:
        return "target accuracy"
    if rules.target_loss is not None and selection_loss(evaluation) <= rules.target_loss:
        return "target loss"
    if rules.patience is not None and evaluation.epoch - best.epoch >= rules.patience:
        return "patience"
    if rules.epochs is not None and evaluation.epoch >= rules.epochs:
        return "epochs"
    return None
