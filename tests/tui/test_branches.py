"""Branches by their keys: they are listed, gone back to, and laid over each other."""

import pytest

from nnviz.frame.branch_views import BranchView, Origin
from nnviz.frame.frame import State
from nnviz.insight.branch_words import began, came_to
from nnviz.tui.screens.branches import BranchesScreen
from tests.remote.conftest import straight
from tests.tui.conftest import Driver, OpenApp


async def branched(driver: Driver) -> None:
    """Two epochs, and a branch from step 12 on that has come to step 15."""
    for _ in range(2):
        await driver.press("e")
        await driver.until(State.PAUSED)
    await driver.press("g", *"12", "enter", "plus")
    await driver.press("enter", "enter", "enter")


def steps(driver: Driver) -> int:
    moment = driver.frame.moment
    return moment.step + (moment.done == len(driver.frame.stages))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_page_tells_of_all_and_enter_goes_there(open_app: OpenApp, order, size) -> None:
    async with open_app(size) as driver:
        await branched(driver)
        assert "branch 2" in driver.text(), "the curve has its name"
        end = driver.frame.curves.latest
        await driver.press("B")
        assert isinstance(driver.app.screen, BranchesScreen)
        text = " ".join(driver.text().split())
        assert "branch 1 the first one" in text
        assert "▶ branch 2 from step 12 of branch 1 · learning rate 0.01 → 0.02" in text
        oracle = straight(order.experiment, 20)
        view = driver.screen.frame.curves.others[0]
        assert (view.name, view.total) == ("branch 1", 20)
        assert "20 steps · train " in text
        assert "15 steps · train " in text
        await driver.press("up", "enter")
        assert steps(driver) == 20
        assert driver.frame.curves.latest == oracle.history.training.latest
        assert driver.frame.learning_rate == 0.01
        assert "branch 1" in driver.text()
        await driver.press("B", "down", "enter")
        assert (steps(driver), driver.frame.curves.latest) == (15, end)
        await driver.press("B", "escape")
        assert (steps(driver), driver.frame.curves.latest) == (15, end)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_one_is_laid_over_another_and_taken_away_again(open_app: OpenApp, size) -> None:
    async with open_app(size) as driver:
        await branched(driver)
        assert "branch 2 (· " in driver.text()
        await driver.press("B", "up", "o")
        assert "branch 2 (+ " in driver.text()
        assert driver.frame.curves.others[0].chosen
        await driver.press("B", "up", "o")
        assert "branch 2 (· " in driver.text()
        await driver.press("B", "o")
        assert "branch 2 (· " in driver.text(), "over itself"


async def test_before_anything_there_is_one(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("B")
        assert "branch 1  the first one" in driver.text()
        assert "0 steps" in driver.text()
        await driver.press("enter")
        assert steps(driver) == 0
        assert "branch" not in driver.text()


async def test_r_keeps_what_was_on_the_curve(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("enter", "enter", "r")
        assert steps(driver) == 0
        assert "branch 2 (· branch 1)" in driver.text()
        await driver.press("R", "B")
        text = " ".join(driver.text().split())
        assert "branch 2 other first weights (seed 1), after branch 1" in text


def branch(origin: Origin, **known: object) -> BranchView:
    nothing = {
        **dict.fromkeys(("parent", "loss", "validation", "best_loss", "best_step")),
        **dict.fromkeys(("chosen", "rates", "weights"), ()),
        "number": 1,
        "name": "branch 1",
        "start": 0,
        "before": 0.1,
        "rate": 0.1,
        "seed": 0,
        "steps": 0,
    }
    return BranchView(**{**nothing, "origin": origin, "is_current": True, "is_chosen": False, **known})


def test_words_of_a_branch():
    first = branch(Origin.FIRST)
    assert (began(first), came_to(first)) == ("the first one", "0 steps")
    scores = {"loss": 0.25, "validation": 0.5, "best_loss": 0.4, "best_step": 900}
    rates = ((1300, 0.02), (1400, 0.01))
    view = branch(Origin.RATE, parent="branch 2", start=1200, rate=0.05, rates=rates, steps=1500, **scores)
    assert began(view) == (
        "from step 1,200 of branch 2 · learning rate 0.1 → 0.05 · then 0.02 at step 1,300 and 0.01 at step 1,400"
    )
    assert came_to(view) == "1,500 steps · train 0.250 · validation 0.500 · best 0.400 at step 900"
    chosen = (("clip", None, 0.5), ("augment", (), ("flip", "shift")))
    weights = ((4, "dense1.weights[2, 3]", 0.25, -1.0),)
    again = branch(Origin.RESTART, parent="branch 1", rate=0.2, chosen=chosen, weights=weights)
    assert began(again) == (
        "the same first weights again, after branch 1 · learning rate 0.1 → 0.2 · clip none → 0.5 · "
        "augment none → flip and shift · by hand dense1.weights[2, 3] 0.25 → −1 in step 5"
    )
