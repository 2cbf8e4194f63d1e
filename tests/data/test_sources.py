from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from nnviz.data import sources
from nnviz.data.drawn.pictures import write_folder
from nnviz.data.formats import Found
from nnviz.data.sources import BUILT_IN, find_source, open_source, refuse_misplaced, suggested
from nnviz.errors import InputError
from nnviz.experiment import Data, Stopping, combine
from nnviz.headless.training import train
from nnviz.options import Options

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_built_in_is_the_same_whatever_the_seed() -> None:
    first = open_source(Data(source="pets", image_size=8), np.random.default_rng(0))
    other = open_source(Data(source="pets", image_size=8), np.random.default_rng(1))
    assert first.name == "pets"
    np.testing.assert_array_equal(first.train.inputs, other.train.inputs)


@pytest.mark.parametrize("option", [{"image_size": 16}, {"grayscale": True}])
def test_what_holds_no_images_refuses_their_options_in_one_line(tmp_path: Path, option: dict[str, Any]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "english.txt").write_text("the cat\n")
    (tmp_path / "my.csv").write_text("x,y\n1,2\n")
    for source in ("xor", "language", str(tmp_path / "docs")):
        with pytest.raises(InputError, match=rf"^data\.{next(iter(option))}: only images have it; leave it out for "):
            open_source(Data(source=source, **option), generator())
    with pytest.raises(InputError, match="only images whose column is named have it; leave it out for "):
        open_source(Data(source=str(tmp_path / "my.csv"), **option), generator())
    for data in (Data(source="pets", **option), Data(source=str(tmp_path / "my.csv"), image_column="x", **option)):
        refuse_misplaced(data, find_source(data.source))


def test_images_and_texts_of_a_table_are_not_chosen_together(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("x,y\n1,2\n")
    both = Data(source=str(tmp_path / "my.csv"), image_column="1", text_column="nosuch")
    with pytest.raises(InputError, match=r"^data\.text_column: images or texts are learnt from, not both"):
        open_source(both, generator())
    one = Data(source=str(tmp_path / "my.csv"), image_column="1", text_column="")
    refuse_misplaced(one, find_source(one.source))


def test_a_drawn_folder_can_be_opened_again(tmp_path: Path) -> None:
    files = write_folder("pets", tmp_path, 20, 24)
    assert [path.relative_to(tmp_path).as_posix() for path in files[:2]] == ["cat/cat-001.png", "cat/cat-002.png"]
    dataset = open_source(Data(source=str(tmp_path), image_size=24), generator())
    assert dataset.class_names == ("cat", "dog")
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 20
    first = dataset.train.names[0]
    np.testing.assert_array_equal(dataset.train.inputs[0], np.asarray(Image.open(tmp_path / first)))


def test_drawing_again_writes_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_folder("pets", tmp_path, 6, 16)]
    assert [path.read_bytes() for path in write_folder("pets", tmp_path, 6, 16)] == first


def test_drawing_leaves_other_peoples_files_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match=r"holds other files already, such as thesis\.txt"):
        write_folder("pets", tmp_path, 6, 16)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(("name", "count", "message"), [("cars", 6, "cannot be drawn"), ("pets", 1, "at least 2")])
def test_what_cannot_be_drawn_is_said(tmp_path: Path, name: str, count: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_folder(name, tmp_path, count, 16)


def test_drawing_into_a_file_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_folder("pets", tmp_path / "file", 6, 16)


def test_an_unknown_source_is_told_what_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"no such folder or file, and not a built-in name; give .*, an \.npz file.* or pets, .*spiral.*$",
    ):
        open_source(Data(source=str(tmp_path / "nowhere")), generator())
    (tmp_path / "file.xyz").write_bytes(bytes(8))
    with pytest.raises(InputError, match="nothing that can be opened; give "):
        open_source(Data(source=str(tmp_path / "file.xyz")), generator())


@pytest.mark.parametrize("source", BUILT_IN)
def test_suggestions_make_an_experiment(source: str, tmp_path: Path) -> None:
    assert combine(suggested(find_source(source))).stopping.epochs
    assert combine(suggested(find_source(str(tmp_path)))).stopping.epochs


@pytest.mark.skipif(not (SHARED / "human-nonhuman").is_dir(), reason="shared/data/human-nonhuman is not here")
def test_a_real_folder_with_train_and_test() -> None:
    dataset = open_source(Data(source=str(SHARED / "human-nonhuman")), generator())
    assert dataset.class_names == ("human", "nonhuman")
    assert dataset.skipped == ()
    known = np.bincount(dataset.train.labels) + np.bincount(dataset.validation.labels)
    np.testing.assert_array_equal(known, [789, 789])
    np.testing.assert_array_equal(np.bincount(dataset.test.labels), [197, 197])


# What a path holds -------------------------------------------------------------------------------------------------


def write(folder: Path, *names: str, content: bytes = b"") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_called_as_a_built_in_is_named_and_reached_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder("pets", tmp_path / "pets", 20, 12)
    dataset = open_source(Data(source="pets", image_size=8), generator())
    assert dataset.notes == ("these are the built-in examples 'pets'; the folder of that name here is ./pets",)
    assert dataset.caveats[0].endswith("is ./pets.")
    assert len(dataset.train) == 1000
    assert len(open_source(Data(source="./pets", image_size=8), generator()).train) == 14
    assert not open_source(Data(source="xor"), generator()).notes


