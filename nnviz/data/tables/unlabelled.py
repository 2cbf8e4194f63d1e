"""Rows of a table, or lines of text, whose targets nobody knows, read as a run has read those that it learnt from."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.data.dataset import Array
from nnviz.data.formats import TABLE_FILE
from nnviz.data.tables.table_columns import Columns, Words, read_columns
from nnviz.data.tables.table_encoding import TableEncoding, encode, listed_names, shown
from nnviz.data.tables.table_text import TableText, read_table_text
from nnviz.data.text_file import encoding_of, read_content
from nnviz.data.texts.ngrams import NGrams
from nnviz.errors import InputError

_LINE_END = re.compile(r"\r\n|\r|\n")


class Unlabelled(NamedTuple):
    """Examples without targets.

    lines   the line (n) of the file that each begins in
    inputs  (n, inputs) as a dataset stores them
    notes   what was left out, or could not be read as it was meant
    """

    lines: Sequence[int]
    inputs: Array
    notes: Sequence[str]


def read_unlabelled(path: Path, encoding: TableEncoding) -> Unlabelled:
    """The rows of a table, or for a network of texts the lines of any other file. A column of targets is not needed.

    Raises InputError if the file cannot be read, or lacks a column that the network has learnt from.
    """
    ngrams = encoding.ngrams
    if ngrams is not None and not (encoding.text_column and TABLE_FILE.fullmatch(path.name.lower())):
        return _lines(path, ngrams)
    words = {feature.name for feature in encoding.features if feature.median is None}
    columns = read_columns(_table_text(path, encoding), words | {encoding.text_column})
    lines: list[int] = columns.lines.tolist()
    notes = [columns.ragged] if columns.ragged else []
    if ngrams is not None:
        return Unlabelled(lines, ngrams.counts(_texts(path, columns, encoding.text_column)), notes)
    inputs, unknown = encode(path, columns.by_name, encoding.features, np.arange(len(lines)))
    if unknown:
        notes.append(f"{unknown:,} cells have words that no training row has, and count as none of the known ones")
    return Unlabelled(lines, inputs, notes)


def _table_text(path: Path, encoding: TableEncoding) -> TableText:
    """The text of the table. Its first row is names if it has those that are needed, however few rows follow it."""
    text = read_table_text(path)
    needed = {encoding.text_column} if encoding.ngrams else {feature.name for feature in encoding.features}
    _, first = next(text.rows())
    if text.has_header or not needed <= set(first):
        return text
    names = (cell if cell in needed else f"column {number}" for number, cell in enumerate(first, start=1))
    return replace(text, names=tuple(names), has_header=True)


def _texts(path: Path, columns: Columns, name: str) -> list[str]:
    column = columns.by_name.get(name)
    if column is None:
        raise InputError(
            f"{path}: there is no column '{shown(name)}' of texts; there are {listed_names(columns.by_name)}"
        )
    assert isinstance(column, Words)
    return [column.words[code] if code >= 0 else "" for code in column.codes.tolist()]


def _lines(path: Path, ngrams: NGrams) -> Unlabelled:
    content = read_content(path)
    lines = enumerate(_LINE_END.split(content.decode(encoding_of(path, content))), start=1)
    texts = {number: line.strip() for number, line in lines if line.strip()}
    return Unlabelled(list(texts), ngrams.counts(list(texts.values())), [])
