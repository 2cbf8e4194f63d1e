"""Folders of texts: a file of lines for each class, or a folder of files for each."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnviz.data import formats
from nnviz.data.dataset import Dataset
from nnviz.data.formats import Found, found_at
from nnviz.data.texts import text_folder
from nnviz.data.texts.text_folder import open_text_folder
from nnviz.errors import InputError


def opened(folder: Path) -> Dataset:
    assert found_at(folder) == Found("texts", folder)
    return open_text_folder(folder, np.random.default_rng(0))


def lines(word: str, count: int) -> str:
    return "".join(f"{word} number {i}\n" for i in range(count))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "texts"
    root.mkdir()
    (root / "cat.txt").write_text(lines("meow", 20))
    (root / "dog.txt").write_text(lines("woof", 20))
    return root


def test_each_line_is_an_example(folder: Path) -> None:
    dataset = opened(folder)
    assert dataset.class_names == ("cat", "dog")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (28, 6, 6)
    assert dataset.taken == ("validation", "test")
    assert dataset.train.texts is not None
    for text, label, name in zip(dataset.train.texts, dataset.train.labels, dataset.train.names, strict=True):
        assert text.startswith(("meow", "woof")[label])
        number = int(text.rpartition(" ")[2])
        assert name == f"{('cat', 'dog')[label]}.txt line {number + 1}"
    assert dataset.encoding is not None
    assert dataset.encoding.ngrams is not None
    assert np.array_equal(dataset.encoding.ngrams.counts(dataset.test.texts or ()), dataset.test.inputs)


def test_splits_may_have_folders_of_their_own(folder: Path) -> None:
    for role in ("Train", "valid", "test"):
        (folder / role).mkdir()
        for name in ("cat", "dog"):
            (folder / role / f"{name}.txt").write_text(lines(name, 3))
    dataset = opened(folder)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (6, 6, 6)
    assert {skipped.name for skipped in dataset.skipped} == {"cat.txt", "dog.txt"}


def test_each_file_of_a_class_folder_is_an_example(tmp_path: Path) -> None:
    for name in ("ham", "späm"):
        (tmp_path / name / "deep").mkdir(parents=True)
        for i in range(4):
            (tmp_path / name / f"{i}.txt").write_text(f"{name}\nof {i}\n")
    (tmp_path / "ham" / "letter.pdf").write_bytes(b"%PDF")
    (tmp_path / "ham" / "bytes.txt").write_bytes(b"\0\1\2")
    (tmp_path / "ham" / "empty.txt").write_bytes(b"")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("ham", "späm")
    texts = [text for split in (dataset.train, dataset.validation, dataset.test) for text in split.texts or ()]
    assert sorted(texts) == [f"{name} of {i}" for name in ("ham", "späm") for i in range(4)]
    assert {skipped.name: skipped.reason for skipped in dataset.skipped} == {
        "ham/letter.pdf": "no .txt file",
        "ham/bytes.txt": "no text (byte 0 is 0)",
        "ham/empty.txt": "the file is empty",
    }


@pytest.mark.parametrize(
    "names",
    [
        ("ham.txt", "ham.TXT", "spam.txt"),
        ("h\u00e9ron.txt", "he\u0301ron.txt", "stork.txt"),
        ("h\u00e9ron/1.txt", "he\u0301ron/1.txt", "stork/1.txt"),
    ],
)
def test_two_ways_to_write_a_name_are_one_class(tmp_path: Path, names: tuple[str, str, str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"of {name}\n")
    dataset = opened(tmp_path)
    assert len(dataset.class_names) == 2
    splits = (dataset.train, dataset.validation, dataset.test)
    assert {text for split in splits for text in split.texts or ()} == {f"of {name}" for name in names}


def test_blank_lines_and_latin_1_are_told(folder: Path) -> None:
    (folder / "cat.txt").write_bytes("mi\xe9\n\n \nmew\r\npurr".encode("latin-1"))
    dataset = opened(folder)
    assert dataset.notes == ("2 blank lines left out", "read as Latin-1, because it is not UTF-8: cat.txt")
    texts = [text for split in (dataset.train, dataset.validation, dataset.test) for text in split.texts or ()]
    assert {"mié", "mew", "purr"} < set(texts)


def test_a_text_that_is_too_long_is_skipped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_folder, "LONGEST", 50)
    (folder / "cat.txt").write_text(lines("meow", 3) + "a" * 51)
    assert [(s.name, s.reason) for s in opened(folder).skipped] == [("cat.txt line 4", "more than 50 characters")]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"cat.txt": "meow"}, "only one class, cat"),
        ({"cat.txt": "meow", "dog.txt": ""}, "holds no text to learn from (dog.txt: the file is empty)"),
        (
            {"cat.txt": "meow", "dog.txt": "", "rat.txt": "\0"},
            "dog.txt: holds no text to learn from (dog.txt: the file",
        ),
        ({"cat.txt": "meow", "dog.txt": "\0"}, "(dog.txt: no text (byte 0 is 0))"),
        ({"train/cat.txt": "m", "train/dog.txt": "w", "test/cow.txt": "moo"}, "cow.txt: no such class in"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as error:
        opened(tmp_path)
    assert fault in str(error.value)
    assert "\n" not in str(error.value)


def test_a_forbidden_file_is_named(folder: Path, forbidden: Callable[[Path], None]) -> None:
    forbidden(folder / "dog.txt")
    with pytest.raises(InputError, match=r"dog\.txt: cannot be read"):
        opened(folder)


def test_class_folders_may_be_links_and_never_in_a_circle(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("ham", "spam"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text(f"of {name}")
        (tmp_path / name / "up").symlink_to(root)
        (root / name).symlink_to(tmp_path / name)
    assert opened(root).class_names == ("ham", "spam")
    assert [found.files for found in formats._folders_below(root)] == [[], ["1.txt"], ["1.txt"]]


def test_a_folder_in_a_folder_stands_for_it(folder: Path) -> None:
    (folder / "more").mkdir()
    inner = folder.rename(folder.parent / "inner")
    outer = folder / "downloads"
    outer.mkdir(parents=True)
    inner.rename(outer / "inner")
    (folder / "licence.pdf").write_text("")
    dataset = opened(folder)
    assert dataset.name == "texts"
    assert dataset.class_names == ("cat", "dog")
    assert dataset.train.names[0].startswith("downloads/inner/")
    assert dataset.notes == ("what is read lies in downloads/inner/",)
    assert [skip.name for skip in dataset.skipped] == ["licence.pdf"]


def test_a_folder_beside_files_of_lines_is_not_entered(folder: Path, shut: Callable[[Path], None]) -> None:
    (folder / "more").mkdir()
    shut(folder / "more")
    assert opened(folder).class_names == ("cat", "dog")


def test_a_folder_in_a_folder_may_hold_splits_or_folders_of_classes(tmp_path: Path) -> None:
    for root in ("a/inner/train", "b/inner"):
        for name in ("ham", "spam"):
            (tmp_path / root / name).mkdir(parents=True)
            for i in range(3):
                (tmp_path / root / name / f"{i}.txt").write_text(f"{name} {i}")
        (tmp_path / root[0] / "README.txt").write_text("about these")
        dataset = opened(tmp_path / root[0])
        assert dataset.class_names == ("ham", "spam")
        assert [skip.name for skip in dataset.skipped] == ["README.txt"]


def test_images_with_captions_beside_them_are_images(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("cat")
    for i in range(8):
        (tmp_path / f"{i}.PNG").write_bytes(b"")
        (tmp_path / f"{i}.txt").write_text("0 0.5 0.5 1 1")
    assert found_at(tmp_path) == Found("images", tmp_path)


def test_a_folder_of_images_with_a_note_is_none_of_texts(tmp_path: Path) -> None:
    for name in ("cat/1.png", "dog/1.png", "readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert found_at(tmp_path) == Found("images", tmp_path)


WHOLE = (lines("meow", 6) + "größer\n\n").encode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_files_give_data_or_one_line(
    folder: Path,
    data: st.DataObject,
    damaged: Callable[[bytes], st.SearchStrategy[bytes]],
    opened_or_refused: Callable[[Callable[[], Dataset]], None],
) -> None:
    (folder / "cat.txt").write_bytes(data.draw(damaged(WHOLE)))
    opened_or_refused(lambda: open_text_folder(folder, np.random.default_rng(0)))
