"""Every key does what the help says of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from textual import events

from nnviz.errors import TrainerDiedError
from nnviz.experiment import combine
from nnviz.frame.focus import Quantity
from nnviz.frame.frame import State
from nnviz.frame.stages import Phase, end_of, training_step
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import PACES, Answer, Order
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.tui.app import NnvizApp
from nnviz.tui.keys import KEYS
from nnviz.tui.panes.framed_pane import FramedPane
from nnviz.tui.screens import asking
from nnviz.tui.screens import test as test_screen
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.step_keys import next_rate
from nnviz.tui.screens.training import TrainingScreen
from nnviz.wording import percent
from tests.tui.conftest import ENDLESS, TABLES, Driver, OpenApp

# dense1 relu1 dense2 tanh1 dense3
DEPTH = 5
ALL = end_of(Phase.UPDATE, training_step(DEPTH))


STEPS = [
    ("", 0, 0),
    ("f", 0, end_of(Phase.LOSS, training_step(DEPTH))),
    ("b", 0, end_of(Phase.BACKWARD, training_step(DEPTH))),
    ("u", 0, ALL),
    ("n", 0, 1),
    ("right right", 0, 2),
    ("enter", 0, ALL),
    ("f f", 1, end_of(Phase.LOSS, training_step(DEPTH))),
    ("u n", 1, 1),
    ("n enter", 0, ALL),
    ("b b", 1, end_of(Phase.BACKWARD, training_step(DEPTH))),
    ("b n", 0, ALL - 1),
    ("enter enter enter", 2, ALL),
]


async def test_step_keys(open_app: OpenApp) -> None:
    async with open_app() as driver:
        for keys, step, done in STEPS:
            frame = await driver.press("r", *keys.split())
            assert (frame.moment.step, frame.moment.done) == (step, done), keys


async def test_epoch_runs_to_its_end_and_pauses(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("enter", "n", "e")
        frame = await driver.until(State.PAUSED)
        assert (frame.moment.step, frame.moment.done) == (9, ALL)
        assert len(frame.curves.validation_steps) == 1


async def test_space_runs_and_pauses_and_the_pace_can_be_changed(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=replace(order, experiment=combine(TABLES, ENDLESS))) as driver:
        frame = await driver.press("space")
        assert frame.state is State.RUNNING
        await driver.press(*["less_than_sign"] * 9)
        assert PACES[0].words in driver.text()
        slow = (await driver.press("space")).moment
        assert driver.frame.state is State.PAUSED
        await driver.screen._look()
        assert driver.frame.moment == slow
        await driver.press("greater_than_sign")
        assert (await driver.press("space")).state is State.RUNNING
        assert PACES[1].words in driver.text()


async def test_a_finished_run_can_go_on(open_app: OpenApp, order: Order) -> None:
    short = replace(order, experiment=combine(TABLES, {"stopping": {"epochs": 1}}))
    async with open_app(order=short) as driver:
        await driver.press("space")
        frame = await driver.until(State.FINISHED)
        assert frame.stopped_by == "epochs"
        assert "Training is finished" in driver.text()
        frame = await driver.press("enter")
        assert frame.moment.step == 10


async def test_a_diverged_run_says_what_to_do(open_app: OpenApp, order: Order) -> None:
    wild = replace(order, experiment=combine(TABLES, {"training": {"learning_rate": 1e30}}))
    async with open_app(order=wild) as driver:
        await driver.press("space")
        await driver.until(State.DIVERGED)
        assert "Press − to lower it and r to start again" in " ".join(driver.text().split())
        await driver.press("enter", "f", "space")
        assert driver.frame.state is State.DIVERGED
        assert (await driver.press("r")).state is State.READY


async def test_learning_rate(open_app: OpenApp) -> None:
    async with open_app() as driver:
        assert (await driver.press("plus")).learning_rate == 0.02
        assert (await driver.press("plus")).learning_rate == 0.05
        assert (await driver.press("minus", "minus", "minus")).learning_rate == 0.005
        assert "lr 0.005" in driver.text()


def test_rates_are_round_and_go_both_ways() -> None:
    rate = 0.003
    assert (next_rate(rate, 1), next_rate(rate, -1)) == (0.005, 0.002)
    up = [rate := next_rate(rate, 1) for _ in range(12)]
    down = [rate := next_rate(rate, -1) for _ in range(11)]
    assert down == up[-2::-1]


@pytest.mark.parametrize(("key", "end", "told"), [("plus", 1e38, "1e38"), ("minus", 1e-38, "1e−38")])
async def test_the_rates_have_an_end_and_it_is_said(
    open_app: OpenApp, order: Order, key: str, end: float, told: str
) -> None:
    nearly = order.experiment.with_training(learning_rate=end * (0.3 if key == "plus" else 3))
    async with open_app(order=replace(order, experiment=nearly)) as driver:
        frame = await driver.press(*[key] * 4)
        assert frame.learning_rate == end
        assert f"the learning rate ends at {told}" in [notice.message for notice in driver.app._notifications]


async def test_restart_has_the_same_weights_and_reseed_others(open_app: OpenApp) -> None:
    async with open_app() as driver:
        first = (await driver.press("f")).example.logits
        await driver.press("u", "u", "r")
        assert driver.frame.state is State.READY
        assert np.array_equal((await driver.press("f")).example.logits, first)
        await driver.press("R")
        assert driver.frame.moment.done == 0
        assert not np.array_equal((await driver.press("f")).example.logits, first)


async def test_examples_of_the_batch_go_round(open_app: OpenApp) -> None:
    async with open_app() as driver:
        assert (await driver.press("full_stop", "full_stop")).example.place == 2
        assert (await driver.press("comma", "comma", "comma")).example.place == 99
        assert "100 of 100 in the batch" in driver.text()


async def test_x_goes_to_the_worst_example_and_first_finds_out_which_it_is(open_app: OpenApp, order: Order) -> None:
    few = order.experiment.with_training(batch_size=9)
    async with open_app(order=replace(order, experiment=few)) as driver:
        worst = await driver.press("x")
        assert worst.moment.done == len(worst.layers) + 1
        losses = [(await driver.press("full_stop")).example.loss for _ in range(worst.example.batch_size)]
        assert worst.example.loss == max(losses)
        assert len(set(losses)) > 1


async def test_layers_and_quantities(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("u")
        assert driver.frame.errors.name == "dense3"
        frame = await driver.press("left_square_bracket")
        assert (frame.errors.name, frame.matrix.name) == ("dense2", "dense2")
        await driver.press("left_square_bracket", "left_square_bracket")
        assert driver.frame.errors.name == "dense1"
        assert (await driver.press("right_square_bracket")).errors.name == "dense2"
        titles = {
            Quantity.WEIGHT: "Weights W",
            Quantity.UPDATE: "Update ΔW",
            Quantity.ACTIVATION: "Activations",
            Quantity.GRADIENT: "Gradient ∂L/∂W",
        }
        for quantity, title in titles.items():
            assert (await driver.press("w")).matrix.quantity is quantity
            assert title in driver.text()


async def test_a_locked_scale_stays(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b", "l")
        ends = re.findall(r"\+[\d.e−]+ locked", driver.text())
        assert ends
        await driver.press("e")
        await driver.until(State.PAUSED)
        assert re.findall(r"\+[\d.e−]+ locked", driver.text()) == ends
        await driver.press("l")
        assert "locked" not in driver.text()


async def test_the_cursor_reads_the_cell_that_it_is_on(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b", "4")
        cells = driver.frame.matrix.cells
        assert cells is not None
        # Of two classes, ∂L/∂W are opposites.
        first = np.isclose(np.abs(cells), np.abs(cells).max(), rtol=1e-5).argmax()
        y, x = np.unravel_index(first, cells.shape)
        assert f"input {x} → unit {y}" in driver.text()
        await driver.press("right", "down")
        y, x = (y + 1) % cells.shape[0], (x + 1) % cells.shape[1]
        shown = re.search(rf"([+−][\d.e−]+|0) · input {x} → unit {y}", driver.text())
        assert shown is not None
        value = float(shown[1].replace("−", "-"))
        assert value == pytest.approx(float(cells[y, x]), rel=0.05)


async def test_test_on_unseen_examples(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("e")
        await driver.until(State.PAUSED)
        await driver.press("t")
        assert isinstance(driver.app.screen, test_screen.TestScreen)
        text = driver.text()
        trainer = driver.app.link.trainer.service.session.trainer
        test, names = trainer.dataset.test, trainer.dataset.class_names
        chances = trainer.predict(test.inputs)
        said, sure = chances.argmax(axis=1), chances.max(axis=1)
        right = said == test.labels
        assert f"{percent(right.mean())} right  ({right.sum()} of 400 test examples)" in text
        await driver.press("4")
        text = driver.text()
        worst = np.argmax(np.where(right, 0, sure))
        assert f"said {names[said[worst]]} {percent(sure[worst])}" in text
        await driver.press("escape")
        assert isinstance(driver.app.screen, TrainingScreen)


async def test_help_names_every_key(open_app: OpenApp) -> None:
    async with open_app((120, 70)) as driver:
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        text = driver.text()
        for binding in KEYS:
            assert binding.tooltip in text
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, TrainingScreen)


async def test_every_key_is_a_command_too(open_app: OpenApp) -> None:
    async with open_app() as driver:
        titles = [command.title for command in driver.app.get_system_commands(driver.screen)]
        for binding in KEYS:
            assert any(title.startswith(binding.description) for title in titles)
        await driver.press("ctrl+p", *"backprop", "enter")
        await driver.wait_for(lambda: driver.frame.moment.done == end_of(Phase.BACKWARD, training_step(DEPTH)))


def test_every_binding_has_a_name_of_its_own_and_an_explanation() -> None:
    assert len({binding.id for binding in KEYS}) == len(KEYS)
    assert all(binding.tooltip for binding in KEYS)


async def test_a_keymap_can_change_a_key(open_app: OpenApp) -> None:
    async with open_app() as driver:
        driver.app.set_keymap({"step.forward": "x"})
        assert (await driver.press("x")).moment.done == end_of(Phase.LOSS, training_step(DEPTH))


async def test_maximise_shows_one_pane_and_all_again(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("3", "m")
        shown = [child.id for child in driver.app.screen.query_one("#body").children if child.display]
        assert shown == ["errors"]
        await driver.press("m")
        assert len([c for c in driver.app.screen.query_one("#body").children if c.display]) == 7


async def test_tabs_where_only_one_pane_fits(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        for key, pane in (("2", "example"), ("3", "errors"), ("4", "heatmap"), ("1", "network")):
            await driver.press(key)
            shown = {child.id for child in driver.app.screen.query_one("#body").children if child.display}
            assert shown == {"tabs", pane, "prediction", "loss", "story"}
        await driver.pilot.click("#tabs", offset=(20, 0))
        await driver.pilot.pause()
        assert driver.app.screen.query_one("#errors").display


async def test_picture_is_kept(open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app() as driver:
        await driver.press("f", "s")
        (picture,) = tmp_path.glob("nnviz-*.svg")
        assert "Prediction" in picture.read_text(encoding="utf-8")
        assert "kept as" in driver.text()


@pytest.mark.parametrize("keys", ["s", "ctrl+p s c r e e n s h o t enter"], ids=["key", "palette"])
async def test_a_picture_that_cannot_be_kept_is_told(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setenv("HOME", str(gone / "nobody"))
    gone.rmdir()
    async with open_app() as driver:
        await driver.press(*keys.split())
        await driver.until_shown("no picture")
        assert driver.app.is_running


async def test_the_palette_s_screenshot_is_kept_in_the_working_directory(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app() as driver:
        await driver.press("ctrl+p", *"screenshot", "enter")
        await driver.until_shown("kept as")
        assert list(tmp_path.glob("nnviz-*.svg"))


@pytest.mark.parametrize("page", ["question_mark", "t", "ctrl+p"], ids=["help", "test", "palette"])
@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_ctrl_c_and_ctrl_q_leave_from_every_page(open_app: OpenApp, page: str, key: str) -> None:
    async with open_app() as driver:
        await driver.press(page, key)
        await driver.until_left()


async def test_quit_keeps_the_run(open_app: OpenApp, order: Order) -> None:
    async with open_app() as driver:
        await driver.press("e")
        await driver.until(State.PAUSED)
        await driver.press("q")
        assert driver.app.link.trainer.close().directory == str(order.out)
        assert (order.out / "checkpoints" / "final.safetensors").exists()


async def test_quit_before_the_first_step_is_finished_leaves_no_directory(open_app: OpenApp, order: Order) -> None:
    async with open_app() as driver:
        await driver.press("b", "q")
        assert not order.out.exists()


async def test_keys_pressed_while_it_opens_are_not_lost(order: Order) -> None:
    app = NnvizApp(LocalTrainer(order), "pets")
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.post_message(events.Key("f", "f"))
        await app.ready.wait()
        await pilot.pause()
        assert isinstance(app.screen, TrainingScreen)
        assert app.screen.frame.moment.done == end_of(Phase.LOSS, training_step(DEPTH))


@pytest.mark.parametrize("first", ["n", "right"])
async def test_keys_that_come_together_act_in_their_order(open_app: OpenApp, first: str) -> None:
    async with open_app() as driver:
        for key in (first, "f"):
            driver.app.post_message(events.Key(key, None))
        await driver.pilot.pause()
        assert driver.frame.moment.done == end_of(Phase.LOSS, training_step(DEPTH))
        for key in ("tab", "m"):
            driver.app.post_message(events.Key(key, None))
        await driver.pilot.pause()
        assert driver.app.focused is not None
        assert [pane for pane in driver.screen.query(FramedPane) if pane.display] == [driver.app.focused]


class Mortal(LocalTrainer):
    """A trainer that dies when it is told to."""

    dead = False

    def receive(self) -> "Answer | OpeningProgress":
        if self.dead:
            raise TrainerDiedError("the trainer was killed by SIGKILL")
        return super().receive()


class Held(LocalTrainer):
    """A trainer that keeps everybody waiting, if it is held, until it is let go or somebody is in a hurry."""

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self.free = asyncio.Event()
        self.free.set()

    async def has_spoken(self) -> None:
        await self.free.wait()

    def hurry(self) -> None:
        super().hurry()
        self.free.set()


@asynccontextmanager
async def held(order: Order, *keys: str) -> AsyncIterator[tuple[Driver, Held]]:
    """The screen while its trainer is at the first of these keys, and the others have been pressed."""
    trainer = Held(order)
    app = NnvizApp(trainer, "pets")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        await driver.press("enter")
        trainer.free.clear()
        await driver.press(*keys)
        yield driver, trainer


@pytest.mark.parametrize("page", [(), ("question_mark",), ("ctrl+p",)], ids=["screen", "help", "palette"])
@pytest.mark.parametrize("work", ["t", "x", "enter", "R"])
async def test_whoever_wants_out_does_not_wait_for_the_trainer(order: Order, work: str, page: tuple[str, ...]) -> None:
    async with held(order, work, "w", *page) as (driver, trainer):
        assert trainer.free.is_set() is False
        await driver.press(*(["ctrl+c"] if page else ["q"]))
        await driver.until_left()
        ending = trainer.close()
        assert str(order.out) in [one.directory for one in (ending, *ending.earlier)]


@pytest.mark.parametrize("key", ["q", "escape"])
async def test_pages_open_and_close_while_the_trainer_is_at_work(order: Order, key: str) -> None:
    async with held(order, "t", "question_mark") as (driver, trainer):
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press(key)
        assert isinstance(driver.app.screen, TrainingScreen)
        trainer.free.set()
        await driver.wait_for(lambda: isinstance(driver.app.screen, test_screen.TestScreen))


async def test_keys_for_a_trainer_at_work_come_after_that_in_their_order(order: Order) -> None:
    async with held(order, "t", "escape", "n", "f", "w", "w") as (driver, trainer):
        before = driver.frame.focus.quantity
        trainer.free.set()
        await driver.wait_for(lambda: driver.frame.focus.quantity is Quantity.UPDATE)
        assert before is Quantity.GRADIENT
        assert (driver.frame.moment.step, driver.frame.moment.done) == (1, end_of(Phase.LOSS, training_step(DEPTH)))


async def test_what_takes_long_is_told_until_it_is_over(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SILENCE_SECONDS", 0)
    async with held(order, "enter") as (driver, trainer):
        await driver.until_shown("still at work on that. q leaves")
        trainer.free.set()
        await driver.wait_for(lambda: "still at work" not in driver.text())
        assert driver.frame.moment.step == 1


@pytest.mark.parametrize("key", ["f", "t", "space"])
async def test_a_trainer_that_dies_is_told_and_can_be_started_again(order: Order, key: str) -> None:
    trainer = Mortal(order)
    app = NnvizApp(trainer, "pets")
    async with app.run_test(size=(160, 48)) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        before = (await driver.press("f")).moment
        trainer.dead = True
        await driver.press(key)
        assert "✖ the trainer was killed by SIGKILL" in driver.text()
        assert "The trainer was killed by SIGKILL. What you see is the last frame. Press r to start" in driver.text()
        assert driver.frame.moment == before
        await driver.press("r")
        assert "killed" not in driver.text().splitlines()[0]
        assert (await driver.press("f")).moment == before