@pytest.mark.parametrize(
    ("names", "held", "place"),
    [
        ("MNIST/raw/train-images-idx3-ubyte MNIST/raw/train-labels-idx1-ubyte", "idx", "MNIST/raw"),
        ("gzip/emnist-letters-train-images-idx3-ubyte.gz readme.txt", "idx", "gzip"),
        ("train-images-idx3-ubyte/train-images-idx3-ubyte", "idx", "."),
        ("qmnist-train-labels-idx2-int", "idx", "."),
        ("cifar-10-batches-bin/data_batch_1.bin cifar-10-binary.tar.gz", "cifar", "cifar-10-batches-bin"),
        ("stl10_binary/train_X.bin stl10_binary/train_y.bin", "stl10", "stl10_binary"),
        ("kmnist-train-imgs.npz kmnist-train-labels.npz", "numpy", "."),
        ("data/X.npy data/Y.npy", "numpy", "data"),
        ("cat/1.jpg dog/1.jpg logo.npz notes.csv", "images", "."),
        ("Images/a/1.jpg Images/b/1.jpg Annotation/a/1 Annotation/b/1", "images", "."),
        ("cat/1.txt dog/1.txt", "texts", "."),
        ("news/a/1 news/b/2", "texts", "."),
        ("ham/0001.a1b2 ham/0002.c3d4 spam/0001.e5f6", "texts", "."),
        ("titanic/passengers.csv titanic/about.md", "table", "titanic/passengers.csv"),
        ("", "images", "."),
    ],
)
def test_what_a_folder_holds(tmp_path: Path, names: str, held: str, place: str) -> None:
    write(tmp_path, *names.split(), content=b"some text")
    assert find_source(str(tmp_path)).found == Found(held, tmp_path / place)


def test_images_are_strays_where_nearly_everything_is_text(tmp_path: Path) -> None:
    write(tmp_path, *(f"{name}/{i}.txt" for name in ("ham", "spam") for i in range(20)), "logo.png")
    assert find_source(str(tmp_path)).format == "texts"
    write(tmp_path, "other.png", "third.png")
    assert find_source(str(tmp_path)).format == "images"


def test_bytes_without_an_ending_are_no_texts(tmp_path: Path) -> None:
    write(tmp_path, "a/1", "b/1", content=b"\x00\x01")
    assert find_source(str(tmp_path)).format == "images"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            "cifar-10-batches-py/data_batch_1 cifar-10-batches-py/batches.meta",
            "get the binary version, cifar-10-binary",
        ),
        ("cifar-100-python/train cifar-100-python/test cifar-100-python/meta", "get the binary version, cifar-100-bin"),
        (
            "train_32x32.mat test_32x32.mat",
            r"test_32x32\.mat: MATLAB's files are not read; save the arrays as an \.npz",
        ),
        ("images.h5", "HDF5 is not read; save the arrays as an .npz file"),
        ("MNIST/processed/training.pt", r"training\.pt: pickle may run anything when it is loaded, so it never is"),
        ("train-00000-of-00001.parquet", "save it as .csv"),
        ("archive.zip", "an archive; unpack it"),
        ("MNIST/raw/train-images-idx3-ubyte FashionMNIST/raw/train-images-idx3-ubyte", "holds 2 sources: "),
        ("red.csv white.csv", "holds 2 sources: red.csv and white.csv; give one of them"),
    ],
)
def test_what_is_not_read_is_told_with_what_can_be(tmp_path: Path, names: str, told: str) -> None:
    write(tmp_path, *names.split())
    with pytest.raises(InputError, match=told) as error:
        find_source(str(tmp_path))
    assert "\n" not in str(error.value)
    if len(names.split()) == 1:
        with pytest.raises(InputError, match=told):
            find_source(str(tmp_path / names))


def test_what_lies_beside_a_set_one_folder_down_is_named(tmp_path: Path) -> None:
    np.savez(write(tmp_path, "set/raw/notes.md", "set/old/1.md", "set/old/2.md", "set/empty/.hidden") / "set/raw/a.npz")
    x = np.arange(200, dtype=np.float32).reshape(20, 10)
    np.savez(tmp_path / "set" / "raw" / "a.npz", x=x, y=np.arange(20) % 2)
    dataset = open_source(Data(source=str(tmp_path / "set")), generator())
    assert dataset.name == "set"
    assert dataset.notes == ("what is read lies in raw/",)
    assert [(skip.name, skip.count) for skip in dataset.skipped] == [("notes.md", 1), ("old/", 2)]
    assert dataset.left_out == 3
    assert dataset.caveats[-1].endswith(
        "Skipped 3 files: 2 beside what is read (old/); 1 no file of this set (notes.md)."
    )


def test_a_source_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(sources, "found_at", lambda path: looked.append(path) or Found("images", path))
    write_folder("pets", tmp_path / "mine", 20, 12)
    order = Options.of(source=str(tmp_path / "mine"), out=tmp_path / "run").order()
    train(msgspec.structs.replace(order.experiment, stopping=Stopping(steps=1)), order.out, source=order.source)
    assert looked == [tmp_path / "mine"]
