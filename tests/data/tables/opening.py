"""Small tables, written and opened."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.encoding import Encoding
from nnviz.data.tables.table import open_table
from nnviz.errors import InputError
from nnviz.experiment import Data


def written(folder: Path, text: str | bytes, name: str = "my.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def opened(path: Path, seed: int = 0, encoding: Encoding | None = None, **data: Any) -> Dataset:
    dataset = open_table(path, Data(source=str(path), **data), np.random.default_rng(seed), encoding)
    assert all(len(split.inputs) == len(split.labels) == len(split.names) for split in splits(dataset))
    return dataset


def splits(dataset: Dataset) -> list[Any]:
    return [dataset.train, dataset.validation, dataset.test]


def by_line(dataset: Dataset) -> dict[int, tuple[Array, Any]]:
    """Line of the file → inputs and label of the example in it."""
    return {
        int(name.removeprefix("line ")): (inputs, label)
        for split in splits(dataset)
        for inputs, label, name in zip(split.inputs, split.labels, split.names, strict=True)
    }


def labels(dataset: Dataset) -> list[Any]:
    """Of each example, in the order of the file: the name of its class, or its number."""
    lines = sorted(by_line(dataset).items())
    if dataset.class_names:
        return [dataset.class_names[label] for _, (_, label) in lines]
    return [label.item() for _, (_, label) in lines]


def column(dataset: Dataset, name: str) -> list[float]:
    """One input of each example, in the order of the file."""
    place = dataset.feature_names.index(name)
    return [inputs[place].item() for _, (inputs, _) in sorted(by_line(dataset).items())]


def refused(path: Path, **data: Any) -> str:
    with pytest.raises(InputError) as error:
        opened(path, **data)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def told(dataset: Dataset, *parts: str) -> bool:
    """Whether one of the notes has all these parts."""
    return any(all(part in note for part in parts) for note in dataset.notes)
