"""Equations as rows: what each number is, the product that it comes from, and what it comes to."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from nnviz.frame.unit_view import Sum, Term, summed_up
from nnviz.wording import added_up, count, product

BIAS = -1
"""Among the terms of a sum, what is added besides."""


class Kind(Enum):
    """What a row is to those below it."""

    HEAD = auto()
    TERM = auto()
    CHOSEN = auto()
    TOTAL = auto()
    NOTE = auto()


class Row(NamedTuple):
    """A row of an equation: "unit 7", "0.41 · −0.3 =", "−0.123"."""

    name: str
    product: str = ""
    result: str = ""
    kind: Kind = Kind.TERM

    @property
    def text(self) -> str:
        """The row as one line: "unit 7: 0.41 · −0.3 = −0.123"."""
        told = " ".join(filter(None, (self.product, self.result)))
        return f"{self.name}: {told}" if self.product and self.name else " = ".join(filter(None, (self.name, told)))


def sum_rows(
    total: Sum,
    name: Callable[[Term], str],
    total_name: str,
    most: int,
    decimals: int | None,
    chosen: int | None = None,
) -> list[Row]:
    """A sum, its `most` largest terms one by one and the others as one; the printed numbers give the printed total.

    The term of number `chosen` is marked; it is among those that are shown. With `decimals`, so many are told.
    """
    # One that is left over takes no more room than to say so.
    many = most + 1 if len(total.terms) + total.other_count == most + 1 else most
    shown = [n for n, term in enumerate(total.terms) if n < many or term.index == chosen]
    if len(shown) > many > 0:
        del shown[-2]
    terms = [total.terms[n] for n in shown]
    rest = [term for n, term in enumerate(total.terms) if n not in shown]
    others, left = summed_up([*(term.product for term in rest), total.others]), len(rest) + total.other_count
    parts = [("", term.product) for term in terms]
    parts += [(count(left, "other"), others)] if left else []
    parts += [("bias", total.bias)] if total.bias is not None else []
    told = added_up([value for _, value in parts], total.total, decimals=decimals)
    rows = [
        Row(name(term), product(term.factor, term.weight, text), text, _kind(term, chosen))
        for term, text in zip(terms, told.parts, strict=False)
    ]
    rows += [
        Row(label, "", text, Kind.CHOSEN if (label, chosen) == ("bias", BIAS) else Kind.TERM)
        for (label, _), text in zip(parts, told.parts, strict=True)
        if label
    ]
    if told.rounding:
        rows.append(Row("rounding", "", told.rounding))
    return [*rows, Row(total_name, "", told.total, Kind.TOTAL)]


def _kind(term: Term, chosen: int | None) -> Kind:
    return Kind.CHOSEN if term.index == chosen else Kind.TERM
