"""A folder of images, one sub-folder a class → Dataset.

Layout: `FOLDER/cat/*.jpg`, `FOLDER/dog/*.jpg`, split here; or the same below `FOLDER/train/` and, where they exist,
`FOLDER/val/` (`valid`, `validation`) and `FOLDER/test/`, in capital letters or small ones. Folders inside a class's
folder belong to the class. A folder that holds nothing but another one, as archives unpack, stands for that one.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.folder_walk import (
    CIRCLE,
    class_name,
    entries,
    files_below,
    folders,
    has_only_folders,
    last_skipped,
    leads_in_a_circle,
    name_in,
    names_in,
    note_on_outer,
    only_folders,
    readable,
)
from nnviz.data.images.decoded import Images
from nnviz.data.images.image_reading import read_images
from nnviz.data.reading import CACHED, Reading
from nnviz.data.split import Skipped, Split
from nnviz.data.splitting import ROLES, complete
from nnviz.errors import InputError

ADVICE = "put the images of each class into a folder of its own, such as cat/ and dog/"
NAMED = 3

Classes = dict[str, list[Path]]
"""The name of each class, in order, and its folders: one, unless a name is written there in two forms."""


def open_image_folder(
    folder: Path, image_size: int, grayscale: bool, generator: np.random.Generator, reading: Reading = CACHED
) -> Dataset:
    """The images below `folder` as (image_size, image_size, 3) uint8, or (…, 1) in grayscale.

    Without `train/`, the images of each class are shuffled and split 70 % / 15 % / 15 %; so are those of a `train/`
    that stands alone. Beside `train/` and `test/`, a missing validation split takes 15 % of each class of `train/`;
    beside `train/` and `val/`, a missing test split stays empty. The same files and the same state of the generator
    give the same splits. Hidden files are ignored; any other file that is not a usable image of a class is skipped and
    named. Links are followed, but not in circles.

    Raises InputError if there are fewer than two classes to train on, or one of them has no image.
    """
    outer = _outer(folder)
    roles, unread = _roles(outer[-1])
    notes = note_on_outer(outer) + unread
    classes = {role: _classes(path) for role, path in roles.items()}
    _check_names(classes, roles)
    notes += _note_on_nested(classes["train"])
    skipped = list(_strays({*outer, *roles.values()}, folder))
    files = [
        (role, label, file)
        for role, found in classes.items()
        for label, name in enumerate(classes["train"])
        for place in found.get(name, ())
        for file in files_below(place, folder, skipped)
    ]
    images = read_images([file for _, _, file in files], image_size, grayscale, reading)
    skipped += [Skipped(name_in(files[i][2], folder), reason) for i, reason in images.unusable.items()]
    splits = {role: _split(role, files, images, folder) for role in classes}
    _check_classes(splits["train"], classes["train"], folder, skipped)
    class_names = tuple(classes["train"])
    taken = complete(splits, generator)
    return Dataset(
        name=readable(folder.resolve().name),
        class_names=class_names,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=images.standardization(splits["train"]),
        skipped=tuple(skipped),
        notes=(*notes, *images.notes, *_notes_on_counts(splits, class_names)),
        taken=taken,
    )


def _outer(folder: Path) -> list[Path]:
    """The folder, and below it the only folder in it, and so on to the one that holds classes or splits.

    Raises InputError if there is no folder.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: {'not a folder' if os.path.exists(folder) else 'no such folder'}; {ADVICE}")
    outer = list(only_folders(folder))
    return outer if folders(outer[-1]) else [folder]


def _roles(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Split → the folder that holds its classes: the folder itself unless it has a `train/` with classes in it.

    And what to say of folders that are there for a split which another one is read for.
    """
    inside = folders(folder)
    named = [path for path in inside if path.name.lower() in ROLES]
    roles: dict[str, Path] = {}
    notes = []
    for path in named:
        role = ROLES[path.name.lower()]
        if not folders(path):
            notes.append(f"{path.name}/ is not read: it has no folder for each class")
        elif role in roles:
            notes.append(f"{path.name}/ is not read: {role} is what {roles[role].name}/ holds")
        else:
            roles[role] = path
    if "train" in roles:
        return roles, notes
    if named and len(named) == len(inside):
        raise InputError(f"{folder}: there is no train/ with a folder for each class in it; {ADVICE}")
    return {"train": folder}, []


def _classes(folder: Path) -> Classes:
    """The classes in the folder, sorted by name."""
    found: Classes = {}
    for path in sorted(folders(folder), key=class_name):
        found.setdefault(class_name(path), []).append(path)
    return found


def _check_names(classes: dict[str, Classes], roles: dict[str, Path]) -> None:
    """Raises InputError if the classes are not two or more, or another split has one that `train` has not."""
    train = classes["train"]
    if len(train) < 2:
        found = f"only one class, {next(iter(train))}/" if train else "no class"
        raise InputError(f"{roles['train']}: there is {found}, and two are needed; {ADVICE}")
    for others in classes.values():
        for name, paths in others.items():
            if name not in train:
                raise InputError(f"{paths[0]}: no such class in {roles['train']}; add it there, or take it away here")


def _note_on_nested(train: Classes) -> list[str]:
    """What to say where a class is made of folders alone, which may have been meant as classes."""
    places = [folder for paths in train.values() for folder in paths]
    if not all(map(has_only_folders, places)):
        return []
    below = [f"{class_name(folder)}/{class_name(path)}/" for folder in places for path in entries(folder)]
    return [
        f"the folders inside of a class's folder belong to the class: {_listed(below)}; to tell these apart, put them "
        "side by side"
    ]


def _strays(places: set[Path], root: Path) -> Iterator[Skipped]:
    """What lies beside the classes' folders."""
    for folder in sorted(places):
        for path in entries(folder):
            if leads_in_a_circle(path):
                yield Skipped(name_in(path, root), CIRCLE)
            elif not os.path.isdir(path):
                yield Skipped(name_in(path, root), "in no class's folder")


def _check_classes(train: Split, classes: Classes, root: Path, skipped: Sequence[Skipped]) -> None:
    """Raises InputError if a class has nothing to train on."""
    counts = np.bincount(train.labels, minlength=len(classes))
    for count, paths in zip(counts, classes.values(), strict=True):
        if not count:
            why = last_skipped(paths, root, skipped)
            raise InputError(f"{paths[0]}: holds no usable image{why}; put some there, or take the folder away")


def _notes_on_counts(splits: dict[str, Split], class_names: Sequence[str]) -> list[str]:
    """What to say of classes that have images to train on alone."""
    counts = {role: np.bincount(split.labels, minlength=len(class_names)) for role, split in splits.items()}
    unseen = np.flatnonzero(counts["validation"] + counts["test"] == 0)
    if not len(unseen):
        return []
    told = [f"{class_names[label]} ({counts['train'][label]:,})" for label in unseen.tolist()]
    return [
        f"{len(unseen):,} class{'es' if len(unseen) > 1 else ''} with too few images to be scored on any: "
        f"{_listed(told)}"
    ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _split(role: str, files: Sequence[tuple[str, int, str]], images: Images, folder: Path) -> Split:
    """Of the files, each with its split and its label: those of one split that hold a usable image."""
    places = [i for i, file in enumerate(files) if file[0] == role and i not in images.unusable]
    labels = np.array([files[i][1] for i in places], np.int64)
    return Split(images.rows(places), labels, names_in((files[i][2] for i in places), folder))
