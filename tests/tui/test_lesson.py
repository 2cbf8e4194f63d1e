"""The lesson, walked through by its keys."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from nnviz.frame.frame import State
from nnviz.options import Options
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.layouts import TABBED
from nnviz.tui.lesson_words import LESSON
from nnviz.wording import number, signed
from tests.tui.conftest import Driver

Open = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(Options.of(source="circles", examples=40).experiment(), tmp_path / "run")


@pytest.fixture
def open_lesson(order: Order) -> Open:
    @asynccontextmanager
    async def opened(size: tuple[int, int], order: Order = order) -> AsyncIterator[Driver]:
        app = NnvizApp(LocalTrainer(order), "pets", lesson=True)
        async with app.run_test(size=size, notifications=True) as pilot:
            await app.ready.wait()
            await pilot.pause()
            yield Driver(app, pilot)

    return opened


def told(driver: Driver) -> str:
    """What stands in the lesson's pane, on one line."""
    lines = driver.text().splitlines()
    top = next(k for k, line in enumerate(lines) if "Lesson, " in line or "What just happened" in line)
    return " ".join(" ".join(line.strip("│ ") for line in lines[top + 1 : -2]).split())


async def walk(driver: Driver, check: Callable[[Driver, int], None]) -> None:
    """Press the one key of each passage, after a look at it."""
    for at, passage in enumerate(LESSON, 1):
        await driver.until_shown(f"Lesson, {at} of {len(LESSON)} · escape leaves it")
        check(driver, at)
        await driver.press(passage.key)
        if passage.key == "e":
            await driver.wait_for(lambda: driver.frame.state is not State.RUNNING)
        if passage.key == "t":
            await driver.press("escape")


async def test_each_passage_is_all_there_and_names_its_key_and_the_next_follows(open_lesson: Open) -> None:
    def check(driver: Driver, at: int) -> None:
        passage, text = LESSON[at - 1], told(driver)
        assert text == passage.words(driver.frame)
        assert text.count("Press ") == 1
        assert f"Press {passage.key}" in text
        if passage.pane in TABBED:
            assert driver.screen.query_one(f"#{passage.pane}").display
        k, example = int(driver.frame.example.target.argmax()), driver.frame.example
        if at == 3:
            assert example.prediction is not None
            assert f"= {number(float(example.prediction[k]))}." in text
        if at == 4:
            assert example.error is not None
            assert f"here {signed(float(example.error[k]))}:" in text
        if at == 7:
            assert driver.frame.outcome is not None
            assert driver.frame.outcome.again is not None
            assert number(driver.frame.outcome.again.batch_loss) in text

    async with open_lesson((80, 24)) as driver:
        await walk(driver, check)
        await driver.until_shown("What just happened")
        before = driver.frame.moment
        await driver.press("enter")
        assert driver.frame.moment != before


async def test_escape_leaves_it_at_any_moment(open_lesson: Open) -> None:
    async with open_lesson((120, 40)) as driver:
        await driver.press("n", "f", "enter", "escape")
        assert "Lesson" not in driver.text()
        assert "What just happened" in driver.text()
        await driver.press("u")
        assert "Lesson" not in driver.text()


async def test_other_keys_do_what_they_do_and_what_they_bring_is_not_asked_for_again(open_lesson: Open) -> None:
    async with open_lesson((80, 24)) as driver:
        await driver.press("u")
        assert "Lesson, 3 of" in driver.text()
        await driver.press("p", "full_stop")
        assert driver.frame.example.place == 1
        assert told(driver) == LESSON[2].words(driver.frame)


async def test_it_goes_with_numbers_and_a_single_example_too(open_lesson: Open, order: Order) -> None:
    def check(driver: Driver, at: int) -> None:
        assert told(driver) == LESSON[at - 1].words(driver.frame)

    async with open_lesson((120, 40), replace(order, experiment=Options.of(source="worked").experiment())) as driver:
        await walk(driver, check)
        await driver.until_shown("What just happened")
