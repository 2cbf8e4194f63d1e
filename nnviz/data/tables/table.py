"""A table (CSV, TSV; plain or gzip) with a row for each example → Dataset.

One column is the target: a class, or a number to be predicted. All others are what the network reads; or one column
names an image in each row, or holds a text, and it reads that.
"""

from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.encoding import Encoding
from nnviz.data.ngrams import NGrams
from nnviz.data.reading import CACHED, Reading
from nnviz.data.split import Split
from nnviz.data.splitting import complete
from nnviz.data.standardization import Standardization
from nnviz.data.tables.delimited import DelimitedText, read_delimited
from nnviz.data.tables.free_text import free_text_column
from nnviz.data.tables.learnt_names import with_learnt_names
from nnviz.data.tables.table_columns import Columns, read_columns
from nnviz.data.tables.table_encoding import Feature, TableEncoding, count_blanks, encode, fit_features, notes_on_blanks
from nnviz.data.tables.table_target import Target, choose_column, learnt_column, read_target
from nnviz.errors import InputError
from nnviz.experiment import Data


def open_table(
    path: Path,
    data: Data,
    generator: np.random.Generator,
    encoding: Encoding | None = None,
    reading: Reading = CACHED,
) -> Dataset:
    """The examples of the table, (n, features) float32; or images as uint8, or counts of n-grams of text as uint8.

    Whole numbers with few values and words are classes, other numbers are predicted, unless `data.task` says what
    they are. Rows are split 70 % / 15 % / 15 %; medians and categories are those of the training rows, or those of
    the `encoding` of another table. What is left out or filled is told in the dataset's notes.

    Raises InputError naming the line or the column if the file is not a table that can be learnt from, or does not fit
    the encoding.
    """
    text = read_delimited(path)
    # Texts in files have no columns, but a table may hold others like them.
    learnt = encoding if isinstance(encoding, TableEncoding) else None
    if learnt is not None:
        text = with_learnt_names(text, learnt.column_names)
    image_name = _image_name(text, data, learnt)
    text_name = None if image_name is not None else _text_name(text, data, encoding)
    target_name = _target_name(text, data, learnt, text_name)
    if target_name in (image_name, text_name):
        what = "images" if image_name else "text"
        raise InputError(f"{path}: column '{target_name}' is both target and {what}; choose another with --target")
    chosen = {name for name in (image_name, text_name) if name is not None}
    columns = read_columns(text, chosen if learnt is None else chosen | learnt.words)
    known = None if encoding is None else encoding.class_names
    target = read_target(path, columns, target_name, data.task, known, chosen=bool(data.target or text_name))
    notes = [*text.notes, *filter(None, [columns.ragged]), *target.notes]
    if text_name is not None:
        from nnviz.data.tables.text_examples import open_table_texts

        ngrams = (encoding and encoding.ngrams) or NGrams()
        dataset = open_table_texts(path, columns, text_name, target, ngrams, generator, notes)
    elif image_name is None:
        dataset = _open_numbers(path, columns, target, generator, learnt, notes)
    else:
        from nnviz.data.tables.image_examples import open_table_images

        dataset = open_table_images(path, columns, image_name, target, data, generator, notes, reading)
    return dataset


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


def _target_name(text: DelimitedText, data: Data, learnt: TableEncoding | None, text_name: str | None) -> str:
    if learnt is not None and learnt.target:
        return learnt_column(text.path, text.names, learnt.target, "the target")
    names = text.names if data.target else [name for name in text.names if name != text_name]
    return choose_column(text.path, names, data.target or None, "the target")


def _open_numbers(
    path: Path,
    columns: Columns,
    target: Target,
    generator: np.random.Generator,
    learnt: TableEncoding | None,
    notes: list[str],
) -> Dataset:
    places = split_rows(target, generator)
    others = {name: column for name, column in columns.by_name.items() if name != target.name}
    features: tuple[Feature, ...]
    if learnt is None:
        features, more = fit_features(path, others, target.rows[places["train"]])
        notes += more
    else:
        features = learnt.features
    splits = {}
    unknown = 0
    for role, taken in places.items():
        rows = target.rows[taken]
        inputs, strange = encode(path, others, features, rows)
        splits[role] = Split(inputs, target.labels[taken], [f"line {line}" for line in columns.lines[rows].tolist()])
        unknown += strange
    if unknown:
        notes.append(f"{unknown:,} cells have words that no training row has, and count as none of the known ones")
    blanks = count_blanks(others, features, target.rows)
    notes += notes_on_blanks(features, blanks)
    fitted = TableEncoding(features=features, target=target.name, class_names=target.class_names)
    return Dataset(
        name=path.resolve().name,
        class_names=target.class_names,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=Standardization.of(splits["train"].inputs),
        notes=tuple(notes),
        feature_names=fitted.input_names,
        filled={f.input_names[0]: n for f, n in zip(features, blanks, strict=True) if f.median is not None},
        target_names=() if target.class_names else (target.name,),
        encoding=fitted,
        taken=("validation", "test"),
    )


def split_rows(target: Target, generator: np.random.Generator) -> dict[str, Array]:
    """The places (n,) of each split among the target's rows.

    They are found before anything else is, because medians and categories belong to the training rows.
    """
    places = np.arange(len(target.rows))
    splits = {"train": Split(places, target.labels, [""] * len(places))}
    complete(splits, generator)
    return {role: split.inputs[:] for role, split in splits.items()}
