"""Folders of tables that are the splits of one: each row is in the split of its file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.sources import open_source
from nnviz.data.tables.split_files import split_files
from nnviz.errors import InputError
from nnviz.experiment import Data
from tests.data.tables.opening import splits, told

COLOURS, TOPICS = ("red", "blue"), ("shares fall on rising prices", "the team wins its first game")


def opened(folder: Path, **data: Any) -> Dataset:
    return open_source(Data(source=str(folder), **data), np.random.default_rng(0))


def folder_of(root: Path, files: Mapping[str, str]) -> Path:
    folder = root / "mine"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def numbers(many: int, header: str = "a,colour,kind\n", first: int = 0) -> str:
    return header + "".join(f"{first + i * 7 % 31},{COLOURS[i % 2]},{'xy'[i % 3 % 2]}\n" for i in range(many))


def news(many: int, header: str = "") -> str:
    return header + "".join(
        f'"{i % 4 + 1}","{TOPICS[i % 2]} {i}","{TOPICS[i % 2]}, says number {i} of the agency, {i} (Reuters)."\n'
        for i in range(many)
    )


def told_by(many: int, form: str) -> str:
    return "".join(form.format(text=f"{TOPICS[i % 2]} {i}", label=("joy", "anger")[i % 2]) for i in range(many))


def sizes(dataset: Dataset) -> tuple[int, ...]:
    return tuple(len(split.inputs) for split in splits(dataset))


AG_HEADER = "Class Index,Title,Description\n"


def told_in(form: str, **sizes: int) -> dict[str, str]:
    """Files of texts, called by their splits in the form."""
    name, row = form.split("|")
    return {name.format(role): told_by(many, row) for role, many in sizes.items()}


@pytest.mark.parametrize(
    ("files", "expected", "classes"),
    [
        ({"train.csv": numbers(80), "test.csv": numbers(30)}, (68, 12, 30), "xy"),
        ({"train.csv": numbers(80), "valid.csv": numbers(20), "test.csv": numbers(30)}, (80, 20, 30), "xy"),
        ({"train.csv": numbers(80), "dev.csv": numbers(20)}, (80, 20, 0), "xy"),
        ({"data/mine_train.csv": numbers(80), "data/mine_test.csv": numbers(30)}, (68, 12, 30), "xy"),
        ({"mine.data": numbers(80, ""), "mine.test": numbers(30, "")}, (68, 12, 30), "xy"),
        ({"mine.tra": numbers(80, ""), "mine.tes": numbers(30, ""), "mine.names": "1. Title"}, (68, 12, 30), "xy"),
        ({"train.csv": news(80), "test.csv": news(20), "readme.txt": "AG", "classes.txt": "A"}, (68, 12, 20), "1234"),
        ({"train.csv": news(80, AG_HEADER), "test.csv": news(20, AG_HEADER)}, (68, 12, 20), "1234"),
        (told_in("{}.txt|{text};{label}\n", train=60, val=20, test=10), (60, 20, 10), ("anger", "joy")),
        (told_in("{}.tsv|{label}\t{text}\n", train=60, test=10), (52, 8, 10), ("anger", "joy")),
        (told_in("c.{}|__label__{label} {text}\n", train=60, valid=10), (60, 10, 0), ("anger", "joy")),
    ],
)
def test_each_file_is_a_split(tmp_path: Path, files: Mapping[str, str], expected: Any, classes: Any) -> None:
    dataset = opened(folder_of(tmp_path, files))
    assert (sizes(dataset), dataset.class_names, dataset.name) == (expected, tuple(classes), "mine")
    assert told(dataset, "each split is a file: ")
    test = next(Path(name).name for name in files if "tes" in name or "dev" in name or "valid" in name)
    last = dataset.test if expected[2] and "tes" in test else dataset.validation
    assert {name.split(" line ")[0] for name in last.names} == {test}


def test_rows_are_encoded_by_those_to_train_on(tmp_path: Path) -> None:
    files = {"train.csv": numbers(80), "test.csv": numbers(20).replace("blue", "green").replace("0,red", ",red")}
    dataset = opened(folder_of(tmp_path, files))
    assert dataset.feature_names == ("a", "colour=blue", "colour=red")
    assert dataset.test.inputs[1].tolist() == [7, 0, 0]
    assert dataset.test.inputs[0, 0] == np.median(np.asarray(dataset.train.inputs)[:, 0])
    assert dataset.test.labels.tolist() == ["xy".index("xy"[i % 3 % 2]) for i in range(20)]
    assert told(dataset, "in test.csv: words that no training row has, in 10 cells")
    assert told(dataset, "in test.csv: ", "blank cell")
    assert dataset.filled["a"] == 1


def test_a_table_without_labels_is_named_and_left(tmp_path: Path) -> None:
    unlabelled = "a,colour\n" + "1,red\n" * 20
    files = {"train.csv": numbers(100), "test.csv": unlabelled, "sample_submission.csv": "id,kind\n1,x\n"}
    dataset = opened(folder_of(tmp_path, files))
    assert (sizes(dataset), dataset.taken) == ((70, 15, 15), ("validation", "test"))
    assert told(dataset, "what is read is train.csv")
    assert {(skip.name, skip.reason) for skip in dataset.skipped} == {
        ("test.csv", "without labels"),
        ("sample_submission.csv", "beside what is read"),
    }


def test_a_class_that_is_only_tested_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"train.csv": numbers(80), "test.csv": numbers(20) + "1,red,z\n"})
    with pytest.raises(InputError, match=r"test\.csv: line 22: 'z' in the target, column 'kind', is none of the cla"):
        opened(folder)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.csv", "b.csv"], {}),
        (["train.csv", "stations.csv"], {}),
        (["test.csv", "dev.csv"], {}),
        (["train.csv", "test.csv", "train station.csv"], {"train": ["train.csv"], "test": ["test.csv"]}),
        (["x.data", "x.test"], {"train": ["x.data"], "test": ["x.test"]}),
        (["x.data.gz", "y.data"], {}),
        (["train_1.csv", "train_2.csv", "test.csv"], {"train": ["train_1.csv", "train_2.csv"], "test": ["test.csv"]}),
    ],
)
def test_names_say_the_splits(names: list[str], found: Mapping[str, list[str]]) -> None:
    paths = split_files([Path(name) for name in names])
    assert {role: [path.name for path in some] for role, some in paths.items()} == found


def test_several_tables_to_train_on_are_listed(tmp_path: Path) -> None:
    files = {name: numbers(30) for name in ("train_1.csv", "train_2.csv", "test.csv")}
    with pytest.raises(InputError, match=r"holds 2 sources: train_1\.csv and train_2\.csv; give one of them"):
        opened(folder_of(tmp_path, files))


def test_texts_in_folders_are_no_tables(tmp_path: Path) -> None:
    texts = {f"{role}/{name}/{i}.txt": f"{name} {i}" for role in ("train", "test") for name in "ab" for i in range(8)}
    dataset = opened(folder_of(tmp_path, {**texts, "train.csv": "file,label\n", "test.csv": "file,label\n"}))
    assert dataset.class_names == ("a", "b")
