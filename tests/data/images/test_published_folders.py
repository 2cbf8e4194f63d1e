"""Folders of images in the forms that data sets are published in, and that people keep their own in."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.data.dataset import Dataset
from nnviz.data.images.image_folder import open_image_folder
from nnviz.data.sources import find_source, open_source
from nnviz.errors import InputError
from nnviz.experiment import Data

CASES = Path(__file__).parents[4] / "shared" / "cases"


def images(root: Path, *names: str) -> None:
    """Images, each of a colour of its own."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        red, green = divmod(len(list(root.rglob("*.*"))), 200)
        Image.new("RGB", (6, 6), (red, green, 99)).save(path)


def texts(root: Path, **contents: str) -> None:
    """Files of text: `a__b_csv` is a/b.csv."""
    for name, content in contents.items():
        path = root / re.sub(r"_(csv|txt|jsonl|py)$", r".\1", name.replace("__", "/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def opened(root: Path) -> Dataset:
    assert find_source(str(root)).format == "images"
    dataset = open_image_folder(root, 4, False, np.random.default_rng(0))
    for split in (dataset.train, dataset.validation, dataset.test):
        for image, name in zip(split.inputs, split.names, strict=True):
            np.testing.assert_array_equal(image[0, 0], np.asarray(Image.open(root / name))[0, 0])
    return dataset


def classes_of(dataset: Dataset) -> dict[str, str]:
    """Name of the image → its class."""
    return {
        name: dataset.class_names[label]
        for split in (dataset.train, dataset.validation, dataset.test)
        for name, label in zip(split.names, split.labels, strict=True)
    }


def sizes(dataset: Dataset) -> tuple[int, int, int]:
    return len(dataset.train), len(dataset.validation), len(dataset.test)


def left_out(dataset: Dataset) -> dict[str, int]:
    """What was left out → how many files that is."""
    return {skip.name: skip.count for skip in dataset.skipped}


def both(*folders: str, count: int = 4) -> list[str]:
    return [f"{folder}/{name}/{i}.png" for folder in folders for name in ("ants", "bees") for i in range(count)]


# Splits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("Training", None, "Testing"),
        ("train", None, "testing"),
        ("TRAIN", "Validate", "TEST"),
        ("train", "dev", "eval"),
        ("seg_train/seg_train", None, "seg_test/seg_test"),
        ("training_set/training_set", None, "test_set/test_set"),
        ("dataset/train_images", "dataset/val_images", "dataset/test_images"),
        ("asl_alphabet_train/asl_alphabet_train", None, "asl_alphabet_test/asl_alphabet_test"),
        ("train/images", "valid/images", "test/images"),
    ],
)
def test_splits_under_the_names_that_people_use(tmp_path: Path, train: str, validation: str | None, test: str) -> None:
    images(tmp_path, *both(train, count=7), *both(test), *(both(validation, count=3) if validation else ()))
    dataset = opened(tmp_path)
    assert dataset.class_names == ("ants", "bees")
    assert sizes(dataset) == ((14, 6, 8) if validation else (12, 2, 8))
    assert all(name.startswith(f"{test}/") for name in dataset.test.names)
    assert all(f"/{name}/" in file for file, name in classes_of(dataset).items())
    assert not dataset.skipped


def test_a_class_may_be_called_as_a_split_is(tmp_path: Path) -> None:
    images(tmp_path, *(f"{name}/{i}.png" for name in ("bus", "car", "train") for i in range(5)))
    assert opened(tmp_path).class_names == ("bus", "car", "train")


def test_folders_without_labels_are_named_and_left(tmp_path: Path) -> None:
    images(tmp_path, *both("seg_train/seg_train"), *both("seg_test/seg_test"))
    images(tmp_path, "seg_pred/seg_pred/1.png", "seg_pred/seg_pred/2.png", "seg_train/seg_train/unlabeled/3.png")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("ants", "bees")
    assert left_out(dataset) == {"seg_pred/": 2, "seg_train/seg_train/unlabeled/": 1}
    assert dataset.left_out == 3
    assert dataset.caveats[-1].startswith("Skipped 3 files: ")


def test_the_folder_of_images_beside_annotations(tmp_path: Path) -> None:
    """As Stanford Dogs, Food-101 and CUB-200 are: a folder for each class in one of several folders."""
    images(tmp_path, *both("Images"))
    texts(tmp_path, Annotation__ants__1="<annotation>", Annotation__bees__1="<annotation>", Lists__all_txt="1")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("ants", "bees")
    assert dataset.notes[0] == "what is read lies in Images/"
    assert left_out(dataset) == {"Annotation/": 2, "Lists/": 1}


