"""The app on a small network, driven through its keys."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from nnviz.experiment import combine
from nnviz.frame.frame import Frame, State
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.screens.training import TrainingScreen

TABLES = {
    "data": {"source": "pets", "image_size": 8},
    "network": {"layers": "dense 6 relu, dense 5 tanh"},
    "training": {"batch_size": 100, "learning_rate": 0.01},
    "stopping": {"epochs": 50},
}
# For a training that is watched while it runs: on a fast machine 50 epochs are over before anybody has looked.
ENDLESS = {"stopping": {"epochs": 10**6}}


class Driver:
    """Presses keys and says what the screen was last shown."""

    def __init__(self, app: NnvizApp, pilot: Pilot[object]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> Frame:
        """Press keys one after the other; the frame that is shown then."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
        return self.frame

    async def until(self, state: State) -> Frame:
        """Wait until the run is in that state."""
        await self.wait_for(lambda: self.frame.state is state)
        return self.frame

    async def wait_for(self, look: Callable[[], object]) -> None:
        """Look again and again until that is true; meanwhile the app goes on."""
        while not look():
            await self.pilot.pause(0.02)

    async def until_shown(self, text: str) -> None:
        """Wait until that is on screen."""
        await self.wait_for(lambda: text in self.text())

    async def until_left(self) -> None:
        """Wait until the app has ended."""
        await self.wait_for(lambda: self.app.return_code is not None)

    @property
    def screen(self) -> TrainingScreen:
        """The training screen, also where another one covers it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, TrainingScreen))

    @property
    def frame(self) -> Frame:
        """What the screen shows."""
        return self.screen.frame

    def text(self) -> str:
        """Every character on screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())


@pytest.fixture(autouse=True)
def _true_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own terminal does not matter."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


OpenApp = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(combine(TABLES), tmp_path / "run")


@pytest.fixture
def open_app(order: Order) -> OpenApp:
    @asynccontextmanager
    async def opened(size: tuple[int, int] = (120, 40), order: Order = order) -> AsyncIterator[Driver]:
        app = NnvizApp(LocalTrainer(order), "pets")
        async with app.run_test(size=size, notifications=True) as pilot:
            await app.ready.wait()
            await pilot.pause()
            yield Driver(app, pilot)

    return opened
