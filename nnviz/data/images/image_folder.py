"""A folder of images → Dataset.

Layout: `FOLDER/cat/*.jpg`, `FOLDER/dog/*.jpg`, split here; or the same below `FOLDER/train/` and, where they exist, the
folders of other splits, under any name that people give to them. Folders inside a class's folder belong to the class. A
folder that holds nothing but another one, as archives unpack, stands for that one. Images that lie in no folders of
classes may have them from a list beside them, such as `metadata.csv`, or from their own names, such as `cat.0.jpg`.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.file_kinds import is_image
from nnviz.data.folder_layout import find_layout, note_on_layout, splits_inside
from nnviz.data.folder_walk import (
    class_name,
    entries,
    files_below,
    folders,
    has_only_folders,
    last_skipped,
    left,
    name_in,
    names_in,
    readable,
)
from nnviz.data.images.decoded import Images
from nnviz.data.images.image_reading import read_images
from nnviz.data.images.labelled_files import (
    ADVICE,
    WITHOUT_LABELS,
    Labelled,
    classes_in,
    files_of_split,
    files_to_train_on,
)
from nnviz.data.reading import CACHED, Reading
from nnviz.data.split import Skipped, Split
from nnviz.data.splitting import complete
from nnviz.errors import InputError
from nnviz.wording import count, integer, listed

NAMED = 3
HOLDERS = {"images", "image", "imgs", "img", "jpg", "jpeg", "png", "jpegimages", "pictures", "photos"}
"""A folder of that name beside folders of annotations, lists or masks holds all images."""
FEW_FOLDERS = 10
"""Where there are more folders side by side, none is looked for that holds all images."""


def open_image_folder(
    folder: Path, image_size: int, grayscale: bool, generator: np.random.Generator, reading: Reading = CACHED
) -> Dataset:
    """The images below `folder` as (image_size, image_size, 3) uint8, or (…, 1) in grayscale.

    Without `train/`, the images of each class are shuffled and split 70 % / 15 % / 15 %; so are those of a `train/`
    that stands alone. Beside `train/` and `test/`, a missing validation split takes 15 % of each class of `train/`;
    beside `train/` and `val/`, a missing test split stays empty. The same files and the same state of the generator
    give the same splits. Hidden files are ignored; whatever else is not a usable image of a class is skipped and
    named. Links are followed, but not in circles.

    Raises InputError if there are fewer than two classes to train on, or one of them has no image.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: {'not a folder' if os.path.exists(folder) else 'no such folder'}; {ADVICE}")
    layout = find_layout(folder, _inner)
    train = files_to_train_on(layout)
    parts = [train]
    skipped: list[Skipped] = []
    for role in [role for role in layout.splits if role != "train"]:
        part = files_of_split(layout, role, train.classes)
        parts += [part] if part else []
        skipped += left([] if part else layout.splits[role][:1], folder, WITHOUT_LABELS)
    files = [file for part in parts for file in part.files]
    skipped += layout.left_out({path for part in parts for path in part.lists})
    skipped += [skip for part in parts for skip in part.skipped]
    images = read_images([file.path for file in files], image_size, grayscale, reading)
    skipped += [Skipped(name_in(files[i].path, folder), reason) for i, reason in images.unusable.items()]
    roles = dict.fromkeys(["train", *(file.role for file in files)])
    splits = {role: _split(role, files, train.classes, images, folder) for role in roles}
    _check_classes(splits["train"], train.classes, layout.place("train"), folder, skipped)
    taken = complete(splits, generator)
    notes = [*note_on_layout(layout), *(note for part in parts for note in part.notes)]
    notes += _note_on_nested(classes_in(layout.place("train")))
    return Dataset(
        name=readable(folder.resolve().name),
        class_names=tuple(train.classes),
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=images.standardization(splits["train"]),
        skipped=tuple(skipped),
        notes=(*notes, *images.notes, *_notes_on_counts(splits, train.classes)),
        taken=taken,
    )


def _inner(place: Path, inside: Sequence[Path]) -> Path | None:
    """Of the folders in a folder: the one that holds all of its images; None where there is no such one."""
    if any(map(is_image, entries(place))):
        return None
    if len(inside) <= 1 or len(inside) > FEW_FOLDERS:
        return inside[0] if len(inside) == 1 else None
    holders = [path for path in inside if path.name.lower() in HOLDERS]
    if len(holders) == 1:
        return holders[0]
    holders = [path for path in inside if len(folders(path)) > 1]
    others = [path for path in inside if path not in holders]
    return holders[0] if len(holders) == 1 and not any(map(_holds_image, others)) and _holds_image(holders[0]) else None


def _holds_image(folder: Path) -> bool:
    return any(is_image(Path(file)) for file in files_below(folder, folder, []))


def _note_on_nested(train: dict[str, list[Path]]) -> list[str]:
    """What to say where a class is made of folders alone, which may have been meant as classes."""
    places = [folder for paths in train.values() for folder in paths]
    if len(places) < 2 or not all(map(has_only_folders, places)) or splits_inside(train):
        return []
    below = [f"{class_name(folder)}/{class_name(path)}/" for folder in places for path in entries(folder)]
    return [
        f"the folders inside of a class's folder belong to the class: {listed(below, NAMED)}; to tell these apart, put "
        "them side by side"
    ]


def _check_classes(train: Split, classes: Sequence[str], place: Path, root: Path, skipped: Sequence[Skipped]) -> None:
    """Raises InputError if a class has nothing to train on."""
    counts = np.bincount(train.labels, minlength=len(classes))
    folders_of = classes_in(place)
    for number, name in zip(counts, classes, strict=True):
        if number:
            continue
        paths = folders_of.get(name, [])
        why = last_skipped(paths, root, skipped)
        where = f"{paths[0]}: holds" if paths else f"{place}: class '{name}' has"
        raise InputError(f"{where} no usable image{why}; put some there, or take it away")


def _notes_on_counts(splits: dict[str, Split], class_names: Sequence[str]) -> list[str]:
    """What to say of classes that have images to train on alone."""
    counts = {role: np.bincount(split.labels, minlength=len(class_names)) for role, split in splits.items()}
    unseen = np.flatnonzero(counts["validation"] + counts["test"] == 0)
    if not len(unseen):
        return []
    told = [f"{class_names[label]} ({integer(counts['train'][label])})" for label in unseen.tolist()]
    few = f"{count(len(unseen), 'class')} with too few images to be scored on any"
    return [f"{few}: {listed(told, NAMED)}"]


def _split(role: str, files: Sequence[Labelled], classes: Sequence[str], images: Images, folder: Path) -> Split:
    """Of the files: those of one split that hold a usable image."""
    label_of = {name: label for label, name in enumerate(classes)}
    places = [i for i, file in enumerate(files) if file.role == role and i not in images.unusable]
    labels = np.array([label_of[files[i].class_name] for i in places], np.int64)
    return Split(images.rows(places), labels, names_in((files[i].path for i in places), folder))
