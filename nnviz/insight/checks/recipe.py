"""The recipe: all checks, in the order in which people who do this for a living go through them.

Karpathy 2019, "A Recipe for Training Neural Networks"; Goodfellow et al. 2016, Deep Learning, chapter 11: become one
with the data, verify the loss at init, verify the gradients, overfit one batch, find the rate, and only then train.
"""

from collections.abc import Callable
from typing import NamedTuple

from nnviz.insight.checks.data_checks import inputs, splits, targets
from nnviz.insight.checks.first_loss import first_loss
from nnviz.insight.checks.gradients import gradients
from nnviz.insight.checks.one_batch import one_batch
from nnviz.insight.checks.outcome import Outcome
from nnviz.insight.checks.rate_range import rate_range
from nnviz.insight.checks.short_run import short_run
from nnviz.insight.checks.subject import Subject, Watch


class Check(NamedTuple):
    """One thing that is looked at: its id, what it is called, and how it is done."""

    id: str
    title: str
    look: Callable[[Subject, Watch], Outcome]


RECIPE = (
    Check("splits", "Examples that stand in two splits", splits),
    Check("inputs", "Inputs", inputs),
    Check("targets", "Targets", targets),
    Check("first-loss", "The first loss beside chance", first_loss),
    Check("gradients", "Gradients beside central differences", gradients),
    Check("one-batch", "A few examples learnt by heart", one_batch),
    Check("learning-rate", "The rate where the loss falls fastest", rate_range),
    Check("run", "A run under the rules of health", short_run),
)
