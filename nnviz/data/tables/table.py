"""A table (CSV, TSV and the like; plain or gzip) with a row for each example → Dataset.

One column is the target: a class, or a number to be predicted. All others are what the network reads; or one column
names an image in each row, or holds a text, and it reads that.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from nnviz.data.dataset import Dataset
from nnviz.data.encoding import Encoding
from nnviz.data.reading import CACHED, Reading
from nnviz.data.tables.delimited import DelimitedText, read_delimited
from nnviz.data.tables.free_text import free_text_column
from nnviz.data.tables.number_examples import open_numbers
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.tables.table_reading import Table, read_table
from nnviz.data.tables.table_splits import ALL, SplitTable, with_splits
from nnviz.data.tables.target_choice import choose_column, learnt_column
from nnviz.errors import InputError
from nnviz.experiment import Data


def open_table(
    path: Path,
    data: Data,
    generator: np.random.Generator,
    encoding: Encoding | None = None,
    reading: Reading = CACHED,
    others: Sequence[tuple[str, Path]] = (),
) -> Dataset:
    """The examples of the table, (n, features) float32; or images as uint8, or counts of n-grams of text as uint8.

    The target is the column of `data.target`, or that of the name that targets have, or else the last one; it says
    classes or numbers as `data.task` or its cells say. Rows are split 70 % / 15 % / 15 % unless a column says how, or
    `others`, which are tables of other splits, with the same columns; medians and categories are those of the training
    rows, or those of the `encoding` of another table. How the table was understood, and what is left out or filled, is
    told in the dataset's notes.

    Raises InputError naming the line or the column if the file is not a table that can be learnt from, or does not fit
    the encoding.
    """
    read = _read(path, data, encoding)
    labelled = [(role, other) for role, other in others if _has_labels(other, read)]
    dataset = _opened(read, data, generator, encoding, reading, [role for role, _ in labelled])
    if not others:
        return dataset
    parts = [SplitTable("train", path, dataset)]
    for role, other in labelled:
        of_split = _opened(_read(other, data, dataset.encoding), data, generator, dataset.encoding, reading, ALL)
        parts.append(SplitTable(role, other, of_split))
    return with_splits(parts, [other for role, other in others if (role, other) not in labelled])


class _Read(NamedTuple):
    """A table, and the column that names images or holds texts, if the network reads one of these."""

    table: Table
    image_name: str | None
    text_name: str | None


def _read(path: Path, data: Data, encoding: Encoding | None) -> _Read:
    # Texts in files have no columns, but a table may hold others like them.
    learnt = encoding if isinstance(encoding, TableEncoding) else None
    text = read_delimited(path, needed=learnt.column_names if learnt else ())
    image_name = _image_name(text, data, learnt)
    text_name = None if image_name is not None else _text_name(text, data, encoding)
    return _Read(read_table(text, data, encoding, image_name or text_name), image_name, text_name)


def _has_labels(path: Path, train: _Read) -> bool:
    """Whether another table has the column that is the target in the one to train on."""
    target = train.table.target.name
    return target in read_delimited(path, needed={target}).names


def _opened(
    read: _Read,
    data: Data,
    generator: np.random.Generator,
    encoding: Encoding | None,
    reading: Reading,
    elsewhere: Collection[str],
) -> Dataset:
    table, image_name, text_name = read
    if text_name is not None:
        from nnviz.data.tables.text_examples import open_texts

        dataset = open_texts(table, text_name, encoding.ngrams if encoding else None, generator, elsewhere)
    elif image_name is not None:
        from nnviz.data.tables.image_examples import open_images

        dataset = open_images(table, image_name, data, generator, reading, elsewhere)
    else:
        learnt = encoding if isinstance(encoding, TableEncoding) else None
        dataset = open_numbers(table, generator, learnt, elsewhere)
    return replace(dataset, notes=(*table.notes, *table.target.notes, *dataset.notes))


def _image_name(text: DelimitedText, data: Data, learnt: TableEncoding | None) -> str | None:
    """The column that names images, if the network is to see them: the one that was learnt, or is chosen."""
    if learnt is not None and learnt.image_column:
        return learnt_column(text.path, text.names, learnt.image_column, "the images")
    if data.image_column is None:
        return None
    return choose_column(text.path, text.names, data.image_column, "the images")


def _text_name(text: DelimitedText, data: Data, encoding: Encoding | None) -> str | None:
    """The column of text, if the network is to read one: the one that was learnt or is chosen, or is found.

    Raises InputError if there is none and has to be.
    """
    if encoding is not None and encoding.ngrams is None:
        return None
    if isinstance(encoding, TableEncoding) and encoding.text_column:
        return learnt_column(text.path, text.names, encoding.text_column, "the text")
    if data.text_column is not None:
        return choose_column(text.path, text.names, data.text_column, "the text") if data.text_column else None
    found = free_text_column(text)
    if found is None and encoding is not None:
        raise InputError(f"{text.path}: there is no one column of text, which the network has learnt from; give one")
    if data.target is not None and found == choose_column(text.path, text.names, data.target, "the target"):
        return None
    return found
