"""One weight of a told training step: the rows that the inspector shows of it, and the numbers that they are of."""

from typing import Any, NamedTuple

from nnviz.array import strongest
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Frame
from nnviz.frame.operations import WeightedSums
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.unit_view import Link, UnitView, WeightView
from nnviz.headless.weight_address import address
from nnviz.insight.chain_rule import (
    derivative_name,
    link_rows,
    link_rule,
    link_whose,
    moved_rows,
    term_name,
    weight_rows,
)
from nnviz.insight.equations import Kind, Row
from nnviz.insight.number_names import unit_name
from nnviz.training.unit_names import ONE

TOLD_TERMS = 5
"""Of the terms of a sum, so many are told each for itself."""


class Seen(NamedTuple):
    """A unit in a frame that has looked at one of its weights."""

    frame: Frame
    unit: UnitView
    weight: WeightView

    @classmethod
    def of(cls, frame: Frame) -> "Seen":
        """What a frame has of the weight that it looks at."""
        assert frame.unit is not None
        assert frame.unit.weight is not None
        return cls(frame, frame.unit, frame.unit.weight)


def with_largest_gradient(trace: StepTrace, blocks: list[int], place: int) -> Focus | None:
    """The weight of the last dense layer with the largest gradient; `blocks` has the block of each layer."""
    dense = [n for n, layer in enumerate(trace.layers) if isinstance(layer.operation, WeightedSums)]
    gradient = trace.parameter(dense[-1], "weights", Quantity.GRADIENT) if dense else None
    if gradient is None:
        return None
    source, unit = divmod(strongest(gradient), gradient.shape[1])
    return Focus(place, blocks[dense[-1]], unit=unit, input=source)


def told_weight(seen: Seen) -> dict[str, Any]:
    """∂L/∂w as the sum over the batch, and ∂L/∂z of this example as it came from the layers above, up to the loss."""
    frame, view, weight = seen
    return {
        "name": address(frame, view, weight),
        "layer": frame.layers[weight.layer].name,
        "at": list(weight.at),
        "kind": weight.kind,
        "unit": unit_name(frame, view.block, view.unit),
        "value": weight.value,
        "a": weight.a,
        "∂L/∂z": weight.grad_z,
        "of_this_example": weight.share,
        "of_the_others": weight.others,
        "∂L/∂w": weight.gradient,
        "chain": [_told_link(frame, link) for link in view.links],
        "told": [_sentence(weight_rows(frame, view))]
        + [_sentence(link_rows(frame, link, TOLD_TERMS)) for link in view.links],
    }


def told_update(seen: Seen, new: float) -> dict[str, Any]:
    """What the update did to the weight, which is `new` now."""
    frame, weight = seen.frame, seen.weight
    assert weight.update is not None
    rows = moved_rows(f"{ONE[weight.kind]} w", weight.value, weight.update, frame.title.decimals)
    return {"Δw": weight.update, "new_value": new, "moved": _listed(rows)}


def _told_link(frame: Frame, link: Link) -> dict[str, Any]:
    return {
        "derivative": derivative_name(frame, link.layer),
        "of": link_whose(frame, link),
        "rule": link_rule(frame, link),
        "terms": [
            {
                "of": term_name(frame, link, term),
                "derivative": term.factor,
                "slope": term.weight,
                "product": term.product,
            }
            for term in link.sum.terms[:TOLD_TERMS]
        ],
        "other_terms": link.sum.other_count + len(link.sum.terms[TOLD_TERMS:]),
        "sum_of_others": link.sum.others + sum(term.product for term in link.sum.terms[TOLD_TERMS:]),
        "sum": link.sum.total,
    }


def _sentence(rows: list[Row]) -> str:
    """An equation's head and rule, and then its rows, in one line."""
    said = [row.name for row in rows if row.kind in (Kind.HEAD, Kind.NOTE) and not row.result]
    head = "; ".join(said).replace("; =", " =")
    return f"{head}: {_listed([row for row in rows if row.result])}."


def _listed(rows: list[Row]) -> str:
    return "; ".join(row.text for row in rows)
