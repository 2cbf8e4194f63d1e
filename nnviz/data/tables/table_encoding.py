"""The columns of a table → what a network reads: blanks filled, words one-hot, all by the training rows alone.

The encoding is kept with the run, so that another table can be read by it exactly as the first one was.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.encoding import Encoding
from nnviz.data.tables.delimited import is_number
from nnviz.data.tables.table_columns import Column, Numbers, Words
from nnviz.errors import InputError

MOST_CATEGORIES = 100
MOST_NUMBERS = 1 << 27
"""Of all rows together, 4 bytes each."""
FAR, NEAR = 1e4, 1e2
"""Numbers whose mean is more than `FAR` deviations from 0 are kept as what they are more than a round number that is
at most `NEAR` deviations from their mean: float32 would tell few of them apart."""
ROUNDED = 1e-13
"""What deviates by less than that share of its mean is constant, as far as float64 can tell."""
NAMED_COLUMNS = 5
SHOWN = 40


class Feature(msgspec.Struct, frozen=True):
    """A column that the network reads.

    median      what fills a blank cell, None for a column of words
    categories  the words that each get an input of their own, empty for a column of numbers
    blank       whether one more input says that the cell is blank
    offset      a round number that is taken off each number, 0 unless all are far from 0 and near each other
    """

    name: str
    median: float | None
    categories: tuple[str, ...]
    blank: bool
    offset: float = 0.0

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each input that the column becomes is called: `ms − 1.7e12` where an offset is taken off."""
        inputs: tuple[str, ...] = tuple(f"{self.name}={word}" for word in self.categories)
        if self.median is not None:
            inputs = (f"{self.name}{_taken_off(self.offset)}",)
        return (*inputs, f"{self.name} blank") if self.blank else inputs


class TableEncoding(Encoding, frozen=True, kw_only=True):
    """How a table is read: its features and its target.

    A table of images has no features, and neither has one of texts.

    text_column   the column that texts are in, empty where there are none
    image_column  the column that names the image of each row, empty in runs that do not have it
    """

    features: tuple[Feature, ...] = ()
    target: str
    text_column: str = ""
    image_column: str = ""

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each of the network's inputs is called."""
        return tuple(name for feature in self.features for name in feature.input_names)

    @property
    def blank_inputs(self) -> set[int]:
        """The places of those inputs that say of a number that it was blank."""
        ends = accumulate(len(feature.input_names) for feature in self.features)
        numbers = zip(self.features, ends, strict=True)
        return {end - 1 for feature, end in numbers if feature.blank and feature.median is not None}

    @property
    def column_names(self) -> set[str]:
        """The columns that a labelled table has to have."""
        others = {self.target, self.text_column, self.image_column} - {""}
        return {feature.name for feature in self.features} | others

    @property
    def words(self) -> set[str]:
        """The columns that are words, even if all their cells look like numbers."""
        features = {feature.name for feature in self.features if feature.median is None}
        return features | ({self.text_column, self.image_column} - {""})


def fit_features(path: Path, columns: Mapping[str, Column], rows: Array) -> tuple[tuple[Feature, ...], list[str]]:
    """The features that `columns` give for the training `rows` (places, int64), and what to say of the others.

    Raises InputError if there are none.
    """
    features: list[Feature] = []
    left_out: dict[str, str] = {}
    for name, column in columns.items():
        fitted = _fit_numbers(name, column, rows) if isinstance(column, Numbers) else _fit_words(name, column, rows)
        if isinstance(fitted, Feature):
            features.append(fitted)
        else:
            left_out[name] = fitted
    reasons = listed([f"{shown(name)} ({why})" for name, why in left_out.items()])
    if not features:
        raise InputError(
            f"{path}: no column can be learnt from: {reasons}; give one of numbers or of a few words, or choose one of "
            "texts with --text-column"
        )
    notes = []
    if left_out:
        notes.append(f"left out {len(left_out):,} column{'s'[: len(left_out) > 1]}: {reasons}")
    return tuple(features), notes


def count_blanks(columns: Mapping[str, Column], features: Sequence[Feature], rows: Array) -> list[int]:
    """How many of those rows have a blank cell in the column of each feature."""
    return [int(columns[feature.name].blank[rows].sum()) for feature in features]


def notes_on_blanks(features: Sequence[Feature], counts: Sequence[int]) -> list[str]:
    """What became of the blank cells of each feature, where there are some."""
    known = {feature.name: count for feature, count in zip(features, counts, strict=True) if feature.blank and count}
    new = {feature.name: count for feature, count in zip(features, counts, strict=True) if not feature.blank and count}
    notes = []
    if known:
        notes.append(
            f"{_told_blanks(known)}: a number becomes the column's median, and one more input says that it was blank"
        )
    if new:
        notes.append(
            f"{_told_blanks(new)}, where no row to train on has one: a number becomes the column's median, a word none "
            "of the known ones, and no input says that it was blank"
        )
    return notes


