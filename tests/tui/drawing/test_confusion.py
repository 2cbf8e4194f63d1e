"""A table of which class was taken for which, or the worst of it where it would be too large."""

import numpy as np
import pytest
from rich.console import Console

from nnviz.tui.drawing.confusion import Confusion


def drawn(counts: np.ndarray, names: tuple[str, ...], width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(Confusion(counts, names))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_table_that_fits_is_shown_whole() -> None:
    lines = drawn(np.array([[3100, 2], [0, 7]]), ("cat", "dog"), 72)
    assert lines[0].startswith("Confusion")
    assert [line.split() for line in lines[1:]] == [["cat", "dog"], ["cat", "3,100", "2"], ["dog", "0", "7"]]


def test_names_of_columns_that_are_cut_differ() -> None:
    names = tuple(f"class-number-{k}" for k in range(8))
    columns = drawn(np.eye(8, dtype=int), names, 90)[1].split()
    assert len(set(columns)) == 8


@pytest.mark.parametrize("width", [72, 94])
def test_of_many_classes_the_worst_are_told_and_the_others_counted(width: int) -> None:
    counts = 100 * np.eye(300, dtype=int)
    counts[17, [17, 4, 9]] = 60, 31, 9
    counts[20, [20, 21]] = 99, 1
    counts[299] = 0
    names = tuple(f"n{k:03}-shirt" for k in range(300))
    lines = drawn(counts, names, width)
    assert lines[1].split() == ["n017-shirt", "taken", "for", "n004-shirt", "31", "of", "100"]
    assert lines[3].split() == ["n020-shirt", "taken", "for", "n021-shirt", "1", "of", "100"]
    recall = lines[lines.index("") + 2 :]
    assert recall[0].split() == ["n017-shirt", "60", "of", "100", "60%"]
    assert recall[-1] == "… 291 other classes, 291 without a mistake · 1 without an example"
    assert max(map(len, lines)) <= width


def test_pairs_that_are_not_shown_are_counted() -> None:
    counts = np.ones((20, 20), int)
    lines = drawn(counts, tuple(f"class {k}" for k in range(20)), 72)
    assert "… 372 other pairs, 372 examples" in lines


def test_without_mistakes_no_pair_is_named() -> None:
    assert "No class was taken for another." in drawn(np.eye(50, dtype=int), tuple(map(str, range(50))), 72)


def test_a_single_mistake_in_a_thousand_is_no_full_recall() -> None:
    counts = 1000 * np.eye(14, dtype=int)
    counts[3, [3, 4]] = 999, 1
    lines = drawn(counts, tuple(f"a rather long name of class {k}" for k in range(14)), 60)
    assert any(line.split()[-4:] == ["999", "of", "1,000", "99%"] for line in lines)
