import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.images.image_folder import open_image_folder
from nnviz.errors import InputError

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (30, 50, 220)


def picture(path: Path, colour: tuple[int, int, int] = RED, size: tuple[int, int] = (8, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def folder_of(root: Path, counts: dict[str, int]) -> Path:
    """Class folder → number of images, each of another colour."""
    for name, count in counts.items():
        for i in range(count):
            picture(root / name / f"{i:03}.png", (i, len(name), 77))
    return root


def opened(root: Path, seed: int = 0, size: int = 4, grayscale: bool = False) -> Dataset:
    return open_image_folder(root, size, grayscale, np.random.default_rng(seed))


def counts(dataset: Dataset) -> list[list[int]]:
    return [
        np.bincount(split.labels, minlength=len(dataset.class_names)).tolist()
        for split in (dataset.train, dataset.validation, dataset.test)
    ]


# What is skipped ---------------------------------------------------------------------------------------------------


def noise(size: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)


def test_what_cannot_be_read_is_skipped_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, {"cat": 3, "dog": 3})
    Image.fromarray(noise(40)).save(tmp_path / "whole.jpg")
    (tmp_path / "cat" / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:900])
    (tmp_path / "cat" / "liar.png").write_text("a text")
    (tmp_path / "cat" / "notes.txt").write_text("a text")
    (tmp_path / "cat" / ".DS_Store").write_text("")
    picture(tmp_path / "dog" / "inner" / "bomb.png", size=(90, 90))
    picture(tmp_path / "dog" / "inner" / "suspicious.png", size=(60, 60))
    (tmp_path / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)
    dataset = opened(tmp_path)
    assert {skipped.name: skipped.reason for skipped in dataset.skipped} == {
        "whole.jpg": "in no class's folder",
        "cat/cut.jpg": "truncated",
        "cat/liar.png": "not an image",
        "cat/notes.txt": "not an image",
        "dog/gone.png": "no such file",
        "dog/inner/bomb.png": "too large",
        "dog/inner/suspicious.png": "too large",
    }
    np.testing.assert_array_equal(np.sum(counts(dataset), axis=0), [3, 3])


