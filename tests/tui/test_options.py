"""The page of options by its keys: values are changed in their places, refused beside them, and another run begins."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs
from textual import events
from textual.pilot import Pilot

from nnviz.experiment import combine, read_tables
from nnviz.frame.frame import State
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.drawing.option_rows import ASKED, Shown, about, rows
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.screens.options import OptionsScreen
from nnviz.tui.screens.training import TrainingScreen
from tests.remote.conftest import straight
from tests.tui.conftest import Driver, OpenApp
from tests.tui.test_glossary import NAMES_OF_DATA, unexplained
from tests.tui.test_screens import EXACT

SnapCompare = Callable[..., bool]
SIZES = [(60, 16), (200, 50)]
AT = {key.name: number for number, key in enumerate(ASKED)}


async def go_to(driver: Driver, name: str) -> None:
    tens, ones = divmod(AT[name], 10)
    await driver.press("home", *["pagedown"] * tens, *["down"] * ones)


async def write(driver: Driver, name: str, text: str) -> None:
    """Put a text in the place of an option's value."""
    await go_to(driver, name)
    await driver.press("enter", "ctrl+u")
    driver.app.post_message(events.Paste(text))
    await driver.press("enter")


def line(driver: Driver, title: str) -> str:
    """The row of an option."""
    return next(row for row in driver.text().splitlines() if row.strip("│▶ ").startswith(title))


def at(driver: Driver) -> str:
    """The row under the cursor."""
    return next(row for row in driver.text().splitlines() if "▶" in row)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    "keys", ["o pagedown pagedown up up enter ctrl+u 0 enter", "enter o c"], ids=["refused", "command"]
)
def test_pages(snap_compare: SnapCompare, order: Order, size: tuple[int, int], keys: str) -> None:
    app = NnvizApp(LocalTrainer(structs.replace(order, experiment=EXACT)), "pets")
    assert snap_compare(app, press=keys.split(), terminal_size=size, run_before=_ready)


async def _ready(pilot: Pilot[object]) -> None:
    assert isinstance(pilot.app, NnvizApp)
    await pilot.app.ready.wait()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_option_is_seen_with_its_value_and_what_it_means(open_app: OpenApp, order: Order, size) -> None:
    async with open_app(size) as driver:
        await driver.press("o")
        assert isinstance(driver.app.screen, OptionsScreen)
        for key in ASKED:
            row = at(driver)
            assert key.title in row
            value = key.written(key.of(order.experiment)) or "none"
            assert value in row or "…" in row
            assert " ".join(key.about.help.split()[:3]) in " ".join(driver.text().replace("│", " ").split())
            await driver.press("down")
        await driver.press("escape")
        assert isinstance(driver.app.screen, TrainingScreen)


async def test_what_changes_at_once_does_so_and_the_run_goes_on_with_it(open_app: OpenApp, order: Order) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("enter", "enter", "o")
        await write(driver, "momentum", "0.5")
        await write(driver, "clip", "0.01")
        assert "0.5" in line(driver, "momentum")
        assert "at once" in line(driver, "clip")
        await driver.press("escape", "enter", "enter")
        oracle = straight(order.experiment, 2)
        oracle.choose("momentum", 0.5)
        oracle.choose("clip", 0.01)
        oracle.step()
        oracle.step()
        assert driver.frame.curves.latest == oracle.history.training.latest
        assert "momentum 0.5" in driver.text()


WRONG = [
    ("learning_rate", "fast", "expected a number, got 'fast'"),
    ("optimizer", "adm", "expected one of sgd, nesterov, rmsprop, adam, adamw; got 'adm'"),
    ("batch_size", "2.5", "expected a whole number, got '2.5'"),
    ("clip", "0", "expected a number >= 1e-38"),
    ("changes", "3:seed=1", "'3:seed=1' is no step with an option that a run can change on its way"),
]


async def test_what_is_wrong_is_told_beside_its_place_and_nothing_is_changed(open_app: OpenApp, order: Order) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("o")
        for name, text, told in WRONG:
            await write(driver, name, text)
            shown = driver.text().splitlines()
            beside = shown.index(at(driver))
            assert told in " ".join(" ".join(shown[beside + 1 : beside + 3]).replace("│", " ").split())
            await driver.press("escape")
            assert told not in driver.text()
            assert (ASKED[AT[name]].written(ASKED[AT[name]].of(order.experiment)) or "none") in at(driver)


