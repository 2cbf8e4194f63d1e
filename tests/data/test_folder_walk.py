"""The files of a folder come in the order, and under the names, that splits of the same seed rest on."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nnviz.data.folder_walk import entries, files_below, folders, has_only_folders, name_in, names_in
from nnviz.data.split import Skipped

ODD = ["b.png", "B.png", "10.png", "9.png", "ä.png", "a\u0308.png", "ねこ", "a b", "-", "~", "a\nb", "é", "🐈.JPG", "Z"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Odd names at three depths, links to files and folders, dead ones, circles, and litter."""
    root = tmp_path / "tree"
    for place in (root, root / "m", root / "m" / "inner", root / "Ünder", root / "0"):
        place.mkdir()
        for name in [*ODD, ".hidden", "Thumbs.db"]:
            (place / name).write_text(name)
    if sys.platform != "darwin":
        (root / "m" / os.fsdecode(b"gr\xfcn.png")).write_text("")
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX" / "litter.png").write_text("")
    (root / "empty").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ODD:
        (elsewhere / name).write_text("")
    (root / "0" / "linked").symlink_to(elsewhere)
    (root / "aa").symlink_to(elsewhere)
    (root / "a link.png").symlink_to(root / "m" / "Z")
    (root / "m" / "to a file above.png").symlink_to(root / "9.png")
    (root / "0" / "early").symlink_to(root / "m" / "inner")
    (root / "dead").symlink_to(root / "nowhere")
    (root / "tick").symlink_to(root / "tock")
    (root / "tock").symlink_to(root / "tick")
    (root / "m" / "up").symlink_to(root)
    return root


def plainly(folder: Path, real: Path, seen: set[Path]) -> Iterator[Path]:
    """The rule in as few words as it can be said: by name, what is there itself before links, each only once."""
    inside = []
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_symlink(), path.name)):
        if path.name[0] == "." or path.name in ("__MACOSX", "Thumbs.db"):
            continue
        target = Path(os.path.realpath(path)) if path.is_symlink() else real / path.name
        if target not in seen and not real.is_relative_to(target):
            seen.add(target)
            inside.append((path, target))
    for path, target in inside:
        if os.path.isdir(path):
            yield from plainly(path, target, seen)
        else:
            yield path


def test_files_come_by_name_and_those_behind_links_last(tree: Path) -> None:
    skipped: list[Skipped] = []
    found = list(files_below(tree, tree, skipped))
    real = Path(os.path.realpath(tree))
    assert found == [str(path) for path in plainly(tree, real, {real})]
    assert len(found) == 6 * len(ODD) + 3 + (sys.platform != "darwin")
    assert {skip.name: skip.reason for skip in skipped} == {
        "0/linked": "there already under another name",
        "m/Z": "there already under another name",
        "m/inner": "there already under another name",
        "m/to a file above.png": "there already under another name",
        "m/up": "link in a circle",
    }


def test_a_name_is_the_path_in_the_root(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = list(files_below(tree, tree, []))
    expected = ["/".join(Path(file).relative_to(tree).parts).replace("\udcfc", "ü") for file in files]
    assert names_in(files, tree) == expected
    assert [name_in(Path(file), tree) for file in files] == expected
    monkeypatch.chdir(tree)
    here = Path()
    assert names_in(files_below(here, here, []), here) == expected
    assert all(name.startswith("m/") for name in names_in(files_below(here / "m", here, []), here))


def test_entries_and_folders_come_by_name(tree: Path) -> None:
    names = {*ODD, "m", "Ünder", "0", "empty", "aa", "a link.png", "dead", "tick", "tock"}
    assert entries(tree) == [tree / name for name in sorted(names)]
    assert folders(tree) == [tree / name for name in ("0", "aa", "empty", "m", "Ünder")]
    assert folders(tree / "m") == [tree / "m" / "inner"]


def test_a_folder_has_only_folders_when_there_are_some_and_no_file(tree: Path, tmp_path: Path) -> None:
    assert has_only_folders(tmp_path)
    assert not has_only_folders(tree)
    assert not has_only_folders(tree / "empty")
    (tree / "empty" / "dead").symlink_to(tree / "nowhere")
    assert not has_only_folders(tree / "empty")
