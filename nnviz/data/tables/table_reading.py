"""The text of a table → its columns, and what each of them is for."""

from collections.abc import Collection
from pathlib import Path

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.encoding import Encoding
from nnviz.data.split import Split
from nnviz.data.splitting import complete
from nnviz.data.tables.column_reading import read_columns, without_blank_end
from nnviz.data.tables.columns import Columns
from nnviz.data.tables.delimited import DelimitedText
from nnviz.data.tables.identifiers import identifiers
from nnviz.data.tables.split_column import SplitColumn, find_split
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.tables.table_target import Target, read_target
from nnviz.data.tables.target_choice import Choice, choose_column, choose_target, is_singular, learnt_column
from nnviz.data.tables.vectors import spread
from nnviz.errors import InputError
from nnviz.experiment import Data


class Table(msgspec.Struct, frozen=True):
    """A table whose columns are read, and what they are for.

    split     the column that says which split each row belongs to, if there is one
    left_out  the columns that must not be learnt from, and why
    keep      those that are to be learnt from in any case
    notes     what to say of how it is written, and of its columns
    """

    path: Path
    columns: Columns
    target: Target
    split: SplitColumn | None
    left_out: dict[str, str]
    keep: Collection[str]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the dataset is called."""
        return self.path.resolve().name

    def line_names(self, rows: Array) -> list[str]:
        """Where each of those rows (places, int64) begins."""
        return [f"line {line}" for line in self.columns.lines[rows].tolist()]


def read_table(text: DelimitedText, data: Data, encoding: Encoding | None, special: str | None) -> Table:
    """Read the columns, and find out which one is the target, and which ones are not to be learnt from.

    `special` is the column that names images or holds texts, if there is one. Raises InputError.
    """
    learnt = encoding if isinstance(encoding, TableEncoding) else None
    words = {special} if special is not None else set()
    columns = read_columns(text, words | (learnt.words if learnt else set()), learnt.forms if learnt else None)
    columns = without_blank_end(columns, {*words, *(learnt.column_names if learnt else ())})
    columns = spread(columns, {*words, *(learnt.words if learnt else ())})
    names = list(columns.by_name)
    wanted = _wanted_target(text.path, names, data, learnt)
    keep = _kept(text.path, names, data.keep or ())
    used = {*words, *keep, *(learnt.column_names if learnt else ()), *([wanted] if wanted else [])}
    named = {name for name, given in zip(text.names, text.header.cells, strict=False) if given}
    split = find_split(columns, used)
    out = {name: why for name, why in identifiers(columns.by_name, named).items() if name not in used}
    apart = {*out, *words, *keep, *([split.name] if split else [])}
    of_texts = special is not None and not (data.image_column or (learnt and learnt.image_column))
    if of_texts:
        apart |= {name for name, column in columns.by_name.items() if is_singular(column)}
    choice = Choice(wanted) if wanted else choose_target(columns, named, apart)
    if of_texts:
        # What is said of the text says of the target too.
        choice = choice._replace(told="")
    if choice.name == special:
        what = "text" if of_texts else "images"
        raise InputError(f"{text.path}: column '{special}' is both target and {what}; choose another with --target")
    known = None if encoding is None else encoding.class_names
    target = read_target(text.path, columns, choice, data.task, known)
    out.pop(choice.name, None)
    notes = (*text.notes, *columns.notes, *([split.note] if split else []))
    return Table(text.path, columns, target, split, out, keep, notes)


def by_role(table: Table, rows: Array) -> dict[str, Array]:
    """The places (n,) among those rows (places, int64) of each split that the table says; else all are for training.

    Raises InputError if none is for training.
    """
    if table.split is None:
        return {"train": np.arange(len(rows))}
    roles = table.split.roles[rows]
    found = {str(role): np.flatnonzero(roles == role) for role in np.unique(roles[roles != ""])}
    if "train" not in found:
        raise InputError(f"{table.path}: no row that is for training can be used; give some that can")
    return found


def split_rows(
    table: Table, rows: Array, labels: Array, generator: np.random.Generator, elsewhere: Collection[str]
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The places (n,) of each split among those rows (places, int64), and the names of the splits taken by chance.

    None is taken that comes from `elsewhere`. They are found before anything else is, because medians and categories
    belong to the training rows. Raises InputError if there are none of these.
    """
    found = by_role(table, rows)
    splits = {role: Split(places, labels[places], [""] * len(places)) for role, places in found.items()}
    taken = complete(splits, generator, elsewhere)
    return {role: split.inputs[:] for role, split in splits.items()}, taken


def _wanted_target(path: Path, names: list[str], data: Data, learnt: TableEncoding | None) -> str | None:
    """The target that was learnt or is chosen."""
    if learnt is not None and learnt.target:
        return learnt_column(path, names, learnt.target, "the target")
    return choose_column(path, names, data.target, "the target") if data.target else None


def _kept(path: Path, names: list[str], keep: Collection[str]) -> list[str]:
    """The columns to keep: each by its name, its number, or several with commas between. Raises InputError."""
    kept = []
    for each in keep:
        several = [each] if each in names else [part.strip() for part in each.split(",") if part.strip()]
        kept += [choose_column(path, names, part, "what to keep") for part in several]
    return kept
