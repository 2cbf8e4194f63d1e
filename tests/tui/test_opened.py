"""A run that was kept, opened in the app; and what the screen says of a trainer that was killed."""

import msgspec
import pytest

from nnviz.errors import TrainerDiedError
from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from tests.tui.conftest import Driver, OpenApp


async def test_a_run_is_opened_at_a_step_and_gone_about_in_by_keys(order: Order, open_app: OpenApp) -> None:
    trainer = LocalTrainer(order)
    for _ in range(14):
        trainer.send(m.Advance(m.Goal.STEP))
        trainer.receive()
    trainer.close()
    opened = msgspec.structs.replace(order, opened=order.out, place="e1", out=order.out.with_name("child"))
    async with open_app(order=opened) as driver:
        assert "step 10 of 14" in driver.text()
        frame = await driver.press("backspace")
        assert (frame.moment.step, frame.moment.furthest) == (8, 14)
        frame = await driver.press("g", *"end", "enter")
        assert (frame.moment.step, frame.moment.is_back, frame.state) == (13, False, State.PAUSED)
        frame = await driver.press("enter")
        assert (frame.moment.step, frame.curves.total) == (14, 15)
    assert not (order.out / "checkpoints" / "step-000000015.safetensors").exists()


class Killed(LocalTrainer):
    """A trainer that dies, and would go on from a step."""

    step: int | None = 1

    def receive(self) -> "m.Answer":
        raise TrainerDiedError("the trainer was killed by SIGKILL")

    def goes_on_from(self) -> int | None:
        return self.step


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (1, "Press r to go on from step 1; 2 steps after it are lost. q leaves."),
        (3, "Press r to go on from step 3. q leaves."),
        (None, "Press r to start again, q to leave."),
    ],
)
async def test_the_screen_says_from_where_a_killed_trainer_goes_on(order: Order, step: int | None, said: str) -> None:
    trainer = LocalTrainer(order)
    app = NnvizApp(trainer, "pets")
    async with app.run_test(size=(160, 48)) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        await driver.press("enter", "enter", "enter")
        trainer.__class__ = type("Gone", (Killed,), {"step": step})
        await driver.press("f")
        assert said in driver.text()
        trainer.__class__ = LocalTrainer
