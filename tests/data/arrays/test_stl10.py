"""STL-10's binary files: planes column by column, and classes from 1 on."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.array import Array
from nnviz.data.arrays.stl10 import open_stl10
from nnviz.data.dataset import Dataset
from nnviz.data.sources import open_source
from nnviz.errors import InputError
from nnviz.experiment import Data

NAMES = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]


def pictures(n: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (n, 96, 96, 3), np.uint8)


def write(folder: Path, names: bool = True) -> Path:
    """Eight pictures to train on, the first four of which are to test on, too."""
    folder.mkdir(exist_ok=True)
    for role, n in (("train", 8), ("test", 4)):
        # A plane for each colour; in each, one column after the other.
        planes = [picture[:, :, colour].T.tobytes() for picture in pictures(8)[:n] for colour in range(3)]
        (folder / f"{role}_X.bin").write_bytes(b"".join(planes))
        (folder / f"{role}_y.bin").write_bytes(bytes([1, 10, 3, 3, 1, 10, 3, 1][:n]))
    (folder / "unlabeled_X.bin").write_bytes(b"")
    if names:
        (folder / "class_names.txt").write_text("\n".join(NAMES))
    return folder


def opened(folder: Path, size: int | None = None, grayscale: bool = False) -> Dataset:
    return open_stl10(folder, size, grayscale, np.random.default_rng(0))


def test_pictures_are_upright_and_classes_have_their_names(tmp_path: Path) -> None:
    write(tmp_path / "stl10_binary")
    dataset = open_source(Data(source=str(tmp_path)), np.random.default_rng(0))
    assert dataset.class_names == tuple(NAMES)
    np.testing.assert_array_equal(dataset.test.inputs, pictures(8)[:4])
    assert [NAMES[label] for label in dataset.test.labels] == ["airplane", "truck", "car", "car"]
    assert dataset.notes == (
        "what is read lies in stl10_binary/",
        "STL-10 keeps its pictures column by column; here they are upright",
    )
    assert [(skip.name, skip.reason) for skip in dataset.skipped] == [("unlabeled_X.bin", "no file of this set")]


def test_without_names_a_class_is_called_as_its_number(tmp_path: Path) -> None:
    assert opened(write(tmp_path, names=False)).class_names == tuple(map(str, range(1, 11)))


def test_size_and_gray_come_out_as_of_image_files(tmp_path: Path) -> None:
    assert opened(write(tmp_path), size=12, grayscale=True).task.input_shape == (12, 12, 1)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("train_X.bin", bytes(27648 * 8 - 1), "221,183 bytes are not a whole number of pictures of 27,648 bytes"),
        ("train_X.bin", b"", "0 bytes are not a whole number of pictures"),
        ("train_X.bin", b"\x1f\x8b" + bytes(27646), "packed with gzip; unpack it"),
        ("train_X.bin", bytes(27648), "1 picture, but 8 labels in"),
        ("train_y.bin", bytes([0] * 8), "class 0 at byte 0, and they are 1 to 10"),
        ("train_y.bin", bytes([1] * 7 + [11]), "class 11 at byte 7"),
        ("class_names.txt", b"cat dog", "2 different names for 10 classes"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,
)
def test_what_does_not_fit_is_one_clear_error(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (write(tmp_path) / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        opened(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / name}: {told}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["train_X.bin", "train_y.bin", "test_y.bin"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (write(tmp_path) / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no such file; put it there"):
        opened(tmp_path)
