"""The column of a table that says which split each row belongs to."""

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.split_names import roles_among
from nnviz.data.tables.columns import Column, Columns, Numbers, Words
from nnviz.outside_text import excerpt
from nnviz.wording import count

CONTEST = {"publictest": "validation", "privatetest": "test"}
"""As Kaggle calls the splits of a contest."""
FLAGS = {
    **dict.fromkeys(("istrain", "istraining", "istrainingimage"), ("test", "train")),
    **dict.fromkeys(("isvalid", "isvalidation", "isval"), ("train", "validation")),
    "istest": ("train", "test"),
}
"""What a column of that name says of a row by false and by true."""
MOST_SPLITS = 5
TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class SplitColumn(NamedTuple):
    """The column that says it, and what it says of each row (n,): train, validation, test, or nothing."""

    name: str
    roles: Array
    note: str


def find_split(columns: Columns, but: Collection[str]) -> SplitColumn | None:
    """The column whose cells are all names of splits, train and others, if it is none of those `but`."""
    for name, column in columns.by_name.items():
        if name not in but and (roles := _roles(name, column)) is not None:
            where = f"column '{excerpt(name)}' says which rows are for training, validation and test"
            blank = int((roles == "").sum())
            missing = f"; {count(blank, 'row')} where it is blank skipped" if blank else ""
            return SplitColumn(name, roles, f"{where}, and is not learnt from{missing}; --keep takes it in")
    return None


def _roles(name: str, column: Column) -> Array | None:
    plain = re.sub(r"[\W_]", "", name.lower())
    if isinstance(column, Numbers) and plain not in FLAGS:
        return None
    words = _few_words(column)
    if not words:
        return None
    if plain in FLAGS and all(word.lower() in TRUTH for word in words):
        roles = [FLAGS[plain][TRUTH[word.lower()]] for word in words]
    else:
        found = roles_among(words) | {word: CONTEST[word.lower()] for word in words if word.lower() in CONTEST}
        roles = [found.get(word, "") for word in words]
    if not all(roles) or "train" not in roles or len(set(roles)) < 2:
        return None
    codes = column.codes if isinstance(column, Words) else np.where(column.blank, -1, column.values).astype(np.int64)
    said: Array = np.array([*roles, ""])[codes]
    return said


def _few_words(column: Column) -> list[str]:
    """The words of the column, or 0 and 1; nothing if these are many."""
    if isinstance(column, Words):
        return column.words if len(column.words) <= MOST_SPLITS else []
    known = column.values[~column.blank]
    return ["0", "1"] if set(np.unique(known).tolist()) == {0, 1} else []
