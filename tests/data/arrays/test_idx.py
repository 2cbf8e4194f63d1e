"""MNIST's format: what is read, what is refused and how, and the real Fashion-MNIST where it is at hand."""

import gzip
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nnviz.array import Array
from nnviz.data.arrays.idx import open_idx
from nnviz.data.dataset import Dataset
from nnviz.data.formats import Found
from nnviz.data.sources import find_source, open_source
from nnviz.errors import InputError
from nnviz.experiment import Data

FASHION = Path(__file__).parents[4] / "shared" / "data" / "fashion-mnist"
CASES = Path(__file__).parents[4] / "shared" / "cases"


def idx(numbers: Array) -> bytes:
    return struct.pack(f">4B{numbers.ndim}I", 0, 0, 8, numbers.ndim, *numbers.shape) + numbers.tobytes()


def pictures(n: int = 40, height: int = 5, width: int = 4) -> Array:
    return np.random.default_rng(0).integers(0, 256, (n, height, width), np.uint8)


def labels(n: int = 40) -> Array:
    return (np.arange(n) % 2 * 5 + 2).astype(np.uint8)


def write_set(folder: Path, name: str = "{}-{}-{}-ubyte", pack: bool = False, prefixes: str = "train t10k") -> Path:
    """A small set: 40 pictures to train on, and for t10k the first 10 of them."""
    for prefix, n in zip(prefixes.split(), (40, 10), strict=False):
        for kind, numbers in (("images-idx3", pictures()[:n]), ("labels-idx1", labels(n))):
            path = folder / name.format(prefix, *kind.split("-"))
            path.write_bytes(gzip.compress(idx(numbers)) if pack else idx(numbers))
    return folder


def opened(path: Path, seed: int = 0, size: int | None = None, grayscale: bool = False) -> Dataset:
    return open_idx(path, size, grayscale, np.random.default_rng(seed))


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        opened(path)
    assert "\n" not in str(error.value)
    return str(error.value)


# What is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["{}-{}-{}-ubyte", "{}-{}.{}-ubyte", "{}-{}-{}-ubyte.gz"])
def test_a_set_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    dataset = opened(write_set(tmp_path, name, pack=name.endswith("gz")))
    assert dataset.class_names == ("2", "7")
    assert dataset.task.input_shape == (5, 4, 1)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [34, 6, 10]
    np.testing.assert_array_equal(dataset.test.inputs[..., 0], pictures()[:10])
    np.testing.assert_array_equal(dataset.test.labels, [0, 1] * 5)
    for split in (dataset.train, dataset.validation):
        places = [int(name.removeprefix("train ")) for name in split.names]
        np.testing.assert_array_equal(split.inputs[..., 0], pictures()[places])
        np.testing.assert_array_equal(split.labels, np.array(places) % 2)


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    assert len(opened(write_set(tmp_path, pack=True)).test) == 10
    assert len(opened(write_set(tmp_path, "{}-{}-{}-ubyte.gz", pack=False)).test) == 10


@pytest.mark.parametrize("given", ["my-images-idx3-ubyte.gz", "my-labels.idx1-ubyte"])
def test_one_file_finds_its_other_and_is_split_within_each_class(tmp_path: Path, given: str) -> None:
    (tmp_path / "my-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures())))
    (tmp_path / "my-labels.idx1-ubyte").write_bytes(idx(labels()))
    dataset = opened(tmp_path / given)
    for split, count in ((dataset.train, 14), (dataset.validation, 3), (dataset.test, 3)):
        np.testing.assert_array_equal(np.bincount(split.labels), [count, count])
    assert opened(tmp_path / given).test.names == dataset.test.names
    assert opened(tmp_path / given, seed=1).test.names != dataset.test.names


def test_a_set_without_t10k_is_split_in_three(tmp_path: Path) -> None:
    dataset = opened(write_set(tmp_path, prefixes="train"))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [28, 6, 6]


def test_a_size_makes_squares_as_of_image_files_and_gray_they_are_already(tmp_path: Path) -> None:
    write_set(tmp_path)
    resized = opened(tmp_path, size=7, grayscale=True).test.inputs
    assert resized.shape == (10, 7, 7, 1)
    middle = Image.fromarray(pictures()[3]).resize((7, 7), Image.Resampling.LANCZOS, (0, 0.5, 4, 4.5))
    np.testing.assert_array_equal(resized[3, ..., 0], np.asarray(middle))


def test_an_only_example_of_a_class_is_trained_on(tmp_path: Path) -> None:
    (tmp_path / "images-idx3-ubyte").write_bytes(idx(pictures()))
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(np.array([9] * 39 + [4], np.uint8)))
    dataset = opened(tmp_path / "images-idx3-ubyte")
    assert dataset.class_names == ("4", "9")
    assert [int((split.labels == 0).sum()) for split in (dataset.train, dataset.validation, dataset.test)] == [1, 0, 0]