def test_the_only_folder_with_images_in_a_project(tmp_path: Path) -> None:
    images(tmp_path, *both("insects"))
    texts(tmp_path, src__train_py="print()", docs__usage_txt="run it", README="about")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("ants", "bees")
    assert left_out(dataset) == {"README": 1, "docs/": 1, "src/": 1}


# Names -------------------------------------------------------------------------------------------------------------


def test_dogs_vs_cats(tmp_path: Path) -> None:
    images(
        tmp_path, *(f"train/{name}.{i}.jpg" for name in ("cat", "dog") for i in range(10)), "test1/1.jpg", "test1/2.jpg"
    )
    texts(tmp_path, sampleSubmission_csv="id,label\n1,0\n2,0\n")
    dataset = open_image_folder(tmp_path, 4, False, np.random.default_rng(0))
    assert sizes(dataset) == (14, 4, 2)
    assert all(file.startswith(f"train/{name}.") for file, name in classes_of(dataset).items())
    assert dataset.notes == ("the names of the images say the class: cat.0.jpg is cat",)
    assert left_out(dataset) == {"test1/": 2, "sampleSubmission.csv": 1}


def test_oxford_pets(tmp_path: Path) -> None:
    names = ("Abyssinian", "great_pyrenees", "Bombay")
    images(
        tmp_path, *(f"images/{name}_{i}.png" for name in names for i in range(1, 9)), "annotations/trimaps/Bombay_1.png"
    )
    texts(
        tmp_path,
        annotations__list_txt="#Image CLASS-ID SPECIES BREED ID\nAbyssinian_1 1 1 1\n",
        images__Bombay_100="mat",
    )
    dataset = opened(tmp_path)
    assert dataset.class_names == ("Abyssinian", "Bombay", "great_pyrenees")
    assert all(file.startswith(f"images/{name}_") for file, name in classes_of(dataset).items())
    assert left_out(dataset) == {"annotations/": 2, "images/Bombay_100": 1}


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("cat ({}).png, dog ({}).png", "cat dog"),
        ("7_00{}.png, 3_00{}.png", "3 7"),
        ("0{}-dog.png, 0{}-cat.png", "cat dog"),
        ("s1_{}.png, s2_{}.png", "s1 s2"),
        ("ねこ{}.png, いぬ{}.png", "いぬ ねこ"),
    ],
)
def test_classes_in_names(tmp_path: Path, name: str, classes: str) -> None:
    images(tmp_path, *(pattern.replace("{}", str(i)) for pattern in name.split(", ") for i in range(1, 6)))
    assert opened(tmp_path).class_names == tuple(classes.split())


@pytest.mark.parametrize(
    "name", ["{}", "00{}", "IMG_2019010{}_12 DSC_00{}", "2019-01-0{} 2020-01-0{}", "image_{}", "a1b{}c dd{}"]
)
def test_names_that_say_no_class(tmp_path: Path, name: str) -> None:
    images(tmp_path, *(f"{pattern.replace('{}', str(i))}.png" for pattern in name.split() for i in range(1, 6)))
    with pytest.raises(InputError, match="there is no class, and two are needed; put the images of each class into"):
        opened(tmp_path)


def test_a_test_folder_whose_names_begin_with_the_classes_of_train(tmp_path: Path) -> None:
    images(tmp_path, *(f"train/{name}/{i}.png" for name in ("A", "B", "nothing") for i in range(5)))
    images(tmp_path, *(f"test/{name}_test.png" for name in ("A", "B", "nothing")))
    dataset = opened(tmp_path)
    assert [dataset.class_names[label] for label in dataset.test.labels] == ["A", "B", "nothing"]


# Lists -------------------------------------------------------------------------------------------------------------


def test_imagefolder_of_hugging_face_with_metadata(tmp_path: Path) -> None:
    for role, count in (("train", 8), ("validation", 4), ("test", 4)):
        images(tmp_path, *(f"{role}/{i:04}.png" for i in range(count)))
        rows = [{"file_name": f"{i:04}.png", "label": ("bee", "ant")[i % 2], "box": [1, 2]} for i in range(count)]
        texts(tmp_path / role, metadata_jsonl="\n".join(map(json.dumps, rows)))
    dataset = opened(tmp_path)
    assert dataset.class_names == ("ant", "bee")
    assert sizes(dataset) == (8, 4, 4)
    assert all(name == ("bee", "ant")[int(Path(file).stem) % 2] for file, name in classes_of(dataset).items())
    assert dataset.notes[0] == "train/metadata.jsonl says the class of each image in train/, in column 'label'"
    assert not dataset.skipped


