"""The list of runs, driven by its keys."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from textual.pilot import Pilot
from textual.widgets import Input

from nnviz.collection.collection import Collection
from nnviz.collection.listed_run import ListedRun
from nnviz.runs.claim import Claim
from nnviz.tui.drawing.palette import DARK, DARK_16, LIGHT_16
from nnviz.tui.drawing.run_table import Table, run_table
from nnviz.tui.runs_app import RunsApp
from nnviz.tui.screens.runs import Chosen, RunsScreen
from nnviz.tui.themes import DARK_NAME, LIGHT_NAME
from tests.collection.listed import append, listed, series, trained
from tests.hostile_text import HOSTILE
from tests.tui.drawing.test_palette import contrast
from tests.tui.whole import faults

NOW = 2e9


class Looker:
    """Presses keys, and reads what is on screen."""

    def __init__(self, app: RunsApp, pilot: Pilot[object]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> str:
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.text()

    async def until(self, text: str) -> str:
        while text not in self.text():
            await self.pilot.pause(0.02)
        return self.text()

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def names(self) -> list[str]:
        """Those of the runs in the list, from above."""
        screen = next(screen for screen in self.app.screen_stack if isinstance(screen, RunsScreen))
        return [run.name for run in screen.shown]


@asynccontextmanager
async def looking(place: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Looker]:
    app = RunsApp(Collection(place), Chosen(), clock=lambda: NOW)
    async with app.run_test(size=size, notifications=True) as pilot:
        looker = Looker(app, pilot)
        while not isinstance(app.screen, RunsScreen) or not app.screen.is_whole:
            await pilot.pause(0.02)
        yield looker


async def test_runs_are_found_sorted_marked_followed_deleted_and_opened(tmp_path: Path) -> None:
    for name, losses, rate in (("one", [0.5], 0.1), ("two", [0.25], 0.01), ("three", [0.75, 0.625], 0.001)):
        trained(tmp_path / name, losses, rate, optimizer="sgd")
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 0.125}\n')
    async with looking(tmp_path) as looker:
        assert looker.names == ["log.jsonl", "one", "three", "two"]
        await looker.press("s", "s", "s", "s", "s")
        assert looker.names == ["log.jsonl", "two", "one", "three"]
        append(tmp_path / "three", [0.0625])
        await looker.until("0.06250")
        assert looker.names[1:] == ["three", "two", "one"]
        # What others wrote is not nnviz's to delete, nor is a run that is being trained.
        assert "not a run of nnviz" in await looker.press("home", "x")
        await looker.press("slash", *"lr", "greater_than_sign", *"0.005", "enter")
        assert looker.names == ["two", "one"]
        claim = Claim.again(tmp_path / "two")
        await looker.press("home", "x", "y")
        assert "another nnviz is training into it" in looker.text()
        claim.release()
        # Letters that are typed are letters.
        await looker.press("slash", "end", *" x", "enter")
        assert looker.names == []
        await looker.press("escape", "home", "down", "space", "space", "d")
        page = looker.text()
        assert "0.001" in page
        assert "0.01" in page
        assert "optimizer" not in page
        await looker.press("escape", "space", "a", "a", "end", "x", "n")
        assert (tmp_path / "one").exists()
        await looker.press("x", "y")
        assert not (tmp_path / "one").exists()
        assert looker.names == ["log.jsonl", "three", "two"]
        await looker.press("end", "enter")
        assert looker.app.return_value == tmp_path / "two"


async def test_at_any_size_no_number_is_cut(tmp_path: Path) -> None:
    trained(tmp_path / ("a-very-long-name-of-a-run-" * 4), [0.1234, 1e-7])
    for size in ((60, 16), (80, 24), (200, 50)):
        async with looking(tmp_path, size) as looker:
            assert "1.00e−7" in looker.text(), size


def test_a_single_long_name_takes_no_room_from_what_the_others_say() -> None:
    runs = [
        listed("a-very-long-name-of-a-run-" * 4, series([0.5]), source="circles", network="dense 16 relu"),
        listed("short", series([0.5]), source="circles", network="dense 16 relu"),
    ]
    strips, _ = run_table(Table(runs, (), 0, 0, "run", False, NOW), DARK, 120, 10)
    for strip in strips[1:3]:
        assert "circles" in strip.text
        assert "dense 16 relu" in strip.text
    assert strips[1].text.startswith("▶   a-very-long-name")


async def test_what_can_be_typed_is_legible_in_both_themes(tmp_path: Path) -> None:
    trained(tmp_path / "one", [0.5])
    async with looking(tmp_path) as looker:
        for theme in (DARK_NAME, LIGHT_NAME):
            looker.app.theme = theme
            await looker.pilot.pause()
            style = looker.app.screen.query_one(Input).get_component_rich_style("input--placeholder")
            assert contrast(style.color.get_truecolor(), style.bgcolor.get_truecolor()) > 4


@pytest.mark.parametrize("is_light", [False, True], ids=["dark", "light"])
async def test_of_16_colours_the_terminal_is_sent_those_of_the_palette(is_light: bool) -> None:
    palette = LIGHT_16 if is_light else DARK_16
    wanted = {
        "✖ diverged": palette.bad,
        "✓ finished": palette.good,
        "▶ running": palette.accent,
        "· unknown": palette.faint,
    }
    runs = [listed(state, series([0.5]), state=state.split()[1]) for state in wanted]
    app = RunsApp(Made(runs), Chosen(), is_light, ColorSystem.STANDARD, clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        while not isinstance(app.screen, RunsScreen) or not app.screen.is_whole:
            await pilot.pause(0.02)
        sent = {
            segment.text.strip(): segment.style.color.downgrade(ColorSystem.STANDARD)
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.color is not None
        }
    for state, colour in wanted.items():
        assert sent[state] == Color.from_rgb(*colour).downgrade(ColorSystem.STANDARD), state


async def test_where_something_is_typed_the_keys_are_those_of_that(tmp_path: Path) -> None:
    trained(tmp_path / "one", [0.5])
    trained(tmp_path / "two", [0.5])
    async with looking(tmp_path, (80, 24)) as looker:
        for key in ("enter", "escape"):
            last = (await looker.press("slash", *"two")).splitlines()[-1]
            assert "back to the list" in last
            assert "open" not in last
            assert "open" in (await looker.press(key)).splitlines()[-1]
            assert looker.names == ["two"]
            await looker.press("escape")
            assert looker.names == ["one", "two"]


async def test_settings_that_differ_are_columns_at_any_width(tmp_path: Path) -> None:
    for name, rate in (("one", 0.1), ("two", 0.01)):
        trained(tmp_path / name, [0.5], rate, optimizer=f"sgd-{name}", schedule=f"cosine-{name}", seed=f"seed-{name}")
    for size in ((60, 16), (80, 24), (200, 50)):
        async with looking(tmp_path, size) as looker:
            rows = [row.strip("│ ").split() for row in (await looker.press("d")).splitlines()]
        headings = [row for row in rows if row[:1] == ["run"]]
        assert [name for row in headings for name in row[1:]] == [
            *("best", "of", "learning_rate", "optimizer", "schedule", "seed"),
        ]
        for heading in headings:
            assert [row[0] for row in rows[rows.index(heading) + 1 :][:2]] == ["one", "two"]


class Made(Collection):
    """Runs that were made, and no log."""

    def __init__(self, runs: list[ListedRun]) -> None:
        super().__init__(Path("\x1b[2Jplace\u202e"))
        self._made = runs

    @property
    def runs(self) -> list[ListedRun]:
        return self._made

    def looking(self) -> Iterator[None]:
        yield


@pytest.mark.parametrize("size", [(60, 16), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_name_of_outside_tears_the_screen(size: tuple[int, int]) -> None:
    runs = [
        listed(text, series([0.5, 0.25], text), series([1.0, 2.0]), settings={"a": text, text: "b"}, source=text)
        for text in HOSTILE.values()
    ]
    app = RunsApp(Made(runs), Chosen(), clock=lambda: NOW)
    async with app.run_test(size=size, notifications=True) as pilot:
        looker = Looker(app, pilot)
        await pilot.pause()
        while not isinstance(app.screen, RunsScreen) or not app.screen.is_whole:
            await pilot.pause(0.02)
        for keys in (
            ["end"],
            ["d"],
            ["escape", "a", "c"],
            ["m", "end"],
            ["m", "g"],
            ["g", "h"],
            ["escape", "question_mark"],
        ):
            await looker.press(*keys)
            assert not faults(app), keys
