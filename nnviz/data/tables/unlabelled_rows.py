"""Rows of a table, whose targets nobody knows, read as a run has read those that it learnt from."""

from pathlib import Path

import numpy as np

from nnviz.data.file_kinds import kind_of, may_be_table
from nnviz.data.ngrams import NGrams
from nnviz.data.tables.column_reading import read_columns
from nnviz.data.tables.columns import Columns, Words
from nnviz.data.tables.delimited import read_delimited
from nnviz.data.tables.dialect import LABELLED
from nnviz.data.tables.table_encoding import TableEncoding, count_blanks, encode, notes_on_blanks
from nnviz.data.tables.vectors import spread
from nnviz.data.unlabelled import Unlabelled
from nnviz.errors import InputError
from nnviz.outside_text import excerpt, listed_names
from nnviz.wording import LISTED_LINES, count, listed_lines


def holds_rows(path: Path, encoding: TableEncoding) -> bool:
    """Whether a file of texts is a table with the column that they were learnt from, and not one text in each line."""
    if kind_of(path) == "table" or not may_be_table(path):
        return kind_of(path) == "table"
    try:
        text = read_delimited(path, needed={encoding.text_column})
    except InputError:
        return False
    # A comma or a blank may be in any line of text.
    is_cut = text.dialect.delimiter in ("\t", LABELLED)
    return encoding.text_column in (text.names if is_cut else text.header.cells)


def read_rows(path: Path, encoding: TableEncoding) -> Unlabelled:
    """The rows of a table. A column of targets is not needed; rows without text, if it is one of texts, are skipped.

    Raises InputError if the file cannot be read, or lacks a column that the network has learnt from.
    """
    text = read_delimited(path, fewest_columns=1, needed=encoding.inputs_from)
    columns = spread(read_columns(text, encoding.words, encoding.forms), encoding.words)
    notes = [*text.notes, *columns.notes]
    if encoding.ngrams is not None:
        return _texts(path, columns, encoding.text_column, encoding.ngrams, notes)
    lines: list[int] = columns.lines.tolist()
    rows = np.arange(len(lines))
    blanks = count_blanks(columns.by_name, encoding.features, rows)
    inputs, unknown = encode(path, columns.by_name, encoding.features, rows)
    notes += notes_on_blanks(encoding.features, blanks)
    if unknown:
        notes.append(f"words that no training row has, in {count(unknown, 'cell')}, count as none of the known ones")
    return Unlabelled(lines, inputs, notes)


def _texts(path: Path, columns: Columns, name: str, ngrams: NGrams, notes: list[str]) -> Unlabelled:
    column = columns.by_name.get(name)
    if column is None:
        there = listed_names(columns.by_name)
        raise InputError(f"{path}: there is no column '{excerpt(name)}' of texts; there are {there}")
    assert isinstance(column, Words)
    blank = columns.lines[column.blank].tolist()
    if len(blank) == len(column.codes):
        raise InputError(f"{path}: no row has a text in column '{excerpt(name)}'; give some that have")
    if blank:
        told = listed_lines(blank[:LISTED_LINES], len(blank))
        notes.append(f"skipped {count(len(blank), 'row')} without text ({told})")
    lines: list[int] = columns.lines[~column.blank].tolist()
    return Unlabelled(lines, ngrams.counts([column.words[code] for code in column.codes if code >= 0]), notes)
