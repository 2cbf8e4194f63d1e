"""Labels as they come in arrays → a value for each example's class, or rows of numbers to predict."""

from typing import Literal, NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.wording import integer, number

Form = Literal["values", "one-hot", "whole floats", "numbers"]
Task = Literal["classify", "regress"]

FEW, OFTEN = 20, 5
"""Floats are classes if they are so few different whole numbers at most, and each comes so often in the mean."""

NOTES: dict[Form, str] = {
    "one-hot": "each row of labels is one 1 and else 0: the class is the number of its column; --task regress predicts "
    "the numbers",
    "whole floats": "the labels are few whole numbers that come often, and so classes; --task regress predicts them as "
    "numbers",
}
"""What there is to say of labels that could mean something else."""


class Labels(NamedTuple):
    """The labels of one split as they are stored, and what a message calls them."""

    stored: Array
    where: str


def form_of(labels: Labels, task: Task | None) -> Form:
    """How labels (n,) or (n, outputs) are meant: as `task` says, or else as they look.

    Whole numbers, texts, and rows of one 1 and else 0 are classes, and so are floats that are few whole numbers which
    come often. Other floats are to be predicted. Raises InputError if they can be neither.
    """
    stored = as_row(labels.stored)
    if stored.dtype.kind in "US":
        if task == "regress":
            raise InputError(f"{labels.where}: texts are not numbers to predict; leave --task out")
        return "values"
    if task == "regress":
        return "numbers"
    if stored.ndim == 2:
        if _is_one_hot(stored):
            return "one-hot"
        if stored.dtype.kind == "f" and task is None:
            return "numbers"
        more = " (some rows have several 1)" if np.isin(stored, (0, 1)).all() else ""
        raise InputError(
            f"{labels.where}: {integer(stored.shape[1])} labels for each example{more}; give one class for each"
        )
    if stored.dtype.kind != "f":
        return "values"
    if task is None and not _are_few_and_often(stored):
        return "numbers"
    return "whole floats"


def in_form(labels: Labels, form: Form) -> Array:
    """Labels → (n,) values, one for each class; or (n, outputs) float32. Raises InputError if they are not so."""
    stored = as_row(labels.stored)
    if form == "numbers":
        if stored.dtype.kind in "US":
            raise InputError(f"{labels.where}: texts, where others are numbers; give all in the same way")
        return finite(labels.where, stored).reshape(len(stored), -1)
    if form == "one-hot":
        if stored.ndim != 2 or not _is_one_hot(stored):
            raise InputError(f"{labels.where}: not one 1 in each row as in others; give all in the same way")
        columns: Array = stored.argmax(axis=1)
        return columns
    if stored.ndim != 1:
        raise InputError(f"{labels.where}: {integer(stored.shape[1])} labels for each example; give one class for each")
    if stored.dtype.kind == "f":
        wrong = np.flatnonzero(~_are_whole(stored))
        if len(wrong):
            raise InputError(
                f"{labels.where}[{wrong[0]}] is {stored[wrong[0]]}, no whole number for a class; give whole numbers or "
                "texts"
            )
        return stored.astype(np.int64)
    return texts(labels.where, stored) if stored.dtype.kind in "US" else stored


def as_row(stored: Array) -> Array:
    """A column (n, 1) as (n,)."""
    return stored[:, 0] if stored.ndim == 2 and stored.shape[1] == 1 else stored


def finite(where: str, stored: Array) -> Array:
    """As float32. Raises InputError naming the first number that is none, or too large to be one."""
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(stored, np.float32)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        place = np.unravel_index(wrong.argmax(), wrong.shape)
        at = ", ".join(str(int(i)) for i in place)
        raise InputError(
            f"{where}[{at}] is {number(stored[place])}, which is not a finite float32; leave that example out"
        )
    return numbers


def texts(where: str, stored: Array) -> Array:
    """Texts (n,) as Python knows them. Raises InputError if one is not Unicode."""
    try:
        read = [text.decode() if isinstance(text, bytes) else text for text in stored.tolist()]
        "".join(read).encode()
    except (ValueError, SystemError):  # NumPy's own, for a letter beyond the last one.
        raise InputError(f"{where} holds a text that is not Unicode; store texts as NumPy does") from None
    return np.array(read)


def _is_one_hot(rows: Array) -> bool:
    """Whether each row is one 1 and else 0, as a look at some rows and then at all tells."""
    return all(bool(((part == 1).sum(1) == 1).all() and ((part == 0) | (part == 1)).all()) for part in (rows[:9], rows))


def _are_whole(numbers: Array) -> Array:
    with np.errstate(invalid="ignore"):
        whole: Array = np.isfinite(numbers) & (np.abs(numbers) < 1e9) & (numbers == np.floor(numbers))
    return whole


def _are_few_and_often(numbers: Array) -> bool:
    if not _are_whole(numbers).all():
        return False
    different = len(np.unique(numbers))
    return different <= FEW and OFTEN * different <= len(numbers)
