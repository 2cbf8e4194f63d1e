"""Arrays in an .npz file: what they mean, and that no file harms who opens it."""

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nnviz.array import Array
from nnviz.data import suggestions
from nnviz.data.arrays.numpy_arrays import Wanted, open_numpy
from nnviz.data.dataset import Dataset
from nnviz.data.sources import find_source, open_source, suggested
from nnviz.errors import InputError
from nnviz.experiment import Data


def pictures(n: int = 20, *shape: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (n, *(shape or (4, 5, 3))), np.uint8)


def numbers(n: int = 20, features: int = 3) -> Array:
    return np.random.default_rng(0).normal(size=(n, features))


CLASSES = np.arange(20) % 2 + 4
VALID: dict[str, Any] = {"x": pictures(), "y": CLASSES}


def opened(path: Path, size: int | None = None, grayscale: bool = False) -> Dataset:
    return open_numpy(path, Wanted(size, grayscale), np.random.default_rng(0))


def saved(folder: Path, compress: bool = False, **arrays: Any) -> Path:
    path = folder / "my.npz"
    (np.savez_compressed if compress else np.savez)(path, **arrays)
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        opened(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def known_again(dataset: Dataset, x: Array, y: list[str]) -> None:
    """Check that every example of train and validation is the one that it is named as, with its label."""
    for split in (dataset.train, dataset.validation):
        for stored, label, name in zip(split.inputs, split.labels, split.names, strict=True):
            place = int(name.removeprefix("train "))
            np.testing.assert_array_equal(stored, x[place])
            assert dataset.class_names[label] == y[place]


# What is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("x", [pictures(20, 4, 5), pictures(20, 4, 5, 1), pictures(), np.asfortranarray(pictures())])
def test_pictures_keep_their_size(tmp_path: Path, x: Array, compress: bool) -> None:
    path = saved(tmp_path, compress, x=x, y=CLASSES, x_test=x[:6], y_test=CLASSES[:6])
    dataset = open_source(Data(source=str(path)), np.random.default_rng(0))
    four = x if x.ndim == 4 else x[..., None]
    assert (dataset.train.inputs.dtype, dataset.task.input_shape) == (np.uint8, four.shape[1:])
    assert dataset.class_names == ("4", "5")
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [16, 4, 6]
    known_again(dataset, four, [str(label) for label in CLASSES])
    np.testing.assert_array_equal(dataset.test.inputs, four[:6])


@pytest.mark.parametrize(
    ("y", "names"),
    [
        (CLASSES.astype(np.uint8), "4 5"),
        (CLASSES.astype(">i8") - 6, "-2 -1"),
        (CLASSES == 5, "False True"),
        (np.where(CLASSES == 4, "cat", "Hündin"), "Hündin cat"),
        (np.where(CLASSES == 4, b"cat", b"dog"), "cat dog"),
    ],
)
def test_labels_name_the_classes(tmp_path: Path, y: Array, names: str) -> None:
    dataset = opened(saved(tmp_path, x=pictures(), y=y))
    assert dataset.class_names == tuple(names.split())
    known_again(dataset, pictures(), [text.decode() if isinstance(text, bytes) else str(text) for text in y.tolist()])


def test_class_names_keep_their_order_and_may_be_more_than_occur(tmp_path: Path) -> None:
    names = np.array(["z", "b", "a", "y", "dog", "cat"])
    by_number = opened(saved(tmp_path, x=pictures(), y=CLASSES, class_names=names))
    known_again(by_number, pictures(), [names[label] for label in CLASSES])
    by_name = opened(saved(tmp_path, x=pictures(), y=names[CLASSES], class_names=names))
    assert by_number.class_names == by_name.class_names == tuple(names)
    np.testing.assert_array_equal(by_number.train.labels, by_name.train.labels)


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "f2", "i4", "u1", "?"])
def test_rows_of_numbers_are_features(tmp_path: Path, dtype: str) -> None:
    x = (numbers() * 9).clip(0).astype(dtype)
    dataset = opened(saved(tmp_path, x=x, y=CLASSES))
    assert (dataset.train.inputs.dtype, dataset.task.input_shape) == (np.float32, (3,))
    known_again(dataset, x.astype(np.float32), [str(label) for label in CLASSES])


