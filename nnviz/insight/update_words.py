"""What is told of an update: by which rule it was proposed, at which rate, and how much it changes."""

import math

from nnviz.frame.frame import Frame
from nnviz.frame.layer_views import LayerView
from nnviz.frame.stages import PROPOSE
from nnviz.insight.layer_words import parameter
from nnviz.insight.outcome_words import asked_with, came, expected
from nnviz.wording import integer, listed, number, percent, trimmed

LISTED_LAYERS = 2
MOST_TIMES = 1000
"""An update that is so many times as large as its weights leaves nothing to read off them what they were before."""


def update(frame: Frame, part: int) -> list[str]:
    """What is about to be added to the parameters, or has been."""
    if part == PROPOSE:
        rule = f"{_rule(frame)}; {_rate(frame)}. Nothing has changed yet."
        return [rule, *expected(frame), *_extras(frame), _change(frame, "would ")]
    sentences = [*came(frame), _change(frame, "")]
    if frame.title.is_watched:
        # There was no proposal to tell it of.
        return [*sentences, *_extras(frame)]
    if frame.moment.batch == frame.moment.batches - 1:
        sentences.append(f"Epoch {integer(frame.moment.epoch + 1)} is over: it used every training example once.")
    return [*sentences, *asked_with(frame)]


def _change(frame: Frame, would: str) -> str:
    """Which layer's weights the update changes most, as a share of their size before it."""
    shares = {layer.name: share for layer in frame.layers if (share := _relative_update(layer)) is not None}
    change = f"{would}change" if would else "changed"
    if not all(map(math.isfinite, shares.values())):
        names = [name for name, share in shares.items() if not math.isfinite(share)]
        return f"The updates of {listed(names, LISTED_LAYERS)} are not finite."
    many = [name for name, share in shares.items() if share > MOST_TIMES]
    if many:
        return f"{listed(many, LISTED_LAYERS)} {change} by more than {integer(MOST_TIMES)} times their size."
    most = max(shares, key=lambda name: shares[name])
    if not shares[most]:
        return f"No weight {change}: {'every' if would else 'each'} Δw of a weight is exactly 0."
    return f"{most} {change} most: by {percent(shares[most])} of its weights' size."


def _rule(frame: Frame) -> str:
    update_rule = frame.update_rule
    if update_rule.rule in ("Adam", "AdamW"):
        return f"{update_rule.rule} proposes Δw = −lr × the gradient's running mean / its running size"
    if update_rule.rule == "RMSprop":
        return "RMSprop proposes Δw = −lr × ∂L/∂w / the gradient's running size"
    if update_rule.momentum:
        kept = trimmed(update_rule.momentum, 9)
        step = f"(∂L/∂w + {kept} × v)" if update_rule.ahead else "v"
        return f"{update_rule.rule} proposes Δw = −lr × {step}, where v = {kept} × the last v + ∂L/∂w"
    return f"{update_rule.rule} proposes Δw = −lr × ∂L/∂w"


def _rate(frame: Frame) -> str:
    """The learning rate of the update that is proposed, and another one that was chosen since then."""
    rule = frame.update_rule
    told = f"lr is {trimmed(rule.rate)}"
    if rule.schedule is not None and rule.rate != rule.chosen:
        told += f" ({rule.schedule}, of {trimmed(rule.chosen)})"
    if frame.learning_rate != rule.chosen:
        told += f", and {trimmed(frame.learning_rate)} is chosen for the next one"
    return told


def _extras(frame: Frame) -> list[str]:
    """What else has a say in the update."""
    update_rule, sentences = frame.update_rule, []
    if update_rule.penalty is not None:
        sentences.append(f"Large weights cost {number(update_rule.penalty)} more, whose derivative is added to ∂L/∂w.")
    if update_rule.clip is not None and update_rule.norm is not None and update_rule.norm > update_rule.clip:
        sentences.append(f"The gradient, {number(update_rule.norm)} long, was shortened to {number(update_rule.clip)}.")
    if update_rule.decay is not None:
        decay = trimmed(update_rule.decay, 9)
        sentences.append(f"Weight decay takes lr × {decay} of its size off every weight besides.")
    return sentences


def _relative_update(layer: LayerView) -> float | None:
    """The size of the weights' update as a share of theirs before it; None where there are no weights, or no update."""
    weights = parameter(layer, "weights")
    if weights is None or weights.updates is None or weights.before is None:
        return None
    if not weights.before.rms:
        # More than any share of nothing.
        return MOST_TIMES + 1.0 if weights.updates.rms else 0.0
    return weights.updates.rms / weights.before.rms


def parameters(frame: Frame) -> str:
    """ "1,234 weights and biases", or parameters, where there are scales and shifts besides."""
    kinds = {parameter.kind for layer in frame.layers for parameter in layer.parameters}
    return (
        f"{integer(frame.title.parameters)} {'weights and biases' if kinds == {'weights', 'biases'} else 'parameters'}"
    )
