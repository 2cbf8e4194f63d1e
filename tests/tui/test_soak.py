"""However long it is used, nothing is left behind; `make soak` does the same for as long as one wants."""

import gc
from collections import Counter
from itertools import count

import pytest
from textual.widget import Widget

from tests import soak
from tests.soak import Driven, Sample, Use
from tests.tui.conftest import OpenApp

PATIENCE = 500


@pytest.mark.timeout(300)
def test_threads_and_descriptors_of_both_processes_are_flat() -> None:
    left = iter(range(2))
    samples = soak.drive("xor", Driven.cycle, lambda: next(left, None) is not None)
    assert samples[-1].restarts == 2 * soak.RESTARTS
    # How soon the first keyframe opens its file depends on how much is trained meanwhile.
    assert soak.faults(samples, "screen") + soak.faults(samples, "trainer") == []


@pytest.mark.timeout(300)
def test_a_trainer_that_is_killed_again_and_again_leaves_the_screen_as_it_was() -> None:
    left = iter(range(3))
    samples = soak.drive("xor", Driven.lose_the_trainer, lambda: next(left, None) is not None)
    assert len({sample.screen[:2] for sample in samples}) == 1


def widgets() -> Counter[str]:
    """How many widgets of each class are in memory."""
    gc.collect()
    gc.unfreeze()
    return Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, Widget))


async def test_no_widget_outlives_its_page_nor_a_change_of_focus(open_app: OpenApp) -> None:
    async with open_app() as driver:

        async def look_around() -> None:
            await driver.press("1", "2", "tab", "m", "m", "t", "t", "question_mark", "escape", "ctrl+p", "escape", "l")

        await look_around()
        before = widgets()
        for _ in range(2):
            await look_around()
        # What was closed takes its leave in the background.
        for _ in range(PATIENCE):
            if widgets() - before == Counter():
                break
            await driver.pilot.pause(0.02)
        assert widgets() - before == Counter()


async def test_what_is_said_for_a_moment_leaves_nothing(open_app: OpenApp, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app() as driver:
        for _ in range(4):
            await driver.press("s")
            await driver.until_shown("kept as")
        await driver.wait_for(lambda: widgets()["Toast"] == widgets()["ToastHolder"] == 1)


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ([Use(2, 9, 100 << 20)] * 20, []),
        ([Use(2, 9, (100 + n) << 20) for n in range(20)], ["screen: the memory grows"]),
        ([Use(2, 9, (100 + n) << 20) for n in range(19)], []),
        ([Use(2, 9 + n // 11, 100 << 20) for n in range(12)], ["screen: from 9 to 10 descriptors"]),
        ([Use(2 + n, 9, 100 << 20) for n in range(12)], ["screen: from 5 to 13 threads"]),
        ([Use(2, 9 + (n > 1), 100 << 20) for n in range(3)], ["screen: from 9 to 10 descriptors"]),
    ],
)
def test_what_is_not_flat_is_found(uses: list[Use], expected: list[str]) -> None:
    samples = [Sample(restarts, use, use) for restarts, use in zip(count(0, 10), uses, strict=False)]
    assert soak.faults(samples, "screen") == expected


@pytest.mark.parametrize(("opened", "faults"), [(1, []), (2, ["trainer: from 7 to 9 descriptors"])])
def test_a_trainer_opens_one_file_of_keyframes_and_no_more(opened: int, faults: list[str]) -> None:
    samples = [Sample(n, Use(2, 9, 100 << 20), Use(1, 7 + (opened if n > 2 else 0), 50 << 20)) for n in range(4)]
    assert soak.faults(samples, "trainer") == faults
