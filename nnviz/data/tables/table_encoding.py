"""The columns of a table → what a network reads: blanks filled, words one-hot, all by the training rows alone.

The encoding is kept with the run, so that another table can be read by it exactly as the first one was.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.encoding import Encoding
from nnviz.data.tables.columns import Column, Numbers, Words
from nnviz.data.tables.number_form import NumberForm, is_like_number
from nnviz.errors import InputError
from nnviz.outside_text import LISTED_NAMES, excerpt, listed_names
from nnviz.wording import count, exponential, integer, listed

MOST_CATEGORIES = 100
MOST_NUMBERS = 1 << 27
"""Of all rows together, 4 bytes each."""
FAR, NEAR = 1e4, 1e2
"""Numbers whose mean is more than `FAR` deviations from 0 are kept as what they are more than a round number that is
at most `NEAR` deviations from their mean: float32 would tell few of them apart."""
SINGULAR = "another text in each row"
"""Why a column of words is left out that tells each row from all others."""
ROUNDED = 1e-13
"""What deviates by less than that share of its mean is constant, as far as float64 can tell."""


class Feature(msgspec.Struct, frozen=True):
    """A column that the network reads.

    median      what fills a blank cell, None for a column of words
    categories  the words that each get an input of their own, empty for a column of numbers
    blank       whether one more input says that the cell is blank
    offset      a round number that is taken off each number, 0 unless all are far from 0 and near each other
    form        how the numbers were written, None for a column of words and in runs that do not have it
    part_of     the column of lists of numbers that this is a part of, empty if it is none
    """

    name: str
    median: float | None
    categories: tuple[str, ...]
    blank: bool
    offset: float = 0.0
    form: NumberForm | None = None
    part_of: str = ""

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

    target_form   how the numbers of the target were written, None where it has none and in runs that do not have it
    text_column   the column that texts are in, empty where there are none
    image_column  the column that names the image of each row, empty in runs that do not have it
    """

    features: tuple[Feature, ...] = ()
    target: str
    target_form: NumberForm | None = None
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
    def inputs_from(self) -> set[str]:
        """The columns that a table has to have to be read."""
        features = {feature.part_of or feature.name for feature in self.features}
        return features | ({self.text_column, self.image_column} - {""})

    @property
    def column_names(self) -> set[str]:
        """Those that a labelled table has to have."""
        return self.inputs_from | ({self.target} - {""})

    @property
    def words(self) -> set[str]:
        """The columns that are words, even if all their cells look like numbers."""
        features = {feature.name for feature in self.features if feature.median is None}
        return features | ({self.text_column, self.image_column} - {""})

    @property
    def forms(self) -> dict[str, NumberForm]:
        """How the numbers of columns were written, as far as that is known."""
        forms = {feature.name: feature.form for feature in self.features} | {self.target: self.target_form}
        return {name: form for name, form in forms.items() if form is not None}


def fit_features(
    path: Path, columns: Mapping[str, Column], rows: Array, left_out: Mapping[str, str], keep: Collection[str] = ()
) -> tuple[tuple[Feature, ...], list[str]]:
    """The features that `columns` give for the training `rows` (places, int64), and what to say of the others.

    Those `left_out` for a reason are not asked; those to `keep` may have another text in each row.

    Raises InputError if there are none, or one that is to be kept cannot be learnt from.
    """
    features: list[Feature] = []
    reasons: dict[str, str] = {}
    for name, column in columns.items():
        fitted = left_out.get(name) or _fit(name, column, rows, name in keep)
        if isinstance(fitted, Feature):
            features.append(fitted)
        elif name in keep:
            raise InputError(f"{path}: column '{excerpt(name)}' cannot be kept: {fitted}")
        else:
            reasons[name] = fitted
    told = listed([f"{excerpt(name)} ({why})" for name, why in reasons.items()], LISTED_NAMES)
    if not features:
        raise InputError(
            f"{path}: no column can be learnt from: {told}; give one of numbers or of a few words, or choose one of "
            "texts with --text-column"
        )
    kept = "; --keep takes one in" if left_out or SINGULAR in reasons.values() else ""
    return tuple(features), [f"left out {count(len(reasons), 'column')}: {told}{kept}"] if reasons else []


