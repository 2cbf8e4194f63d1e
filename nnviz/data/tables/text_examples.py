"""A table with a column of texts → Dataset of their n-grams."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.ngrams import NGrams
from nnviz.data.tables.table_columns import Columns, Words, listed_lines
from nnviz.data.tables.table_encoding import TableEncoding, listed_names, shown
from nnviz.data.tables.table_target import Target
from nnviz.data.texts.text_dataset import Texts, as_dataset
from nnviz.errors import InputError


def open_table_texts(
    path: Path,
    columns: Columns,
    text_name: str,
    target: Target,
    ngrams: NGrams,
    generator: np.random.Generator,
    notes: Sequence[str],
) -> Dataset:
    """The n-grams of column `text_name` as counts (n, buckets) uint8, with their targets.

    Rows without text are skipped and counted. Raises InputError if fewer than two are left, or nothing to predict.
    """
    column = columns.by_name[text_name]
    assert isinstance(column, Words)
    blank = column.blank[target.rows]
    rows, labels = target.rows[~blank], target.labels[~blank]
    told = [*notes, _note(text_name, target.name, columns)]
    if blank.any():
        lines = columns.lines[target.rows[blank]]
        told.append(f"skipped {len(lines):,} row{'s'[: len(lines) > 1]} without text ({_listed(lines)})")
    if len(rows) < 2 or len(np.unique(labels)) < 2:
        raise InputError(
            f"{path}: too few rows: {len(rows):,} with text in column '{shown(text_name)}', and two with different "
            "targets are the least"
        )
    texts = [column.words[code] for code in column.codes[rows].tolist()]
    names = [f"line {line}" for line in columns.lines[rows].tolist()]
    encoding = TableEncoding(target=target.name, class_names=target.class_names, ngrams=ngrams, text_column=text_name)
    target_names = () if target.class_names else (target.name,)
    parts = {"train": Texts(texts, labels, names)}
    return as_dataset(path, path.resolve().name, parts, encoding, generator, told, target_names=target_names)


def _listed(lines: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> str:
    return listed_lines(lines[:3].tolist(), len(lines))


def _note(text_name: str, target_name: str, columns: Columns) -> str:
    note = f"the text is column '{shown(text_name)}', the target '{shown(target_name)}'"
    others = [name for name in columns.by_name if name not in (text_name, target_name)]
    if others:
        note += f", and {len(others):,} other column{'s'[: len(others) > 1]} left out: {listed_names(others)}"
    return f"{note}; --text-column and --target choose others, and --text-column '' none"
