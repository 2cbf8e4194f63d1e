"""A table with a column that names an image in each row → Dataset of these images."""

from collections.abc import Collection
from pathlib import PureWindowsPath

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.images.image_reading import read_images
from nnviz.data.images.named_files import NamedFiles
from nnviz.data.reading import Reading
from nnviz.data.split import Skipped, Split
from nnviz.data.split_names import role_of
from nnviz.data.tables.columns import Words
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.tables.table_reading import Table, split_rows
from nnviz.errors import InputError
from nnviz.experiment import Data
from nnviz.outside_text import excerpt
from nnviz.wording import count

IMAGE_SIZE = 32


def open_images(
    table: Table,
    image_name: str,
    data: Data,
    generator: np.random.Generator,
    reading: Reading,
    elsewhere: Collection[str],
) -> Dataset:
    """The images that column `image_name` names, as squares (n, size, size, 3 or 1) uint8, with their targets.

    Splits from `elsewhere` are empty. Rows whose image is not there, or cannot be read, are skipped and named. Raises
    InputError if none is left.
    """
    target, columns = table.target, table.columns
    column = columns.by_name[image_name]
    assert isinstance(column, Words)
    places, files, skipped = [], [], []
    named_files = NamedFiles(table.path.parent, role_of(table.path.stem))
    for place, row in enumerate(target.rows.tolist()):
        code = column.codes[row]
        cell = column.words[code] if code >= 0 else ""
        file = named_files.find(cell)
        if file is None:
            line, name = f"line {columns.lines[row]}", excerpt(PureWindowsPath(cell).name)
            named, reason = (f"{line}: {name}", "no such file") if cell else (line, "no image named")
            skipped.append(Skipped(named, reason, "row"))
        else:
            places.append(place)
            files.append(file)
    images = read_images(files, data.image_size or IMAGE_SIZE, data.grayscale, reading)
    skipped += [Skipped(str(files[i]), reason, "row") for i, reason in images.unusable.items()]
    usable = [i for i in range(len(files)) if i not in images.unusable]
    kept = np.array(places, np.int64)[usable]
    if len(kept) < 2:
        why = f" ({skipped[0].name}: {skipped[0].reason})" if skipped else ""
        raise InputError(
            f"{table.path}: {count(len(kept), 'image')} of column '{excerpt(image_name)}' can be used{why}; put them "
            "where the table says, or beside it"
        )
    labels = target.labels[kept]
    if len(np.unique(labels)) < 2:
        raise InputError(
            f"{table.path}: all rows whose image is there have the same target; there is nothing to predict"
        )
    rows = target.rows[kept]
    split, taken = split_rows(table, rows, labels, generator, elsewhere)
    every = Split(images.rows(usable), labels, table.line_names(rows))
    splits = {role: every.select(some) for role, some in split.items()}
    return Dataset(
        name=table.name,
        class_names=target.class_names,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=images.standardization(splits["train"]),
        skipped=tuple(skipped),
        notes=images.notes,
        target_names=() if target.class_names else (target.name,),
        encoding=TableEncoding(
            target=target.name, target_form=target.form, class_names=target.class_names, image_column=image_name
        ),
        taken=taken,
    )
