"""What is told of what an update does to the loss: what theory expects of it before it lands, and what came after."""

import math

from nnviz.frame.frame import Frame
from nnviz.frame.outcome_view import AskedAgain
from nnviz.insight.output_words import output_name, telling_output
from nnviz.wording import change, integer, listed, number, published_subtraction, signed, subtraction

# Of a change that is less than such a share of the loss, float32 holds no digit that could be trusted.
FELT = 1e-6
SMALL = 1e-6
"""Losses below it have an exponent, and a difference of two such is not told."""
SAME = ("dropout", "batch statistics", "changed pictures")
"""What a training step has of its own by chance, and is asked with again."""


def expected(frame: Frame) -> list[str]:
    """By how much the loss of the batch changes if the update is small enough."""
    if frame.outcome is None:
        return []
    rule, told = frame.update_rule, f"Σ ∂L/∂w × Δw = {signed(frame.outcome.expected)}"
    is_plain = rule.rule == "SGD" and not (rule.momentum or rule.decay) and rule.penalty is None
    if is_plain and (rule.clip is None or rule.norm is None or rule.norm <= rule.clip):
        told += ", which is −lr × Σ (∂L/∂w)²"
    return [f"Theory expects the loss to change by {told}."]


def came(frame: Frame) -> list[str]:
    """What the network says of the same batch now; without that, what the loss was before."""
    outcome, before, size = frame.outcome, frame.batch_loss, integer(frame.example.batch_size)
    if before is None:
        return []
    if outcome is None or outcome.again is None:
        missed = "" if frame.said_wrong is None else f" (said wrong: {integer(frame.said_wrong)} of {size})"
        return [f"The update has landed. Before it, the loss of this batch was {number(before)}{missed}."]
    again = outcome.again
    told = ", ".join([_prediction(frame, again), *_loss(frame, again)])
    sentences = [
        f"The update has landed, {_verdict(before, again.batch_loss)}: {told}; loss of the batch "
        f"{_of_batch(before, again.batch_loss, outcome.expected, frame.title.decimals)}."
    ]
    if frame.said_wrong is not None and again.said_wrong is not None:
        sentences.append(f"Wrong: {integer(frame.said_wrong)} → {integer(again.said_wrong)} of {size}.")
    return sentences


def asked_with(frame: Frame) -> list[str]:
    """What stayed the same when the network was asked again, where a training step has something by chance."""
    same = [name for name in frame.title.only_in_training if name in SAME]
    is_asked = frame.outcome is not None and frame.outcome.again is not None
    return [f"Asked with the same {listed(same)}."] if same and is_asked else []


def _is_felt(before: float, after: float) -> bool:
    return abs(after - before) > FELT * abs(before)


def _verdict(before: float, after: float) -> str:
    if not math.isfinite(after):
        return "but went much too far"
    if not _is_felt(before, after):
        return "but changed next to nothing"
    return "and helped" if after < before else "but the batch's loss grew"


def _prediction(frame: Frame, again: AskedAgain) -> str:
    """What the network said of the focused example, and what it says now."""
    example, task = frame.example, frame.task
    if example.prediction is None:
        return ""
    if example.told is not None and again.told is not None and len(example.target) > 1:
        return f"the hill of units means {change(example.told, again.told, task.decimals(0)).words}"
    k = telling_output(frame)
    unit = None if frame.in_units is None else task.decimals(k)
    p = change(float(example.prediction[k]), float(again.prediction[k]), unit, published=frame.title.decimals).words
    if example.label is not None:
        return f"p({output_name(frame, k)}) {p}"
    return f"{output_name(frame, k)} {p}" if len(example.target) > 1 else f"prediction {p}"


def _loss(frame: Frame, again: AskedAgain) -> list[str]:
    """The loss of the focused example alone, unless that is the batch."""
    if frame.example.loss is None or frame.example.batch_size == 1:
        return []
    return [f"its loss {change(frame.example.loss, again.loss, published=frame.title.decimals).words}"]


def _of_batch(before: float, after: float, expected: float, published: int | None) -> str:
    """The loss before and after, and the difference with two digits, as far as float32 has them.

    Where their numbers are published, with all decimals.
    """
    if not math.isfinite(after) or not _is_felt(before, after) or max(before, after) < SMALL:
        return f"{change(before, after).words} (by theory {signed(expected)})"
    whole, least = (math.floor(math.log10(size)) for size in (max(before, after), abs(after - before)))
    decimals = max(0, min(max(2 - whole, 1 - least), 6 - whole))
    told = (
        subtraction(after, before, after - before, decimals)
        if published is None
        else published_subtraction(after, before, after - before, published)
    )
    difference = ("≈ " if "≈" in told.words else "") + told.words.rpartition(" ")[2]
    return f"{told.subtrahend} → {told.minuend} ({difference}, by theory {signed(expected)})"