async def test_a_choice_turns_with_the_arrows_and_another_run_begins_with_what_waits(
    open_app: OpenApp, order: Order
) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("enter", "enter", "enter", "o")
        await go_to(driver, "optimizer")
        await driver.press("right", "right", "right")
        assert "adam" in line(driver, "optimizer")
        assert "waits for b" in line(driver, "optimizer")
        await write(driver, "layers", "dense 9 relu")
        assert "b begins again with 2 changes · escape drops them" in driver.text()
        await driver.press("b")
        assert isinstance(driver.app.screen, TrainingScreen)
        assert driver.frame.state is State.READY
        assert "begun again; what was is kept (B)" in driver.text()
        await driver.press("enter")
        experiment = combine(
            {name: {key.name: key.of(order.experiment) for key in ASKED if key.table == name} for name in
             ("data", "network", "training", "stopping")},
            {"network": {"layers": "dense 9 relu"}, "training": {"optimizer": "adam"}},
        )  # fmt: skip
        assert driver.frame.curves.latest == straight(experiment, 1).history.training.latest
        assert "dense 9 relu" in driver.text()
        await driver.press("B")
        told = " ".join(driver.text().replace("│", " ").split())
        assert "branch 2 with the layers “dense 9 relu”" in told
        assert "after branch 1" in told


async def test_escape_drops_what_waits_and_what_is_as_it_was_does_not_wait(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("o")
        await go_to(driver, "schedule")
        await driver.press("right")
        assert "b begins again with 1 change · escape drops it" in driver.text()
        await driver.press("left")
        assert "begins again with" not in driver.text()
        await driver.press("right", "escape")
        assert "constant" in line(driver, "schedule")
        await driver.press("b")
        assert "nothing waits" in driver.text()
        assert isinstance(driver.app.screen, OptionsScreen)


async def test_a_network_that_cannot_be_is_refused_beside_it_and_nothing_has_begun(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("enter", "o")
        await write(driver, "layers", "dens 3")
        await driver.press("b")
        assert "no layer is called 'dens'" in " ".join(driver.text().split())
        await driver.press("escape", "escape", "enter")
        assert driver.frame.curves.total == 2


async def test_in_the_past_a_change_is_a_branch(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press(*["enter"] * 5, "backspace", "backspace", "o")
        await write(driver, "l2", "0.5")
        await driver.press("escape", "enter", "enter", "B")
        told = " ".join(driver.text().replace("│", " ").split())
        assert "from step 3 of branch 1 · l2 0 → 0.5" in told


async def test_another_source_comes_with_what_fits_it(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("o")
        await write(driver, "source", "xor")
        await driver.press("b")
        assert "xor" in driver.text()
        assert driver.frame.task.class_names != ("cat", "dog")
        await driver.press("o")
        assert "dense 8 tanh" in line(driver, "layers")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_run_is_shown_as_a_command_and_a_file_that_are_copied_and_kept(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app(size) as driver:
        await driver.press("enter", "enter", "o")
        await write(driver, "l2", "0.5")
        await driver.press("c")
        told = " ".join(driver.text().replace("│", " ").split())
        assert "--change 2:l2=0.5" in told
        await driver.press("y")
        command = driver.app.clipboard
        assert command.startswith("nnviz train pets --image-size 8 ")
        await driver.press("w")
        file = next(tmp_path.glob("nnviz-*.toml"))
        assert file.read_text(encoding="utf-8").startswith(f"# {command}\n\n[data]\n")
        experiment = combine(read_tables(file))
        assert [(one.step, one.key, one.value) for one in experiment.training.changes] == [(2, "training.l2", 0.5)]
        await driver.press("escape")
        assert isinstance(driver.app.screen, OptionsScreen)


async def test_a_file_that_cannot_be_written_is_told(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nnviz.tui.screens.recipe.write_whole", fail)
    async with open_app((120, 40)) as driver:
        await driver.press("o", "c", "w")
        assert "cannot be written here (No space left on device)" in " ".join(driver.text().split())


@pytest.mark.parametrize("width", [56, 76, 116])
def test_all_words_of_the_page_are_explained(order: Order, width: int) -> None:
    from nnviz.remote.messages import OptionsView

    view = OptionsView(order.experiment, ("training.clip",), False)
    for key in ASKED:
        shown = Shown(view, {"training.seed": 3}, key, None)
        told = about(shown, width, DARK).plain.split("\n", 1)[1]
        assert not unexplained(rows(shown, width, DARK)[0].plain, NAMES_OF_DATA), key
        assert not unexplained(told, NAMES_OF_DATA), key