# What is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (b"\0\0\x08\x01" + idx(pictures())[4:], r"starts with the bytes 00 00 08 01, and .* images with 00 00 08 03"),
        (b"\x89PNG" + idx(pictures()), "starts with the bytes 89 50 4e 47"),
        (b"", "too short: the numbers of an IDX header take 4 bytes from byte 0 on, and 0 are there"),
        (idx(pictures())[:9], "too short: the numbers of an IDX header take 12 bytes from byte 4 on, and 5 are there"),
        (idx(pictures())[:-1], "the 40×5×4 images .* take 800 bytes from byte 16 on, and 799 are there"),
        (idx(pictures()) + b"x", "goes on after byte 816, where it should end"),
        (idx(pictures(39)), r"39 images, but 40 labels in .*train-labels-idx1-ubyte; give a pair"),
        (idx(pictures(0)), "empty: its header announces 0×5×4 images"),
        (idx(pictures(40, 0)), "empty: its header announces 40×0×4 images"),
        (idx(pictures(40, 4, 5)), "train has pictures of 4×5, test of 5×4"),
        (struct.pack(">4B3I", 0, 0, 8, 3, *[2**32 - 1] * 3), "and 1,073,741,824 are the most that are read"),
        (struct.pack(">4B3I", 0, 0, 8, 3, 60000, 100, 100), "take 600,000,000 bytes from byte 16 on, and 0 are there"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_wrong_file_of_images_is_one_clear_error(
    tmp_path: Path, images: bytes, told: str, packed: bool, opened_or_refused
) -> None:
    write_set(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(gzip.compress(images) if packed else images)
    message = refused(tmp_path)
    assert message.startswith(str(tmp_path))
    assert re.search(told, message)
    opened_or_refused(lambda: opened(tmp_path))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda packed: packed[:-20], "compressed content is cut short"),
        (lambda packed: packed[:5], "compressed content is cut short"),
        (lambda packed: packed[:-8] + b"\0" * 8, r"cannot be unpacked \(CRC"),
        (lambda packed: packed[:10] + b"\x07" + packed[11:], r"cannot be unpacked \(.*invalid block type"),
        (lambda packed: packed[:2] + b"\x09" + packed[3:], "cannot be unpacked"),
    ],
)
def test_damaged_gzip_is_told(tmp_path: Path, damage: object, told: str) -> None:
    write_set(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(damage(gzip.compress(path.read_bytes())))  # type: ignore[operator]
    with pytest.raises(InputError, match=rf"train-images-idx3-ubyte: .*{told}"):
        opened(tmp_path)


def test_no_more_is_unpacked_than_the_header_announces(tmp_path: Path, opened_or_refused) -> None:
    (tmp_path / "images-idx3-ubyte").write_bytes(gzip.compress(idx(pictures()) + bytes(50_000_000)))
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(labels()))
    opened_or_refused(lambda: opened(tmp_path / "images-idx3-ubyte"))
    assert "goes on after byte 816" in refused(tmp_path / "images-idx3-ubyte")


def test_what_would_be_too_large_when_resized_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnviz.data.bounded.LIMIT", 1000)
    with pytest.raises(InputError, match=r"40 pictures of 6×6 take 1,440 bytes, and 1,000 are the most"):
        opened(write_set(tmp_path), size=6)


def test_one_class_and_labels_unknown_to_training_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.array([2, 2, 3] + [7] * 7, np.uint8)))
    assert "t10k-labels-idx1-ubyte: label 2 is 3, which is none of the 2 classes, 2 to 7" in refused(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.full(40, 3, np.uint8)))
    assert "every label is 3; two classes are needed" in refused(tmp_path)


