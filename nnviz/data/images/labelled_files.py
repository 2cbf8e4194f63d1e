"""The files of a split of images, each with its class: from its folder, from a list beside it, or from its own name."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nnviz.data.file_kinds import is_image
from nnviz.data.folder_layout import Layout, splits_inside
from nnviz.data.folder_walk import CIRCLE, class_name, entries, files_below, folders, leads_in_a_circle, left, name_in
from nnviz.data.images.class_from_name import classes_from_names, known_class
from nnviz.data.images.image_list import find_list
from nnviz.data.split import Skipped
from nnviz.data.split_names import means_unlabelled, role_of
from nnviz.errors import InputError
from nnviz.wording import listed

ADVICE = "put the images of each class into a folder of its own, such as cat/ and dog/"
NO_CLASS = "in no class's folder"
WITHOUT_LABELS = "without labels"

Classes = dict[str, list[Path]]
"""The name of each class, in order, and its folders: one, unless a name is written there in two forms."""


class Labelled(NamedTuple):
    """A file, and what its split and its class are."""

    role: str
    class_name: str
    path: str


class LabelledFiles(NamedTuple):
    """Some files, in a fixed order.

    classes  their names in order
    skipped  what lies among the files and is not one of them
    notes    how the classes were found
    lists    the files of lists that were read
    """

    files: list[Labelled]
    classes: Sequence[str]
    skipped: list[Skipped]
    notes: list[str]
    lists: tuple[Path, ...] = ()


def files_to_train_on(layout: Layout) -> LabelledFiles:
    """The files of `train`. Raises InputError if nothing says two classes at least."""
    root, place = layout.outer[0], layout.place("train")
    classes = classes_in(place)
    if len(classes) > 1:
        inside = splits_inside(classes) if len(layout.splits) == 1 else {}
        return _of_folders(inside or {"train": classes}, place, root, list(classes))
    found = _of_lists(layout) or _of_names(place, root)
    if found is None:
        chain = layout.splits["train"] if len(layout.splits["train"]) > 1 else layout.outer
        if not classes and len(chain) > 1:
            place, classes = chain[-2], {class_name(chain[-1]): [chain[-1]]}
        only = f"only one class, {next(iter(classes))}/" if classes else "no class"
        raise InputError(f"{place}: there is {only}, and two are needed; {ADVICE}")
    return found


def files_of_split(layout: Layout, role: str, classes: Sequence[str]) -> LabelledFiles | None:
    """The files of another split than `train`, each of one of the classes; None if nothing says of which.

    Raises InputError if there is a folder of a class that is none of them.
    """
    root, place = layout.outer[0], layout.place(role)
    found = classes_in(place)
    if not found.keys() & set(classes):
        labelled = _of_list(layout, role, classes) or _of_known_names(role, place, root, classes)
        if labelled or not found:
            return labelled
    for name, paths in found.items():
        if name not in classes:
            where = layout.place("train")
            raise InputError(f"{paths[0]}: no such class in {where}; add it there, or take it away here")
    return _of_folders({role: found}, place, root, classes)


def classes_in(place: Path) -> Classes:
    """The folders of classes in a folder, sorted by name; not one that says of itself that it has no labels."""
    inside = folders(place)
    labelled = [path for path in inside if not means_unlabelled(path.name)]
    found: Classes = {}
    for path in sorted(labelled if len(labelled) > 1 else inside, key=class_name):
        found.setdefault(class_name(path), []).append(path)
    return found


def _of_folders(found: Mapping[str, Classes], place: Path, root: Path, classes: Sequence[str]) -> LabelledFiles:
    """Those in the folders of classes of each split, which lie in one place, or in folders of classes there."""
    skipped: list[Skipped] = []
    read = {path for of_split in found.values() for paths in of_split.values() for path in paths}
    on_the_way = {path.parent for path in read}
    for path in entries(place):
        if leads_in_a_circle(path):
            skipped.append(Skipped(name_in(path, root), CIRCLE))
        elif path not in read and path not in on_the_way:
            skipped += left([path], root, WITHOUT_LABELS if os.path.isdir(path) else NO_CLASS)
    files = [
        Labelled(role, name, file)
        for role, of_split in found.items()
        for name in classes
        for path in of_split.get(name, ())
        for file in files_below(path, root, skipped)
    ]
    return LabelledFiles(files, classes, skipped, [])


def _of_lists(layout: Layout) -> LabelledFiles | None:
    """Those in a list of images to train on, and in lists of other splits beside it: train.txt, val.txt, test.txt."""
    train = _read_list(layout, "train", ())
    if train is None:
        return None
    lists = [train]
    if len(layout.splits) == 1 and role_of(train.path.stem) == "train":
        for role in ("validation", "test"):
            of_split = layout._replace(splits={**layout.splits, role: layout.splits["train"]})
            other = _read_list(of_split, role, train.classes)
            lists += [other] if other is not None and role_of(other.path.stem) == role else []
    return _listed(lists, layout.place("train"), layout.outer[0], train.classes)


def _of_list(layout: Layout, role: str, classes: Sequence[str]) -> LabelledFiles | None:
    found = _read_list(layout, role, classes)
    return None if found is None else _listed([found], layout.place(role), layout.outer[0], classes)


class _List(NamedTuple):
    """A list of images that was read: the files in it by their paths, and the rows that name none."""

    path: Path
    label_column: str
    files: dict[str, Labelled]
    skipped: list[Skipped]

    @property
    def classes(self) -> list[str]:
        return in_order({file.class_name for file in self.files.values()})


def _read_list(layout: Layout, role: str, classes: Sequence[str]) -> _List | None:
    root = layout.outer[0]
    nearest = [*reversed(layout.splits[role]), *reversed(layout.outer)]
    found = find_list(list(dict.fromkeys(nearest)), layout.place(role), role, classes)
    if found is None:
        return None
    where = name_in(found.path, root)
    files: dict[str, Labelled] = {}
    skipped: list[Skipped] = []
    for entry in found.entries:
        name = f"{where} line {entry.line}"
        if entry.file is None:
            skipped.append(Skipped(f"{name}: {entry.cell}" if entry.cell else name, "no such image", "row"))
        elif not entry.label or os.fspath(entry.file) in files:
            skipped.append(Skipped(name, "the same image again" if entry.label else WITHOUT_LABELS, "row"))
        else:
            labelled = Labelled(entry.role or role, entry.label, os.fspath(entry.file))
            files[labelled.path] = labelled
    return _List(found.path, found.label_column, files, skipped)


def _listed(lists: Sequence[_List], place: Path, root: Path, classes: Sequence[str]) -> LabelledFiles:
    """The files in some lists of images in a place; one that is in several is of the first one."""
    files: dict[str, Labelled] = {}
    skipped: list[Skipped] = []
    for each in lists:
        skipped += each.skipped
        skipped += [Skipped(name_in(path, root), "in two lists") for path in each.files if path in files]
        files = each.files | files
    names = {each.path: name_in(each.path, root) for each in lists}
    for path in map(Path, files_below(place, root, skipped)):
        if os.fspath(path) not in files and path not in names:
            reason = f"not in {listed(list(names.values()))}" if is_image(path) else "not an image"
            skipped.append(Skipped(name_in(path, root), reason))
    notes = [
        f"{names[each.path]} says the class of each image{_in(place, root)}, in column '{each.label_column}'"
        for each in lists
    ]
    return LabelledFiles(list(files.values()), classes or lists[0].classes, skipped, notes, tuple(names))


def _of_names(place: Path, root: Path) -> LabelledFiles | None:
    found = classes_from_names([path.name for path in entries(place) if is_image(path)])
    if not found:
        return None
    example = next(iter(found))
    note = f"the names of the images say the class: {example} is {found[example]}"
    return _named("train", place, root, found, in_order(set(found.values())), [note])


def _of_known_names(role: str, place: Path, root: Path, classes: Sequence[str]) -> LabelledFiles | None:
    paths = [path.name for path in entries(place) if is_image(path)]
    found = {name: one for name in paths if (one := known_class(name, classes))}
    return _named(role, place, root, found, classes, []) if found and len(found) == len(paths) else None


def _named(
    role: str, place: Path, root: Path, found: dict[str, str], classes: Sequence[str], notes: list[str]
) -> LabelledFiles:
    ordered = sorted(found, key=lambda name: (found[name], name))
    files = [Labelled(role, found[name], os.fspath(place / name)) for name in ordered]
    others = [path for path in entries(place) if path.name not in found]
    return LabelledFiles(files, classes, list(left(others, root, "no class in its name")), notes)


def _in(place: Path, root: Path) -> str:
    return "" if place == root else f" in {name_in(place, root)}/"


def in_order(names: Collection[str]) -> list[str]:
    """Names of classes by their letters, or by their value if all are whole numbers."""
    if all(name.isdecimal() for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)
