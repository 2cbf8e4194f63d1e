"""Back, forth and elsewhere in a run, by keys."""

import msgspec
import pytest

from nnviz.frame.frame import State
from nnviz.frame.stages import Phase, end_of, training_step
from nnviz.remote.messages import Destination, EndOfEpoch
from nnviz.tui.screens.go_to import GoToScreen, read_place
from tests.tui.conftest import OpenApp

# dense1 relu1 dense2 tanh1 dense3
DEPTH = 5
ALL = end_of(Phase.UPDATE, training_step(DEPTH))


def place(frame):
    return frame.moment.step, frame.moment.done


@pytest.mark.parametrize(
    ("keys", "step", "done"),
    [
        ("n n p", 0, 1),
        ("n n left", 0, 1),
        ("n p p p", 0, 0),
        ("u n p", 0, ALL),
        ("u n p p", 0, ALL - 1),
        ("enter enter backspace", 0, ALL),
        ("enter enter f backspace", 1, ALL),
        ("enter backspace backspace", 0, 0),
        ("f backspace", 0, 0),
        ("enter enter enter backspace backspace n", 1, 1),
        ("enter enter p p enter enter", 2, ALL),
    ],
)
async def test_back_keys(open_app: OpenApp, keys: str, step: int, done: int) -> None:
    async with open_app() as driver:
        frame = await driver.press(*keys.split())
        assert place(frame) == (step, done)


async def test_every_moment_is_seen_again_as_it_was(open_app: OpenApp) -> None:
    async with open_app() as driver:
        seen = [driver.frame]
        for _ in range(ALL + 3):
            seen.append(await driver.press("n"))
        for earlier in reversed(seen[:-1]):
            frame = await driver.press("p")
            assert place(frame) == place(earlier)
            assert told(frame) == told(earlier)
        for later in seen[1:]:
            frame = await driver.press("n")
            assert told(frame) == told(later)
        assert not frame.moment.is_back


def told(frame):
    """A frame without what is of the whole run."""
    moment = msgspec.structs.replace(frame.moment, furthest=0, is_back=False)
    return repr(msgspec.structs.replace(frame, moment=moment, state=None, curves=None, batch=None))


@pytest.mark.parametrize(
    ("typed", "step"),
    [("7", 7), ("e1", 10), ("epoch 2", 20), ("start", 0), ("best", 10), ("end", 30), ("25", 25), ("40", 40)],
)
async def test_a_place_is_asked_for_and_gone_to(open_app: OpenApp, typed: str, step: int) -> None:
    async with open_app() as driver:
        for _ in range(3):
            await driver.press("e")
            await driver.until(State.PAUSED)
        await driver.press("g")
        assert isinstance(driver.app.screen, GoToScreen)
        await driver.press(*(("space" if letter == " " else letter) for letter in typed), "enter")
        frame = await driver.until(State.PAUSED)
        best = frame.curves.best_step if typed == "best" else step
        assert place(frame) == ((best - 1, ALL) if best else (0, 0))
        assert frame.moment.is_back == (best < 30)
        assert frame.moment.furthest == max(best, 30)
        assert frame.curves.position == (best if best < 30 else None)
        if best < 30:
            assert f"step {max(best, 1)} of 30" in driver.text()
            assert f"at step {best}" in driver.text()


async def test_what_is_no_place_is_told_and_asked_for_again(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("enter", "g", *"worst", "enter")
        assert isinstance(driver.app.screen, GoToScreen)
        assert "That is no step" in driver.text()
        await driver.press("escape")
        assert place(driver.frame) == (0, ALL)


def test_places_are_read_as_people_write_them():
    assert read_place(" 1,234 ") == read_place("1234") == read_place("step 1_234") == 1234
    assert read_place("E3") == read_place("epoch 3") == EndOfEpoch(3)
    assert read_place("Best") is Destination.BEST
    assert [read_place(text) for text in ("", "e", "-3", "3.5", "eve", "inf")] == [None] * 6


async def test_going_on_with_a_change_in_the_past_begins_a_branch(open_app: OpenApp) -> None:
    async with open_app() as driver:
        for _ in range(3):
            await driver.press("e")
            await driver.until(State.PAUSED)
        await driver.press("g", *"12", "enter")
        frame = await driver.press("plus")
        assert (place(frame), frame.moment.furthest, frame.moment.is_back) == ((11, ALL), 30, True)
        assert "begins a branch" in driver.text()
        frame = await driver.press("enter")
        assert (place(frame), frame.curves.total, frame.moment.is_back) == ((12, ALL), 13, False)
