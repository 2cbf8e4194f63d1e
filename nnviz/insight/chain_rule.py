"""The chain rule with its numbers: ∂L/∂w as a sum over the batch, and ∂L/∂z layer by layer up to the loss."""

from functools import partial

from nnviz.frame.frame import Frame
from nnviz.frame.operations import (
    Convolution,
    Function,
    LargestOfCells,
    LeavingOut,
    MeanOfMaps,
    Normalisation,
    WeightedSums,
)
from nnviz.frame.unit_view import FromLoss, FromOutput, Link, Term, UnitView, WeightView
from nnviz.insight.equations import BIAS, Kind, Row, sum_rows
from nnviz.insight.number_names import channel_name, number_name, place_name
from nnviz.training.unit_names import ONE
from nnviz.wording import added_up, count, integer, number, product, signed, trimmed

OF_BATCH = ("∂L/∂y", "mean ∂L/∂y", "mean ∂L/∂y · n")
"""What the three terms of a derivative by batch normalisation are; n is the number less its mean, in deviations."""

SHARES = {"weights": "∂L/∂z · a", "biases": "∂L/∂z · 1", "scales": "∂L/∂y · n", "shifts": "∂L/∂y · 1"}
"""What an example adds to ∂L/∂w, by what w is."""


def weight_rows(frame: Frame, view: UnitView) -> list[Row]:
    """∂L/∂w of the weight under the cursor: what this example and what the others of the batch add to it."""
    weight = view.weight
    if weight is None:
        return []
    name, word = weight_name(frame, view, weight), f"{ONE[weight.kind]} w"
    decimals = frame.title.decimals
    rows = [Row(f"∂L/∂w · {name}", kind=Kind.HEAD), *_gradient_rows(weight, decimals)]
    if weight.update is None:
        return [*rows, Row(word, "", signed(weight.value, decimals=decimals), Kind.NOTE)]
    return [*rows, *moved_rows(word, weight.value, weight.update, decimals)]


def moved_rows(word: str, value: float, update: float, decimals: int | None) -> list[Row]:
    """w + Δw, with as many digits as it takes to see what Δw does."""
    told = [added_up([value, update], value + update, digits, decimals) for digits in range(3, 9)]
    moved = next((one for one in told if len(one.parts[1].strip("+−0.")) > 1), told[-1])
    rows = [Row(word, "", moved.parts[0]), Row("update Δw", "", moved.parts[1])]
    rows += [Row("rounding", "", moved.rounding)] if moved.rounding else []
    return [*rows, Row("w + Δw", "", moved.total, Kind.TOTAL)]


def _gradient_rows(weight: WeightView, decimals: int | None) -> list[Row]:
    if weight.gradient is None or weight.share is None or weight.others is None:
        return [Row("known once backprop has come here", kind=Kind.NOTE)]
    told = added_up([weight.share] + [weight.others] * (weight.other_count > 0), weight.gradient, decimals=decimals)
    rows = [Row("this example", "", told.parts[0])]
    if weight.a is not None and weight.grad_z is not None:
        rows = [Row(SHARES[weight.kind], product(weight.grad_z, weight.a, told.parts[0]), told.parts[0])]
    if weight.other_count:
        rows.append(Row(count(weight.other_count, "other example"), "", told.parts[1]))
    if told.rounding:
        rows.append(Row("rounding", "", told.rounding))
    return [*rows, Row("∂L/∂w", "", told.total, Kind.TOTAL)]


def weight_name(frame: Frame, view: UnitView, weight: WeightView) -> str:
    """Which of the unit's numbers it is: "weight of unit 7", "bias", "scale of batchnorm1"."""
    if weight.kind == "weights":
        return f"weight of {incoming_name(frame, view, weight)}"
    own = weight.layer == first_layer(frame, view.block) and view.sum is not None
    return ONE[weight.kind] if own else f"{ONE[weight.kind]} of {frame.layers[weight.layer].name}"


def incoming_name(frame: Frame, view: UnitView, weight: WeightView) -> str:
    """What the weight weighs: a number of the layer before, or a place of a kernel."""
    layer = first_layer(frame, view.block)
    operation = frame.layers[layer].operation
    if not isinstance(operation, Convolution):
        return number_name(frame, layer - 1, weight.input, weight.name)
    channels = frame.layers[layer].input_shape[2]
    place, channel = divmod(weight.input, channels)
    where = f"kernel {place_name(divmod(place, operation.size))}"
    name = channel_name(channels, channel) if layer == 0 else f"map {integer(channel)}"
    return " ".join(filter(None, (where, name)))


def weight_of(frame: Frame, view: UnitView, index: int) -> int:
    """Which of the unit's weights is that of number `index` of the layer before: the places of a kernel are counted."""
    traits = frame.layers[first_layer(frame, view.block)]
    operation = traits.operation
    if not isinstance(operation, Convolution) or view.place is None:
        return index
    _, width, channels = traits.input_shape
    at, channel = divmod(index, channels)
    row, column = (
        number - (place * operation.stride - operation.padding)
        for number, place in zip(divmod(at, width), view.place, strict=True)
    )
    return (row * operation.size + column) * channels + channel