def test_metadata_csv_beside_one_folder(tmp_path: Path) -> None:
    images(tmp_path, *(f"pictures/{i}.png" for i in range(9)))
    rows = "".join(f"pictures/{i}.png,{('dog', 'cat')[i % 2]},{i}\n" for i in range(8))
    texts(tmp_path, metadata_csv=f"file_name,label,number\n{rows}pictures/gone.png,cat,8\n")
    dataset = opened(tmp_path)
    assert Counter(classes_of(dataset).values()) == {"cat": 4, "dog": 4}
    assert {skip.name: skip.reason for skip in dataset.skipped} == {
        "metadata.csv line 10: pictures/gone.png": "no such image",
        "pictures/8.png": "not in metadata.csv",
    }


def test_ids_without_an_ending_and_a_list_for_each_split(tmp_path: Path) -> None:
    """As APTOS 2019: the ids of train and test are in lists of their own, and only one of them has classes."""
    images(tmp_path, *(f"train_images/{i}ab.png" for i in range(10)), "test_images/1ab.png", "test_images/2ab.png")
    rows = "".join(f"{i}ab,{i % 2 * 10}\n" for i in range(10))
    texts(tmp_path, train_csv=f"id_code,diagnosis\n{rows}", test_csv="id_code\n1ab\n2ab\n")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("0", "10")
    assert classes_of(dataset) == {f"train_images/{i}ab.png": str(i % 2 * 10) for i in range(10)}
    assert left_out(dataset) == {"test.csv": 1, "test_images/": 2}


def test_tiny_imagenet(tmp_path: Path) -> None:
    ids = ("n01443537", "n01629819", "n02056570")
    images(tmp_path, *(f"train/{one}/images/{one}_{i}.JPEG" for one in ids for i in range(6)))
    images(tmp_path, *(f"val/images/val_{i}.JPEG" for i in range(6)), "test/images/test_0.JPEG")
    for one in ids:
        texts(tmp_path, **{f"train__{one}__{one}_boxes_txt": f"{one}_0.JPEG\t0\t10\t63\t58"})
    rows = "".join(f"val_{i}.JPEG\t{ids[i % 3]}\t0\t32\t44\t62\n" for i in range(6))
    texts(tmp_path, val__val_annotations_txt=rows, wnids_txt="\n".join(ids), words_txt="n01443537\tgoldfish")
    dataset = open_image_folder(tmp_path, 4, False, np.random.default_rng(0))
    assert dataset.class_names == ids
    assert sizes(dataset) == (18, 6, 0)
    assert all(classes_of(dataset)[f"val/images/val_{i}.JPEG"] == ids[i % 3] for i in range(6))
    assert left_out(dataset) == {
        **{f"train/{one}/{one}_boxes.txt": 1 for one in ids},
        "test/": 1,
        "wnids.txt": 1,
        "words.txt": 1,
    }


def test_traffic_signs_with_a_list_of_the_test_images(tmp_path: Path) -> None:
    """As GTSRB on Kaggle: folders to train on, and a list of paths with many columns to test on."""
    images(tmp_path, *(f"Train/{label}/{i:05}.png" for label in (0, 1, 14) for i in range(5)), "Meta/0.png")
    images(tmp_path, *(f"Test/{i:05}.png" for i in range(3)))
    rows = "".join(f"53,54,{6 + i},{(14, 0, 1)[i]},Test/{i:05}.png\n" for i in range(3))
    texts(tmp_path, Test_csv=f"Width,Height,Roi.X1,ClassId,Path\n{rows}", Meta_csv="Path,ClassId\nMeta/0.png,0\n")
    dataset = opened(tmp_path)
    assert [classes_of(dataset)[f"Test/{i:05}.png"] for i in range(3)] == ["14", "0", "1"]
    assert left_out(dataset) == {"Meta/": 1, "Meta.csv": 1}


def test_a_list_with_a_column_of_splits(tmp_path: Path) -> None:
    images(tmp_path, *(f"{i}.png" for i in range(12)))
    rows = "".join(f"{i}.png;{'xy'[i % 2]};{('train', 'train', 'valid', 'test')[i // 3]}\n" for i in range(12))
    texts(tmp_path, labels_csv=f"image;kind;split\n{rows}")
    dataset = opened(tmp_path)
    assert sizes(dataset) == (6, 3, 3)
    assert set(dataset.test.names) == {"9.png", "10.png", "11.png"}


def test_a_list_of_paths_and_numbers_without_names_of_columns(tmp_path: Path) -> None:
    images(tmp_path, *(f"set/{i}.png" for i in range(8)))
    texts(tmp_path, all_txt="".join(f"set/{i}.png {i % 2}\n" for i in range(8)))
    dataset = opened(tmp_path)
    assert dataset.class_names == ("0", "1")
    assert dataset.notes[1] == "all.txt says the class of each image in set/, in column '2'"


