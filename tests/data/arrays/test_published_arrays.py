"""Arrays in the forms that data sets are published in, and that people keep their own in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.array import Array
from nnviz.data.arrays.numpy_arrays import Wanted, open_numpy
from nnviz.data.dataset import Dataset
from nnviz.errors import InputError

CASES = Path(__file__).parents[4] / "shared" / "cases" / "arrays-by-other-names"

LABELS = np.arange(30, dtype=np.uint8) % 3
PICTURES = np.random.default_rng(0).integers(0, 256, (30, 6, 5), np.uint8)
FEW, FEW_LABELS = PICTURES[:9], LABELS[:9]
Write = Callable[[Path], Path]


def opened(path: Path, **wanted: Any) -> Dataset:
    return open_numpy(path, Wanted(None, False, **wanted), np.random.default_rng(0))


def npz(**arrays: Array) -> Write:
    def write(folder: Path) -> Path:
        np.savez(folder / "mine.npz", **arrays)
        return folder / "mine.npz"

    return write


def files(given: str, **arrays: Array) -> Write:
    """Files of one array each, as `np.savez(file, array)` and `np.save` write them; `given` is what is opened."""

    def write(folder: Path) -> Path:
        for name, array in arrays.items():
            name = name.replace("_npz", ".npz").replace("_npy", ".npy").replace("__", "-")
            (np.savez if name.endswith("z") else np.save)(folder / name, array)
        return folder / given

    return write


KERAS = {"x_train": PICTURES, "y_train": LABELS, "x_test": FEW, "y_test": FEW_LABELS}
MEDMNIST = {
    f"{role}_{what}": array
    for role, n in (("train", 30), ("val", 9), ("test", 9))
    for what, array in (("images", PICTURES[:n]), ("labels", LABELS[:n, None]))
}
KMNIST = {
    f"kmnist__{role}__{what}_npz": array
    for role, n in (("train", 30), ("test", 9))
    for what, array in (("imgs", PICTURES[:n]), ("labels", LABELS[:n]))
}
NPY = {"X_train_npy": PICTURES, "y_train_npy": LABELS, "X_test_npy": FEW, "y_test_npy": FEW_LABELS}


@pytest.mark.parametrize(
    ("write", "validation", "test"),
    [
        pytest.param(npz(**KERAS), 6, 9, id="mnist.npz of Keras"),
        pytest.param(npz(**MEDMNIST), 9, 9, id="MedMNIST"),
        pytest.param(npz(x=PICTURES, y=LABELS, x_val=FEW, y_val=FEW_LABELS), 9, 0, id="x_val"),
        pytest.param(npz(arr_0=PICTURES, arr_1=LABELS), 6, 3, id="arrays without names"),
        pytest.param(npz(images=PICTURES, target=LABELS, data=PICTURES.reshape(30, -1)), 6, 3, id="digits of sklearn"),
        pytest.param(files("kmnist-train-imgs.npz", **KMNIST), 6, 9, id="KMNIST, by its training pictures"),
        pytest.param(files("kmnist-test-labels.npz", **KMNIST), 6, 9, id="KMNIST, by its test labels"),
        pytest.param(files("", **KMNIST), 6, 9, id="the folder of KMNIST"),
        pytest.param(files("", **NPY), 6, 9, id="a folder of .npy files"),
        pytest.param(files("X.npy", X_npy=PICTURES, Y_npy=LABELS, other_npy=LABELS), 6, 3, id="X.npy beside Y.npy"),
        pytest.param(npz(x=PICTURES / 255, y=LABELS), 6, 3, id="numbers from 0 to 1"),
        pytest.param(npz(x=(PICTURES / 127.5 - 1).astype("f4"), y=LABELS), 6, 3, id="numbers from -1 to 1"),
        pytest.param(npz(x=PICTURES.astype("i8"), y=LABELS), 6, 3, id="whole numbers of eight bytes"),
        pytest.param(npz(x=PICTURES, y=np.eye(3)[LABELS]), 6, 3, id="one-hot floats"),
        pytest.param(npz(x=PICTURES, y=np.eye(3, dtype=bool)[LABELS]), 6, 3, id="one-hot booleans"),
        pytest.param(npz(x=PICTURES, y=LABELS.astype("f8")), 6, 3, id="labels as floats"),
        pytest.param(npz(x=PICTURES[..., None].transpose(0, 3, 1, 2), y=LABELS), 6, 3, id="channels first"),
    ],
)
def test_pictures_as_they_are_published(tmp_path: Path, write: Write, validation: int, test: int) -> None:
    dataset = opened(write(tmp_path))
    assert dataset.class_names == ("0", "1", "2")
    assert (len(dataset.validation), len(dataset.test)) == (validation, test)
    assert (dataset.task.input_shape, dataset.train.inputs.dtype) == ((6, 5, 1), np.uint8)
    for split in (dataset.train, dataset.validation, dataset.test):
        for stored, label, name in zip(split.inputs, split.labels, split.names, strict=True):
            place = int(name.rpartition(" ")[2])
            np.testing.assert_array_equal(stored[..., 0], PICTURES[place])
            assert label == LABELS[place]


@pytest.mark.parametrize(
    ("arrays", "note"),
    [
        ({"x": PICTURES / 255, "y": LABELS}, "pictures of numbers from 0 to 1 were made bytes from 0 to 255"),
        ({"x": PICTURES[:, None], "y": LABELS}, "pictures whose colours come first were turned so that they come last"),
        ({"x": PICTURES, "y": np.eye(3)[LABELS]}, "each row of labels is one 1 and else 0: the class is the number"),
        ({"x": PICTURES, "y": LABELS / 1}, "the labels are few whole numbers that come often, and so classes; --task"),
    ],
)
def test_how_arrays_were_read_is_said(tmp_path: Path, arrays: dict[str, Array], note: str) -> None:
    [told] = opened(npz(**arrays)(tmp_path)).notes
    assert told.startswith(note)


def test_arrays_that_are_not_read_are_named(tmp_path: Path) -> None:
    dataset = opened(npz(x=PICTURES, y=LABELS, x_test=FEW, weights=LABELS)(tmp_path))
    assert [(skip.name, skip.reason, skip.kind) for skip in dataset.skipped] == [
        ("'weights'", "of a name that does not say what it is", "array"),
        ("'x_test'", "without labels", "array"),
    ]


def test_a_task_overrules_what_labels_look_like(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4))
    for labels in (LABELS, LABELS / 1, np.eye(3)[LABELS]):
        dataset = opened(npz(x=rows, y=labels)(tmp_path), task="regress")
        assert (dataset.class_names, dataset.task.numbers) == ((), labels.size // 30)
        assert not dataset.notes
    many = np.arange(30) * 1.0
    assert opened(npz(x=rows, y=many)(tmp_path)).task.numbers == 1
    assert len(opened(npz(x=rows, y=many)(tmp_path), task="classify").class_names) == 30
    with pytest.raises(InputError, match=r"'y'\[1\] is 0.1, no whole number for a class"):
        opened(npz(x=rows, y=many / 10)(tmp_path), task="classify")
    with pytest.raises(InputError, match="'y': texts are not numbers to predict; leave --task out"):
        opened(npz(x=rows, y=many.astype("U"))(tmp_path), task="regress")


def test_floats_that_are_no_few_whole_numbers_are_predicted(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4))
    for labels in (np.arange(30.0), LABELS + 0.5, LABELS * np.nextafter(1, 2), rows[:, :2]):
        assert not opened(npz(x=rows, y=labels)(tmp_path)).class_names


def test_several_labels_for_one_example_are_refused(tmp_path: Path) -> None:
    several = np.ones((30, 14), np.uint8)
    with pytest.raises(
        InputError, match=r"'y': 14 labels for each example \(some rows have several 1\); give one class"
    ):
        opened(npz(x=PICTURES, y=several)(tmp_path))


def test_a_folder_of_several_sets_is_told_apart(tmp_path: Path) -> None:
    npz(**KERAS)(tmp_path).rename(tmp_path / "pathmnist.npz")
    assert len(opened(tmp_path).test) == 9
    npz(**KERAS)(tmp_path)
    with pytest.raises(InputError, match=r"holds several files of arrays, such as mine\.npz; give one of them"):
        opened(tmp_path)


def test_objects_are_never_loaded(tmp_path: Path) -> None:
    reviews = np.array([[1, 2], [3]] * 15, dtype=object)
    with pytest.raises(InputError, match=r"'x_train' holds \|O, objects of Python \(pickle\), which are never loaded"):
        opened(npz(x_train=reviews, y_train=LABELS)(tmp_path))


@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases is not here")
@pytest.mark.parametrize(
    ("name", "splits"),
    [
        ("keras_mnist", (24, 6, 9)),
        ("medmnist", (30, 9, 9)),
        ("x_val_not_read", (30, 9, 0)),
        ("column_of_labels", (21, 6, 3)),
        ("one_hot_floats", (21, 6, 3)),
    ],
)
def test_the_cases(name: str, splits: tuple[int, int, int]) -> None:
    dataset = opened(CASES / f"{name}.npz")
    assert dataset.class_names == ("0", "1", "2")
    assert tuple(map(len, (dataset.train, dataset.validation, dataset.test))) == splits
