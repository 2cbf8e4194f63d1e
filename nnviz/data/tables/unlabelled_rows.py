"""Rows of a table, whose targets nobody knows, read as a run has read those that it learnt from."""

from pathlib import Path

import numpy as np

from nnviz.data.ngrams import NGrams
from nnviz.data.tables.delimited import read_delimited
from nnviz.data.tables.learnt_names import with_learnt_names
from nnviz.data.tables.table_columns import Columns, Words, listed_lines, read_columns
from nnviz.data.tables.table_encoding import TableEncoding, count_blanks, encode, listed_names, notes_on_blanks, shown
from nnviz.data.unlabelled import Unlabelled
from nnviz.errors import InputError


def read_rows(path: Path, encoding: TableEncoding) -> Unlabelled:
    """The rows of a table. A column of targets is not needed; rows without text, if it is one of texts, are skipped.

    Raises InputError if the file cannot be read, or lacks a column that the network has learnt from.
    """
    needed = {encoding.text_column} if encoding.ngrams else {feature.name for feature in encoding.features}
    text = with_learnt_names(read_delimited(path, fewest_columns=1), needed)
    columns = read_columns(text, encoding.words)
    notes = [*text.notes, *filter(None, [columns.ragged])]
    if encoding.ngrams is not None:
        return _texts(path, columns, encoding.text_column, encoding.ngrams, notes)
    lines: list[int] = columns.lines.tolist()
    inputs, unknown = encode(path, columns.by_name, encoding.features, np.arange(len(lines)))
    notes += notes_on_blanks(encoding.features, count_blanks(columns.by_name, encoding.features, np.arange(len(lines))))
    if unknown:
        notes.append(f"{unknown:,} cells have words that no training row has, and count as none of the known ones")
    return Unlabelled(lines, inputs, notes)


def _texts(path: Path, columns: Columns, name: str, ngrams: NGrams, notes: list[str]) -> Unlabelled:
    column = columns.by_name.get(name)
    if column is None:
        raise InputError(
            f"{path}: there is no column '{shown(name)}' of texts; there are {listed_names(columns.by_name)}"
        )
    assert isinstance(column, Words)
    blank = columns.lines[column.blank].tolist()
    if len(blank) == len(column.codes):
        raise InputError(f"{path}: no row has a text in column '{shown(name)}'; give some that have")
    if blank:
        skipped = f"{len(blank):,} row{'s'[: len(blank) > 1]}"
        notes.append(f"skipped {skipped} without text ({listed_lines(blank[:3], len(blank))})")
    lines: list[int] = columns.lines[~column.blank].tolist()
    return Unlabelled(lines, ngrams.counts([column.words[code] for code in column.codes if code >= 0]), notes)
