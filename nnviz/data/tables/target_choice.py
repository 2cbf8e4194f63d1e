"""Which column of a table is the target, if nobody says."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.data.tables.columns import Column, Columns, Numbers, Words
from nnviz.data.tables.whole_numbers import counts_classes
from nnviz.errors import InputError
from nnviz.outside_text import excerpt, listed_names
from nnviz.wording import integer

TARGETS = (
    *("target", "targets", "targetclass", "targetlabel", "label", "labels", "classlabel", "groundtruth"),
    *("survived", "diagnosis", "species", "outcome", "sentiment", "emotion", "churn", "churned", "exited", "attrition"),
    *("spam", "isspam", "fraud", "isfraud", "isfraudulent", "default", "defaultpaymentnextmonth", "loanstatus"),
    *("heartdisease", "response", "class", "classes", "classname"),
)
"""Names that only what is to be predicted has, without anything but letters; the first ones are the surest."""
LIKELY = (
    *(
        "y",
        "output",
        "result",
        "category",
        "type",
        "status",
        "quality",
        "rating",
        "score",
        "grade",
        "price",
        "saleprice",
    ),
    *("medv", "medianhousevalue", "mpg", "charges", "salary", "income", "rings", "strength", "value", "cost", "sales"),
)
"""Names that it often has, and others too: advice, where no column can be taken without being chosen."""
FEW_CLASSES = 26
"""As many as there are letters."""
MOSTLY_BLANK = 0.5


class Choice(NamedTuple):
    """A column that is the target, and why in a few words; these are empty if somebody has chosen it.

    told  the same as a sentence
    """

    name: str
    why: str = ""
    told: str = ""


def choose_column(path: Path, names: Sequence[str], wanted: str, what: str) -> str:
    """The name of the column that `wanted` means: a name, or a number from 1.

    Raises InputError listing the columns if there is none.
    """
    alike = [name for name in names if name.lower() == wanted.strip().lower()]
    if wanted in names or alike:
        return wanted if wanted in names else alike[0]
    if wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(names):
        return names[int(wanted[:9]) - 1]
    raise _no_column(path, names, wanted, what)


def learnt_column(path: Path, names: Sequence[str], learnt: str, what: str) -> str:
    """The column that a network has learnt from: by its name alone, even if that is a number.

    Raises InputError listing the columns if it is not there.
    """
    if learnt not in names:
        raise _no_column(path, names, learnt, what)
    return learnt


def choose_target(columns: Columns, named: Collection[str], left_out: Collection[str]) -> Choice:
    """The column that is called as targets are, or else the last one.

    `named` are those that the table itself gives a name. One that is `left_out`, or is blank in most rows and has no
    name, is not the last one.
    """
    names = [name for name in columns.by_name if name not in left_out] or list(columns.by_name)
    found = by_name(names)
    if found:
        more = f" (also called like one: {listed_names(found[1:])})" if found[1:] else ""
        return _because(found[0], f"because of its name{more}")
    if not named and (why := _why_first([columns.by_name[name] for name in names])):
        return _because(names[0], why)
    usable = [name for name in names if name in named or columns.by_name[name].blank.mean() <= MOSTLY_BLANK]
    last = (usable or names)[-1]
    what = "columns" if last == list(columns.by_name)[-1] else "columns that can be it"
    many = len(columns.by_name) if what == "columns" else len(usable or names)
    other = names[0]
    has_other = not named and _may_be_meant(columns.by_name[other], columns.by_name[last])
    instead = f" ('{other}' has few values, and may be meant)" if has_other else ""
    return Choice(last, "", f"the target is the last of {integer(many)} {what}, '{excerpt(last)}'{instead}")


def _because(name: str, why: str) -> Choice:
    return Choice(name, why, f"the target is '{excerpt(name)}', {why}")


def by_name(names: Sequence[str]) -> list[str]:
    """Those of the columns that are called as targets are, the surest first."""
    plain = {name: re.sub(r"[\W\d_]", "", name.lower()) for name in names}
    found = [name for target in TARGETS for name in names if plain[name] == target]
    # Beside x, y is a coordinate of points unless nothing else is there.
    called_y = [name for name in names if name.lower() == "y"]
    if called_y and (len(names) == 2 or "x" not in plain.values()):
        found += called_y
    return found


def likely_column(columns: Columns, but: str) -> str | None:
    """What else may be the target, where column `but` cannot be: by its name, or as the last one with few values."""
    names = [name for name in columns.by_name if name != but]
    plain = {re.sub(r"[\W_]", "", name.lower()): name for name in names}
    found = [*by_name(names), *(plain[likely] for likely in LIKELY if likely in plain)]
    few = [name for name in names if _has_few_values(columns.by_name[name])]
    return next(iter([*found, *(name for name in names[:1] if name in few), *few[::-1]]), None)


def _why_first(columns: Sequence[Column]) -> str:
    """Why the first of columns without names is the target; empty if nothing shows that it is.

    It is if it has a few words, and all others are alike, and are not so; or a few whole numbers that count, where the
    last one does not, and most others have many values.
    """
    first, others = columns[0], columns[1:]
    if len(others) < 2 or not _has_few_values(first):
        return ""
    if not isinstance(first, Words):
        counted = counts_classes(*np.unique(first.values[~first.blank], return_counts=True))
        many = sum(_different(column) > FEW_CLASSES for column in others)
        numbers = all(isinstance(column, Numbers) for column in others) and not _has_few_values(others[-1])
        is_first = counted and numbers and 2 * many > len(others)
        return "because it counts a few classes, and most others are numbers of many values" if is_first else ""
    kinds = {_kind(column) for column in others}
    if kinds == {"measured"}:
        return "because it alone has words, and the others are measured"
    if kinds == {"whole"}:
        return "because it alone has words, and the others are whole numbers"
    return "because the words of all others are the same" if len(kinds) == 1 and _kind(first) not in kinds else ""


def _kind(column: Column) -> str | frozenset[str]:
    """What its cells are: measured or whole numbers, or these words."""
    if isinstance(column, Words):
        return frozenset(column.words)
    known = column.values[~column.blank]
    return "measured" if (known % 1 != 0).any() else "whole"


def _may_be_meant(first: Column, last: Column) -> bool:
    """Whether the first column may be classes, and the last one not, or only more of them."""
    return _has_few_values(first) and (not _has_few_values(last) or _different(first) < _different(last))


def _different(column: Column) -> int:
    return len(column.words) if isinstance(column, Words) else len(np.unique(column.values[~column.blank]))


def _has_few_values(column: Column) -> bool:
    """Whether the column may be classes."""
    if isinstance(column, Words):
        return _has_few_words(column)
    found = np.unique(column.values[~column.blank])
    return 2 <= len(found) <= min(FEW_CLASSES, len(column.values) / 2) and bool((found % 1 == 0).all())


def is_singular(column: Column) -> bool:
    """Whether it has words of which most are different: titles, names."""
    return isinstance(column, Words) and 2 * len(column.words) > len(column.codes)


def _has_few_words(column: Column) -> bool:
    return isinstance(column, Words) and 2 <= len(column.words) <= min(FEW_CLASSES, len(column.codes) / 2)


def _no_column(path: Path, names: Sequence[str], wanted: str, what: str) -> InputError:
    return InputError(
        f"{path}: there is no column '{excerpt(wanted)}' for {what}; there are {integer(len(names))}: "
        f"{listed_names(names)}"
    )
