"""Folders of texts in the forms that data sets are published in."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.sources import find_source, open_source
from nnviz.experiment import Data

CASES = Path(__file__).parents[4] / "shared" / "cases"


def write(root: Path, **contents: str) -> None:
    for name, content in contents.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def reviews(root: Path, *folders: str, count: int = 4, name: str = "{}.txt") -> None:
    """Files below each of the folders, each of which says what folder it is in."""
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            (root / folder / name.format(i)).write_text(f"a text of {folder.rpartition('/')[2]}, number {i}\n")


def opened(root: Path) -> Dataset:
    assert find_source(str(root)).format == "texts"
    dataset = open_source(Data(source=str(root)), np.random.default_rng(0))
    for split in (dataset.train, dataset.validation, dataset.test):
        for text, label in zip(split.texts or (), split.labels, strict=True):
            assert text.startswith(f"a text of {dataset.class_names[label]},")
    return dataset


def left_out(dataset: Dataset) -> dict[str, int]:
    return {skip.name: skip.count for skip in dataset.skipped}


def test_reviews_with_lists_beside_them(tmp_path: Path) -> None:
    """As aclImdb: lists of addresses beside the folders of classes, and a folder of reviews without labels."""
    reviews(tmp_path, "train/pos", "train/neg", "train/unsup", "test/pos", "test/neg")
    write(tmp_path, README="about", **{"imdb.vocab": "the\na\n", "train__labeledBow.feat": "9 0:9 1:1\n"})
    write(
        tmp_path,
        **{f"{role}__urls_{name}.txt": "http://\n" * 9 for role in ("train", "test") for name in ("pos", "neg")},
    )
    dataset = opened(tmp_path)
    assert dataset.class_names == ("neg", "pos")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (6, 2, 8)
    assert left_out(dataset) == {
        "README": 1,
        "imdb.vocab": 1,
        "train/labeledBow.feat": 1,
        "train/urls_neg.txt": 1,
        "train/urls_pos.txt": 1,
        "train/unsup/": 4,
        "test/urls_neg.txt": 1,
        "test/urls_pos.txt": 1,
    }
    assert dataset.left_out == 11
    assert "4 without labels (train/unsup/)" in dataset.caveats[-1]


def test_bbc_news(tmp_path: Path) -> None:
    reviews(tmp_path / "bbc", "business", "sport", "tech", name="{:03}.txt")
    write(tmp_path, **{"bbc__README.TXT": "Consists of documents\nfrom the BBC news website\n"})
    dataset = opened(tmp_path)
    assert dataset.class_names == ("business", "sport", "tech")
    assert dataset.notes == ("what is read lies in bbc/",)
    assert left_out(dataset) == {"bbc/README.TXT": 1}


def test_newsgroups_whose_files_have_no_ending(tmp_path: Path) -> None:
    groups = ("alt.atheism", "sci.space")
    reviews(tmp_path, *(f"20news-bydate-train/{group}" for group in groups), name="{:05}")
    reviews(tmp_path, *(f"20news-bydate-test/{group}" for group in groups), count=2, name="{:05}")
    dataset = opened(tmp_path)
    assert dataset.class_names == groups
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (6, 2, 4)
    assert not dataset.skipped


def test_mails_with_endings_of_their_own(tmp_path: Path) -> None:
    """As the corpus of SpamAssassin: a checksum for an ending, and a file of commands in each folder."""
    reviews(tmp_path, "easy_ham", "spam", count=12, name="000{}.ea7e79d3153e7469e7a9c3e0af6a357e")
    (tmp_path / "spam" / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "spam" / "bytes").write_bytes(b"\0\1")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("easy_ham", "spam")
    assert {skip.name: skip.reason for skip in dataset.skipped} == {
        "spam/picture.png": "not a text",
        "spam/bytes": "no text (byte 0 is 0)",
    }


def test_a_folder_in_a_folder_with_a_description(tmp_path: Path) -> None:
    """As the polarity data set of Pang and Lee."""
    reviews(tmp_path / "txt_sentoken", "neg", "pos", name="cv00{}_1.txt")
    write(tmp_path, **{"poldata.README.2.0": "about"})
    dataset = opened(tmp_path)
    assert dataset.class_names == ("neg", "pos")
    assert left_out(dataset) == {"poldata.README.2.0": 1}


def test_a_description_is_no_class_beside_files_of_lines(tmp_path: Path) -> None:
    write(tmp_path, **{"english.txt": "a text of english, 1\na text of english, 2\n" * 5, "README.md": "about"})
    write(tmp_path, **{"german.txt": "a text of german, 1\na text of german, 2\n" * 5})
    dataset = opened(tmp_path)
    assert dataset.class_names == ("english", "german")
    assert left_out(dataset) == {"README.md": 1}


def test_splits_inside_of_the_folders_of_classes(tmp_path: Path) -> None:
    for name, many in (("train", 8), ("test", 3)):
        for kind in ("ham", "spam"):
            write(tmp_path, **{f"{kind}__{name}__{i}.txt": f"a text of {kind}, {i}" for i in range(many)})
    write(tmp_path, about="what is in it")
    dataset = opened(tmp_path)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [14, 2, 6]
    assert {name.split("/")[1] for name in dataset.test.names} == {"test"}
    assert left_out(dataset) == {"about": 1}


def test_splits_of_files_of_lines(tmp_path: Path) -> None:
    for role, count in (("training", 9), ("dev", 3), ("testing", 3)):
        for name in ("english", "german"):
            lines = "".join(f"a text of {name}, {i}\n" for i in range(count))
            write(tmp_path, **{f"{role}__{name}.txt": lines})
    dataset = opened(tmp_path)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (18, 6, 6)


@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases is not here")
def test_the_case() -> None:
    dataset = open_source(Data(source=str(CASES / "reviews-with-lists")), np.random.default_rng(0))
    assert dataset.class_names == ("neg", "pos")
    assert (len(dataset.train) + len(dataset.validation), len(dataset.test)) == (10, 4)
    names = ("README", "test/urls_neg.txt", "test/urls_pos.txt", "train/unsup/", "train/urls_neg.txt")
    assert sorted(left_out(dataset)) == [*names, "train/urls_pos.txt", "train/urls_unsup.txt"]
    assert dataset.left_out == 11
