"""Where the splits of a folder of examples lie, and what lies beside them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from nnviz.data.folder_walk import CIRCLE, entries, folders, has_only_folders, leads_in_a_circle, left, name_in
from nnviz.data.split import Skipped
from nnviz.data.split_names import means_unlabelled, role_of, roles_among
from nnviz.errors import InputError

Inner: TypeAlias = Callable[[Path, Sequence[Path]], Path | None]
"""Of a folder and the folders in it: the one of these that stands for it, None where there is no such one."""


class Layout(NamedTuple):
    """Where examples lie.

    outer   the folder that was given, and below it those that stand for it, to the one that holds splits or classes
    splits  split → the folder of that name, and below it those that stand for it, to the one that holds classes
    second  folders of splits that another folder is read for, and why they are not read
    """

    outer: list[Path]
    splits: dict[str, list[Path]]
    second: dict[Path, str]

    def place(self, role: str) -> Path:
        """The folder that holds the classes of a split."""
        return self.splits[role][-1]

    def left_out(self, read: Collection[Path]) -> list[Skipped]:
        """What lies beside the splits and the folders that stand for them, and is not `read`: not what is in these."""
        root = self.outer[0]
        chains = [self.outer, *self.splits.values()]
        on_the_way = {path for chain in chains for path in chain}
        holders = sorted(on_the_way - {self.place(role) for role in self.splits})
        skipped: list[Skipped] = []
        for path in [path for holder in holders for path in entries(holder)]:
            if leads_in_a_circle(path):
                skipped.append(Skipped(name_in(path, root), CIRCLE))
            elif path not in on_the_way and path not in read:
                skipped += left([path], root, self.second.get(path, "beside what is read"))
        return skipped


def find_layout(folder: Path, inner: Inner) -> Layout:
    """The layout of the examples below `folder`; without splits, all are to train on.

    Folders are those of splits if one of them is to train on, and holds folders, or all others are of splits, too. A
    folder whose examples are all in one that lies in it, as `inner` says, stands for that one.

    Raises InputError if a folder on the way cannot be read, or there are only other splits than one to train on.
    """
    outer = _chain(folder, inner, lambda name: role_of(name) == "train")
    inside = {path.name: path for path in folders(outer[-1])}
    named = roles_among(inside)
    splits: dict[str, list[Path]] = {}
    second = {}
    for name in sorted(named, key=lambda name: named[name] != "train"):
        role = named[name]
        if role in splits:
            second[inside[name]] = f"{role} is what {splits[role][0].name}/ holds"
        else:
            known = [path.name for path in folders(splits["train"][-1])] if "train" in splits else []
            splits[role] = _chain(inside[name], inner, known.__contains__)
    others = [name for name in inside if name not in named and not means_unlabelled(name)]
    if "train" in splits and (folders(splits["train"][-1]) or not others):
        return Layout(outer, splits, second)
    if splits and not others:
        raise InputError(f"{outer[-1]}: there is no train/ beside {', '.join(f'{name}/' for name in named)}; add it")
    return Layout(outer, {"train": outer[-1:]}, {})


def splits_inside(classes: Mapping[str, Sequence[Path]]) -> dict[str, dict[str, list[Path]]]:
    """Split → class → folders, where all folders of classes hold those of splits and nothing else, as cat/train does.

    Else there are none. Raises InputError if a folder cannot be read.
    """
    found: dict[str, dict[str, list[Path]]] = {}
    for name, place in [(name, place) for name, places in classes.items() for place in places]:
        roles = _roles_inside(place) if place.is_dir() and has_only_folders(place) else {}
        if "train" not in roles.values():
            return {}
        for path, role in roles.items():
            found.setdefault(role, {}).setdefault(name, []).append(path)
    return found if len(found) > 1 else {}


def _roles_inside(place: Path) -> dict[Path, str]:
    """What all folders in a folder are called as; nothing if one of them is none of a split."""
    inside = {path.name: path for path in folders(place)}
    roles = roles_among(inside)
    return {inside[name]: role for name, role in roles.items()} if len(roles) == len(inside) else {}


def note_on_layout(layout: Layout) -> list[str]:
    """What to say where the examples are in another folder than the one that was given."""
    outer = layout.outer
    return [f"what is read lies in {name_in(outer[-1], outer[0])}/"] if len(outer) > 1 else []


def _chain(folder: Path, inner: Inner, ends: Callable[[str], bool]) -> list[Path]:
    """The folder, and below it the one that stands for it, and so on, to one with splits, or one that a name ends."""
    chain = [folder]
    while True:
        inside = folders(chain[-1])
        entered = inner(chain[-1], inside)
        if entered is None or ends(entered.name) or (len(inside) > 1 and roles_among(path.name for path in inside)):
            return chain
        chain.append(entered)
