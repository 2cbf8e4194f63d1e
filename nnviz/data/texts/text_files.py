"""The files of text in folders: those of .txt alone, or of any ending where most are called otherwise."""

from collections.abc import Collection, Iterator
from pathlib import Path

from nnviz.data.file_kinds import kind_of, may_be_text
from nnviz.data.folder_walk import files_below, name_in
from nnviz.data.split import Skipped


def is_text(path: Path) -> bool:
    """Whether it is a file whose name ends in .txt."""
    return kind_of(path) == "text" and not path.is_dir()


def are_of_any_ending(folders: Collection[Path]) -> bool:
    """Whether most files in the folders, of those that may be texts, do not end in .txt."""
    files = [Path(file) for folder in folders for file in files_below(folder, folder, [])]
    return 2 * sum(map(is_text, files)) < sum(map(may_be_text, files))


def texts_below(folder: Path, root: Path, skipped: list[Skipped], any_ending: bool) -> Iterator[Path]:
    """The files of text below the folder, in a fixed order; others are added to `skipped`, called as in `root`."""
    for path in map(Path, files_below(folder, root, skipped)):
        if may_be_text(path) if any_ending else is_text(path):
            yield path
        else:
            skipped.append(Skipped(name_in(path, root), "not a text" if any_ending else "no .txt file"))