def count_blanks(columns: Mapping[str, Column], features: Sequence[Feature], rows: Array) -> list[int]:
    """How many of those rows have a blank cell in the column of each feature."""
    return [int(columns[feature.name].blank[rows].sum()) if feature.name in columns else 0 for feature in features]


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
    told = listed([f"{excerpt(name)} ({integer(many)})" for name, many in counts.items()], LISTED_NAMES)
    return f"{count(sum(counts.values()), 'blank cell')} in {told}"


def _fit(name: str, column: Column, rows: Array, kept: bool) -> Feature | str:
    """The feature, or why there is none."""
    return _fit_numbers(name, column, rows) if isinstance(column, Numbers) else _fit_words(name, column, rows, kept)


def _fit_numbers(name: str, column: Numbers, rows: Array) -> Feature | str:
    """The feature, or why there is none."""
    values = column.values[rows]
    known = values[~np.isnan(values)]
    if not len(known):
        return "blank everywhere"
    blank = len(known) < len(values)
    if not blank and known.min() == known.max():
        return "the same everywhere"
    return Feature(name, float(np.median(known)), (), blank, _offset(known), column.form, column.part_of)


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
    return f" {sign} {exponential(abs(offset))}" if offset else ""


def _fit_words(name: str, column: Words, rows: Array, kept: bool) -> Feature | str:
    """The feature, or why there is none."""
    codes = column.codes[rows]
    known = codes[codes >= 0]
    found = np.unique(known)
    blank = len(known) < len(codes)
    if not len(found):
        return "blank everywhere"
    if len(found) == 1 and not blank:
        return "the same everywhere"
    if len(found) == len(known) > 2 and not kept:
        return SINGULAR
    if len(found) > MOST_CATEGORIES:
        return (
            f"{integer(len(found))} different words, and {integer(MOST_CATEGORIES)} are the most{_stray_word(column)}"
        )
    return Feature(name, None, tuple(sorted(column.words[code] for code in found)), blank)


def _stray_word(column: Words) -> str:
    """What to say of a word that stands where most cells are numbers."""
    cell, line = column.sample
    numbers = sum(map(is_like_number, column.words))
    return (
        f"; '{excerpt(cell)}' in line {integer(line)} is not a number"
        if line and 2 * numbers > len(column.words)
        else ""
    )


def encode(path: Path, columns: dict[str, Column], features: Sequence[Feature], rows: Array) -> tuple[Array, int]:
    """The inputs (n, features) float32 of those rows, and how many cells have a word that is not a category.

    What is encoded is taken out of `columns`, so that a large table is not there twice.

    Raises InputError if a column is missing, holds words instead of numbers, or all would take too much memory.
    """
    width = sum(len(feature.input_names) for feature in features)
    if width * len(rows) > MOST_NUMBERS:
        raise InputError(
            f"{path}: {integer(len(rows))} rows of {integer(width)} inputs are more than {integer(MOST_NUMBERS)} "
            "numbers, which are the most; give fewer rows, or leave columns of words out"
        )
    inputs = np.zeros((len(rows), width), np.float32)
    names = list(columns)
    start = unknown = 0
    for feature in features:
        column = _taken(path, columns, names, feature)
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


def _taken(path: Path, columns: dict[str, Column], names: Sequence[str], feature: Feature) -> Column:
    column = columns.pop(feature.name, None)
    if column is None:
        raise InputError(
            f"{path}: there is no column '{excerpt(feature.name)}', which the network has learnt from; there are "
            f"{listed_names(names)}"
        )
    if isinstance(column, Words) and feature.median is not None:
        cell, line = column.sample
        raise InputError(
            f"{path}: line {integer(line)}: '{excerpt(cell)}' in column '{excerpt(feature.name)}' is not a number, as "
            "all were that the network has learnt from"
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