def test_a_list_in_which_several_columns_could_be_the_class_is_not_guessed(tmp_path: Path) -> None:
    images(tmp_path, *(f"{i}.png" for i in range(8)))
    texts(tmp_path, all_csv="file,one,two\n" + "".join(f"{i}.png,{i % 2},{i % 3}\n" for i in range(8)))
    told = r"all\.csv: one and two could be the class of each image; choose one, as with nnviz train .*all\.csv --im"
    with pytest.raises(InputError, match=told):
        opened(tmp_path)


def test_splits_inside_of_the_folders_of_classes(tmp_path: Path) -> None:
    for name, many in (("Train", 8), ("valid", 2), ("test_set", 3)):
        images(tmp_path, *(f"{kind}/{name}/{i}.png" for kind in ("cat", "dog") for i in range(many)))
    dataset = opened(tmp_path)
    assert (dataset.class_names, sizes(dataset), dataset.notes, dataset.skipped) == (("cat", "dog"), (16, 4, 6), (), ())
    assert {name.split("/")[1] for name in dataset.test.names} == {"test_set"}
    assert all(name.startswith(kind) for name, kind in classes_of(dataset).items())


def test_folders_inside_of_one_class_alone_are_no_splits(tmp_path: Path) -> None:
    images(tmp_path, *(f"cat/{name}/{i}.png" for name in ("train", "test") for i in range(8)))
    images(tmp_path, *(f"dog/{i}.png" for i in range(9)))
    assert sum(sizes(opened(tmp_path))) == 25


@pytest.mark.parametrize("form", ["images/{i}.png {label}|txt", "{i}.png,{label}|csv", "{i}\t{label}|tsv"])
def test_a_list_for_each_split(tmp_path: Path, form: str) -> None:
    row, ending = form.split("|")
    images(tmp_path, *(f"images/{i}.png" for i in range(24)))
    for role, some in (("train", range(14)), ("val", range(14, 18)), ("test", range(18, 23))):
        lines = (row.format(i=i, label="ab"[i % 2]) for i in some)
        (tmp_path / f"{role}.{ending}").write_text("\n".join(lines))
    dataset = opened(tmp_path)
    assert (dataset.class_names, sizes(dataset)) == (("a", "b"), (14, 4, 5))
    assert sorted(dataset.test.names) == [f"images/{i}.png" for i in range(18, 23)]
    assert all(label == "ab"[int(Path(name).stem) % 2] for name, label in classes_of(dataset).items())
    assert left_out(dataset) == {"images/23.png": 1}
    for role in ("train", "val", "test"):
        assert any(
            note.startswith(f"{role}.{ending} says the class of each image in images/") for note in dataset.notes
        )


def test_an_image_in_two_lists_is_of_the_first_one(tmp_path: Path) -> None:
    images(tmp_path, *(f"{i}.png" for i in range(12)))
    texts(tmp_path, train_txt="".join(f"{i}.png {i % 2}\n" for i in range(9)))
    texts(tmp_path, test_txt="".join(f"{i}.png {i % 2}\n" for i in range(8, 12)))
    dataset = opened(tmp_path)
    assert sorted(dataset.test.names) == ["10.png", "11.png", "9.png"]
    assert [(skip.name, skip.reason) for skip in dataset.skipped] == [("8.png", "in two lists")]


def test_lists_that_are_none_are_left(tmp_path: Path) -> None:
    images(tmp_path, *(f"cat{i}.png" for i in range(4)), *(f"dog{i}.png" for i in range(4)))
    texts(tmp_path, a_csv='"', b_csv="", c_jsonl="[1]\n{", d_txt="\0", e_csv="a,b\n" * 9, f_csv="cat1.png\ncat2.png\n")
    dataset = opened(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert sorted(left_out(dataset)) == ["a.csv", "b.csv", "c.jsonl", "d.txt", "e.csv", "f.csv"]


# The cases ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases is not here")
@pytest.mark.parametrize(
    ("name", "classes", "splits"),
    [
        ("split-folder-names/training-testing", ("ants", "bees"), (10, 2, 4)),
        ("split-folder-names/train-testing-dropped", ("ants", "bees"), (10, 2, 4)),
        ("split-folder-names/train-set", ("ants", "bees"), (10, 2, 4)),
        ("ids-without-suffix", ("0", "1"), (8, 2, 2)),
    ],
)
def test_the_cases(name: str, classes: tuple[str, ...], splits: tuple[int, ...]) -> None:
    dataset = open_source(Data(source=str(CASES / name), image_size=8), np.random.default_rng(0))
    assert dataset.class_names == classes
    assert sizes(dataset) == splits
    assert not dataset.skipped
