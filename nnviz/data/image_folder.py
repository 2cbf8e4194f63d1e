"""A folder of images, one sub-folder a class → Dataset.

Layout: `FOLDER/cat/*.jpg`, `FOLDER/dog/*.jpg`, split here; or the same below `FOLDER/train/` and, where they exist,
`FOLDER/val/` (`valid`, `validation`) and `FOLDER/test/`, in capital letters or small ones. Folders inside a class's
folder belong to the class.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nnviz.data.dataset import Dataset, Skipped, Split, Standardization
from nnviz.data.image_files import read_images
from nnviz.data.splitting import complete
from nnviz.errors import InputError

ROLES = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
ADVICE = "put the images of each class into a folder of its own, such as cat/ and dog/"


def open_image_folder(folder: Path, image_size: int, grayscale: bool, generator: np.random.Generator) -> Dataset:
    """The images below `folder` as (image_size, image_size, 3) uint8, or (…, 1) in grayscale.

    Without `train/`, the images of each class are shuffled and split 70 % / 15 % / 15 %; so are those of a `train/`
    that stands alone. Beside `train/` and `test/`, a missing validation split takes 15 % of each class of `train/`;
    beside `train/` and `val/`, a missing test split stays empty. The same files and the same state of the generator
    give the same splits. Hidden files are ignored; any other file that is no usable image of a class is skipped and
    named.

    Raises InputError if there are fewer than two classes to train on, or one of them has no image.
    """
    roles = _roles(folder)
    class_names = _class_names(roles)
    skipped = [Skipped(_name(path, folder), "in no class's folder") for path in _strays({folder, *roles.values()})]
    splits: dict[str, Split] = {}
    for role, path in roles.items():
        files = [(file, label) for label, name in enumerate(class_names) for file in _files(path / name)]
        splits[role], unusable = _read(files, folder, image_size, grayscale)
        skipped += unusable
    _check_classes(splits["train"], class_names, roles["train"], skipped)
    complete(splits, generator)
    return Dataset(
        name=folder.resolve().name,
        class_names=class_names,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=Standardization.of(splits["train"].inputs),
        skipped=tuple(skipped),
    )


def _roles(folder: Path) -> dict[str, Path]:
    """Split → the folder that holds its classes: the folder itself unless it has a `train/` with classes in it."""
    if not folder.is_dir():
        raise InputError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}; {ADVICE}")
    named = {ROLES[path.name.lower()]: path for path in _folders(folder) if path.name.lower() in ROLES}
    roles = {role: path for role, path in named.items() if _folders(path)}
    if "train" in roles:
        return roles
    if named and all(path.name.lower() in ROLES for path in _folders(folder)):
        raise InputError(f"{folder}: there is no train/ with a folder for each class in it; {ADVICE}")
    return {"train": folder}


def _class_names(roles: dict[str, Path]) -> tuple[str, ...]:
    """The names of the classes' folders. Raises InputError if they are not two or more, or differ between splits."""
    train = roles["train"]
    names = [path.name for path in _folders(train)]
    if len(names) < 2:
        found = f"only one class, {names[0]}/" if names else "no class"
        raise InputError(f"{train}: there is {found}, and two are needed; {ADVICE}")
    for path in roles.values():
        for other in _folders(path):
            if other.name not in names:
                raise InputError(f"{other}: no such class in {train}; add it there, or take it away here")
    return tuple(names)


def _check_classes(train: Split, class_names: Sequence[str], folder: Path, skipped: Sequence[Skipped]) -> None:
    """Raises InputError if a class has nothing to train on."""
    for label, name in enumerate(class_names):
        if label not in train.labels:
            why = f" ({skipped[-1].name}: {skipped[-1].reason})" if skipped else ""
            raise InputError(f"{folder / name}: holds no usable image{why}; put some there, or take the folder away")


def _entries(folder: Path) -> list[Path]:
    """What is in the folder and not hidden, in a fixed order. Raises InputError if the folder cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from None


def _folders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir()]


def _strays(folders: set[Path]) -> list[Path]:
    """Files that lie beside the classes' folders."""
    return [path for folder in sorted(folders) for path in _entries(folder) if not path.is_dir()]


def _files(folder: Path) -> Iterator[Path]:
    """All files below the folder, if there is one, in a fixed order."""
    for path in _entries(folder) if folder.is_dir() else []:
        if not path.is_dir():
            yield path
        elif not path.is_symlink():  # A link may lead in a circle.
            yield from _files(path)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read(
    files: Sequence[tuple[Path, int]], folder: Path, image_size: int, grayscale: bool
) -> tuple[Split, list[Skipped]]:
    """Files with their labels → a split of those that can be used, and the others."""
    images, usable, unusable = read_images([path for path, _ in files], image_size, grayscale)
    labels = np.array([files[i][1] for i in usable], np.int64)
    skipped = [Skipped(_name(files[i][0], folder), reason) for i, reason in unusable]
    return Split(images, labels, [_name(files[i][0], folder) for i in usable]), skipped
