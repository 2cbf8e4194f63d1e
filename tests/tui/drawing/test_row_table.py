"""Tables of rows: what does not fit beside the first column stands below, whole."""

import io

import pytest
from rich.console import Console

from nnviz.tui.drawing.row_table import RowTable

ROWS = [
    ["run", "best", "rate", "a long setting", "seed"],
    ["first", "0.25", "0.1", "dense 64 relu", "1"],
    ["second", "0.125", "0.01", "dense 8 tanh", "2"],
]


def lines(rows: list[list[str]], width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(RowTable(rows))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_what_there_is_room_for_is_one_table() -> None:
    assert lines(ROWS, 41) == [
        "run      best  rate  a long setting  seed",
        "first    0.25   0.1   dense 64 relu     1",
        "second  0.125  0.01    dense 8 tanh     2",
    ]


def test_columns_that_there_is_no_room_for_stand_below_with_the_first_one() -> None:
    assert lines(ROWS, 40) == [
        "run      best  rate  a long setting",
        "first    0.25   0.1   dense 64 relu",
        "second  0.125  0.01    dense 8 tanh",
        "",
        "run     seed",
        "first      1",
        "second     2",
    ]


@pytest.mark.parametrize(("rows", "width"), [(ROWS, 21), (ROWS[:2], 38)], ids=["narrow", "single"])
def test_a_single_row_or_one_that_is_too_narrow_for_two_columns_is_told(rows: list[list[str]], width: int) -> None:
    assert lines(rows, width)[0].replace("\N{NO-BREAK SPACE}", " ").startswith("run first · best 0.25")
