"""A table with columns of numbers and words → Dataset of numbers."""

from collections.abc import Collection

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.data.tables.table_encoding import TableEncoding, count_blanks, encode, fit_features, notes_on_blanks
from nnviz.data.tables.table_reading import Table, split_rows
from nnviz.wording import count


def open_numbers(
    table: Table, generator: np.random.Generator, learnt: TableEncoding | None, elsewhere: Collection[str]
) -> Dataset:
    """What the columns say, (n, features) float32, with the targets; columns as a run has `learnt` them.

    Splits from `elsewhere` are empty. Raises InputError if nothing can be learnt from, or the columns do not fit what
    was learnt.
    """
    target = table.target
    places, taken = split_rows(table, target.rows, target.labels, generator, elsewhere)
    apart = {target.name, *([table.split.name] if table.split else [])}
    others = {name: column for name, column in table.columns.by_name.items() if name not in apart}
    notes: list[str] = []
    if learnt is None:
        train = target.rows[places["train"]]
        features, notes = fit_features(table.path, others, train, table.left_out, table.keep)
    else:
        features = learnt.features
    # Those of each split stand together, so that one is a part of all, and nothing is copied.
    order = np.concatenate(list(places.values()))
    rows = target.rows[order]
    blanks = count_blanks(others, features, rows)
    inputs, unknown = encode(table.path, others, features, rows)
    names = table.line_names(rows)
    splits, start = {}, 0
    for role, some in places.items():
        end = start + len(some)
        splits[role] = Split(inputs[start:end], target.labels[some], names[start:end])
        start = end
    if unknown:
        notes.append(f"words that no training row has, in {count(unknown, 'cell')}, count as none of the known ones")
    notes += notes_on_blanks(features, blanks)
    fitted = TableEncoding(
        features=features, target=target.name, target_form=target.form, class_names=target.class_names
    )
    return Dataset(
        name=table.name,
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
        taken=taken,
    )
