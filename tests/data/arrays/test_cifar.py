"""CIFAR in its binary form: planes become pictures, and whatever is wrong is told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nnviz.array import Array
from nnviz.data.arrays.cifar import open_cifar
from nnviz.data.dataset import Dataset
from nnviz.data.sources import open_source
from nnviz.errors import InputError
from nnviz.experiment import Data

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def pictures(n: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (n, 32, 32, 3), np.uint8)


def records(images: Array, *labels: Array) -> bytes:
    """Label bytes and then the planes, for each picture."""
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return np.concatenate([*(np.asarray(row, np.uint8)[:, None] for row in labels), planes], axis=1).tobytes()


def write_cifar_10(folder: Path) -> Path:
    for batch in (1, 2):
        (folder / f"data_batch_{batch}.bin").write_bytes(records(pictures(20, batch), np.arange(20) % 10))
    (folder / "test_batch.bin").write_bytes(records(pictures(10, 6), np.arange(10)))
    (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    return folder


def write_cifar_100(folder: Path) -> Path:
    (folder / "train.bin").write_bytes(records(pictures(20), np.arange(20) // 5, np.arange(20) % 3 + 90))
    (folder / "test.bin").write_bytes(records(pictures(3, 1), np.arange(3), np.arange(3) + 90))
    return folder


def opened(folder: Path, size: int | None = None, grayscale: bool = False) -> Dataset:
    return open_cifar(folder, size, grayscale, np.random.default_rng(0))


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as error:
        opened(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


# What is read ------------------------------------------------------------------------------------------------------


def test_cifar_10_is_read_as_it_was_written(tmp_path: Path) -> None:
    dataset = open_source(Data(source=str(write_cifar_10(tmp_path))), np.random.default_rng(0))
    assert dataset.class_names == tuple(NAMES)
    np.testing.assert_array_equal(dataset.test.inputs, pictures(10, 6))
    np.testing.assert_array_equal(dataset.test.labels, np.arange(10))
    both = np.concatenate([pictures(20, 1), pictures(20, 2)])
    for split in (dataset.train, dataset.validation):
        places = [int(name.removeprefix("train ")) for name in split.names]
        np.testing.assert_array_equal(split.inputs, both[places])
        np.testing.assert_array_equal(split.labels, np.array(places) % 10)


def test_cifar_100_has_the_fine_classes(tmp_path: Path) -> None:
    dataset = open_source(Data(source=str(write_cifar_100(tmp_path))), np.random.default_rng(0))
    assert dataset.class_names == tuple(map(str, range(100)))
    np.testing.assert_array_equal(dataset.test.inputs, pictures(3, 1))
    np.testing.assert_array_equal(dataset.test.labels, [90, 91, 92])
    (tmp_path / "fine_label_names.txt").write_text("\n".join(f"fine_{i}" for i in range(100)))
    assert opened(tmp_path).class_names[90] == "fine_90"


def test_without_a_test_file_and_names_train_is_split_in_three_and_classes_are_numbers(tmp_path: Path) -> None:
    write_cifar_10(tmp_path)
    (tmp_path / "test_batch.bin").unlink()
    (tmp_path / "batches.meta.txt").unlink()
    (tmp_path / "data_batch_1.bin").write_bytes(records(pictures(100), np.arange(100) % 10))
    dataset = opened(tmp_path)
    assert dataset.class_names == tuple("0123456789")
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [80, 20, 20]


def test_size_and_gray_come_out_as_of_image_files(tmp_path: Path) -> None:
    dataset = opened(write_cifar_10(tmp_path), size=16, grayscale=True)
    assert dataset.task.input_shape == (16, 16, 1)
    smaller = Image.fromarray(pictures(10, 6)[4]).resize((16, 16), Image.Resampling.LANCZOS, reducing_gap=3.0)
    np.testing.assert_array_equal(dataset.test.inputs[4, ..., 0], np.asarray(smaller.convert("L")))
    gray = opened(tmp_path, grayscale=True).test.inputs
    np.testing.assert_array_equal(gray[4, ..., 0], np.asarray(Image.fromarray(pictures(10, 6)[4]).convert("L")))


def test_a_folder_of_images_with_a_train_bin_in_it_stays_one(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (4, 4)).save(tmp_path / name / "a.png")
    (tmp_path / "train.bin").write_bytes(b"weights of something else")
    dataset = open_source(Data(source=str(tmp_path)), np.random.default_rng(0))
    assert dataset.class_names == ("cat", "dog")


# What is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty; the file is damaged"),
        (bytes(3072), "3,072 bytes are not a whole number of records of 3,073 bytes"),
        (bytes(2 * 3073 + 1), "6,147 bytes are not a whole number"),
        (bytes(3073) + b"\x0b" + bytes(3072), "class 11 at byte 3,073, and there are 10, from 0 on"),
        (b"\x1f\x8b" + bytes(3071), "packed with gzip; unpack it"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,
)
def test_a_wrong_batch_is_one_clear_error(tmp_path: Path, content: bytes, told: str) -> None:
    path = write_cifar_10(tmp_path) / "data_batch_2.bin"
    path.write_bytes(content)
    assert refused(tmp_path).startswith(f"{path}: {told}")


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1.bin").write_bytes(records(pictures(4), [3] * 4))
    assert "every label is 3; two classes are needed" in refused(tmp_path)


def test_test_files_alone_are_not_enough(tmp_path: Path) -> None:
    (tmp_path / "test_batch.bin").write_bytes(records(pictures(4), range(4)))
    with pytest.raises(InputError, match=r"there is no data_batch_1\.bin; put it there"):
        open_source(Data(source=str(tmp_path)), np.random.default_rng(0))


@pytest.mark.parametrize("names", [NAMES[:9], [*NAMES[:9], "cat"], [*NAMES, "kiwi"], ["x" * 70_000]])
def test_names_that_do_not_fit_are_refused(tmp_path: Path, names: list[str]) -> None:
    (write_cifar_10(tmp_path) / "batches.meta.txt").write_text("\n".join(names))
    assert refused(tmp_path).endswith("the file is damaged; get it again, or take it away")


def test_a_limit_holds_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnviz.data.bounded.LIMIT", 50_000)
    assert "20 records take 61,460 bytes, and 50,000 are the most that are read" in refused(write_cifar_10(tmp_path))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, forbidden) -> None:
    path = write_cifar_10(tmp_path) / "test_batch.bin"
    forbidden(path)
    assert refused(tmp_path) == f"{path}: cannot be read (Permission denied); check its permissions"


@pytest.mark.usefixtures("shrinking")
def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    assert "20 records take 61,460 bytes from byte 0 on, and 61,459 are there" in refused(write_cifar_10(tmp_path))


# Damage of any kind ------------------------------------------------------------------------------------------------

WHOLE = {
    "data_batch_1.bin": records(pictures(3), [1, 2, 1]),
    "batches.meta.txt": "\n".join(NAMES).encode(),
    "train.bin": records(pictures(3), [0, 0, 0], [1, 2, 1]),
}


@settings(max_examples=100, deadline=None)
@given(data=st.data(), hundred=st.booleans())
def test_damage_gives_a_dataset_or_an_input_error(tmp_path_factory, damaged, opened_or_refused, data, hundred) -> None:
    folder = tmp_path_factory.mktemp("cifar")
    for name in ["train.bin"] if hundred else ["data_batch_1.bin", "batches.meta.txt"]:
        (folder / name).write_bytes(data.draw(st.just(WHOLE[name]) | damaged(WHOLE[name])))
    opened_or_refused(lambda: opened(folder))
