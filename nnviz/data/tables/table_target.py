"""What the target of a table says of each row: a class or a quantity."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.labelled_arrays import MOST_CLASSES
from nnviz.data.tables.columns import Column, Columns, Numbers, Words
from nnviz.data.tables.number_form import PLAIN, NumberForm
from nnviz.data.tables.target_choice import Choice, likely_column
from nnviz.data.tables.whole_numbers import FEW_VALUES, FEWEST_OF_A_CLASS, counts_classes
from nnviz.errors import InputError
from nnviz.outside_text import excerpt, listed_names
from nnviz.wording import LISTED_LINES, SURE_DIGITS, count, integer, listed_lines, trimmed

Kind = Literal["classify", "regress"]

FEW_SHARE = 0.05
"""Whole numbers are classes if they have at most FEW_VALUES, and those are at most that share of the rows."""
CLASS_NAMES = {"label", "labels", "class", "classes", "species", "category", "diagnosis", "genre", "digit", "letter"}
"""Words in names of columns whose whole numbers are classes, however many there are."""


class Target(msgspec.Struct, frozen=True):
    """What is to be predicted of each row that has it.

    rows         (n,) int64 places of these rows in the table
    labels       (n,) int64, places in `class_names`; or (n, 1) float32, and no names
    form         how its numbers are written, where it has some
    why          in a few words why it is the target, empty if somebody has chosen it
    notes        what to say of it
    """

    name: str
    rows: Array
    labels: Array
    class_names: tuple[str, ...]
    form: NumberForm
    why: str
    notes: tuple[str, ...]


class _Kind(NamedTuple):
    """What a target is, and why, empty if that is plain to see."""

    kind: Kind
    why: str = ""


def read_target(
    path: Path, columns: Columns, choice: Choice, kind: Kind | None, class_names: Sequence[str] | None
) -> Target:
    """The target in the chosen column. `kind` overrules what its cells say; so do `class_names` that are known already.

    Raises InputError if it has nothing to tell apart or to predict, or if its cells are not what they have to be.
    """
    name, column = choice.name, columns.by_name[choice.name]
    rows = np.flatnonzero(~column.blank)
    if len(rows) < 2:
        raise InputError(
            f"{path}: too few rows: {integer(len(rows))} with something in the target, column '{excerpt(name)}'; two "
            f"are the least{_advice(columns, name)}"
        )
    notes = []
    skipped = np.flatnonzero(column.blank)
    if len(skipped):
        lines = listed_lines(columns.lines[skipped[:LISTED_LINES]].tolist(), len(skipped))
        notes.append(f"skipped {count(len(skipped), 'row')} whose target is blank ({lines})")
    form = column.form if isinstance(column, Numbers) else PLAIN
    if class_names:
        labels = _known_classes(path, columns, name, rows, class_names)
        return Target(name, rows, labels, tuple(class_names), form, choice.why, tuple(notes))
    found = _Kind("regress") if class_names is not None else _Kind(kind) if kind else _found_kind(name, column, rows)
    if choice.told:
        what = "a class" if found.kind == "classify" else "a number"
        notes.append(f"{choice.told}, {what}; --target chooses another")
    if found.why:
        notes.append(_reason(name, found))
    if found.kind == "regress":
        return Target(name, rows, _numbers(path, columns, name, rows), (), form, choice.why, tuple(notes))
    labels, names = _classes(path, columns, name, rows)
    if _are_dotted(column):
        notes.append(f"the dots at the end of the words in '{excerpt(name)}' left out")
    return Target(name, rows, labels, names, form, choice.why, tuple(notes))


def _reason(name: str, found: _Kind) -> str:
    kinds = {"classify": ("classes", "regress", "a quantity"), "regress": ("a quantity", "classify", "classes")}
    taken, other, instead = kinds[found.kind]
    return f"'{excerpt(name)}' is taken for {taken}, because {found.why}; --task {other} takes it for {instead}"


def _found_kind(name: str, column: Column, rows: Array) -> _Kind:
    """Whether a column says classes or a quantity."""
    if isinstance(column, Words):
        return _Kind("classify")
    values = column.values[rows]
    if (values % 1 != 0).any():
        return _Kind("regress", "it has numbers with fractions")
    found, counts = np.unique(values, return_counts=True)
    many, least = len(found), int(counts.min())
    why = f"it has {integer(many)} different whole numbers in {integer(len(rows))} rows"
    if many == 2 and (_is_pair(*found.tolist()) or least >= FEWEST_OF_A_CLASS):
        return _Kind("classify", f"it has only {integer(int(found[0]))} and {integer(int(found[1]))}")
    if _is_called_class(name) and 2 * many <= len(rows):
        return _Kind("classify", f"it is called so and has {integer(many)} different whole numbers")
    if many <= min(FEW_VALUES, FEW_SHARE * len(rows)):
        return _Kind("classify", f"it has only {integer(many)} different whole numbers")
    if counts_classes(found, counts):
        times = f"each of them {count(least, 'time')} at least"
        return _Kind(
            "classify", f"it counts from {integer(int(found[0]))} to {integer(int(found[-1]))}, and has {times}"
        )
    return _Kind("regress", why)


def _is_pair(low: float, high: float) -> bool:
    return (low, high) in ((0, 1), (1, 2), (-1, 1))


def _is_called_class(name: str) -> bool:
    return not CLASS_NAMES.isdisjoint(re.findall("[a-z]+", name.lower()))


def _numbers(path: Path, columns: Columns, name: str, rows: Array) -> Array:
    """(n, 1) float32."""
    column = columns.by_name[name]
    if isinstance(column, Words):
        cell, line = column.sample
        raise InputError(
            f"{path}: line {integer(line)}: '{excerpt(cell)}' in the target, column '{excerpt(name)}', is not a "
            "number; correct it, or take --task classify"
        )
    values = column.values[rows]
    if values.min() == values.max():
        raise InputError(
            f"{path}: the target, column '{excerpt(name)}', is {trimmed(values[0], SURE_DIGITS)} in every row; there "
            f"is nothing to predict{_advice(columns, name)}"
        )
    return values.astype(np.float32)[:, None]


def _classes(path: Path, columns: Columns, name: str, rows: Array) -> tuple[Array, tuple[str, ...]]:
    """(n,) int64, and the names of the classes in order."""
    column = columns.by_name[name]
    words, codes = _words(column, rows)
    found, labels = np.unique(codes, return_inverse=True)
    class_names = [words[code] for code in found]
    if len(found) < 2:
        raise InputError(
            f"{path}: the target, column '{excerpt(name)}', is '{excerpt(class_names[0])}' in every row; two classes "
            f"are needed to tell apart{_advice(columns, name)}"
        )
    if len(found) > MOST_CLASSES or len(found) > 0.5 * len(rows) > 5:
        columns_told = listed_names(columns.by_name)
        raise InputError(
            f"{path}: the target, column '{excerpt(name)}', has {integer(len(found))} different values in "
            f"{integer(len(rows))} rows, too many for classes; choose with --target: "
            f"{columns_told}{_advice(columns, name)}"
        )
    if isinstance(column, Words):
        order = np.argsort(np.array(class_names))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        labels, class_names = place[labels], [class_names[i] for i in order]
    return labels.astype(np.int64), tuple(class_names)


def _advice(columns: Columns, name: str) -> str:
    """Which column to choose instead."""
    likely = likely_column(columns, name)
    return f"; likely it is --target {shlex.quote(excerpt(likely))}" if likely else ""


def _known_classes(path: Path, columns: Columns, name: str, rows: Array, class_names: Sequence[str]) -> Array:
    """(n,) int64, where the classes are those that a network has learnt."""
    words, codes = _words(columns.by_name[name], rows)
    place = {word.removesuffix("."): place for place, word in enumerate(class_names)}
    place |= {word: place for place, word in enumerate(class_names)}
    labels = np.array([place.get(word, -1) for word in words])[codes]
    unknown = np.flatnonzero(labels < 0)
    if len(unknown):
        first = unknown[0]
        line = columns.lines[rows[first]]
        raise InputError(
            f"{path}: line {integer(line)}: '{excerpt(words[codes[first]])}' in the target, column '{excerpt(name)}', "
            f"is none of the classes that the network has learnt: {listed_names(class_names)}"
        )
    return labels.astype(np.int64)


def _words(column: Column, rows: Array) -> tuple[list[str], Array]:
    """The different words of a column, and the place (n,) of each row's among them; numbers as they are written."""
    if isinstance(column, Words):
        words = [word.removesuffix(".") for word in column.words] if _are_dotted(column) else column.words
        return words, column.codes[rows]
    values, codes = np.unique(column.values[rows], return_inverse=True)
    return [column.form.written(_written(value)) for value in values.tolist()], codes


def _are_dotted(column: Column) -> bool:
    """Whether all words end in a dot, as in a test file that was published with one behind each label."""
    return isinstance(column, Words) and all(word.endswith(".") and len(word) > 1 for word in column.words)


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