@pytest.mark.parametrize("y", [numbers()[:, 0], numbers(20, 2)])
def test_floats_are_to_be_predicted(tmp_path: Path, y: Array) -> None:
    dataset = opened(saved(tmp_path, x=numbers(), y=y))
    rows = y.reshape(20, -1).astype(np.float32)
    assert (dataset.class_names, dataset.task.numbers) == ((), rows.shape[1])
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [14, 3, 3]
    for split in (dataset.train, dataset.validation, dataset.test):
        places = [int(name.removeprefix("train ")) for name in split.names]
        np.testing.assert_array_equal(split.labels, rows[places])
        np.testing.assert_array_equal(split.inputs, numbers()[places].astype(np.float32))


def test_size_and_gray_come_out_as_of_image_files(tmp_path: Path) -> None:
    path = saved(tmp_path, **VALID, x_test=pictures(), y_test=CLASSES)
    seen = opened(path, size=3, grayscale=True).test.inputs
    image = Image.fromarray(pictures()[7]).resize((3, 3), Image.Resampling.LANCZOS, (0.5, 0, 4.5, 4))
    np.testing.assert_array_equal(seen[7, ..., 0], np.asarray(image.convert("L")))


def test_an_only_example_of_a_class_is_trained_on(tmp_path: Path) -> None:
    dataset = opened(saved(tmp_path, x=pictures(), y=np.array([0] * 19 + [1])))
    assert [int((split.labels == 1).sum()) for split in (dataset.train, dataset.validation, dataset.test)] == [1, 0, 0]