@pytest.mark.parametrize(
    "missing",
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
)
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    (write_set(tmp_path) / missing).unlink()
    assert refused(tmp_path) == f"{tmp_path}: there is no {missing} or {missing}.gz; put it there"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, forbidden) -> None:
    path = write_set(tmp_path) / "t10k-images-idx3-ubyte"
    forbidden(path)
    assert refused(tmp_path) == f"{path}: cannot be read (Permission denied); check its permissions"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_is_not_waited_for(tmp_path: Path, make: object) -> None:
    path = write_set(tmp_path) / "train-images-idx3-ubyte"
    path.unlink()
    make(path)  # type: ignore[operator]
    assert refused(tmp_path) == f"{path}: not a file; put it there"


@pytest.mark.usefixtures("shrinking")
def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write_set(tmp_path) / "train-images-idx3-ubyte"
    path.write_bytes(idx(pictures(40, 20, 20)))
    assert f"{path}: too short: the 40×20×20 images that its header announces take 16,000 bytes" in refused(tmp_path)


# Damage of any kind ------------------------------------------------------------------------------------------------

WHOLE = idx(pictures(8, 3, 3))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), packed=st.sampled_from(["no", "before", "after"]))
def test_damage_gives_a_dataset_or_an_input_error(tmp_path_factory, damaged, opened_or_refused, data, packed) -> None:
    content = data.draw(damaged(gzip.compress(WHOLE) if packed == "before" else WHOLE))
    folder = tmp_path_factory.mktemp("idx")
    (folder / "images-idx3-ubyte").write_bytes(gzip.compress(content) if packed == "after" else content)
    (folder / "labels-idx1-ubyte").write_bytes(data.draw(st.just(idx(labels(8))) | damaged(idx(labels(8)))))
    opened_or_refused(lambda: opened(folder / "images-idx3-ubyte"))


# The real thing ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not FASHION.is_dir(), reason="shared/data/fashion-mnist is not here")
def test_the_real_fashion_mnist() -> None:
    assert find_source(str(FASHION)).found == Found("idx", FASHION)
    dataset = open_source(Data(source=str(FASHION)), np.random.default_rng(0))
    assert dataset.task.input_shape == (28, 28, 1)
    assert dataset.class_names == tuple("0123456789")
    assert (len(dataset.train) + len(dataset.validation), len(dataset.test)) == (60000, 10000)
    np.testing.assert_array_equal(np.bincount(dataset.train.labels), [5100] * 10)
    np.testing.assert_array_equal(np.bincount(dataset.test.labels), [1000] * 10)
    known = {
        name: int(label)
        for split in (dataset.train, dataset.validation)
        for name, label in zip(split.names, split.labels, strict=True)
    }
    assert [known[f"train {i}"] for i in range(4)] == [9, 0, 0, 3]


# Its successors ----------------------------------------------------------------------------------------------------


def typed(numbers: Array, code: int) -> bytes:
    return struct.pack(f">4B{numbers.ndim}I", 0, 0, code, numbers.ndim, *numbers.shape) + numbers.tobytes()


def emnist(folder: Path, collection: str = "letters", mapping: str = "") -> Path:
    """Pictures that are transposed, and classes from 1 on."""
    for role, n in (("train", 40), ("test", 10)):
        name = f"emnist-{collection}-{role}"
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(np.ascontiguousarray(pictures()[:n].swapaxes(1, 2))))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx((np.arange(n) % 3 + 1).astype(np.uint8)))
    if mapping:
        (folder / f"emnist-{collection}-mapping.txt").write_text(mapping)
    return folder


@pytest.mark.parametrize(
    "given", ["", "emnist-letters-train-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte"]
)
def test_emnist_is_shown_upright_and_its_test_pair_is_used(tmp_path: Path, given: str) -> None:
    dataset = opened(emnist(tmp_path, mapping="1 65 97 \n2 66 98 \n3 67 99 \n") / given)
    assert dataset.class_names == ("Aa", "Bb", "Cc")
    assert dataset.notes == ("EMNIST keeps its pictures transposed; here they are upright",)
    assert len(dataset.test) == 10
    np.testing.assert_array_equal(dataset.test.inputs[..., 0], pictures()[:10])
    np.testing.assert_array_equal(dataset.test.labels, np.arange(10) % 3)
    assert not dataset.skipped


