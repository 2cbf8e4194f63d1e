"""A unit told in rows: its number as a sum, what its layers made of it, and how the error comes back to it."""

import math

from nnviz.frame.frame import Frame
from nnviz.frame.operations import Activation, Function, Normalisation
from nnviz.frame.unit_view import Passing, Sum, Term, UnitView
from nnviz.insight.chain_rule import chosen_term, first_layer, link_rows, own_links, weight_rows
from nnviz.insight.equations import Kind, Row, sum_rows
from nnviz.insight.number_names import number_name, place_name, unit_name
from nnviz.wording import added_up, number, product, signed

UNFOLDS = "enter: one layer further up"
FORMULAS = {
    Activation.RELU: "max(z, 0)",
    Activation.LEAKY_RELU: "z or z / 100",
    Activation.SIGMOID: "1 / (1 + exp(−z))",
    Activation.TANH: "tanh z",
}


def unit_title(frame: Frame, view: UnitView) -> str:
    """Whose rows these are: "dense1 unit 7", "conv1 map 3 at (4,5)"."""
    name = unit_name(frame, view.block, view.unit, view.name if view.block < 0 else "")
    where = f" at {place_name(view.place)}" if view.place is not None else ""
    return f"{'input' if view.block < 0 else view.name} {name}{where}"


def unit_rows(frame: Frame, view: UnitView, unfolded: int, most: int) -> list[Row]:
    """All that is told of a unit: `unfolded` links of its chain rule, and of each sum the `most` largest terms."""
    if view.block < 0:
        return _input_rows(frame, view, most)
    rows = [*_forward_rows(frame, view, most), *weight_rows(frame, view)]
    if not view.links:
        return rows
    for link in view.links[:unfolded]:
        rows += link_rows(frame, link, most)
    left = len(view.links) - unfolded
    return [*rows, Row(UNFOLDS, kind=Kind.NOTE)] if left > 0 else rows


def unfolded_at_first(frame: Frame, view: UnitView) -> int:
    """How many links are told before somebody asks for more: those of the unit's own block."""
    return max(own_links(frame, view), 1)


def _input_rows(frame: Frame, view: UnitView, most: int) -> list[Row]:
    rows = (
        []
        if view.value is None
        else [Row("as the network gets it", "", signed(view.value, decimals=frame.title.decimals), Kind.TOTAL)]
    )
    stored = frame.example.stored
    if view.place is None and stored is not None and view.unit < len(stored):
        rows.append(Row("in its own unit", "", number(float(stored[view.unit])), Kind.NOTE))
    if view.sum is None:
        return rows
    rows.append(Row(f"What it adds to {frame.layers[0].name}", kind=Kind.HEAD))
    parts = added_up([term.product for term in view.sum.terms[:most]], 0.0, decimals=frame.title.decimals).parts
    for term, text in zip(view.sum.terms[:most], parts, strict=True):
        rows.append(Row(number_name(frame, 0, term.index), product(term.factor, term.weight, text), text))
    return rows


def _forward_rows(frame: Frame, view: UnitView, most: int) -> list[Row]:
    layer, decimals = first_layer(frame, view.block), frame.title.decimals
    if view.value is None:
        return [Row("known once the forward pass has come here", kind=Kind.NOTE)]
    rows = []
    if view.sum is not None:

        def name(term: Term) -> str:
            return number_name(frame, layer - 1, term.index, term.name)

        rows = [
            Row("z = Σ a · w", kind=Kind.HEAD),
            *sum_rows(view.sum, name, "z", most, decimals, chosen_term(frame, view)),
        ]
    elif view.cell:
        rows = [Row("the largest of its cell", kind=Kind.HEAD)]
        for place, value in enumerate(view.cell):
            won = place == view.winner
            rows.append(Row("kept" if won else "", "", signed(value), Kind.TOTAL if won else Kind.TERM))
    elif not view.passings:
        rows = [Row("the mean of its map", "", signed(view.value), Kind.TOTAL)]
    for passing in view.passings:
        rows += _passing_rows(passing, "a" if passing is view.passings[-1] else passing.name, decimals)
    return rows


def _passing_rows(passing: Passing, result: str, decimals: int | None) -> list[Row]:
    if passing.gave is None:
        return [Row(f"{passing.name}: not reached yet", kind=Kind.NOTE)]
    gave = signed(passing.gave, decimals=decimals)
    if isinstance(passing.operation, Function) and passing.slope is not None:
        activation = passing.operation.activation
        told = f"{passing.name}: {FORMULAS[activation]}, slope {number(passing.slope, decimals=decimals)}"
        return [
            Row(told, kind=Kind.NOTE),
            Row(result, f"{activation.value}({number(passing.came, decimals=decimals)}) =", gave, Kind.TOTAL),
        ]
    if passing.factor is not None:
        done = "kept it" if passing.factor else "left it out"
        row = Row(result, product(passing.came, passing.factor, gave), gave, Kind.TOTAL)
        return [Row(f"{passing.name} {done}", kind=Kind.NOTE), row]
    return _normalised_rows(passing, result, decimals)


def _normalised_rows(passing: Passing, result: str, decimals: int | None) -> list[Row]:
    """What batch normalisation did: less the mean, in deviations, then scaled and shifted."""
    if not isinstance(passing.operation, Normalisation) or passing.mean is None or passing.variance is None:
        return []
    normed = (passing.came - passing.mean) / math.sqrt(passing.variance + passing.operation.epsilon)
    scale, shift, gave = passing.scale or 0.0, passing.shift or 0.0, passing.gave or 0.0
    total = Sum((Term(0, "", normed, scale, normed * scale),), 0.0, 0, shift, gave)
    rows = sum_rows(total, lambda _: "n · scale", result, 1, decimals)
    head = f"{passing.name}: mean {number(passing.mean)}, variance {number(passing.variance)}"
    return [
        Row(head, kind=Kind.NOTE),
        Row("n = (z − mean) / √variance", "", signed(normed), Kind.NOTE),
        *(row._replace(name="shift") if row.name == "bias" else row for row in rows),
    ]