def test_suggestions_tell_pictures_from_numbers_without_numpy(tmp_path: Path) -> None:
    assert suggested(find_source(str(saved(tmp_path, **VALID)))) == suggestions.FOR_IMAGES
    (tmp_path / "bad.npz").write_bytes(b"PK")
    assert suggested(find_source(str(tmp_path / "bad.npz"))) == suggestions.FOR_IMAGES
    path = saved(tmp_path, x=numbers(), y=CLASSES)
    assert suggested(find_source(str(path))) == suggestions.FOR_NUMBERS
    program = (
        "import sys; from nnviz.data.sources import find_source, suggested\n"
        "assert suggested(find_source(sys.argv[1]))['network']['layers'] == 'dense 32 relu'\n"
        "assert not {'numpy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, path], check=True)


# What is refused ---------------------------------------------------------------------------------------------------

NOT_FINITE = numbers()
NOT_FINITE[7, 2] = np.nan
TOO_LARGE = numbers()
TOO_LARGE[7, 2] = 1e300


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"x": None}, "holds 'y' of type <i8 and shape (20,), and no examples with labels by their names; call the"),
        ({"y": None}, "holds 'x' of type |u1 and shape (20, 4, 5, 3), and no examples with labels by their names"),
        (
            {"x": None, "a": pictures(), "b": [{}]},
            "holds 'a' of type |u1 and shape (20, 4, 5, 3), 'b', 'y' of type <i8",
        ),
        (
            {"cat_x": pictures(), "cat_y": CLASSES, "x": None, "y": None, "dog_x": pictures(), "dog_y": CLASSES},
            "holds several sets of arrays: cat, dog; give a file of one of them",
        ),
        ({"y": CLASSES[1:]}, r"'x' of type |u1 and shape (20, 4, 5, 3), but 'y' of type <i8 and shape (19,); give one"),
        ({"x_test": pictures(), "y_test": CLASSES[1:]}, "and shape (19,); give one label for each example"),
        ({"x_test": pictures(20, 5, 4, 3), "y_test": CLASSES}, "give examples of the same shape"),
        ({"x_test": pictures() - 300.0, "y_test": CLASSES}, "'x_test': numbers beyond 0 to 255, where others lie"),
        (
            {"x_test": pictures(), "y_test": CLASSES / 3},
            "'y_test'[0] is 1.3333333333333333, no whole number for a class",
        ),
        ({"x_test": pictures(), "y_test": np.eye(6)[CLASSES]}, "'y_test': 6 labels for each example; give one class"),
        ({"x_test": pictures(), "y_test": CLASSES + 1}, "'y_test': label 1 is 6, which is none of the 2 classes"),
        (
            {"x": pictures() / 2},
            "'x': pictures of numbers from 0 to 127.5; give bytes from 0 to 255, or numbers from 0",
        ),
        ({"x": pictures() - 9.0}, "'x': pictures of numbers from −9 to 246; give bytes"),
        ({"x": pictures() * np.nan}, "'x': pictures of numbers from NaN to NaN; give bytes"),
        ({"x": pictures(20, 2, 4, 5)}, "(n, height, width, 1 or 3), or numbers (n, features)"),
        ({"x": pictures(20, 4, 5, 4)}, "shape (20, 4, 5, 4); give pictures"),
        ({"x": numbers()[:, 0]}, "shape (20,); give pictures"),
        ({"x": np.array(3)}, "shape (); give pictures"),
        ({"x": numbers().astype(complex)}, "'x' holds <c16; store plain numbers or texts, not objects"),
        ({"x": np.array([["a", "b"]] * 20)}, "type <U1 and shape (20, 2); give pictures"),
        ({"x": pictures(0), "y": CLASSES[:0]}, "'x' of type |u1 and shape (0, 4, 5, 3) is empty"),
        ({"x": pictures(20, 0, 5)}, "shape (20, 0, 5) is empty"),
        ({"x": NOT_FINITE}, "'x'[7, 2] is NaN, which is not a finite float32; leave that example out"),
        ({"x": TOO_LARGE}, "'x'[7, 2] is 1.0e300, which is not a finite float32"),
        ({"y": NOT_FINITE[:, 2]}, "'y'[7] is NaN"),
        ({"y": np.where(CLASSES == 4, "a", "b")[:, None].repeat(2, 1)}, "shape (20, 2); give a whole number or a text"),
        (
            {"y": np.eye(3, dtype=int)[CLASSES - 4] + [0, 0, 1]},
            "3 labels for each example (some rows have several 1); give",
        ),
        ({"y": numbers().astype(int)}, "'y': 3 labels for each example; give one class for each"),
        ({"y": np.zeros(20, int)}, "'y': every label is 0; two classes are needed"),
        ({"x": pictures(1), "y": CLASSES[:1]}, "every label is 4; two classes are needed"),
        ({"x": numbers(1001), "y": np.arange(1001)}, "1,001 different labels, and 1,000 classes are the most"),
        ({"class_names": np.array(["a", "b"])}, "label 0 is 4, which is none of the 2 classes, 0 to 1"),
        ({"y": CLASSES - 5, "class_names": np.array(["a", "b"])}, "label 0 is -1, which is none of the 2 classes"),
        ({"class_names": np.arange(6)}, "'class_names' of type <i8 and shape (6,); give a row of texts"),
        ({"class_names": np.array(list("abcdef")).reshape(2, 3)}, "give a row of texts"),
        ({"class_names": np.array(list("abcdea"))}, "has one name twice"),
        ({"y": numbers()[:, 0], "class_names": np.array(["a"])}, "'y' holds floats"),
        ({"y": np.array(["\ud800", "b"] * 10)}, "'y' holds a text that is not Unicode"),
        ({"y": np.array([b"\xff", b"b"] * 10)}, "'y' holds a text that is not Unicode"),
        (
            {"y": np.array([{"run": "me"}] * 20)},
            "'y' holds |O, objects of Python (pickle), which are never loaded; store",
        ),
        ({"y": np.zeros(20, [("a", "i4")])}, "store plain numbers or texts, not objects"),
        ({"y": CLASSES.astype("M8[s]")}, "'y' holds <M8[s]; store plain numbers"),
    ],
)
def test_arrays_that_make_no_dataset_are_one_clear_error(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    arrays = {name: array for name, array in {**VALID, **changes}.items() if array is not None}
    assert told in refused(saved(tmp_path, **arrays))


def npy(header: str, content: bytes = b"", version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes((version, 0)) + length + header.encode("latin-1") + content


def zipped(folder: Path, x: bytes, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A file whose `x` is these bytes, beside a good `y`."""
    y = io.BytesIO()
    np.save(y, CLASSES)
    with zipfile.ZipFile(folder / "my.npz", "w", method) as archive:
        archive.writestr("x.npy", x)
        archive.writestr("y.npy", y.getvalue())
    return folder / "my.npz"


HEADER = "{'descr': %s, 'fortran_order': False, 'shape': %s}\n"


def test_a_hand_written_header_of_either_version_is_read(tmp_path: Path) -> None:
    for version in (1, 2):
        content = npy(HEADER % ("'|u1'", "(20, 4, 5, 3)"), pictures().tobytes(), version)
        known_again(opened(zipped(tmp_path, content)), pictures(), [str(label) for label in CLASSES])


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (npy(HEADER % ("'|u1'", "(20, 9)"), bytes(179)), "takes 180 bytes, and 179 are stored"),
        (npy(HEADER % ("'|u1'", "(20, 9)"), bytes(181)), "takes 180 bytes, and 181 are stored"),
        (npy(HEADER % ("'<f8'", f"({10**12}, 2)")), "take 16,000,000,000,160 bytes, and 1,073,741,824 are the most"),
        (npy(HEADER % ("'<f8'", "(20, 1000000)")), "takes 160,000,000 bytes, and 0 are stored"),
        (npy(HEADER % ("'|u1'", f"({10**12}, 0)")), "is empty"),
        (npy(HEADER % ("'<U0'", f"({10**12},)")), "is empty"),
        (npy(HEADER % ("'|u1'", "(20, -9)")), "'x' has the shape (20, -9)"),
        (npy(HEADER % ("'|u1'", "(20.0, True)")), "'x' has the shape (20.0, True)"),
        (npy(HEADER % ("'|u1'", "20")), "'x' has no header of an .npy file"),
        (npy(HEADER % ("[('a', 'i4')]", "(20,)")), "not objects"),
        (npy(HEADER % ("'|O'", "(20,)")), "'x' holds |O"),
        (npy("__import__('os')"), "'x' has no header of an .npy file"),
        (npy("[" * 4000), "'x' has no header of an .npy file"),
        (npy("-" * 4000), "'x' has no header of an .npy file"),
        (npy("{}"), "'x' has no header of an .npy file"),
        (npy(" " * 5000, version=2), "'x' has no header of an .npy file"),
        (npy(" " * 20_000_000, version=2), "'x' has no header of an .npy file"),
        (npy("{}", version=7), "'x' has no header of an .npy file"),
        (b"\x93NUMPY\x01\x00\xff", "'x' has no header of an .npy file"),
        (b"", "'x' has no header of an .npy file"),
    ],
    ids=lambda value: "file" if isinstance(value, bytes) else None,
)
def test_headers_that_lie_are_found_before_memory_is_taken(
    tmp_path: Path, x: bytes, told: str, opened_or_refused
) -> None:
    path = zipped(tmp_path, x)
    assert told in refused(path)
    opened_or_refused(lambda: opened(path))


def test_a_bomb_does_not_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened_or_refused) -> None:
    path = zipped(tmp_path, npy(HEADER % ("'|u1'", "(20, 1000000)"), bytes(20_000_000)))
    assert path.stat().st_size < 40_000
    monkeypatch.setattr("nnviz.data.bounded.LIMIT", 1_000_000)
    assert "are the most that are read; give fewer" in refused(path)
    opened_or_refused(lambda: opened(path))


def test_a_zip_that_lies_about_a_size_is_not_unpacked_beyond_it(tmp_path: Path, opened_or_refused) -> None:
    header = npy(HEADER % ("'|u1'", "(20, 9)"))
    path = zipped(tmp_path, header + bytes(20_000_000))
    told, true = (struct.pack("<I", len(header) + size) for size in (180, 20_000_000))
    path.write_bytes(path.read_bytes().replace(true, told))
    assert "damaged (Bad CRC-32" in refused(path)
    opened_or_refused(lambda: opened(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused_since_they_unpack_without_a_limit(tmp_path: Path, method: int) -> None:
    assert "packed in another way than np.savez_compressed does it" in refused(zipped(tmp_path, b"", method))


def test_what_is_no_zip_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path, compress=True, **VALID)
    whole = path.read_bytes()
    for content in (b"", b"PK", whole[:-30], whole[: len(whole) // 2], b"\x93NUMPY" + whole[6:100]):
        path.write_bytes(content)
        assert "no .npz file, or damaged (" in refused(path)
    path.write_bytes(whole[:100] + bytes(60) + whole[160:])
    refused(path)


def test_a_file_that_is_missing_or_cannot_be_read_is_named(tmp_path: Path, forbidden) -> None:
    assert refused(tmp_path / "none.npz").endswith("no such file; put it there")
    path = saved(tmp_path, **VALID)
    forbidden(path)
    assert refused(path) == f"{path}: cannot be read (Permission denied); check its permissions"


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, x=pictures(20, 90, 90), y=CLASSES)
    monkeypatch.setattr(
        "nnviz.data.arrays.numpy_arrays.check_headers", lambda path, *_: path.write_bytes(path.read_bytes()[:9000])
    )
    refused(path)


# Damage of any kind ------------------------------------------------------------------------------------------------


def content_of(compress: bool, **arrays: Any) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(file, **arrays)
    return file.getvalue()


SMALL: dict[str, Any] = {"x": pictures(6, 2, 2), "y": np.arange(6, dtype=np.uint8) % 2}
NAMED: dict[str, Any] = {"x": numbers(6, 2), "y": np.array(list("ababab")), "class_names": np.array(["a", "b"])}
WHOLE = [content_of(compress, **arrays) for compress in (False, True) for arrays in (SMALL, NAMED)]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), whole=st.sampled_from(WHOLE))
def test_damage_gives_a_dataset_or_an_input_error(tmp_path_factory, damaged, opened_or_refused, data, whole) -> None:
    path = tmp_path_factory.mktemp("npz") / "my.npz"
    path.write_bytes(data.draw(damaged(whole)))
    opened_or_refused(lambda: opened(path))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), arrays=st.sampled_from([SMALL, NAMED]))
def test_damage_that_the_zip_does_not_know_of(tmp_path_factory, damaged, opened_or_refused, data, arrays) -> None:
    path = tmp_path_factory.mktemp("npz") / "my.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            file = io.BytesIO()
            np.save(file, array)
            archive.writestr(f"{name}.npy", data.draw(damaged(file.getvalue())))
    opened_or_refused(lambda: opened(path))


def test_a_letter_beyond_the_last_one_is_refused(tmp_path: Path) -> None:
    names = np.frombuffer(struct.pack("<2I", 0x61, 0x110000), "<U1")
    path = saved(tmp_path, x=pictures(), y=np.arange(20) % 2, class_names=names)
    assert "'class_names' holds a text that is not Unicode" in refused(path)