def test_emnist_without_its_mapping_has_numbers_for_classes(tmp_path: Path) -> None:
    assert opened(emnist(tmp_path)).class_names == ("1", "2", "3")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        (
            "1 65\n2 66\n",
            r"train-labels-idx1-ubyte: a label is 3, which has no character in .*emnist-letters-mapping\.txt",
        ),
        ("1 65\n2 65\n3 66\n", r"mapping\.txt: does not give each class characters of its own"),
        ("1\n2\n3\n", r"mapping\.txt: does not give each class characters of its own"),
        ("a b\n", r"mapping\.txt: not a class and the codes of its characters in each line"),
        ("1 55555555\n", r"mapping\.txt: not a class and the codes"),
        ("1 55555\n", r"mapping\.txt: not a class and the codes"),
        ("x" * 70000, r"mapping\.txt: not a list of characters"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, mapping: str, told: str) -> None:
    assert re.search(told, refused(emnist(tmp_path, mapping=mapping)))


def test_of_several_sets_in_a_folder_one_has_to_be_given(tmp_path: Path) -> None:
    emnist(emnist(tmp_path), "digits")
    told = "holds several sets: emnist-digits, emnist-letters; give a file of one of them"
    assert refused(tmp_path) == f"{tmp_path}: {told}"
    assert len(opened(tmp_path / "emnist-digits-train-images-idx3-ubyte").test) == 10


def test_qmnist_has_the_class_in_the_first_of_eight_columns(tmp_path: Path) -> None:
    for role, n in (("train", 40), ("test", 10)):
        extended = np.random.default_rng(1).integers(0, 70000, (n, 8)).astype(">i4")
        extended[:, 0] = labels(n)
        (tmp_path / f"qmnist-{role}-images-idx3-ubyte").write_bytes(idx(pictures()[:n]))
        (tmp_path / f"qmnist-{role}-labels-idx2-int.gz").write_bytes(gzip.compress(typed(extended, 12)))
    (tmp_path / "qmnist-train-labels.tsv.gz").write_bytes(b"")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("2", "7")
    np.testing.assert_array_equal(dataset.test.labels, [0, 1] * 5)
    assert dataset.notes == ("of the columns of labels, the first is the class",)
    assert [skip.name for skip in dataset.skipped] == ["qmnist-train-labels.tsv.gz"]


@pytest.mark.parametrize(("code", "dtype"), [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4")])
def test_labels_of_every_type_are_read(tmp_path: Path, code: int, dtype: str) -> None:
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(typed(labels(10).astype(dtype), code))
    np.testing.assert_array_equal(opened(tmp_path).test.labels, [0, 1] * 5)


def test_labels_that_are_fractions_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(typed(labels(10).astype(">f4"), 13))
    assert "t10k-labels-idx1-ubyte: labels that are no whole numbers" in refused(tmp_path)


def test_test_images_alone_can_be_tested_on(tmp_path: Path) -> None:
    write_set(tmp_path)
    for kind in ("images-idx3", "labels-idx1"):
        (tmp_path / f"train-{kind}-ubyte").unlink()
    assert sum(map(len, (opened(tmp_path).train, opened(tmp_path).validation, opened(tmp_path).test))) == 10


def test_a_file_in_a_folder_of_its_name_is_read(tmp_path: Path) -> None:
    write_set(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    (path / path.name).write_bytes(content)
    assert len(opened(tmp_path).test) == 10


@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases is not here")
def test_the_cases() -> None:
    dataset = open_source(Data(source=str(CASES / "idx-one-folder-down")), np.random.default_rng(0))
    assert (dataset.class_names, len(dataset.test)) == (("0", "1", "2"), 9)
    assert dataset.notes == ("what is read lies in MNIST/raw/",)
    letters = open_source(Data(source=str(CASES / "idx-of-emnist")), np.random.default_rng(0))
    assert (letters.class_names, len(letters.test)) == (("1", "2", "3"), 9)
    stored = (CASES / "idx-of-emnist" / "emnist-letters-test-images-idx3-ubyte").read_bytes()[16:]
    upright = np.frombuffer(stored, np.uint8).reshape(9, 6, 6).swapaxes(1, 2)
    np.testing.assert_array_equal(letters.test.inputs[..., 0], upright)
