"""A table with a column of texts → Dataset of their n-grams."""

from collections.abc import Collection

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.ngrams import NGrams
from nnviz.data.tables.columns import Words
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.tables.table_reading import Table, by_role
from nnviz.data.texts.text_dataset import Texts, as_dataset
from nnviz.errors import InputError
from nnviz.outside_text import excerpt, listed_names
from nnviz.wording import LISTED_LINES, count, integer, listed_lines


def open_texts(
    table: Table, text_name: str, learnt: NGrams | None, generator: np.random.Generator, elsewhere: Collection[str]
) -> Dataset:
    """The n-grams of column `text_name` as counts (n, buckets) uint8, with their targets.

    They are counted as a run has `learnt` them. Splits from `elsewhere` are empty. Rows without text are skipped and
    counted. Raises InputError if fewer than two are left, or nothing to predict.
    """
    target, columns = table.target, table.columns
    column = columns.by_name[text_name]
    assert isinstance(column, Words)
    blank = column.blank[target.rows]
    rows, labels = target.rows[~blank], target.labels[~blank]
    notes = [] if learnt else [_note(table, text_name)]
    if blank.any():
        lines = columns.lines[target.rows[blank]]
        told = listed_lines(lines[:LISTED_LINES].tolist(), len(lines))
        notes.append(f"skipped {count(len(lines), 'row')} without text ({told})")
    if len(rows) < 2 or len(np.unique(labels)) < 2:
        raise InputError(
            f"{table.path}: too few rows: {integer(len(rows))} with text in column '{excerpt(text_name)}', and two "
            "with different targets are the least"
        )
    parts = {}
    for role, some in by_role(table, rows).items():
        texts = [column.words[code] for code in column.codes[rows[some]].tolist()]
        parts[role] = Texts(texts, labels[some], table.line_names(rows[some]))
    encoding = TableEncoding(
        target=target.name,
        target_form=target.form,
        class_names=target.class_names,
        ngrams=learnt or NGrams(),
        text_column=text_name,
    )
    target_names = () if target.class_names else (target.name,)
    return as_dataset(
        table.path, table.name, parts, encoding, generator, notes, target_names=target_names, elsewhere=elsewhere
    )


def _note(table: Table, text_name: str) -> str:
    why = f" ({table.target.why})" if table.target.why else ""
    note = f"the text is column '{excerpt(text_name)}', the target '{excerpt(table.target.name)}'{why}"
    others = [name for name in table.columns.by_name if name not in (text_name, table.target.name)]
    if others:
        note += f", and {count(len(others), 'other column')} left out: {listed_names(others)}"
    return f"{note}; --text-column and --target choose others, and --text-column '' none"
