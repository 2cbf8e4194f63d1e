"""A folder of texts → Dataset.

Layout: `FOLDER/ham/*`, `FOLDER/spam/*`: each folder is a class, and each file in it an example. Or
`FOLDER/english.txt`, `FOLDER/german.txt`: each file is a class, and each of its lines an example. Either is split here,
or lies below `FOLDER/train/` and, where they exist, the folders of other splits, under any name that people give to
them. A folder that holds nothing of these but another one, as archives unpack, stands for that one.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.file_kinds import may_be_text
from nnviz.data.folder_layout import find_layout, note_on_layout, splits_inside
from nnviz.data.folder_walk import class_name, entries, files_below, folders, last_skipped, left, name_in, readable
from nnviz.data.ngrams import NGrams
from nnviz.data.split import Skipped
from nnviz.data.split_names import means_unlabelled
from nnviz.data.text_file import NAMES, encoding_of, read_content
from nnviz.data.texts.text_dataset import LONGEST, Texts, as_dataset
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.data.texts.text_files import are_of_any_ending, is_text, texts_below
from nnviz.errors import InputError
from nnviz.wording import count, integer, listed

ADVICE = "give each class a folder of files, or a file with an example in each line, such as english.txt and german.txt"
NO_CLASS, WITHOUT_LABELS = "no text of a class", "without labels"

Classes = dict[str, list[Path]]
"""The name of each class, and its files or folders: one, unless a name is written there in two forms."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def open_text_folder(folder: Path, generator: np.random.Generator, ngrams: NGrams | None = None) -> Dataset:
    """The texts below `folder` as counts of n-grams (n, buckets) uint8, of the `ngrams` of a run if these are given.

    They are split as images of an image folder are. Where most files of classes end in `.txt`, others are skipped and
    named; so are files that are not text, texts that are too long, and what lies beside the classes. Blank lines are
    left out and counted. What is not UTF-8 is read as Latin-1.

    Raises InputError if there are fewer than two classes to train on, or one of them has no text.
    """
    layout = find_layout(folder, _inner)
    classes = {role: _classes(layout.place(role)) for role in layout.splits}
    if len(classes) == 1:
        classes = splits_inside(classes["train"]) or classes
    class_names = tuple(sorted(classes["train"]))
    if len(class_names) < 2:
        found = f"only one class, {class_names[0]}" if class_names else "no class"
        raise InputError(f"{layout.place('train')}: there is {found}, and two are needed; {ADVICE}")
    inside = [path for paths in classes["train"].values() for path in paths if path.is_dir()]
    reader = _Reader(folder, are_of_any_ending(inside), layout.left_out(()))
    parts = {}
    for role, found_classes in classes.items():
        if not found_classes:
            reader.skipped += left([layout.splits[role][0]], folder, WITHOUT_LABELS)
            continue
        _check_known(found_classes, class_names, layout.place("train"))
        read = {path for paths in found_classes.values() for path in paths}
        read |= {path.parent for path in read}
        for path in entries(layout.place(role)) if role in layout.splits else ():
            if path not in read:
                reader.skipped += left([path], folder, WITHOUT_LABELS if path.is_dir() else NO_CLASS)
        parts[role] = reader.texts(
            {name: found_classes[name] for name in class_names if name in found_classes}, class_names
        )
    _check_classes(parts["train"], classes["train"], class_names, folder, reader.skipped)
    whole_files = all(path.is_dir() for paths in classes["train"].values() for path in paths)
    fitted = TextEncoding(class_names=class_names, ngrams=ngrams or NGrams(), whole_files=whole_files)
    name = readable(folder.resolve().name)
    return as_dataset(folder, name, parts, fitted, generator, note_on_layout(layout) + reader.notes(), reader.skipped)


def _inner(place: Path, inside: Sequence[Path]) -> Path | None:
    """The only folder in a folder that holds no classes itself."""
    return inside[0] if len(inside) == 1 and sum(map(is_text, entries(place))) < 2 else None


def _classes(place: Path) -> Classes:
    """The classes in a folder: the folders with files in it if these are two at least, or else the files of lines."""
    inside = [path for path in folders(place) if not means_unlabelled(path.name)]
    files = [path for path in entries(place) if is_text(path)]
    # Lists and descriptions of what is in the folders lie beside them.
    are_folders = sum(map(_holds_text, inside)) > 1 if len(files) > 1 else bool(inside)
    classes: Classes = {}
    for path in inside if are_folders else files:
        classes.setdefault(_class_name(path), []).append(path)
    return classes


def _holds_text(folder: Path) -> bool:
    return any(may_be_text(Path(file)) for file in files_below(folder, folder, []))


def _check_known(found: Classes, class_names: Sequence[str], train: Path) -> None:
    """Raises InputError for a class that is not one of those to train on."""
    for name in sorted(found):
        if name not in class_names:
            raise InputError(f"{found[name][0]}: no such class in {train}; add it there, or take it away here")


def _check_classes(
    train: Texts, classes: Classes, class_names: Sequence[str], root: Path, skipped: Sequence[Skipped]
) -> None:
    """Raises InputError if a class has no text to train on."""
    for name, number in zip(class_names, np.bincount(train.labels, minlength=len(class_names)), strict=True):
        if not number:
            paths = classes[name]
            why = last_skipped(paths, root, skipped)
            raise InputError(f"{paths[0]}: holds no text to learn from{why}; put some there, or take it away")


class _Reader(msgspec.Struct):
    """Reads texts, and remembers what it left out. Of files in folders, those of any ending, or of .txt alone."""

    folder: Path
    any_ending: bool
    skipped: list[Skipped]
    blank: int = 0
    encoded: dict[str, list[str]] = {}

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
        notes = [f"{count(self.blank, 'blank line')} left out"] if self.blank else []
        for encoding, names in self.encoded.items():
            notes.append(f"read as {NAMES[encoding]}, because it is not UTF-8: {listed(names, 1)}")
        return notes

    def _examples(self, path: Path) -> Iterator[tuple[str, str]]:
        """Where each text of a class is, and the text."""
        if path.is_dir():
            for file in texts_below(path, self.folder, self.skipped, self.any_ending):
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
            self.skipped.append(Skipped(where, f"more than {integer(LONGEST)} characters"))
        elif text:
            yield where, text

    def _content(self, file: Path) -> str:
        """The text in a file, nothing if it has to be skipped."""
        name = name_in(file, self.folder)
        try:
            content = read_content(file)
        except InputError as error:
            self.skipped.append(Skipped(name, str(error).removeprefix(f"{file}: ").partition(";")[0]))
            return ""
        encoding = encoding_of(file, content)
        if encoding in NAMES:
            self.encoded.setdefault(encoding, []).append(name)
        return content.decode(encoding)


def _class_name(path: Path) -> str:
    return class_name(path) if path.is_dir() else unicodedata.normalize("NFC", readable(path.stem))