def test_no_damaged_image_raises_or_writes_a_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Every format cut anywhere, and with bytes overwritten: skipped or read, never an exception."""
    generator = np.random.default_rng(0)
    folder_of(tmp_path, {"a": 1, "b": 1})
    image = Image.fromarray(noise(24))
    for suffix in ("png", "jpg", "gif", "bmp", "tif", "webp", "ppm", "ico"):
        image.save(tmp_path / f"whole.{suffix}")
        content = (tmp_path / f"whole.{suffix}").read_bytes()
        for i, cut in enumerate(generator.integers(1, len(content), 12)):
            (tmp_path / "a" / f"cut{i}.{suffix}").write_bytes(content[:cut])
            damaged = bytearray(content)
            for position in generator.integers(0, min(len(content), 200), 6):
                damaged[position] = generator.integers(256)
            (tmp_path / "a" / f"damaged{i}.{suffix}").write_bytes(damaged)
    dataset = opened(tmp_path)
    assert len(dataset.skipped) > 50
    assert len(recwarn) == 0


def test_a_class_without_a_usable_image_is_told_with_the_reason_of_a_file_of_its_own(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 3, "dog": 3})
    for name in ("cat 2", "do", "empty"):
        (tmp_path / name).mkdir()
    for place in ("cat 2", "dog"):
        (tmp_path / place / "torn.png").write_text("a text")
    with pytest.raises(InputError, match=r"cat 2: holds no usable image \(cat 2/torn\.png: not an image\); put"):
        opened(tmp_path)
    picture(tmp_path / "cat 2" / "whole.png")
    with pytest.raises(InputError, match=r"do: holds no usable image; put"):
        opened(tmp_path)


# Splits ------------------------------------------------------------------------------------------------------------


def names(dataset: Dataset) -> list[list[str]]:
    return [list(split.names) for split in (dataset.train, dataset.validation, dataset.test)]


def test_a_plain_folder_is_split_70_15_15_within_each_class(tmp_path: Path) -> None:
    dataset = opened(folder_of(tmp_path, {"cat": 100, "dog": 20}))
    assert counts(dataset) == [[70, 14], [15, 3], [15, 3]]
    assert len({name for split in names(dataset) for name in split}) == 120


def test_images_keep_their_labels_and_names_through_the_split(tmp_path: Path) -> None:
    dataset = opened(folder_of(tmp_path, {"cat": 20, "zebra": 20}))
    for split in (dataset.train, dataset.validation, dataset.test):
        for image, label, name in zip(split.inputs, split.labels, split.names, strict=True):
            class_name, file = name.split("/")
            assert class_name == dataset.class_names[label]
            assert image[0, 0].tolist() == [int(file[:3]), len(class_name), 77]


def test_the_generator_alone_decides_the_split(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 30, "dog": 30})
    assert names(opened(tmp_path, seed=1)) == names(opened(tmp_path, seed=1))
    assert names(opened(tmp_path, seed=1)) != names(opened(tmp_path, seed=2))


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["train"], [[70, 70], [15, 15], [15, 15]]),
        (["Train", "TEST"], [[85, 85], [15, 15], [100, 100]]),
        (["train", "valid"], [[100, 100], [100, 100], [0, 0]]),
        (["train", "Validation", "test"], [[100, 100], [100, 100], [100, 100]]),
    ],
)
def test_folders_for_the_splits_are_obeyed(tmp_path: Path, folders: list[str], expected: list[list[int]]) -> None:
    for name in folders:
        folder_of(tmp_path / name, {"cat": 100, "dog": 100})
    dataset = opened(tmp_path, size=2)
    assert counts(dataset) == expected
    assert all(name.startswith(folders[0]) for name in dataset.train.names)
    if "TEST" in folders:
        assert all(name.startswith("TEST/") for name in dataset.test.names)


def test_standardization_comes_from_the_training_split_alone(tmp_path: Path) -> None:
    folder_of(tmp_path / "train", {"a": 10, "b": 10})
    for name in ("a", "b"):
        picture(tmp_path / "test" / name / "white.png", (255, 255, 255))
    dataset = opened(tmp_path, size=2)
    np.testing.assert_allclose(dataset.standardization.mean, dataset.train.inputs[:].mean(axis=(0, 1, 2)))


# Errors ------------------------------------------------------------------------------------------------------------


def test_a_folder_without_two_classes_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        opened(tmp_path / "nowhere")
    picture(tmp_path / "loose.png")
    with pytest.raises(InputError, match=r"not a folder; put"):
        opened(tmp_path / "loose.png")
    with pytest.raises(InputError, match=r"there is no class, and two are needed; put the images of each class"):
        opened(tmp_path)
    folder_of(tmp_path, {"cat": 2})
    with pytest.raises(InputError, match=r"only one class, cat/, and two are needed"):
        opened(tmp_path)


def test_a_class_without_an_image_is_named(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 2})
    (tmp_path / "dog").mkdir()
    with pytest.raises(InputError, match=r"dog: holds no usable image; put some there"):
        opened(tmp_path)
    (tmp_path / "dog" / "readme.txt").write_text("")
    with pytest.raises(InputError, match=r"dog: holds no usable image \(dog/readme\.txt: not an image\)"):
        opened(tmp_path)


def test_splits_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    folder_of(tmp_path / "test", {"cat": 2, "dog": 2})
    assert opened(tmp_path).notes[0] == "what is read lies in test/"
    folder_of(tmp_path / "val", {"cat": 2, "dog": 2})
    with pytest.raises(InputError, match=r"there is no train/ beside test/, val/; add it"):
        opened(tmp_path)
    folder_of(tmp_path / "train", {"cat": 2, "bird": 2})
    with pytest.raises(InputError, match=r"(test|val)/dog: no such class in .*train; add it there"):
        opened(tmp_path)


# Folders as people have them ---------------------------------------------------------------------------------------


def skips(dataset: Dataset) -> dict[str, str]:
    return {skipped.name: skipped.reason for skipped in dataset.skipped}


def test_a_folder_that_holds_nothing_but_another_one_stands_for_it(tmp_path: Path) -> None:
    folder_of(tmp_path / "flowers" / "flowers", {"daisy": 3, "rose": 3})
    (tmp_path / "__MACOSX" / "flowers").mkdir(parents=True)
    (tmp_path / "LICENSE").write_text("free")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("daisy", "rose")
    assert "what is read lies in flowers/flowers/" in dataset.notes
    assert skips(dataset) == {"LICENSE": "beside what is read"}
    assert dataset.train.names[0].startswith("flowers/flowers/daisy/")


def test_one_folder_may_hold_the_splits(tmp_path: Path) -> None:
    folder_of(tmp_path / "set" / "train", {"cat": 10, "dog": 10})
    folder_of(tmp_path / "set" / "test", {"cat": 5, "dog": 5})
    assert counts(opened(tmp_path))[2] == [5, 5]


def test_folders_below_a_class_belong_to_it_which_is_said_where_they_might_be_classes(tmp_path: Path) -> None:
    folder_of(tmp_path / "animals", {"cat": 3, "dog": 3})
    folder_of(tmp_path / "plants", {"rose": 3, "tulip": 3})
    dataset = opened(tmp_path)
    assert dataset.class_names == ("animals", "plants")
    assert np.sum(counts(dataset), axis=0).tolist() == [6, 6]
    assert any("animals/cat/, animals/dog/, plants/rose/ and 1 more; to tell these" in note for note in dataset.notes)
    picture(tmp_path / "animals" / "1.png")
    assert not any("to tell these" in note for note in opened(tmp_path).notes)


def test_links_are_followed_once_and_never_in_a_circle(tmp_path: Path) -> None:
    elsewhere = folder_of(tmp_path / "elsewhere", {"photos": 3})
    root = folder_of(tmp_path / "mine", {"cat": 3, "dog": 3})
    (root / "cat" / "more").symlink_to(elsewhere / "photos")
    (root / "cat" / "again").symlink_to(elsewhere / "photos")
    (root / "cat" / "copy.png").symlink_to(root / "cat" / "000.png")
    (root / "cat" / "one.png").symlink_to(root / "dog" / "000.png")
    (root / "cat" / "self").symlink_to(root / "cat")
    (root / "dog" / "up").symlink_to(root)
    (root / "round").symlink_to(root)
    (root / "fox").symlink_to(elsewhere / "photos")
    dataset = opened(root)
    assert dataset.class_names == ("cat", "dog", "fox")
    assert np.sum(counts(dataset), axis=0).tolist() == [7, 3, 3]
    assert skips(dataset) == {
        "cat/copy.png": "there already under another name",
        "cat/more": "there already under another name",
        "cat/self": "link in a circle",
        "dog/up": "link in a circle",
        "round": "link in a circle",
    }


def test_a_folder_that_cannot_be_read_is_counted_and_the_rest_is_used(
    tmp_path: Path, shut: Callable[[Path], None]
) -> None:
    folder_of(tmp_path, {"cat": 3, "cat/shut": 3, "dog": 3})
    shut(tmp_path / "cat" / "shut")
    dataset = opened(tmp_path)
    assert np.sum(counts(dataset), axis=0).tolist() == [3, 3]
    assert skips(dataset) == {"cat/shut": "folder that cannot be read: Permission denied"}


def test_classes_are_called_as_they_are_in_any_script(tmp_path: Path) -> None:
    names = ["Löwe", "ねこ", "кошка", "قط", "🐈"]
    assert opened(folder_of(tmp_path, dict.fromkeys(names, 2))).class_names == tuple(sorted(names))


def test_two_ways_to_write_a_letter_are_one_class(tmp_path: Path) -> None:
    composed, decomposed = "h\u00e9ron", "he\u0301ron"
    folder_of(tmp_path / "train", {composed: 4, "stork": 4})
    folder_of(tmp_path / "test", {decomposed: 2, "stork": 2})
    dataset = opened(tmp_path)
    assert dataset.class_names == (composed, "stork")
    assert counts(dataset)[2] == [2, 2]


@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are UTF-8 here")
def test_names_that_are_no_utf8_are_read_as_latin1(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 3})
    lion = Path(os.fsdecode(os.fsencode(tmp_path) + b"/l\xf6we"))
    picture(lion / os.fsdecode(b"gr\xfcn.png"))
    (lion / os.fsdecode(b"\xfc.txt")).write_text("")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("cat", "löwe")
    assert "löwe/grün.png" in dataset.train.names
    assert skips(dataset) == {"löwe/ü.txt": "not an image"}


def test_litter_of_file_managers_is_ignored(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 3, "dog": 3, "__MACOSX/cat": 2})
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        (tmp_path / name).write_text("")
        (tmp_path / "cat" / name).write_text("")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert not dataset.skipped


def test_a_second_folder_for_a_split_and_one_without_classes_are_told(tmp_path: Path) -> None:
    for name in ("train", "val", "valid"):
        folder_of(tmp_path / name, {"cat": 4, "dog": 4})
    picture(tmp_path / "test" / "1.png")
    dataset = opened(tmp_path)
    assert [(skip.name, skip.reason, skip.count) for skip in dataset.skipped] == [
        ("test/", "without labels", 1),
        ("valid/", "validation is what val/ holds", 8),
    ]
    assert dataset.left_out == 9
    assert counts(dataset)[1] == [4, 4]


def test_classes_that_no_split_can_score_are_told(tmp_path: Path) -> None:
    dataset = opened(folder_of(tmp_path, {"cat": 20, "dog": 20, "emu": 1, "fox": 2}))
    assert counts(dataset) == [[14, 14, 1, 2], [3, 3, 0, 0], [3, 3, 0, 0]]
    assert dataset.notes == ("2 classes with too few images to be scored on any: emu (1) and fox (2)",)


def test_hundreds_of_classes(tmp_path: Path) -> None:
    dataset = opened(folder_of(tmp_path, {f"class {i:03}": 1 for i in range(300)}), size=1)
    assert len(dataset.class_names) == 300
    assert "class 002 (1) and 297 more" in dataset.notes[0]


def test_what_was_taken_from_the_training_examples_is_known(tmp_path: Path) -> None:
    folder_of(tmp_path / "train", {"cat": 9, "dog": 9})
    assert opened(tmp_path).taken == ("validation", "test")
    folder_of(tmp_path / "test", {"cat": 9, "dog": 9})
    assert opened(tmp_path).taken == ("validation",)
    folder_of(tmp_path / "val", {"cat": 9, "dog": 9})
    assert opened(tmp_path).taken == ()
