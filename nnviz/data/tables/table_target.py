"""Which column of a table is the target, and whether it says a class or a number."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.labelled_arrays import MOST_CLASSES
from nnviz.data.tables.table_columns import Column, Columns, Words, listed_lines
from nnviz.data.tables.table_encoding import listed_names, shown
from nnviz.errors import InputError

Kind = Literal["classify", "regress"]

FEW_VALUES = 10
FEW_SHARE = 0.05
"""Whole numbers are classes if they have at most so many values, and those are at most that share of the rows."""


class Target(msgspec.Struct, frozen=True):
    """What is to be predicted of each row that has it.

    rows         (n,) int64 places of these rows in the table
    labels       (n,) int64, places in `class_names`; or (n, 1) float32, and no names
    notes        what to say of it
    """

    name: str
    rows: Array
    labels: Array
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def choose_column(path: Path, names: Sequence[str], wanted: str | None, what: str) -> str:
    """The name of the column that `wanted` means: a name, or a number from 1; the last one without it.

    Raises InputError listing the columns if there is none.
    """
    if wanted is None:
        return names[-1]
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


def _no_column(path: Path, names: Sequence[str], wanted: str, what: str) -> InputError:
    return InputError(
        f"{path}: there is no column '{shown(wanted)}' for {what}; there are {len(names):,}: {listed_names(names)}"
    )


def read_target(
    path: Path, columns: Columns, name: str, kind: Kind | None, class_names: Sequence[str] | None, chosen: bool
) -> Target:
    """The target in column `name`. `kind` overrules what its cells say; so do `class_names` that are known already.

    Raises InputError if it has nothing to tell apart or to predict, or if its cells are not what they have to be.
    """
    column = columns.by_name[name]
    rows = np.flatnonzero(~column.blank)
    if len(rows) < 2:
        raise InputError(
            f"{path}: too few rows: {len(rows)} with something in the target, column '{shown(name)}'; two are the least"
        )
    notes = []
    skipped = np.flatnonzero(column.blank)
    if len(skipped):
        lines = listed_lines(columns.lines[skipped[:3]].tolist(), len(skipped))
        notes.append(f"skipped {len(skipped):,} row{'s'[: len(skipped) > 1]} whose target is blank ({lines})")
    if class_names:
        labels = _known_classes(path, columns, name, rows, class_names)
        return Target(name, rows, labels, tuple(class_names), tuple(notes))
    if class_names is not None:
        kind = "regress"
    if kind is None:
        kind = "classify" if _looks_like_classes(column, rows) else "regress"
    others = "" if chosen else _choice(name, columns.by_name, kind)
    if kind == "regress":
        labels = _numbers(path, name, column, rows)
        return Target(name, rows, labels, (), (*notes, *filter(None, [others])))
    labels, found = _classes(path, name, column, rows, columns.by_name)
    return Target(name, rows, labels, found, (*notes, *filter(None, [others])))


def _choice(name: str, names: Mapping[str, Column], kind: Kind) -> str:
    what = "a class" if kind == "classify" else "a number"
    return f"the target is the last of {len(names):,} columns, '{shown(name)}', {what}; --target chooses another"


def _looks_like_classes(column: Column, rows: Array) -> bool:
    if isinstance(column, Words):
        return True
    values = column.values[rows]
    if np.any(values != np.floor(values)):
        return False
    return len(np.unique(values)) <= min(FEW_VALUES, FEW_SHARE * len(rows))


def _numbers(path: Path, name: str, column: Column, rows: Array) -> Array:
    """(n, 1) float32."""
    if isinstance(column, Words):
        cell, line = column.sample
        raise InputError(
            f"{path}: line {line:,}: '{shown(cell)}' in the target, column '{shown(name)}', is not a number; "
            "correct it, or take --task classify"
        )
    values = column.values[rows]
    if values.min() == values.max():
        raise InputError(
            f"{path}: the target, column '{shown(name)}', is {values[0]:g} in every row; there is nothing to predict"
        )
    return values.astype(np.float32)[:, None]


def _classes(
    path: Path, name: str, column: Column, rows: Array, names: Mapping[str, Column]
) -> tuple[Array, tuple[str, ...]]:
    """(n,) int64, and the names of the classes in order."""
    words, codes = _words(column, rows)
    found, labels = np.unique(codes, return_inverse=True)
    class_names = [words[code] for code in found]
    if len(found) < 2:
        raise InputError(
            f"{path}: the target, column '{shown(name)}', is '{shown(class_names[0])}' in every row; two classes are "
            "needed to tell apart"
        )
    if len(found) > MOST_CLASSES or len(found) > 0.5 * len(rows) > 5:
        raise InputError(
            f"{path}: the target, column '{shown(name)}', has {len(found):,} different values in {len(rows):,} rows, "
            f"too many for classes; choose with --target: {listed_names(names)}"
        )
    if isinstance(column, Words):
        order = np.argsort(np.array(class_names))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        labels, class_names = place[labels], [class_names[i] for i in order]
    return labels.astype(np.int64), tuple(class_names)


def _known_classes(path: Path, columns: Columns, name: str, rows: Array, class_names: Sequence[str]) -> Array:
    """(n,) int64, where the classes are those that a network has learnt."""
    words, codes = _words(columns.by_name[name], rows)
    place = {word: place for place, word in enumerate(class_names)}
    labels = np.array([place.get(word, -1) for word in words])[codes]
    unknown = np.flatnonzero(labels < 0)
    if len(unknown):
        first = unknown[0]
        line = columns.lines[rows[first]]
        raise InputError(
            f"{path}: line {line:,}: '{shown(words[codes[first]])}' in the target, column '{shown(name)}', is none of "
            f"the classes that the network has learnt: {listed_names(class_names)}"
        )
    return labels.astype(np.int64)


def _words(column: Column, rows: Array) -> tuple[list[str], Array]:
    """The different words of a column, and the place (n,) of each row's among them; numbers as they are written."""
    if isinstance(column, Words):
        return column.words, column.codes[rows]
    values, codes = np.unique(column.values[rows], return_inverse=True)
    return [_written(value) for value in values.tolist()], codes


def _written(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
