"""The ends of a heatmap's scale are near the largest number, and stay where they are while training runs."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.tui.drawing.ends import RECENT, SLACK, Ends, round_end
from nnviz.tui.drawing.grid import diverging
from nnviz.tui.drawing.palette import DARK, DARK_16, DARK_256
from nnviz.wording import trimmed

SIZES = st.floats(0, sys.float_info.max, allow_subnormal=True)
STEP = 1.3


@given(SIZES)
def test_an_end_is_written_as_it_is_and_less_than_a_third_beyond_the_largest(largest: float) -> None:
    end = round_end(largest)
    assert largest * (1 - 1e-8) <= end
    if 1e-300 < largest < 1e300:
        assert end <= largest * STEP
        assert float(trimmed(end).replace("−", "-")) == pytest.approx(end, rel=1e-12)


def test_the_end_of_nothing_is_one() -> None:
    assert round_end(0.0) == 1
    assert round_end(0.217) == 0.25


@given(st.lists(st.tuples(st.floats(1e-9, 1e9), st.booleans()), min_size=1, max_size=60))
def test_nothing_is_beyond_the_ends_and_they_are_near_what_was_seen_lately(seen: list[tuple[float, bool]]) -> None:
    ends = Ends()
    recent: list[float] = []
    for largest, running in seen:
        recent = [*recent, largest][-RECENT:] if running else [largest]
        end = ends.follow(largest, running)
        assert largest <= end * (1 + 1e-8)
        assert end <= max(recent) * STEP * (SLACK if running else 1)


def test_numbers_that_go_up_and_down_by_half_move_no_end() -> None:
    ends = Ends()
    noise = [1.0, 0.55, 0.8, 0.61, 0.97, 0.52] * 20
    assert len({ends.follow(largest, running=True) for largest in noise}) == 1
    assert ends.follow(0.1, running=False) == 0.1


@pytest.mark.parametrize("palette", [DARK, DARK_256, DARK_16])
def test_a_scale_has_its_ends_and_its_middle_as_long_as_there_is_room(palette) -> None:
    for room in range(14):
        cells = diverging(palette, room)
        assert len(cells) <= room
        assert len(cells) % 2 == (room >= 3)
        if cells:
            assert cells[0] != cells[-1]
            assert cells[len(cells) // 2] not in (cells[0], cells[-1])