def _told_blanks(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    told = listed([f"{shown(name)} ({count:,})" for name, count in counts.items()])
    return f"{total:,} blank cell{'' if total == 1 else 's'} in {told}"


def _fit_numbers(name: str, column: Numbers, rows: Array) -> Feature | str:
    """The feature, or why there is none."""
    values = column.values[rows]
    known = values[~np.isnan(values)]
    if not len(known):
        return "blank everywhere"
    blank = len(known) < len(values)
    if not blank and known.min() == known.max():
        return "the same everywhere"
    return Feature(name, float(np.median(known)), (), blank, _offset(known))


def _offset(values: Array) -> float:
    """A number of few digits near the mean of values (n,) float64, if float32 could not tell them apart; else 0."""
    mean, deviation = float(values.mean()), float(values.std())
    if not ROUNDED * abs(mean) < deviation < abs(mean) / FAR:
        return 0.0
    rounded = (float(f"{mean:.{digits}e}") for digits in range(17))
    return next(offset for offset in rounded if abs(mean - offset) <= NEAR * deviation)


def _taken_off(offset: float) -> str:
    """What an input is called by it after the name of its column."""
    sign = "−" if offset > 0 else "+"
    written = np.format_float_scientific(abs(offset), trim="-", exp_digits=1).replace("e+", "e")
    return f" {sign} {written}" if offset else ""


def _fit_words(name: str, column: Words, rows: Array) -> Feature | str:
    """The feature, or why there is none."""
    codes = column.codes[rows]
    known = codes[codes >= 0]
    found = np.unique(known)
    blank = len(known) < len(codes)
    if not len(found):
        return "blank everywhere"
    if len(found) == 1 and not blank:
        return "the same everywhere"
    if len(found) == len(known) > 2:
        return "another text in each row"
    if len(found) > MOST_CATEGORIES:
        return f"{len(found):,} different words, and {MOST_CATEGORIES} are the most{_stray_word(column)}"
    return Feature(name, None, tuple(sorted(column.words[code] for code in found)), blank)


def _stray_word(column: Words) -> str:
    """What to say of a word that stands where most cells are numbers."""
    cell, line = column.sample
    numbers = sum(map(is_number, column.words))
    return f"; '{shown(cell)}' in line {line:,} is not a number" if line and 2 * numbers > len(column.words) else ""


def encode(path: Path, columns: Mapping[str, Column], features: Sequence[Feature], rows: Array) -> tuple[Array, int]:
    """The inputs (n, features) float32 of those rows, and how many cells have a word that is not a category.

    Raises InputError if a column is missing, holds words instead of numbers, or all would take too much memory.
    """
    width = sum(len(feature.input_names) for feature in features)
    if width * len(rows) > MOST_NUMBERS:
        raise InputError(
            f"{path}: {len(rows):,} rows of {width:,} inputs are more than {MOST_NUMBERS:,} numbers, which are the "
            "most; give fewer rows, or leave columns of words out"
        )
    inputs = np.zeros((len(rows), width), np.float32)
    start = unknown = 0
    for feature in features:
        column = _column(path, columns, feature)
        end = start + len(feature.input_names)
        if isinstance(column, Numbers) and feature.median is not None:
            values = column.values[rows]
            # What float32 cannot hold is taken off before it would be lost.
            inputs[:, start] = np.where(np.isnan(values), feature.median, values) - feature.offset
        elif isinstance(column, Words):
            unknown += _one_hot(column, feature, rows, inputs[:, start:end])
        if feature.blank:
            inputs[:, end - 1] = column.blank[rows]
        start = end
    return inputs, unknown


def _column(path: Path, columns: Mapping[str, Column], feature: Feature) -> Column:
    column = columns.get(feature.name)
    if column is None:
        raise InputError(
            f"{path}: there is no column '{feature.name}', which the network has learnt from; there are "
            f"{listed_names(columns)}"
        )
    if isinstance(column, Words) and feature.median is not None:
        cell, line = column.sample
        raise InputError(
            f"{path}: line {line:,}: '{shown(cell)}' in column '{feature.name}' is not a number, as all were that the "
            "network has learnt from"
        )
    return column


def _one_hot(column: Words, feature: Feature, rows: Array, inputs: Array) -> int:
    """Set a 1 for the category of each row; the number of rows whose word is none of them."""
    places = {word: place for place, word in enumerate(feature.categories)}
    place_of = np.array([*(places.get(word, -1) for word in column.words), -1])
    codes = column.codes[rows]
    place = place_of[codes]
    known = place >= 0
    inputs[np.flatnonzero(known), place[known]] = 1
    return int(np.count_nonzero(~known & (codes >= 0)))


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMED_COLUMNS:,} more" if len(names) > NAMED_COLUMNS else ""
    return ", ".join(names[:NAMED_COLUMNS]) + more


def listed_names(names: Iterable[str]) -> str:
    """The first few names of columns or classes, each cut where it is very long."""
    return listed([shown(name) for name in names])


def shown(text: str) -> str:
    """A cell or a name as a message may show it: on one line, and not too long."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
