"""Whoever presses, clicks, pastes and resizes without a plan breaks nothing, and tears no screen."""

import asyncio

import numpy as np
import pytest

from tests.tui.walks import walk

WALKS, AT_A_TIME = 100, 5


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, WALKS, AT_A_TIME))
def test_no_walk_ends_in_an_exception_or_with_a_torn_screen(first: int) -> None:
    with np.errstate(all="ignore"):
        for number in range(first, first + AT_A_TIME):
            assert asyncio.run(walk(number)) == [], f"walk {number}"
