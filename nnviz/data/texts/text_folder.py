"""A folder of texts → Dataset.

Layout: `FOLDER/english.txt`, `FOLDER/german.txt`: each file is a class, and each of its lines an example. Or
`FOLDER/ham/*.txt`, `FOLDER/spam/*.txt`: each folder is a class, and each file in it an example. Either is split here,
or lies below `FOLDER/train/` and, where they exist, `FOLDER/val/` (`valid`, `validation`) and `FOLDER/test/`. A folder
that holds nothing of these but another one, as archives unpack, stands for that one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.folder_walk import (
    class_name,
    entries,
    files_below,
    folders,
    last_skipped,
    name_in,
    note_on_outer,
    only_folders,
    readable,
)
from nnviz.data.formats import TEXT_SUFFIX
from nnviz.data.ngrams import NGrams
from nnviz.data.split import Skipped
from nnviz.data.splitting import ROLES
from nnviz.data.text_file import encoding_of, read_content
from nnviz.data.texts.text_dataset import LONGEST, Texts, as_dataset
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.errors import InputError

ADVICE = "give each class a file with an example in each line, such as english.txt and german.txt"

Classes = dict[str, list[Path]]
"""The name of each class, and its files or folders: one, unless a name is written there in two forms."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def open_text_folder(folder: Path, generator: np.random.Generator, ngrams: NGrams | None = None) -> Dataset:
    """The texts below `folder` as counts of n-grams (n, buckets) uint8, of the `ngrams` of a run if these are given.

    They are split as images of an image folder are. Blank lines are left out and counted; files that are not text, and
    texts that are too long, are skipped and named. What is not UTF-8 is read as Latin-1.

    Raises InputError if there are fewer than two classes to train on, or one of them has no text.
    """
    reader = _Reader(folder)
    outer = _outer(folder)
    roles = _roles(outer[-1])
    read = {*outer, *roles.values()}
    for place in outer:
        # What lies beside classes is left out where these are looked for.
        if place != roles["train"]:
            reader.leave_out(path for path in entries(place) if path not in read)
    classes = {role: reader.classes(path) for role, path in roles.items()}
    class_names = tuple(sorted(classes["train"]))
    if len(class_names) < 2:
        found = f"only one class, {class_names[0]}" if class_names else "no class"
        raise InputError(f"{roles['train']}: there is {found}, and two are needed; {ADVICE}")
    parts = {}
    for role, found_classes in classes.items():
        unknown = sorted(set(found_classes) - set(class_names))
        if unknown:
            path = found_classes[unknown[0]][0]
            raise InputError(f"{path}: no such class in {roles['train']}; add it there, or take it away here")
        parts[role] = reader.texts(
            {name: found_classes[name] for name in class_names if name in found_classes}, class_names
        )
    counts = np.bincount(parts["train"].labels, minlength=len(class_names))
    for name, count in zip(class_names, counts, strict=True):
        if not count:
            paths = classes["train"][name]
            why = last_skipped(paths, folder, reader.skipped)
            raise InputError(f"{paths[0]}: holds no text to learn from{why}; put some there, or take it away")
    whole_files = all(path.is_dir() for paths in classes["train"].values() for path in paths)
    fitted = TextEncoding(class_names=class_names, ngrams=ngrams or NGrams(), whole_files=whole_files)
    name = readable(folder.resolve().name)
    notes = note_on_outer(outer) + reader.notes()
    return as_dataset(folder, name, parts, fitted, generator, notes, reader.skipped)


def _outer(folder: Path) -> list[Path]:
    """The folder, and below it the only folder in it, and so on to the one that holds classes or splits."""
    outer = []
    for path in only_folders(folder):
        outer.append(path)
        if sum(map(_is_text, entries(path))) > 1:
            return outer
    return outer if folders(outer[-1]) else [folder]


def _roles(folder: Path) -> dict[str, Path]:
    """Split → the folder that holds its classes: the folder itself unless it has a `train/`."""
    roles: dict[str, Path] = {}
    for path in folders(folder):
        role = ROLES.get(path.name.lower())
        if role:
            roles.setdefault(role, path)
    return roles if "train" in roles else {"train": folder}


class _Reader(msgspec.Struct):
    """Reads texts, and remembers what it left out."""

    folder: Path
    skipped: list[Skipped] = []
    blank: int = 0
    latin: list[str] = []

    def classes(self, folder: Path) -> Classes:
        """The classes in the folder: files of lines, or else folders of files."""
        found = entries(folder)
        files = [path for path in found if _is_text(path)]
        chosen = files or folders(folder)
        self.leave_out(path for path in found if path not in chosen)
        classes: Classes = {}
        for path in chosen:
            classes.setdefault(_class_name(path), []).append(path)
        return classes

    def leave_out(self, paths: Iterable[Path]) -> None:
        """Skip what belongs to no class."""
        self.skipped += [Skipped(name_in(path, self.folder), "no text of a class") for path in paths]

    def texts(self, classes: Classes, class_names: tuple[str, ...]) -> Texts:
        """The texts of those classes, with the places of their names as labels."""
        texts: list[str] = []
        labels: list[int] = []
        names: list[str] = []
        for name, paths in classes.items():
            for where, text in chain.from_iterable(map(self._examples, paths)):
                texts.append(text)
                labels.append(class_names.index(name))
                names.append(where)
        return Texts(texts, np.array(labels, np.int64), names)

    def notes(self) -> list[str]:
        """What was left out without a name, or read as something else."""
        notes = [f"{self.blank:,} blank line{'s'[: self.blank > 1]} left out"] if self.blank else []
        if self.latin:
            more = f" and {len(self.latin) - 1:,} more" if len(self.latin) > 1 else ""
            notes.append(f"read as Latin-1, because it is not UTF-8: {self.latin[0]}{more}")
        return notes

    def _examples(self, path: Path) -> Iterator[tuple[str, str]]:
        """Where each text of a class is, and the text."""
        if path.is_dir():
            for file in map(Path, files_below(path, self.folder, self.skipped)):
                text = " ".join(self._content(file).split())
                yield from self._usable(name_in(file, self.folder), text)
            return
        lines = _LINE_END.split(self._content(path))
        # What follows the last line's end is not a line.
        self.blank += sum(not line.strip() for line in lines[:-1])
        for number, line in enumerate(lines, start=1):
            yield from self._usable(f"{name_in(path, self.folder)} line {number}", line.strip())

    def _usable(self, where: str, text: str) -> Iterator[tuple[str, str]]:
        if len(text) > LONGEST:
            self.skipped.append(Skipped(where, f"more than {LONGEST:,} characters"))
        elif text:
            yield where, text

    def _content(self, file: Path) -> str:
        """The text in a file, nothing if it has to be skipped."""
        name = name_in(file, self.folder)
        if not _is_text(file):
            self.skipped.append(Skipped(name, "no .txt file"))
            return ""
        try:
            content = read_content(file)
        except InputError as error:
            self.skipped.append(Skipped(name, str(error).removeprefix(f"{file}: ").partition(";")[0]))
            return ""
        encoding = encoding_of(file, content)
        if encoding == "latin-1":
            self.latin.append(name)
        return content.decode(encoding)


def _is_text(path: Path) -> bool:
    return path.suffix.lower() == TEXT_SUFFIX and not path.is_dir()


def _class_name(path: Path) -> str:
    return class_name(path) if path.is_dir() else unicodedata.normalize("NFC", readable(path.stem))
