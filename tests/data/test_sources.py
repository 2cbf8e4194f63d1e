from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnviz.data.drawn.pictures import write_folder
from nnviz.data.sources import BUILT_IN, open_source, refuse_misplaced, suggested
from nnviz.errors import InputError
from nnviz.experiment import Data, combine

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
        refuse_misplaced(data)


def test_images_and_texts_of_a_table_are_not_chosen_together(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("x,y\n1,2\n")
    both = Data(source=str(tmp_path / "my.csv"), image_column="1", text_column="nosuch")
    with pytest.raises(InputError, match=r"^data\.text_column: images or texts are learnt from, not both"):
        open_source(both, generator())
    refuse_misplaced(Data(source=str(tmp_path / "my.csv"), image_column="1", text_column=""))


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
    (tmp_path / "file.txt").write_text("")
    with pytest.raises(InputError, match="nothing that can be opened; give "):
        open_source(Data(source=str(tmp_path / "file.txt")), generator())


@pytest.mark.parametrize("source", [*BUILT_IN, "some/folder"])
def test_suggestions_make_an_experiment(source: str) -> None:
    experiment = combine(suggested(source))
    assert experiment.stopping.epochs


@pytest.mark.skipif(not (SHARED / "human-nonhuman").is_dir(), reason="shared/data/human-nonhuman is not here")
def test_a_real_folder_with_train_and_test() -> None:
    dataset = open_source(Data(source=str(SHARED / "human-nonhuman")), generator())
    assert dataset.class_names == ("human", "nonhuman")
    assert dataset.skipped == ()
    known = np.bincount(dataset.train.labels) + np.bincount(dataset.validation.labels)
    np.testing.assert_array_equal(known, [789, 789])
    np.testing.assert_array_equal(np.bincount(dataset.test.labels), [197, 197])