def chosen_term(frame: Frame, view: UnitView) -> int | None:
    """The number whose weight is under the cursor, if it is among the listed terms of the sum; BIAS for the bias."""
    if view.sum is None or view.weight is None:
        return None
    if view.weight.kind != "weights":
        return BIAS if view.weight.kind == "biases" else None
    indices = (term.index for term in view.sum.terms)
    return next((index for index in indices if weight_of(frame, view, index) == view.weight.input), None)


def neighbour(frame: Frame, view: UnitView, places: int) -> int | None:
    """The number so many further than the one under the cursor, round and round.

    They are the weights of the sum's listed terms, in their order, then the bias, and scales and shifts.
    """
    if view.weight is None or view.value is None:
        return None
    terms = view.sum.terms if view.sum is not None else ()
    numbers = [weight_of(frame, view, term.index) for term in terms]
    numbers += range(view.weight.weights, view.weight.numbers)
    if not numbers:
        return None
    at = numbers.index(view.weight.input) + places if view.weight.input in numbers else 0
    return numbers[at % len(numbers)]


def first_layer(frame: Frame, block: int) -> int:
    """The number of a block's first layer."""
    return next(number for number, layer in enumerate(frame.layers) if layer.block == block)


def own_links(frame: Frame, view: UnitView) -> int:
    """How many of the links lead out of the unit's own block."""
    return sum(link.layer < len(frame.layers) and frame.layers[link.layer].block == view.block for link in view.links)


def link_rows(frame: Frame, link: Link, most: int) -> list[Row]:
    """One derivative told by those of the next layer up, as a head and rows that add up."""
    name = derivative_name(frame, link.layer)
    head = Row(f"{name} · {link_whose(frame, link)}", kind=Kind.HEAD)
    rule = Row(link_rule(frame, link), kind=Kind.NOTE)
    if not link.sum.terms:
        return [head, rule, Row(name, "", "0", Kind.TOTAL)]
    if len(link.sum.terms) == 1:
        told = added_up([link.sum.terms[0].product], link.sum.total, decimals=frame.title.decimals)
        if not told.rounding:
            term = link.sum.terms[0]
            return [head, rule, Row(name, product(term.factor, term.weight, told.total), told.total, Kind.TOTAL)]
    named = partial(term_name, frame, link)
    return [head, rule, *sum_rows(link.sum, named, name, most, frame.title.decimals)]


def derivative_name(frame: Frame, layer: int) -> str:
    """∂L/∂z of weighted sums, ∂L/∂a of what a block gives, ∂L/∂p of a prediction; else that of the layer by name."""
    if layer >= len(frame.layers):
        return "∂L/∂p"
    view = frame.layers[layer]
    if view.operation.weighted:
        return "∂L/∂z"
    is_last = layer + 1 == len(frame.layers) or frame.layers[layer + 1].block != view.block
    return "∂L/∂a" if is_last else f"∂L/∂({view.name})"


def link_whose(frame: Frame, link: Link) -> str:
    if link.layer >= len(frame.layers):
        return number_name(frame, link.layer, link.index)
    return f"{frame.layers[link.layer].name} {number_name(frame, link.layer, link.index)}"


def term_name(frame: Frame, link: Link, term: Term) -> str:
    if isinstance(link.how, Normalisation):
        return OF_BATCH[0] if term.index >= 0 else OF_BATCH[-term.index]
    return number_name(frame, link.above, term.index)


def link_rule(frame: Frame, link: Link) -> str:
    """How the derivative follows from those above it."""
    above = frame.layers[link.above].name if link.above < len(frame.layers) else ""
    match link.how:
        case WeightedSums() | Convolution():
            return f"= Σ ∂L/∂z · w, over {above}"
        case Function(activation):
            return f"= {derivative_name(frame, link.above)} · slope of {activation.value}"
        case LeavingOut(share):
            kept = bool(link.sum.terms and link.sum.terms[0].weight)
            return f"{above} kept it: · 1 / (1 − {trimmed(share, 9)})" if kept else f"{above} left it out: · 0"
        case LargestOfCells():
            won = bool(link.sum.terms and link.sum.terms[0].weight)
            return f"{above} kept this number: all of its ∂L/∂a" if won else f"{above} did not keep it: nothing"
        case MeanOfMaps():
            return f"= ∂L/∂a / {integer(round(1 / link.sum.terms[0].weight))} places of {above}"
        case Normalisation():
            return f"= what {above} leaves of ∂L/∂y"
        case FromOutput("softmax"):
            return "= Σ ∂L/∂p · ∂p/∂z of softmax"
        case FromOutput(output):
            return f"= ∂L/∂p · p (1 − p) of {output}"
        case FromLoss():
            return f"= (p − y) · {number(link.sum.terms[0].weight)}, from the loss"
    return "= the same, in another shape"
