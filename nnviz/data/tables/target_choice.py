"""Which column of a table is the target, if nobody says."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.data.tables.columns import Column, Columns, Words
from nnviz.errors import InputError
from nnviz.wording import excerpt, listed_names

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
FEW_CLASSES = 20
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
    if not named and (words := _first_words(columns, names)):
        return _because(words, "because it alone has words, and the others are measured")
    usable = [name for name in names if name in named or columns.by_name[name].blank.mean() <= MOSTLY_BLANK]
    last = (usable or names)[-1]
    what = "columns" if last == list(columns.by_name)[-1] else "columns that can be it"
    many = len(columns.by_name) if what == "columns" else len(usable or names)
    other = names[0]
    has_other = not named and _has_few_values(columns.by_name[other]) and not _has_few_values(columns.by_name[last])
    instead = f" ('{other}' has few values, and may be meant)" if has_other else ""
    return Choice(last, "", f"the target is the last of {many:,} {what}, '{excerpt(last)}'{instead}")


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


def _first_words(columns: Columns, names: Sequence[str]) -> str | None:
    """The first column, if it has few words, while all others are measured numbers, which the last one is as well."""
    first, others = columns.by_name[names[0]], [columns.by_name[name] for name in names[1:]]
    if not _has_few_words(first) or len(others) < 2:
        return None
    return names[0] if all(_is_measured(column) for column in others) else None


def _is_measured(column: Column) -> bool:
    if isinstance(column, Words):
        return False
    known = column.values[~column.blank]
    return bool((known % 1 != 0).any())


def _has_few_values(column: Column) -> bool:
    """Whether the column may be classes."""
    if isinstance(column, Words):
        return _has_few_words(column)
    found = np.unique(column.values[~column.blank])
    return 2 <= len(found) <= min(FEW_CLASSES, len(column.values) / 2) and bool((found % 1 == 0).all())


def _has_few_words(column: Column) -> bool:
    return isinstance(column, Words) and 2 <= len(column.words) <= min(FEW_CLASSES, len(column.codes) / 2)


def _no_column(path: Path, names: Sequence[str], wanted: str, what: str) -> InputError:
    return InputError(
        f"{path}: there is no column '{excerpt(wanted)}' for {what}; there are {len(names):,}: {listed_names(names)}"
    )
